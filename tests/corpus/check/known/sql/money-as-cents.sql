BEGIN;

ALTER TABLE orders
    ALTER COLUMN total TYPE bigint USING (total * 100)::bigint;

ALTER TABLE order_items
    RENAME COLUMN price TO price_cents;

ALTER TABLE orders
    ADD CONSTRAINT orders_total_check CHECK (total >= 0);

-- the application is deployed right after this
COMMIT;
