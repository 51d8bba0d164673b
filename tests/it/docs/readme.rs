//! The session in README.md, and the page that its `diff` writes.

use crate::support::postgres::PgServer;
use crate::support::recording::{Reader, check_file, check_section};
use std::cell::OnceCell;

const PRISMA: &str = r#"
datasource db {
  provider = "postgresql"
  url      = env("DATABASE_URL")
}
model Mod {
  id          String   @id
  title       String
  description String?
  contentType String   @map("content_type")
  price       Decimal  @db.Decimal(8, 2)
  metadata    Json
  reviews     Review[]
  @@map("mods")
}
model Review {
  id    Int    @id
  modId String @map("mod_id")
  stars Int
  mod   Mod    @relation(fields: [modId], references: [id], onDelete: Cascade)
  @@map("reviews")
}
"#;

pub const ROWS: &str = r#"
CREATE TABLE mods (id text PRIMARY KEY, title text NOT NULL, description text, content_type text NOT NULL,
  price numeric(8, 2) NOT NULL, metadata jsonb NOT NULL);
CREATE TABLE reviews (id int PRIMARY KEY, mod_id text NOT NULL REFERENCES mods ON DELETE CASCADE, stars int NOT NULL);
INSERT INTO mods SELECT 'cl' || n, (ARRAY['Oak table', 'Wool rug', 'Glass vase', 'Pine bench'])[1 + n % 4], 'Made by hand.',
  (ARRAY['furniture', 'textiles', 'decor', 'furniture'])[1 + n % 4], 20 + n % 977 * 0.25,
  jsonb_build_object('size', jsonb_build_object('w', 40 + n % 200), 'tags', jsonb_build_array('home', 'kitchen'))
  FROM generate_series(1001, 6432) AS n;
INSERT INTO reviews SELECT n, 'cl' || 1001 + n % 5432, 1 + n % 5 FROM generate_series(1, 8998) AS n
  WHERE 1001 + n % 5432 NOT IN (1110, 1111);
"#;

/// What the script of the session does.
const SCRIPT: &str = r#"
UPDATE mods SET description = 'Made by hand, and waxed.', metadata = jsonb_set(jsonb_set(metadata, '{size,w}', '200'), '{tags,1}', '"dining"')
  WHERE id = 'cl1104';
UPDATE mods SET price = price * 0.8 WHERE id IN ('cl1105', 'cl1117');
DELETE FROM mods WHERE id IN ('cl1110', 'cl1111');
INSERT INTO mods VALUES ('cl9000', 'Bookshelf', 'Five boards.', 'furniture', 59, '{}');
INSERT INTO reviews VALUES (9001, 'cl9000', 5), (9002, 'cl9000', 4);
"#;

#[test]
fn the_session_in_the_readme_is_what_the_program_prints() {
    let db = PgServer::shared().database();
    db.sql(ROWS);
    let server = &db.server;
    let database = format!("{}@{}:{}/{}", server.user, server.host, server.port, db.name);
    let reader = Reader::new().shows(database, "postgres@127.0.0.1:5432/shop");
    reader.write(".env", &format!("DATABASE_URL=\"{}\"\n", db.url()));
    reader.write("schema.prisma", PRISMA);
    let page = OnceCell::new();
    check_section("README.md", "## A session", 13, |command| {
        if command == "dbsnap diff" {
            db.sql(SCRIPT);
            page.set(reader.prints("dbsnap diff -o html")).unwrap();
        }
        reader.says(command)
    });
    check_file("docs/diff.html", page.get().unwrap());
}
