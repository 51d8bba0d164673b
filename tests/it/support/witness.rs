//! What must stay as it is: all other tables, the counters and the catalog of a database, before and after something is done to some
//! of its tables.

use crate::support::postgres::Db;
use crate::support::process::Project;

/// A database in its own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    lines: Vec<Line>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    kind: String,
    /// The table that it is about; of a counter, those that it feeds, with spaces between them.
    table: String,
    rest: String,
}

impl Witness {
    /// Of a PostgreSQL database, as its superuser sees it.
    pub fn of(db: &Db) -> Witness {
        Witness::parse(&db.sql(include_str!("postgres/witness.sql")))
    }

    /// Of a SQLite file of a project.
    pub fn of_file(project: &Project, file: &str) -> Witness {
        let ask =
            |commands: &str| project.program("sqlite3", ["-bail", file, commands]).run().success().stdout().to_owned();
        let names = ask(
            "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name <> 'sqlite_sequence'",
        );
        let mut text = ask("SELECT 'schema' || char(9) || tbl_name || char(9) || type || ' ' || name || ' ' || \
                            replace(coalesce(sql, ''), char(10), ' ') FROM sqlite_schema ORDER BY 1");
        if names.contains("sqlite_schema")
            && ask("SELECT count(*) FROM sqlite_schema WHERE name = 'sqlite_sequence'").trim() == "1"
        {
            text.push_str(&ask("SELECT 'sequence' || char(9) || name || char(9) || seq FROM sqlite_sequence"));
        }
        for name in names.lines().filter(|name| *name != "sqlite_schema") {
            let select = format!("SELECT * FROM \"{}\"", name.replace('"', "\"\""));
            let rows =
                project.program("sqlite3", ["-bail", "-quote", file, &select]).run().success().stdout().to_owned();
            let mut rows: Vec<&str> = rows.lines().collect();
            rows.sort_unstable();
            text.push_str(&format!("rows\t{name}\t{}\n", rows.join(" / ")));
        }
        Witness::parse(&text)
    }

    fn parse(text: &str) -> Witness {
        let mut lines: Vec<Line> = Vec::new();
        for line in text.lines() {
            let parts: Vec<&str> = line.splitn(3, '\t').collect();
            match (parts.as_slice(), lines.last_mut()) {
                ([kind, table, rest], _) => {
                    lines.push(Line { kind: (*kind).to_owned(), table: (*table).to_owned(), rest: (*rest).to_owned() })
                }
                // a definition that has several lines
                (_, Some(last)) => last.rest.push_str(line),
                _ => panic!("{line}"),
            }
        }
        Witness { lines }
    }

    /// Everything is as it was.
    pub fn same(&self, now: &Witness) {
        self.same_but(now, &[]);
    }

    /// Everything is as it was, except rows of these tables and the counters that feed them. Of a table that is new, everything is.
    pub fn same_but(&self, now: &Witness, tables: &[String]) {
        let is_old = |table: &str| self.lines.iter().any(|line| line.table == table);
        let may_differ = |line: &Line| match line.kind.as_str() {
            "rows" => tables.contains(&line.table),
            "sequence" => {
                tables.iter().any(|table| line.table == *table || line.table.split(' ').any(|one| one == table))
            }
            _ => tables.contains(&line.table) && !is_old(&line.table),
        };
        let only = |one: &Witness, other: &Witness| -> Vec<Line> {
            one.lines.iter().filter(|line| !may_differ(line) && !other.lines.contains(line)).cloned().collect()
        };
        let (gone, come) = (only(self, now), only(now, self));
        assert!(gone.is_empty() && come.is_empty(), "besides {tables:?}: was {gone:#?}\nis {come:#?}");
    }

    /// What it says of the rows of every table.
    pub fn rows(&self) -> Vec<String> {
        let rows = self.lines.iter().filter(|line| line.kind == "rows");
        rows.map(|line| format!("{}: {}", line.table, line.rest)).collect()
    }
}
