//! Relations that only Prisma's client keeps (`relationMode = "prisma"`).

use super::Shop;
use serde_json::Value;

const MODELS: &str = "
    datasource db {
      provider     = \"sqlite\"
      url          = env(\"DATABASE_URL\")
      relationMode = \"prisma\"
    }
    model Team {
      id Int @id
      members Member[]
      badges Badge[]
      @@map(\"teams\")
    }
    model Member {
      id Int @id
      teamId Int? @map(\"team_id\")
      team Team? @relation(fields: [teamId], references: [id])
      bossId Int?
      boss Member? @relation(\"boss\", fields: [bossId], references: [id], onDelete: NoAction)
      below Member[] @relation(\"boss\")
      cards Card[]
      notes Note[]
      @@map(\"members\")
    }
    model Card {
      id Int @id
      memberId Int
      member Member @relation(fields: [memberId], references: [id], onDelete: Cascade)
    }
    model Note {
      id Int @id
      memberId Int
      member Member @relation(fields: [memberId], references: [id])
    }
    model Badge {
      id Int @id
      teams Team[]
    }";

#[test]
fn cascade_follows_what_the_client_does() {
    let shop = Shop::without_store();
    shop.sql(
        "DROP TABLE mod_tags; DROP TABLE mods; DROP TABLE authors; DROP TABLE facet_definitions;
         CREATE TABLE teams (id INTEGER PRIMARY KEY); CREATE TABLE members (id INTEGER PRIMARY KEY, team_id INTEGER, bossId INTEGER);
         CREATE TABLE Card (id INTEGER PRIMARY KEY, memberId INTEGER NOT NULL); CREATE TABLE Note (id INTEGER PRIMARY KEY, memberId INTEGER NOT NULL);
         CREATE TABLE Badge (id INTEGER PRIMARY KEY); CREATE TABLE _BadgeToTeam (A INTEGER NOT NULL, B INTEGER NOT NULL);",
    );
    shop.dbsnap(["init"]).run().success();
    let reached = |schema: &str, args: &[&str]| -> (Vec<String>, Vec<String>) {
        shop.project.write("schema.prisma", schema);
        let run = shop.dbsnap([&["snap", "--dry-run", "--json"], args].concat()).run().success();
        let report: Value = serde_json::from_str(run.stdout()).unwrap();
        let names = |list: &str| -> Vec<String> {
            report[list].as_array().unwrap().iter().map(|one| one["table"].as_str().unwrap().to_owned()).collect()
        };
        (names("tables"), names("takenAlong"))
    };
    let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    // an optional relation without a word is SetNull, a required one forbids; NoAction leaves rows alone
    assert_eq!(reached(MODELS, &["Team"]), (named(&["teams"]), named(&["_BadgeToTeam", "members"])));
    assert_eq!(reached(MODELS, &["Member"]), (named(&["members"]), named(&["Card"])));
    assert_eq!(reached(MODELS, &["Team", "--cascade"]).0, ["teams", "_BadgeToTeam", "members", "Card"]);
    let restrict =
        MODELS.replace("references: [id])\n      bossId", "references: [id], onDelete: Restrict)\n      bossId");
    assert_eq!(reached(&restrict, &["Team"]).1, ["_BadgeToTeam"]);
    let defaults = MODELS.replace("references: [id], onDelete: Cascade", "references: [id], onDelete: SetDefault");
    assert_eq!(reached(&defaults, &["Member"]).1, ["Card"]);
    // Where the database keeps relations, its own foreign keys count: there are none here.
    let keys = MODELS.replace("\"prisma\"\n", "\"foreignKeys\"\n");
    assert_eq!(reached(&keys, &["Team"]).1, Vec::<String>::new());
    shop.project.write("schema.prisma", MODELS);
    let run = shop.dbsnap(["snap", "Member", "--dry-run", "-q"]).run().success();
    assert!(run.stdout().contains("members"), "{run}");
    let run = shop.dbsnap(["snap", "Member", "--dry-run"]).run().success();
    assert!(run.stderr().contains("Card (onDelete: Cascade)"), "{run}");
    // a run is about all that a command can reach
    let run = shop.dbsnap(["run", "Team", "-q", "--", "true"]).run().success();
    assert_eq!(run.stdout(), "");
    let run = shop.dbsnap(["show", "--json"]).run().success();
    let shown: Value = serde_json::from_str(run.stdout()).unwrap();
    let tables = shown["snapshot"]["tables"].as_array().unwrap().iter().map(|table| table["table"].as_str().unwrap());
    assert_eq!(tables.collect::<Vec<_>>(), ["Card", "_BadgeToTeam", "members", "teams"]);
}

#[test]
fn a_restore_says_which_rows_only_prisma_would_miss() {
    let shop = Shop::without_store();
    shop.project.write("schema.prisma", MODELS);
    shop.sql(
        "DROP TABLE mod_tags; DROP TABLE mods; DROP TABLE authors; DROP TABLE facet_definitions;
         CREATE TABLE members (id INTEGER PRIMARY KEY, team_id INTEGER, bossId INTEGER); CREATE TABLE teams (id INTEGER PRIMARY KEY);
         CREATE TABLE Note (id INTEGER PRIMARY KEY, memberId INTEGER NOT NULL);",
    );
    shop.dbsnap(["init"]).run().success();
    shop.snap(["--all", "-m", "none"]);
    shop.sql("INSERT INTO members VALUES (1, NULL, NULL); INSERT INTO Note VALUES (1, 1)");
    let told = "rows of Note may refer to rows that are deleted: no foreign key holds them";
    let run = shop.dbsnap(["restore", "latest:members", "--dry-run"]).run().success();
    assert!(!run.stdout().contains(told), "{run}");
    let run = shop.dbsnap(["restore", "latest:members", "--mode", "exact", "--dry-run"]).run().success();
    assert!(run.stdout().contains(told), "{run}");
    let run = shop.dbsnap(["restore", "latest", "--mode", "exact", "--dry-run"]).run().success();
    assert!(!run.stdout().contains(told), "{run}");
    shop.project.write("schema.prisma", MODELS.replace("relationMode = \"prisma\"", ""));
    let run = shop.dbsnap(["restore", "latest:members", "--mode", "exact", "--dry-run"]).run().success();
    assert!(!run.stdout().contains(told), "{run}");
}
