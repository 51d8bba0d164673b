-- psql -f sql/apply-price-feed.sql < feed.csv
\set ON_ERROR_STOP on

CREATE TEMP TABLE feed (
    sku   text PRIMARY KEY,
    name  text NOT NULL,
    cents integer NOT NULL CHECK (cents > 0)
);

\copy feed FROM pstdin WITH (FORMAT csv, HEADER)

MERGE INTO products AS p
USING feed AS f
   ON p.sku = f.sku
WHEN MATCHED AND p.price_cents <> f.cents THEN
    UPDATE SET price_cents = f.cents, name = f.name
WHEN NOT MATCHED THEN
    INSERT (sku, name, price_cents, stock)
    VALUES (f.sku, f.name, f.cents, 0);

SELECT count(*) AS products_in_feed FROM feed;
