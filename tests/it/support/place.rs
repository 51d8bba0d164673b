//! A project whose database is of either engine. Whatever a restore, an undo or a refusal does, everything else is the
//! same afterwards.

use super::postgres::{Db, PgServer};
use super::process::{Invocation, Project, Run};
use super::watched::Watched;
use super::witness::Witness;
use crate::gauntlet::round::{Round, url, url_by};
use dbsnap::db::postgres::Postgres;
use dbsnap::db::{Host, OpenOptions, PostgresTarget};
use dbsnap::hash::Hash;
use serde_json::Value;
use std::sync::atomic::{AtomicBool, Ordering};

/// A database with a store.
pub struct Place {
    pub round: Round,
    db: Option<(Db, String)>,
    made_again: AtomicBool,
}

/// Who uses a PostgreSQL database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// May do anything.
    Superuser,
    /// Everything belongs to it, and it may do nothing else.
    Owner,
}

impl Role {
    pub const BOTH: [Role; 2] = [Role::Superuser, Role::Owner];

    /// Those by which this test is run: the one that its name chooses, or both in `tests/run --long`.
    fn of_test<Test>() -> Vec<Role> {
        if std::env::var("DBSNAP_TEST_ROLES").is_ok_and(|roles| roles == "both") {
            return Role::BOTH.to_vec();
        }
        let name = Hash::of(std::any::type_name::<Test>().as_bytes());
        vec![Role::BOTH[usize::from(name.as_bytes()[0] & 1)]]
    }
}

/// Runs a test on both engines, on PostgreSQL as [`on_postgres`] does.
pub fn on_both<Test: Fn(&Place)>(test: Test) {
    test(&Place::sqlite());
    on_postgres(test);
}

/// Runs a test on PostgreSQL, as a superuser or as a plain owner. So half of the tests are run as each.
pub fn on_postgres<Test: Fn(&Place)>(test: Test) {
    on_server(PgServer::shared(), test);
}

/// Runs a test on that server, as a superuser or as a plain owner.
pub fn on_server<Test: Fn(&Place)>(server: &'static PgServer, test: Test) {
    by_roles(server, &Role::of_test::<Test>(), test);
}

/// Runs a test in which it matters who the user is on PostgreSQL, as a superuser and as a plain owner.
pub fn as_each_role(test: impl Fn(&Place)) {
    by_roles(PgServer::shared(), &Role::BOTH, test);
}

#[expect(clippy::print_stderr, reason = "a failing test names its role")]
fn by_roles(server: &'static PgServer, roles: &[Role], test: impl Fn(&Place)) {
    for &role in roles {
        eprintln!("{role:?}");
        test(&Place::on(server.database(), role));
    }
}

impl Place {
    pub fn sqlite() -> Place {
        Place {
            round: Round::within(Project::new(), "file:data.db".to_owned()),
            db: None,
            made_again: AtomicBool::new(false),
        }
    }

    pub fn superuser() -> Place {
        Place::on(PgServer::shared().database(), Role::Superuser)
    }

    pub fn owner() -> Place {
        Place::on(PgServer::shared().database(), Role::Owner)
    }

    /// That database, used by a role of its own, which may be given settings of its own.
    pub fn on(db: Db, role: Role) -> Place {
        let (name, options) = match role {
            Role::Superuser => ("root", "SUPERUSER"),
            Role::Owner => ("owner", ""),
        };
        let user = db.role_and(name, options, |user| format!("GRANT CREATE ON DATABASE {} TO {user}", db.name));
        Place { round: Round::new(url(&db, &user)), db: Some((db, user)), made_again: AtomicBool::new(false) }
    }

    /// Another place of the same engine, used by the same sort of role.
    pub fn another(&self) -> Place {
        match &self.db {
            Some((db, _)) if self.is_superuser() => Place::on(db.server.database(), Role::Superuser),
            Some((db, _)) => Place::on(db.server.database(), Role::Owner),
            None => {
                let project = Project::new();
                let url = format!("file:{}", project.path().join("data.db").display());
                Place { round: Round::within(project, url), db: None, made_again: AtomicBool::new(false) }
            }
        }
    }

