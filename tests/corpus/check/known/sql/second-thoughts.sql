BEGIN;

SAVEPOINT reviews;

DELETE FROM reviews
 WHERE stars = 0;

SELECT count(*) AS reviews_left FROM reviews;

-- too many, leave them alone
ROLLBACK TO SAVEPOINT reviews;

DELETE FROM favorites
 WHERE created_at < DATE '2019-01-01';

COMMIT;
