//! Passwords and modes.

use super::world::{Kind, World, files, id_of};
use crate::support::process::Run;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

const CANARY: &str = "c4n4ry-p4ssw0rd";

#[test]
fn a_password_in_the_url_appears_nowhere() {
    let world = World::new(Kind::Postgres, 20);
    let db = world.postgres();
    let role = db.role("canary", "SUPERUSER");
    db.sql(&format!("ALTER ROLE {role} PASSWORD '{CANARY}'"));
    let place = format!("{}:{}/{}", db.server.host, db.server.port, db.name);
    let good = format!("postgresql://{role}:{CANARY}@{place}");
    let run = |url: &str, args: &[&str]| -> Run { world.project.dbsnap(args).env("DBSNAP_URL", url).run() };
    let mut runs = vec![run(&good, &["--json", "snap", "mods", "parts"]).success()];
    let id = id_of(&runs[0]);
    world.change(1);
    for args in [
        vec!["tables"],
        vec!["log", "--stat"],
        vec!["doctor"],
        vec!["export", &id],
        vec!["restore", &id, "--yes"],
        vec!["restore", &id, "--dry-run"],
        vec!["verify"],
    ] {
        runs.push(run(&good, &args).success());
    }
    for bad in [
        format!("postgresql://{role}:{CANARY}@127.0.0.1:1/{}", db.name),
        format!("postgresql://{role}:{CANARY}@{place}_gone"),
        format!("postgresql://{role}:{CANARY}@{place}?sslmode={CANARY}"),
        format!("postgresql://nobody_{role}:{CANARY}@{place}"),
        format!("postgresql://{role}:{CANARY}@127.0.0.1:{CANARY}/x"),
        format!("postgres//{role}:{CANARY}@{place}"),
    ] {
        let failed = run(&bad, &["snap", "mods"]);
        assert_ne!(failed.code(), Some(0), "{failed}");
        runs.push(failed);
        runs.push(run(&bad, &["doctor"]));
    }
    for run in &runs {
        assert!(!run.stdout().contains(CANARY) && !run.stderr().contains(CANARY), "{run}");
    }
    for path in files(world.project.path()) {
        let bytes = fs::read(&path).unwrap();
        assert!(!bytes.windows(CANARY.len()).any(|part| part == CANARY.as_bytes()), "{}", path.display());
    }
}

fn modes(dir: &Path) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
        if path.is_dir() {
            modes(&path);
        }
    }
}

#[test]
fn what_is_written_is_nobody_elses_whatever_the_umask() {
    let mut world = World::new(Kind::Sqlite, 20);
    fs::remove_dir_all(world.store()).unwrap();
    let openly = |world: &World, args: &[&str]| {
        let words = ["sh", "-c", "umask 000; exec \"$@\"", "sh"];
        world.dbsnap(args.iter().copied()).under(words).run().success()
    };
    openly(&world, &["init"]);
    let id = id_of(&openly(&world, &["--json", "snap", "mods", "parts"]));
    world.change(1);
    openly(&world, &["restore", &id, "--yes"]);
    openly(&world, &["tag", &id, "v1"]);
    openly(&world, &["export", &id]);
    modes(&world.store());
    for path in files(&world.project.path().join("scripts")) {
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode & 0o077, 0, "{} has mode {mode:o}", path.display());
    }
    world.verify();
    world.known.clear();
}
