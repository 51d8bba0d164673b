-- Which mods go stale today, for the weekly mail
WITH stale AS (
    SELECT id
      FROM mods
     WHERE status = 'PUBLISHED'
       AND downloads = 0
       AND created_at < now() - interval '2 years'
), marked AS (
    UPDATE mods m
       SET status = 'ARCHIVED'
      FROM stale s
     WHERE s.id = m.id
 RETURNING m.slug, m.author_id
)
SELECT u.email, array_agg(marked.slug ORDER BY marked.slug) AS slugs
  FROM marked
  JOIN users u ON u.id = marked.author_id
 GROUP BY u.email
 ORDER BY u.email;
