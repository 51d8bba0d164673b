-- Carts that nobody has touched for a fortnight are given up.
-- Run every night; the stock of an open cart is not reserved, so nothing
-- has to be put back.

BEGIN;

INSERT INTO audit_log (action, subject)
SELECT 'cart.expire', number
  FROM orders
 WHERE status = 'CART'
   AND placed_at < now() - interval '14 days';

UPDATE orders
   SET status = 'CANCELLED'
 WHERE status = 'CART'
   AND placed_at < now() - interval '14 days';

COMMIT;
