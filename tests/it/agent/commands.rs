//! Every command that an installed file names: it exists, and does what is said of it.

use crate::support::files::{project, text};
use crate::support::process::Project;
use std::collections::BTreeSet;

const ASSETS: [&str; 3] = ["db-backup.md", "skill.md", "instructions.md"];

/// The commands between backquotes.
fn commands() -> BTreeSet<String> {
    let texts = ASSETS.map(|name| text(&project("src/ops/agent/assets").join(name)));
    let spans = texts.iter().flat_map(|text| text.split('`').skip(1).step_by(2));
    spans.filter(|span| span.starts_with("dbsnap ")).map(|span| span.replace('\n', " ")).collect()
}

/// Run in a demo project in which rows were lost, in an order in which each has something to do. What needs a name that
/// only a run makes gets it here.
#[test]
fn every_command_in_the_installed_files_works() {
    let place = Project::new();
    place.dbsnap(["demo", "shop", "-q"]).run().success();
    let shop = place.path().join("shop");
    let run = |line: &str| {
        let dbsnap = std::env::var("DBSNAP_TEST_BIN").unwrap_or_else(|_| env!("CARGO_BIN_EXE_dbsnap").to_owned());
        let line = line.replacen("dbsnap ", &format!("{dbsnap} "), 1);
        place.program("sh", ["-c", &line]).dir(&shop).run()
    };
    let first = run("dbsnap snap mods -m first --export -q").success().stdout().trim().to_owned();
    let listed = run("dbsnap backups --json").success();
    let listed: serde_json::Value = serde_json::from_str(listed.stdout()).unwrap();
    let backup = listed["backups"].as_array().unwrap().iter().find(|one| one["table"] == "mods").unwrap();
    let backup = backup["id"].as_str().unwrap().to_owned();
    let key = "dbsnap sql latest:mods 'SELECT min(id) FROM mods' -o csv";
    let key = run(key).success().stdout().lines().nth(1).unwrap().to_owned();
    std::fs::create_dir_all(shop.join("scripts")).unwrap();
    let script = "await prisma.favorite.deleteMany({ where: { modId: null } });\n";
    std::fs::write(
        shop.join("scripts/cleanup.ts"),
        format!("import {{ PrismaClient }} from '@prisma/client';\nconst prisma = new PrismaClient();\n{script}"),
    )
    .unwrap();

    let found = commands();
    assert!(found.len() > 20, "{found:#?}");
    // undo and restore last: they need something that was done
    let mut ordered: Vec<&String> = found.iter().collect();
    let verb = |line: &str| ["restore", "undo"].iter().position(|verb| line.contains(verb)).map_or(0, |at| at + 1);
    // and each is planned before it is applied
    ordered.sort_by_key(|line| (verb(line), line.contains("--digest")));
    let deletes = "DELETE FROM mods WHERE id IN (SELECT id FROM mods ORDER BY id LIMIT 40)";
    for line in ordered {
        if line.starts_with("dbsnap restore") {
            rusqlite::Connection::open(shop.join("dev.db")).unwrap().execute_batch(deletes).unwrap();
        }
        // what is applied by a digest was planned before
        let digest = |real: &str| {
            let plan = run(&real.replace("--digest DIGEST", "--dry-run --json")).success();
            let plan: serde_json::Value = serde_json::from_str(plan.stdout()).unwrap();
            real.replace("DIGEST", plan["digest"].as_str().unwrap())
        };
        let real = line
            .replace("BEFORE AFTER", &format!("{first} latest"))
            .replace("BEFORE", &first)
            .replace("backup_20260124_103000_mods", &backup)
            .replace("cl1104", &key)
            .replace("SCRIPT", "scripts/cleanup.ts")
            .replace("npx tsx scripts/cleanup.ts --fix", "true")
            .replace("run -- COMMAND", "run -- true");
        // what is named without arguments is only named
        let real = match real.as_str() {
            "dbsnap delete" | "dbsnap unpin" | "dbsnap gc" | "dbsnap run" => format!("{real} --help"),
            "dbsnap snap" => "dbsnap snap mods --dry-run".to_owned(),
            _ if real.contains("--digest") => digest(&real),
            _ => real,
        };
        let ended = run(&real);
        assert_eq!(ended.code(), Some(0), "{line}: {ended}");
    }
}

