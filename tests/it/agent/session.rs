//! The session in docs/AGENTS.md: every command is run, and prints what stands there. `docs/record-session` writes it
//! anew.

use crate::cli::readme::{check_section, shortened};
use crate::support::process::Project;
use std::path::PathBuf;

/// What the script of the session does.
const SCRIPT: &str = "
    DELETE FROM mods WHERE id IN (SELECT id FROM mods ORDER BY id LIMIT 40);
    UPDATE mods SET price = 0 WHERE id IN (SELECT id FROM mods ORDER BY id DESC LIMIT 7);
";

#[test]
fn the_session_of_the_subagent_is_what_the_program_prints() {
    let place = Project::new();
    place.dbsnap(["demo", "shop", "-q"]).run().success();
    let shop = place.path().join("shop");
    // the demo's own snapshots and files are not part of it
    std::fs::remove_dir_all(shop.join(".dbsnap")).unwrap();
    std::fs::remove_dir_all(shop.join("scripts/backups")).unwrap();
    place.dbsnap(["init"]).dir(&shop).run().success();
    let bin = place.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    let dbsnap = std::env::var_os("DBSNAP_TEST_BIN").unwrap_or_else(|| env!("CARGO_BIN_EXE_dbsnap").into());
    std::os::unix::fs::symlink(dbsnap, bin.join("dbsnap")).unwrap();
    check_section("docs/AGENTS.md", "## The subagent", 9, |command| {
        let command = command.replace("backup_20260124_103000_mods", &first_backup(&shop));
        if command.starts_with("dbsnap restore") && command.ends_with("--dry-run") {
            rusqlite::Connection::open(shop.join("dev.db")).unwrap().execute_batch(SCRIPT).unwrap();
        }
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
        let script = format!("{command} 2>&1");
        let run = place.program("sh", ["-c", &script]).dir(&shop).env("PATH", path).run().success();
        let shown = run.stdout().replace(&*shop.to_string_lossy(), "/home/me/shop");
        // two backups of a table in one second have a number more
        shown.replace(&first_backup(&shop), "backup_20260124_103000_mods").lines().map(shortened).collect()
    });
}

/// The name of the first backup of all mods, or one that no file has.
fn first_backup(shop: &std::path::Path) -> String {
    let found = std::fs::read_dir(shop.join("scripts/backups")).into_iter().flatten();
    let mut names: Vec<PathBuf> = found.map(|entry| entry.unwrap().path()).collect();
    names.retain(|path| path.to_string_lossy().ends_with("_mods.json"));
    names.sort();
    names.first().map_or("backup_none".to_owned(), |path| path.file_stem().unwrap().to_string_lossy().into_owned())
}
