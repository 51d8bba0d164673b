-- Every storage class in columns of every affinity, every kind of table and key.
CREATE TABLE samples (n INTEGER PRIMARY KEY, x);
INSERT INTO samples (x) VALUES (NULL), (0), (1), (-1), (5), (9223372036854775807), (-9223372036854775808), (9007199254740993), (4294967296),
  (0.0), (-0.0), (0.1), (5.0), (1e308), (4.9406564584124654e-324), (9e999), (-9e999), (9007199254740993.0), (9223372036854775807.0),
  (''), ('5'), ('5.0'), ('0x10'), ('1e3'), (' 5'), ('5 '), ('NULL'), ('abc'), ('ABC'), ('abc  '), ('größe'), ('tab' || char(9) || 'line' || char(13, 10)),
  (char(233)), ('e' || char(769)), (char(128512)), ('quote '' " `'), (x''), (x'00'), (x'35'), (x'FFFE00'), (x'616263'),
  (CAST(x'610062' AS TEXT)), (CAST(x'0000' AS TEXT)), (CAST(x'6100' AS TEXT)), (hex(zeroblob(5000))), (x'ff'), (zeroblob(70000));
CREATE TABLE affinities (id INTEGER PRIMARY KEY, none, b BLOB, t TEXT, n NUMERIC, i INT, r REAL, odd "DOUBLE INTEGER TEXT", bare "");
INSERT INTO affinities SELECT n, x, x, x, x, x, x, x, x FROM samples;
CREATE TABLE heap (a, b TEXT, c REAL);
INSERT INTO heap SELECT x, x, x FROM samples UNION ALL SELECT x, x, x FROM samples UNION ALL SELECT NULL, NULL, NULL;
CREATE TABLE text_key (k TEXT PRIMARY KEY, v);
INSERT INTO text_key VALUES (NULL, 1), (NULL, 1), (NULL, 2), ('', 3), ('a', 4), ('A', 5);
CREATE TABLE any_key (k PRIMARY KEY NOT NULL, v);
INSERT OR IGNORE INTO any_key SELECT x, n FROM samples WHERE x IS NOT NULL;
CREATE TABLE pairs (a INTEGER, b TEXT, v, PRIMARY KEY (b DESC, a)) WITHOUT ROWID;
INSERT INTO pairs SELECT n % 7, typeof(x), x FROM samples WHERE true ON CONFLICT DO NOTHING;
CREATE TABLE folded (k TEXT COLLATE NOCASE PRIMARY KEY NOT NULL, v);
INSERT INTO folded VALUES ('abc', 1), ('ABD', 2), ('Ä', 3), ('ä', 4), ('', 5);
CREATE TABLE trimmed (k TEXT COLLATE RTRIM PRIMARY KEY NOT NULL, v);
INSERT INTO trimmed VALUES ('abc  ', 1), (' abc', 2), ('', 3), ('abd', 4);
CREATE TABLE descending (id INTEGER PRIMARY KEY DESC, v);
INSERT INTO descending SELECT n, x FROM samples;
CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT, v TEXT);
INSERT INTO counted (v) VALUES ('a'), ('b'), ('c'); INSERT INTO counted VALUES (1000, 'far'); DELETE FROM counted WHERE id = 1000;
CREATE TABLE strict_all (id INTEGER PRIMARY KEY, i INT, j INTEGER, r REAL, t TEXT, b BLOB, a ANY) STRICT;
INSERT INTO strict_all SELECT n, iif(typeof(x) = 'integer', x, NULL), n, iif(typeof(x) = 'real', x, NULL), iif(typeof(x) = 'text', x, NULL),
  iif(typeof(x) = 'blob', x, NULL), x FROM samples;
CREATE TABLE made (a INTEGER PRIMARY KEY, b TEXT, up TEXT AS (upper(b)) STORED, twice AS (a * 2) VIRTUAL, c REAL);
INSERT INTO made (a, b, c) SELECT n, x, x FROM samples WHERE typeof(x) = 'text';
CREATE TABLE names_of_rowid (rowid TEXT, _rowid_ TEXT, oid TEXT);
INSERT INTO names_of_rowid VALUES ('x', 'y', 'z'), ('x', 'y', 'z'), (NULL, NULL, NULL);
CREATE TABLE "we""ird'; DROP TABLE samples; --" ("a b" INTEGER PRIMARY KEY, "select" TEXT, "é]" BLOB, "" TEXT);
INSERT INTO "we""ird'; DROP TABLE samples; --" VALUES (1, 'x', x'00', ''), (2, NULL, NULL, NULL);
CREATE TABLE "line
break" (id INTEGER PRIMARY KEY, v); INSERT INTO "line
break" VALUES (1, 'x');
CREATE TABLE "größe" ("größe" TEXT PRIMARY KEY NOT NULL); INSERT INTO "größe" VALUES ('ß'), ('SS');
CREATE TABLE empty (id INTEGER PRIMARY KEY, v);
CREATE TABLE large (id INTEGER PRIMARY KEY, v);
INSERT INTO large VALUES (1, hex(zeroblob(500000))), (2, zeroblob(1000000)), (3, 'small');
CREATE TABLE tree (id INTEGER PRIMARY KEY, parent REFERENCES tree (id) ON DELETE CASCADE);
INSERT INTO tree VALUES (1, 2), (2, 1), (3, 3), (4, 1), (5, NULL);
