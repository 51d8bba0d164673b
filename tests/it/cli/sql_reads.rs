//! Which tables a query of `sql` reads: generated queries, held against the sqlite3 program over the file of `sql
//! --out`.

use super::Shop;
use crate::gauntlet::round::{Round, url};
use crate::support::postgres::PgServer;
use crate::support::process::Project;
use crate::tree::model::Dice;
use dbsnap::monitor::Silent;
use dbsnap::ops::sql::{Answers, SqlOptions, ValueRef, sql};
use dbsnap::ops::{OpError, Place, Repository};

/// Writes queries over tables that all have the columns `id`, `k` and `name`.
struct Writer<'w> {
    tables: &'w [&'w str],
    dice: Dice,
    names: u64,
}

impl Writer<'_> {
    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        self.dice.pick(of)
    }

    fn table(&mut self) -> String {
        self.one(self.tables).to_owned()
    }

    /// What stands in FROM, and the name it has there.
    fn source(&mut self, depth: u64) -> (String, String) {
        self.names += 1;
        let name = format!("s{}", self.names);
        let what = match self.dice.roll(if depth == 0 { 2 } else { 4 }) {
            2 => format!("({})", self.rows(depth - 1)),
            3 => format!("({} {} {})", self.rows(depth - 1), self.compound(), self.rows(depth - 1)),
            _ => self.table(),
        };
        (format!("{what} AS {name}"), name)
    }

    fn compound(&mut self) -> &'static str {
        self.one(&["UNION", "UNION ALL", "EXCEPT", "INTERSECT"])
    }

    /// A FROM with one to three sources, and the name of the first.
    fn from(&mut self, depth: u64) -> (String, String) {
        let (mut from, first) = self.source(depth);
        for _ in 0..self.dice.roll(3) {
            let (source, name) = self.source(depth);
            from = match self.dice.roll(7) {
                0 => format!("{from} NATURAL JOIN {source}"),
                1 => format!("{from} JOIN {source} USING (id)"),
                2 => format!("{from} LEFT JOIN {source} USING (id, k)"),
                3 => format!("{from} JOIN {source} ON {first}.id = {name}.k"),
                4 => format!("{from} LEFT JOIN {source} ON true"),
                5 => format!("{from} NATURAL LEFT JOIN {source}"),
                _ => format!("{from} CROSS JOIN {source}"),
            };
        }
        (from, first)
    }

    fn condition(&mut self, name: &str, depth: u64) -> String {
        match self.dice.roll(if depth == 0 { 2 } else { 6 }) {
            2 => format!(" WHERE EXISTS (SELECT 1 FROM {})", self.from(depth - 1).0),
            3 => format!(" WHERE {name}.id IN ({})", self.column(depth - 1)),
            4 => format!(" WHERE {name}.id IN {}", self.one_column()),
            5 => format!(" WHERE (SELECT count(*) FROM {}) > {}", self.from(depth - 1).0, self.dice.roll(4)),
            _ => String::new(),
        }
    }

    /// A table of one column that IN can name.
    fn one_column(&mut self) -> String {
        format!("(SELECT k FROM {} NATURAL JOIN {})", self.table(), self.table())
    }

    fn column(&mut self, depth: u64) -> String {
        let (from, name) = self.from(depth);
        format!("SELECT {name}.k FROM {from}{}", self.condition(&name, depth))
    }

    fn rows(&mut self, depth: u64) -> String {
        let (from, name) = self.from(depth);
        format!(
            "SELECT {name}.id AS id, {name}.k AS k, {name}.name AS name FROM {from}{}",
            self.condition(&name, depth)
        )
    }

    /// A query with one row.
    fn query(&mut self) -> String {
        let (from, name) = self.from(2);
        let condition = self.condition(&name, 2);
        match self.dice.roll(6) {
            0 | 1 => format!("SELECT count(*) FROM {from}{condition}"),
            2 => format!("SELECT sum({name}.k), count(DISTINCT {name}.name) FROM {from}{condition}"),
            3 => format!(
                "WITH w AS ({}), v(id) AS (SELECT id FROM w) SELECT count(*) FROM v NATURAL JOIN w NATURAL JOIN {}",
                self.rows(1),
                self.table()
            ),
            4 => format!("SELECT EXISTS (SELECT * FROM {from}{condition}), (SELECT count(*) FROM {})", self.table()),
            _ => format!(
                "WITH RECURSIVE n(id) AS (SELECT 1 UNION SELECT n.id + 1 FROM n JOIN {} USING (id)) \
                 SELECT count(*), max(n.id) FROM n, json_each('[1,2]')",
                self.table()
            ),
        }
    }
}

