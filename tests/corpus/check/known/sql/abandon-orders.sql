\if :{?apply}
\else
  \set apply 0
\endif
\if :{?days}
\else
  \set days 30
\endif

SELECT count(*) AS would_be_abandoned
  FROM orders
 WHERE status = 'open'
   AND created_at < now() - make_interval(days => :days);

\if :apply
UPDATE orders
   SET status = 'abandoned'
 WHERE status = 'open'
   AND created_at < now() - make_interval(days => :days);
\endif