    /// The PostgreSQL database and the role by which it is used.
    pub fn database(&self) -> (&Db, &str) {
        let (db, user) = self.db.as_ref().unwrap();
        (db, user)
    }

    /// The PostgreSQL database.
    pub fn db(&self) -> &Db {
        self.database().0
    }

    /// The role by which it is used.
    pub fn user(&self) -> &str {
        self.database().1
    }

    pub fn is_superuser(&self) -> bool {
        self.user().starts_with("root_")
    }

    /// Opens the PostgreSQL database as that role; its restores are watched.
    pub fn open(&self) -> Watched<Postgres> {
        self.open_with(&OpenOptions::default())
    }

    /// As [`Place::open`], waiting for locks no longer than told.
    pub fn open_with(&self, options: &OpenOptions) -> Watched<Postgres> {
        let (db, user) = self.database();
        let postgres = Postgres::open(&db.target_as(user), options).expect("a connection");
        Watched::postgres(postgres, db)
    }

    /// As [`Place::open`], by way of this port.
    pub fn open_by(&self, port: u16) -> Watched<Postgres> {
        let (db, user) = self.database();
        let hosts = vec![(Host::Tcp("127.0.0.1".into()), port)];
        let target = PostgresTarget { hosts, ..db.target_as(user) };
        Watched::postgres(Postgres::open(&target, &OpenOptions::default()).expect("a connection"), db)
    }

    /// As [`Place::open`], as another role.
    pub fn open_as(&self, user: &str) -> Watched<Postgres> {
        Watched::postgres(self.db().open_as(user), self.db())
    }

    /// From now on dbsnap gets to the database by way of this port.
    pub fn by(&self, port: u16) {
        let (db, user) = self.database();
        self.round.turn(url_by(db, user, "127.0.0.1", port));
    }

    /// From now on dbsnap gets to the database itself again.
    pub fn directly(&self) {
        let (db, user) = self.database();
        self.round.turn(url(db, user));
    }

    /// Runs SQL; what the last statement says, one row a line, values between `|`.
    pub fn sql(&self, sql: &str) -> String {
        match &self.db {
            Some((db, user)) => db.sql_as(user, sql).unwrap(),
            None => {
                self.round.project.write("input.sql", sql);
                let run =
                    self.round.project.program("sqlite3", ["-bail", "data.db", ".read input.sql"]).run().success();
                run.stdout().to_owned()
            }
        }
        .trim_end()
        .to_owned()
    }

    /// The rows of every table, in the database's own word.
    pub fn rows(&self) -> Vec<String> {
        self.witness().rows()
    }

    /// Ends the session that is kept for the next [`Place::witness`]: an owner could not drop the database.
    pub fn let_go(&self) {
        if let Some((db, _)) = &self.db {
            db.let_go();
        }
    }

    /// Everything in the database.
    pub fn witness(&self) -> Witness {
        let witness = match &self.db {
            Some((db, _)) => Witness::of(db),
            None => Witness::of_file(&self.round.project.path().join("data.db")),
        };
        if self.made_again.load(Ordering::Relaxed) { witness.without_object_ids() } else { witness }
    }

    /// From now on indexes and constraints may be made again, just like they were.
    pub fn may_make_again(&self) {
        self.made_again.store(true, Ordering::Relaxed);
    }

    /// How many snapshots the store lists.
    pub fn listed(&self) -> usize {
        self.round.json(&["log"])["snapshots"].as_array().unwrap().len()
    }

    /// Snapshots all tables.
    pub fn snap(&self) -> String {
        self.round.snap(&["--all"]).id
    }