/// An answer as `sqlite3` prints it.
#[derive(Default)]
struct Lines(String);

impl Answers for Lines {
    type Error = OpError;

    fn columns(&mut self, _: &[String]) -> Result<(), OpError> {
        Ok(())
    }

    fn row(&mut self, values: &[ValueRef<'_>]) -> Result<(), OpError> {
        let text = |value: &ValueRef<'_>| match value {
            ValueRef::Null => String::new(),
            ValueRef::Int(int) => int.to_string(),
            other => panic!("{other:?}"),
        };
        self.0 += &(values.iter().map(text).collect::<Vec<_>>().join("|") + "\n");
        Ok(())
    }
}

/// Asks both of the latest snapshot in `project`; the number of answers that are neither 0 nor nothing.
fn hold(project: &Project, tables: &[&str], seed: u64) -> usize {
    project.dbsnap(["sql", "latest", "--out", "all.db"]).run().success();
    let mut writer = Writer { tables, dice: Dice(seed), names: 0 };
    let queries: Vec<String> = (0..300).map(|_| writer.query()).collect();
    let script: String = queries.iter().map(|query| format!("{query};\n.print =\n")).collect();
    project.write("queries.sql", script);
    let run = project.program("sqlite3", ["-batch", "-bail", "all.db", ".read queries.sql"]).run().success();
    let wanted: Vec<&str> = run.stdout().split("=\n").collect();
    let place = Place { dir: project.path().to_owned(), ..Place::default() };
    let repository = Repository::find(&place).unwrap();
    for (query, wanted) in queries.iter().zip(&wanted) {
        let mut lines = Lines::default();
        let options =
            SqlOptions { reference: "latest".to_owned(), query: Some(query.clone()), ..SqlOptions::default() };
        sql(&repository, &options, &mut lines, &Silent).unwrap_or_else(|error| panic!("{query}: {error}"));
        assert_eq!(lines.0, *wanted, "{query}");
    }
    assert_eq!(wanted.len(), queries.len() + 1);
    wanted.iter().filter(|answer| answer.contains(['1', '2', '3', '4', '5', '6', '7', '8', '9'])).count()
}

#[test]
fn every_table_that_a_query_reads_is_loaded() {
    let shop = Shop::new();
    shop.sql(
        "CREATE TABLE a (id INTEGER PRIMARY KEY, k INTEGER, name TEXT);
         CREATE TABLE b (id INTEGER, k INTEGER, name TEXT, PRIMARY KEY (id, k)) WITHOUT ROWID;
         CREATE TABLE c (k INTEGER, name TEXT, id INTEGER);
         CREATE TABLE \"odd name\" (id INT PRIMARY KEY, k INTEGER UNIQUE, name TEXT);
         INSERT INTO a VALUES (1, 1, 'x'), (2, 3, 'y'), (3, 2, 'z');
         INSERT INTO b VALUES (1, 1, 'x'), (2, 3, 'y'), (4, 2, 'z');
         INSERT INTO c VALUES (1, 'x', 1), (3, 'y', 2), (3, 'y', 2), (NULL, NULL, NULL);
         INSERT INTO \"odd name\" VALUES (1, 1, 'x'), (2, 3, 'y')",
    );
    shop.snap(["a", "b", "c", "odd name"]);
    let told = hold(&shop.project, &["a", "b", "c", "\"odd name\""], 17);
    assert!(told > 150, "{told}");
}

