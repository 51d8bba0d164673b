CREATE TABLE IF NOT EXISTS search_phrases (
    phrase text PRIMARY KEY,
    n      integer NOT NULL
);

BEGIN;
COPY search_phrases (phrase, n) FROM stdin;
oak shelf	412
'; DROP TABLE mods; --	17
DELETE FROM users;	9
truncate favorites	3
update mods set downloads = 99999;	1
\.
COMMIT;

SELECT phrase FROM search_phrases ORDER BY n DESC;
