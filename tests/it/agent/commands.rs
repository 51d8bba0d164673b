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
    run("dbsnap snap mods -m first --export").success();
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
    ordered.sort_by_key(|line| ["restore", "undo"].iter().position(|verb| line.contains(verb)).map_or(0, |at| at + 1));
    for line in ordered {
        let real = line
            .replace("backup_20260124_103000_mods", &backup)
            .replace("cl1104", &key)
            .replace("SCRIPT", "scripts/cleanup.ts")
            .replace("npx tsx scripts/cleanup.ts --fix", "true")
            .replace("run -- COMMAND", "run -- true");
        // what is named without arguments is only named
        let real = match real.as_str() {
            "dbsnap delete" | "dbsnap unpin" | "dbsnap gc" | "dbsnap undo" => format!("{real} --help"),
            "dbsnap snap" => "dbsnap snap mods --dry-run".to_owned(),
            _ => real,
        };
        if real.starts_with("dbsnap restore") {
            let lost = "DELETE FROM mods WHERE id IN (SELECT id FROM mods ORDER BY id LIMIT 40)";
            rusqlite::Connection::open(shop.join("dev.db")).unwrap().execute_batch(lost).unwrap();
        }
        let ended = run(&real);
        assert_eq!(ended.code(), Some(0), "{line}: {ended}");
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
    assert!(lines < SCREEN.1, "{lines} lines");
    assert!(section.contains("dbsnap agent install"), "{section}");
}