/// An agent that follows the instructions to the letter sees the rows that its script has lost, and gets them back.
#[test]
fn the_instructions_lead_to_the_rows_that_a_script_deleted() {
    for asset in ["instructions.md", "skill.md"] {
        let place = Project::new();
        place.dbsnap(["demo", "shop", "-q"]).run().success();
        let shop = place.path().join("shop");
        let text = text(&project("src/ops/agent/assets").join(asset)).replace('\n', " ");
        let told: Vec<&str> = text.split('`').skip(1).step_by(2).filter(|span| span.starts_with("dbsnap ")).collect();
        let find = |all: &[&str]| {
            let line = told.iter().find(|line| all.iter().all(|part| line.contains(part)));
            line.unwrap_or_else(|| panic!("{asset}: {all:?}: {told:#?}")).to_string()
        };
        let run = |line: &str| {
            let dbsnap = std::env::var("DBSNAP_TEST_BIN").unwrap_or_else(|_| env!("CARGO_BIN_EXE_dbsnap").to_owned());
            place.program("sh", ["-c", &line.replacen("dbsnap ", &format!("{dbsnap} "), 1)]).dir(&shop).run()
        };
        let count = || {
            let db = rusqlite::Connection::open(shop.join("dev.db")).unwrap();
            db.query_row("SELECT count(*) FROM favorites", [], |row| row.get::<_, u32>(0)).unwrap()
        };
        let before = count();
        let script = "sqlite3 dev.db 'DELETE FROM favorites WHERE id IN (SELECT id FROM favorites LIMIT 156)'";
        let ran =
            run(&find(&["run", "-- "]).replace("COMMAND", script).replace("npx tsx scripts/cleanup.ts --fix", script));
        let ran = ran.success();
        assert_eq!(count(), before - 156, "{ran}");
        let said = ran.stderr().lines().chain(ran.stdout().lines()).find_map(|line| line.strip_prefix("Before: "));
        let (first, rest) = said.unwrap_or_else(|| panic!("{ran}")).split_once(", after: ").unwrap();
        let second = rest.split('.').next().unwrap();

        let diffs: Vec<&&str> = told.iter().filter(|line| line.starts_with("dbsnap diff")).collect();
        assert!(!diffs.is_empty(), "{asset}");
        for line in diffs {
            let shown = run(&line.replace("BEFORE", first).replace("AFTER", second)).success();
            assert!(shown.stdout().contains("-156") || shown.stdout().contains("156 "), "{line}: {shown}");
        }
        let planned = run(&find(&["undo", "--dry-run"])).success();
        assert!(planned.stdout().contains("favorites: 156 insert"), "{planned}");
        let plan = run(&find(&["undo", "--dry-run --json"])).success();
        let plan: serde_json::Value = serde_json::from_str(plan.stdout()).unwrap();
        run(&find(&["undo", "--digest"]).replace("DIGEST", plan["digest"].as_str().unwrap())).success();
        assert_eq!(count(), before, "{asset}");
    }
}

/// Columns and lines of a small terminal.
const SCREEN: (usize, usize) = (80, 24);

#[test]
fn the_section_for_agents_in_the_readme_fits_on_one_screen() {
    let readme = text(&project("README.md"));
    let (_, section) = readme.split_once("## With a coding agent\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let lines: usize = section.lines().map(|line| line.chars().count().div_ceil(SCREEN.0).max(1)).sum();
    // the heading is above it, a prompt below
    assert!(lines + 2 <= SCREEN.1, "{lines} lines");
    assert!(section.contains("dbsnap agent install"), "{section}");
}
