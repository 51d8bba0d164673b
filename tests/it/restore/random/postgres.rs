//! PostgreSQL, through psql: every other seed as a superuser, the others as a plain owner.

use super::engine::Engine;
use super::schema::Schema;
use crate::gauntlet::round::url;
use crate::support::postgres::{Db, PgServer, PsqlSession};
use crate::support::process::Project;
use dbsnap::ops::Place;

pub struct PostgresEngine {
    project: Project,
    admin: PsqlSession,
    users: Vec<(String, PsqlSession)>,
    current: usize,
    db: Db,
}

impl PostgresEngine {
    pub fn new() -> PostgresEngine {
        let db = PgServer::shared().database();
        let mut admin = db.session_as(&db.server.user);
        admin.script(include_str!("contents.sql"));
        let owner = db.role("owner", "");
        db.sql(&format!("GRANT CREATE ON DATABASE {} TO {owner}", db.name));
        let users = [db.server.user.clone(), owner].map(|user| {
            let mut session = db.session_as(&user);
            session.script("\\set ON_ERROR_STOP off\nSET client_min_messages = error;");
            (user, session)
        });
        PostgresEngine { project: Project::in_memory(), admin, users: users.into(), current: 0, db }
    }

    fn lines(&mut self, query: &str) -> Vec<String> {
        self.admin.run(query).lines().map(str::to_owned).collect()
    }
}

impl Engine for PostgresEngine {
    fn postgres(&self) -> bool {
        true
    }

    fn fresh(&mut self, seed: u64) {
        self.admin.script("DROP SCHEMA IF EXISTS one, \"Two é\", keep CASCADE; CREATE SCHEMA keep;");
        if seed.is_multiple_of(20) {
            // nobody else cleans the catalog, and schemas come and go
            self.admin.script("VACUUM pg_catalog.pg_class, pg_catalog.pg_attribute, pg_catalog.pg_depend, pg_catalog.pg_constraint, pg_catalog.pg_index, pg_catalog.pg_type, pg_catalog.pg_trigger;");
        }
        self.current = usize::from(!seed.is_multiple_of(2));
        self.make(&["CREATE SCHEMA one".to_owned(), "CREATE SCHEMA \"Two é\"".to_owned()]);
        self.project = Project::in_memory();
    }

    fn place(&self) -> Place {
        let url = url(&self.db, &self.users[self.current].0);
        Place { dir: self.project.path().to_owned(), store: None, url: Some(url) }
    }

    fn make(&mut self, statements: &[String]) {
        let sql: String = statements.iter().map(|one| format!("{one};\n")).collect();
        let said = self.users[self.current].1.script(&sql);
        assert!(!said.contains("ERROR"), "{said}");
    }

    fn try_each(&mut self, statements: &[String]) -> String {
        let sql: String = statements.iter().map(|one| format!("{one};\n")).collect();
        self.users[self.current].1.script(&sql)
    }

    fn number(&mut self, query: &str) -> u64 {
        let said = self.admin.run(query);
        said.parse().unwrap_or_else(|_| panic!("{said}\n{query}"))
    }

    fn rows(&mut self, tables: &[String]) -> Vec<String> {
        let names: Vec<String> = tables.iter().map(|name| format!("'{}'", name.replace('\'', "''"))).collect();
        self.lines(&format!("SELECT contents.rows(ARRAY[{}]::text[])", names.join(", ")))
    }

    fn catalog(&mut self) -> Vec<String> {
        self.lines("SELECT contents.catalog()")
    }

    fn counters(&mut self) -> Vec<(i64, String)> {
        let lines = self.lines("SELECT contents.counters()");
        let counter = |line: String| {
            let (next, name) = line.split_once(' ').unwrap();
            (next.parse().unwrap(), name.to_owned())
        };
        lines.into_iter().map(counter).collect()
    }

    fn keep(&mut self, schema: &Schema, state: usize) {
        let copies = schema.tables.iter().enumerate();
        let copies =
            copies.map(|(at, table)| format!("CREATE TABLE {} AS TABLE {};", self.kept(at, state), table.sql()));
        let sql: String = copies.collect();
        self.admin.script(&sql);
    }

    fn kept(&self, table: usize, state: usize) -> String {
        format!("keep.t{table}_{state}")
    }

    fn patch(&mut self, patch: &str) -> Result<(), String> {
        self.db.sql_as(&self.users[self.current].0, patch).map(|said| assert_eq!(said, ""))
    }
}