#[test]
fn so_is_every_table_of_postgresql() {
    let db = PgServer::shared().database();
    db.sql(
        "CREATE SCHEMA shop; CREATE TABLE a (id int PRIMARY KEY, k bigint, name text);
         CREATE TABLE shop.b (id int, k int, name varchar(9), PRIMARY KEY (id, k));
         CREATE TABLE c (k int, name text, id int); CREATE TABLE d (id numeric PRIMARY KEY, k int, name text);
         INSERT INTO a VALUES (1, 1, 'x'), (2, 3, 'y'), (3, 2, 'z'); INSERT INTO shop.b SELECT * FROM a;
         INSERT INTO c VALUES (1, 'x', 1), (3, 'y', 2), (3, 'y', 2), (NULL, NULL, NULL); INSERT INTO d SELECT * FROM a",
    );
    let round = Round::new(url(&db, &db.server.user));
    round.snap(&["--all"]);
    let told = hold(&round.project, &["a", "\"shop.b\"", "c", "d"], 18);
    assert!(told > 150, "{told}");
}

#[test]
fn a_table_without_a_column_in_the_query_is_read_too() {
    let shop = Shop::new();
    shop.snap(["authors", "mods", "mod_tags", "-m", "one"]);
    let ask = |query: &str| {
        let run = shop.dbsnap(["sql", "latest", query, "--json"]).run().success();
        let answer: serde_json::Value = serde_json::from_str(run.stdout()).unwrap();
        (answer["rows"].to_string(), answer["tables"].to_string())
    };
    let of = |rows: &str, tables: &str| (rows.to_owned(), tables.to_owned());
    assert_eq!(ask("SELECT count(*) FROM mods a JOIN mods b USING (id)"), of("[[3]]", "[\"mods\"]"));
    assert_eq!(ask("SELECT count(*) FROM mod_tags NATURAL JOIN mods"), of("[[9]]", "[\"mods\",\"mod_tags\"]"));
    assert_eq!(ask("SELECT 1 FROM authors NATURAL JOIN authors x"), of("[[1],[1]]", "[\"authors\"]"));
    assert_eq!(ask("VALUES ((SELECT count(*) FROM authors))"), of("[[2]]", "[\"authors\"]"));
    assert_eq!(ask("SELECT count(*) FROM json_each('[1]')"), of("[[1]]", "[]"));
    let pages = "SELECT sum(ncell) FROM sqlite_schema JOIN dbstat USING (name) WHERE type = 'table'";
    assert_eq!(ask(pages).0, "[[8]]", "the pages hold every row");
    let run = shop.dbsnap(["sql", "latest", "EXPLAIN QUERY PLAN SELECT * FROM mods", "--json"]).run().success();
    assert!(run.stdout().contains("SCAN mods"), "{run}");
}

/// A row with a large value is written without a copy of it, and as a small one is.
#[test]
fn large_values_are_written_whole() {
    let shop = Shop::new();
    shop.snap(["mods"]);
    let query = "SELECT 1 AS a, printf('%.*c', 200000, 'x') || 'é' || char(27) AS b, x'00ff' AS c, NULL AS d";
    let run = shop.dbsnap(["sql", "latest", query]).run().success();
    let lines: Vec<&str> = run.stdout().lines().collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0], "a  b  c  d");
    assert_eq!(lines[1], format!("1  {}é\\u{{1b}}  x'00ff'  NULL", "x".repeat(200_000)));
    let query = "SELECT zeroblob(100000) AS a";
    let run = shop.dbsnap(["sql", "latest", query]).run().success();
    assert_eq!(run.stdout(), format!("a\nx'{}'\n", "00".repeat(100_000)));
}
