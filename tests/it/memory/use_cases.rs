//! The use cases on a database that dbsnap's own program does not know.

use super::fixture::MemoryFixture;
use crate::conformance::Fixture;
use crate::support::process::Project;
use dbsnap::db::DbError;
use dbsnap::monitor::Silent;
use dbsnap::ops::diff::{DiffOptions, DiffSide, Receiver, Records, RowChange, TableDiff, diff};
use dbsnap::{
    Database, Mode, OpError, Operation, Place, Plan, Repository, RestoreOptions, SnapOptions, SnapReport, UndoOptions,
    init,
};

const TABLES: [&str; 2] = ["mods", "reviews"];
const DAMAGE: &str =
    "UPDATE mods SET title = 'other', price = NULL WHERE id = 1; INSERT INTO mods VALUES (5, 'new', 50, true);
    DELETE FROM reviews WHERE mod_id = 4; DELETE FROM mods WHERE id = 4;";

struct Shop {
    project: Project,
    repository: Repository,
    fixture: MemoryFixture,
    database: Database,
}

impl Shop {
    fn new() -> Shop {
        let project = Project::new();
        let place = Place { dir: project.path().to_owned(), ..Place::default() };
        init(&place).unwrap();
        let repository = Repository::find(&place).unwrap();
        let mut fixture = MemoryFixture::new();
        fixture.exec(
            "CREATE TABLE mods (id INTEGER NOT NULL PRIMARY KEY, title TEXT NOT NULL UNIQUE, price INTEGER, shown BOOLEAN);
             CREATE TABLE reviews (id INTEGER NOT NULL PRIMARY KEY, mod_id INTEGER REFERENCES mods (id), body TEXT);
             INSERT INTO mods VALUES (1, 'one', 10, true), (2, 'two', 20, false), (3, 'three', NULL, true), (4, 'four', 40, NULL);
             INSERT INTO reviews VALUES (1, 1, 'good'), (2, 1, 'bad'), (3, 4, 'fine');",
        );
        let database = Database::new(fixture.open());
        Shop { project, repository, fixture, database }
    }

    fn snap(&mut self, options: SnapOptions) -> SnapReport {
        self.apply(&options).unwrap()
    }

    fn apply<O: Operation>(&mut self, options: &O) -> Result<O::Report, OpError> {
        options.apply(&self.repository, &mut self.database, None, &Silent)
    }

    fn plan<O: Operation>(&mut self, options: &O) -> Plan<O> {
        options.plan(&self.repository, &mut self.database, &Silent).unwrap()
    }

    fn snap_all(&mut self) -> SnapReport {
        self.snap(SnapOptions { all: true, message: "all".to_owned(), ..SnapOptions::default() })
    }

    /// Added, changed and removed rows of each table since the latest snapshots, and the rows themselves.
    fn differences(&mut self) -> (Vec<(u64, u64, u64)>, Vec<String>) {
        let mut told = Told::default();
        let report = diff(&self.repository, &mut self.database, &DiffOptions::default(), &mut told, &Silent).unwrap();
        let counts = report.tables.iter().map(|table| &table.counts);
        (counts.map(|counts| (counts.added, counts.changed, counts.removed)).collect(), told.0)
    }

    fn dump(&self) -> Vec<Vec<String>> {
        TABLES.map(|table| self.fixture.dump(table)).to_vec()
    }
}

/// Every row that differs, as a record.
#[derive(Default)]
struct Told(Vec<String>);

impl Receiver for Told {
    type Error = OpError;

    fn begin(&mut self, _from: &DiffSide, _to: &DiffSide) -> Result<(), OpError> {
        Ok(())
    }

    fn table(&mut self, _table: &TableDiff) -> Result<(), OpError> {
        Ok(())
    }

    fn row(&mut self, table: &TableDiff, row: &RowChange<'_>, _records: &mut Records) -> Result<(), OpError> {
        self.0.push(format!("{} {:?}", table.table, row.op));
        Ok(())
    }

    fn table_end(&mut self, _table: &TableDiff, _shown: u64) -> Result<(), OpError> {
        Ok(())
    }
}

fn exact() -> RestoreOptions {
    RestoreOptions { reference: "latest".to_owned(), mode: Mode::Exact, ..RestoreOptions::default() }
}

#[test]
fn a_damaged_database_is_snapped_compared_restored_and_undone() {
    let mut shop = Shop::new();
    let before = shop.dump();
    let snapped = shop.snap_all();
    assert_eq!(snapped.tables.iter().map(|table| table.rows).collect::<Vec<_>>(), [4, 3]);
    assert_eq!(shop.differences(), (vec![(0, 0, 0), (0, 0, 0)], vec![]));
    shop.fixture.exec(DAMAGE);
    let damaged = shop.dump();
    let (counts, rows) = shop.differences();
    assert_eq!(counts, [(1, 1, 1), (0, 0, 1)]);
    assert_eq!(rows.len(), 4);

    let plan = shop.plan(&exact());
    assert_eq!((plan.effect.writes(), shop.dump() == damaged), (4, true), "nothing is written by planning");
    let kept: Plan<RestoreOptions> = serde_json::from_str(&serde_json::to_string(&plan).unwrap()).unwrap();
    shop.fixture.exec("UPDATE mods SET price = 21 WHERE id = 2;");
    let stale = kept.apply(&shop.repository, &mut shop.database, &Silent);
    assert!(matches!(stale, Err(OpError::PlanChanged)), "{stale:?}");
    shop.fixture.exec("UPDATE mods SET price = 20 WHERE id = 2;");
    let report = kept.apply(&shop.repository, &mut shop.database, &Silent).unwrap();
    assert!(report.applied && report.safety.is_some());
    assert_eq!(shop.dump(), before);

    assert!(shop.apply(&UndoOptions::default()).unwrap().applied);
    assert_eq!(shop.dump(), damaged);
}