    /// Runs `dbsnap -y` with these arguments and gives its report. What the report does not name is the same
    /// afterwards.
    pub fn done(&self, args: &[&str]) -> Value {
        let before = self.witness();
        let report = match args.contains(&"--dry-run") {
            true => self.planned(args),
            false => self.round.json(&[args, &["-y"]].concat()),
        };
        let named = ["tables", "cascaded"].iter().flat_map(|list| report[list].as_array().unwrap());
        let mut tables: Vec<String> = named.map(|one| one["table"].as_str().unwrap().to_owned()).collect();
        if let Some(at) = args.iter().position(|arg| *arg == "--into") {
            tables = vec![args[at + 1].to_owned()];
        }
        if args.contains(&"--to") || args.contains(&"--dry-run") {
            tables.clear();
        }
        before.same_but(&self.witness(), &tables);
        report
    }

    /// The plan of `dbsnap` with these arguments; it fails as what it plans would.
    fn planned(&self, args: &[&str]) -> Value {
        let run = self.round.invocation(args).run();
        let plan: Value = serde_json::from_str(run.stdout()).unwrap();
        let refused = plan.get("refused").is_some();
        assert!(if refused { matches!(run.code(), Some(1 | 4)) } else { run.code() == Some(0) }, "{run}");
        plan
    }

    /// `dbsnap restore -y` with these arguments; the plan of its only table as insert, update, delete, unchanged, left.
    pub fn restore(&self, args: &[&str]) -> [u64; 5] {
        counts(&self.done(&[&["restore"], args].concat()))
    }

    /// Makes every table what it is in the snapshot.
    pub fn restore_exactly(&self, id: &str) -> Value {
        self.done(&["restore", id, "--mode", "exact"])
    }

    /// Snapshots `tables`, does `damage`, takes it back, and goes to and fro between the two states.
    pub fn goes_there_and_back(&self, tables: &[&str], damage: &str) {
        let snap = self.round.snap(tables).id;
        let whole = self.rows();
        self.sql(damage);
        let damaged = self.rows();
        assert_ne!(damaged, whole, "the damage does nothing");
        self.restore_exactly(&snap);
        assert_eq!(self.rows(), whole);
        self.undo(&[]);
        assert_eq!(self.rows(), damaged);
        self.undo(&[]);
        assert_eq!(self.rows(), whole);
        let again = self.restore_exactly(&snap);
        assert_eq!(again["applied"], false, "{again}");
        let taken = self.round.snap(tables);
        assert_eq!(taken.tables.values().map(|table| table.new_leaves).sum::<u64>(), 0, "rows are stored again");
    }

    /// `dbsnap undo -y` with these arguments.
    pub fn undo(&self, args: &[&str]) -> Value {
        self.done(&[&["undo"], args].concat())
    }

    /// `dbsnap restore -y` with these arguments, which is refused: its exit status and its error. Nothing has changed
    /// then.
    pub fn refused(&self, args: &[&str]) -> (Option<i32>, String) {
        let run = self.unchanged(&self.round.plain(&[&["restore", "-y"], args].concat()));
        (run.code(), run.stderr().to_owned())
    }

    /// Runs what must fail and leave the database and the list of snapshots as they are.
    pub fn unchanged(&self, invocation: &Invocation) -> Run {
        let (before, listed) = (self.witness(), self.listed());
        let run = invocation.run();
        assert!(matches!(run.code(), Some(code) if code != 0 && code != 101), "{run}");
        before.same(&self.witness());
        assert_eq!(self.listed(), listed, "what changed nothing leaves no safety snapshot: {run}");
        run
    }
}

/// Insert, update, delete, unchanged and left of the only table of a report.
pub fn counts(report: &Value) -> [u64; 5] {
    let [table] = report["tables"].as_array().unwrap().as_slice() else { panic!("{report}") };
    ["insert", "update", "delete", "unchanged", "left"].map(|count| table[count].as_u64().unwrap())
}
