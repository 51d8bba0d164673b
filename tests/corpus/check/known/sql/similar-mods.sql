CREATE TEMPORARY TABLE pairs AS
SELECT a.id AS a, b.id AS b, 0::int AS score
  FROM mods a
  JOIN mods b ON a.id < b.id AND a.author_id = b.author_id;

UPDATE pairs p
   SET score = (SELECT count(*)
                  FROM favorites x JOIN favorites y USING (user_id)
                 WHERE x.mod_id = p.a AND y.mod_id = p.b);

DELETE FROM pairs WHERE score < 3;

SELECT * FROM pairs ORDER BY score DESC LIMIT 50;

DROP TABLE pairs;