#[test]
fn a_table_that_is_gone_is_made_again() {
    let mut shop = Shop::new();
    let before = shop.dump();
    shop.snap_all();
    shop.fixture.exec("DROP TABLE reviews; DELETE FROM mods WHERE id = 2;");
    let refused = shop.apply(&exact());
    assert!(matches!(refused, Err(OpError::TableGone { defined: true, .. })), "{refused:?}");
    let create = RestoreOptions { create: true, ..exact() };
    let plan = shop.plan(&create);
    assert_eq!((plan.effect.created.len(), plan.effect.writes()), (1, 4));
    assert!(plan.apply(&shop.repository, &mut shop.database, &Silent).unwrap().applied);
    assert_eq!(shop.dump(), before);
    // the undo leaves the table that was made, without rows
    shop.apply(&UndoOptions::default()).unwrap();
    assert_eq!(shop.fixture.dump("reviews").len(), 0);
    shop.apply(&UndoOptions::default()).unwrap();
    assert_eq!(shop.dump(), before);
}

#[test]
fn a_filtered_snapshot_leaves_other_rows_alone() {
    let mut shop = Shop::new();
    let filter = Some("shown AND price IS NOT NULL".to_owned());
    let snapped = shop.snap(SnapOptions { tables: vec!["mods".to_owned()], filter, ..SnapOptions::default() });
    assert_eq!(snapped.tables[0].rows, 1);
    shop.fixture.exec("UPDATE mods SET price = price + 1;");
    shop.apply(&exact()).unwrap();
    let prices = shop.fixture.dump("mods");
    assert!(
        prices[0].contains("Int(10)") && prices[1].contains("Int(21)") && prices[3].contains("Int(41)"),
        "{prices:?}"
    );
}

#[test]
fn a_restore_that_would_leave_references_to_nothing_is_refused() {
    let mut shop = Shop::new();
    shop.snap(SnapOptions { tables: vec!["mods".to_owned()], ..SnapOptions::default() });
    shop.fixture.exec("INSERT INTO mods VALUES (5, 'new', 50, true); INSERT INTO reviews VALUES (4, 5, 'new');");
    let before = shop.dump();
    let refused = shop.apply(&exact());
    assert!(matches!(refused, Err(OpError::Db(DbError::Dangling(_)))), "{refused:?}");
    let foreseen = shop.plan(&exact()).refused.unwrap().to_string();
    assert!(foreseen.contains("1 row of reviews referring to missing rows of mods"), "{foreseen}");
    assert_eq!(shop.dump(), before);
    let allowed = RestoreOptions { allow_dangling: true, ..exact() };
    shop.apply(&allowed).unwrap();
    assert_eq!(shop.fixture.dump("mods").len(), 4);
}

/// The program knows nothing of this engine: what it can do without, it does; for the rest it says what is the matter.
#[test]
fn a_program_that_does_not_know_the_engine_says_so_and_does_what_it_can() {
    let mut shop = Shop::new();
    shop.snap_all();
    let run = |args: &[&str]| shop.project.dbsnap(args).run();
    insta::assert_snapshot!(run(&["log"]), @r#"
    exit 0
    --- stdout
    [ID] [AGO] mods, reviews  7  first  +[SIZE] all
    "#);
    insta::assert_snapshot!(run(&["verify"]), @r#"
    exit 0
    --- stdout
    OK: 1 pack, 1 snapshot, 7 rows.
    "#);
    insta::assert_snapshot!(run(&["show", "latest"]), @r#"
    exit 0
    --- stdout
    snapshot [HASH]
    taken     [TIME] ([AGO])
    database  memory 1, shop
    stored [SIZE]

        all

    mods  4 rows [SIZE] backup_[TIME]_mods
    reviews  3 rows [SIZE] backup_[TIME]_reviews
    "#);
    insta::assert_snapshot!(run(&["show", "latest:reviews"]), @r#"
    exit 0
    --- stdout
    reviews  hash [ID]

      id      INTEGER  not null  key
      mod_id  INTEGER
      body    TEXT

    3 rows
    not shown: "memory" is a database engine that this version of dbsnap does not know
    "#);
    insta::assert_snapshot!(run(&["show", "latest:reviews:1"]), @r#"
    exit 1
    --- stderr
    error: rows of this snapshot cannot be read: "memory" is a database engine that this version of dbsnap does not know
    hint: use the dbsnap that took the snapshot, or a newer one
    "#);
    shop.fixture.exec(DAMAGE);
    shop.snap_all();
    let run = |args: &[&str]| shop.project.dbsnap(args).run();
    for args in [
        &["diff", "latest~1", "latest"][..],
        &["export", "latest"],
        &["sql", "latest", "SELECT * FROM mods"],
        &["history", "mods:1"],
    ] {
        let run = run(args);
        assert!(
            run.stderr().contains("\"memory\" is a database engine that this version of dbsnap does not know"),
            "{run}"
        );
        assert_eq!((run.code(), run.stdout()), (Some(1), ""), "{run}");
    }
    shop.project.write("dev.db", "");
    let other = run(&["restore", "latest", "-y", "--url", "file:dev.db"]);
    assert!(other.stderr().contains("of a memory database") && other.code() == Some(4), "{other}");
    assert_eq!(run(&["gc"]).success().code(), Some(0));
}
