//! Passwords that are not in the URL, found where psql finds them; and that none is told to anybody.

use super::files;
use crate::support::postgres::PgServer;
use crate::support::process::{Invocation, Project, Run};
use std::fs;
use std::os::unix::fs::PermissionsExt;

const CANARY: &str = "c4n4ry:p@ss";
const ENCODED: &str = "c4n4ry%3Ap%40ss";
/// As it stands in a password file.
const ESCAPED: &str = "c4n4ry\\:p@ss";

/// A server that wants a password, and a project without one.
struct World {
    server: PgServer,
    project: Project,
}

impl World {
    fn new() -> World {
        let server = PgServer::start(&[], &[]);
        server
            .psql("postgres", "postgres", &format!("CREATE ROLE scram_user SUPERUSER LOGIN PASSWORD '{CANARY}'"))
            .unwrap();
        server.psql("postgres", "postgres", "CREATE TABLE things (id int PRIMARY KEY)").unwrap();
        let project = Project::new();
        project.dbsnap(["init"]).run().success();
        World { server, project }
    }

    fn url(&self, rest: &str) -> String {
        format!("postgres://{rest}")
    }

    fn place(&self) -> String {
        format!("127.0.0.1:{}/postgres?sslmode=disable", self.server.port)
    }

    fn tables(&self, url: &str) -> Invocation {
        self.project.dbsnap(["tables"]).env("DATABASE_URL", url)
    }

    /// Writes a password file outside the project.
    fn pass_file(&self, name: &str, line: &str, mode: u32) -> std::path::PathBuf {
        let path = self.project.write(&format!("home/{name}"), line);
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }
}

fn silent(run: Run) -> Run {
    for secret in [CANARY, ENCODED, ESCAPED, "c4n4ry"] {
        assert!(!run.stdout().contains(secret) && !run.stderr().contains(secret), "{run}");
    }
    run
}

fn opens(run: &Run) {
    assert!(run.code() == Some(0) && run.stdout().contains("things"), "{run}");
}

#[test]
fn each_way_to_give_a_password_works_and_tells_it_to_nobody() {
    let world = World::new();
    let (place, port) = (world.place(), world.server.port);
    let bare = world.url(&format!("scram_user@{place}"));
    let none = silent(world.tables(&bare).run());
    assert!(none.code() == Some(1) && none.stderr().contains("PGPASSWORD"), "{none}");
    let home = world.project.path().join("home");
    let line = format!("127.0.0.1:{port}:postgres:scram_user:{ESCAPED}\n");
    let usual = world.pass_file(".pgpass", &line, 0o600);
    let with_home = |url: &str| world.tables(url).env("HOME", &home);

    opens(&silent(world.tables(&world.url(&format!("scram_user:{ENCODED}@{place}"))).run()));
    opens(&silent(world.tables(&world.url(&format!("scram_user@{place}&password={ENCODED}"))).run()));
    opens(&silent(world.tables(&bare).env("PGPASSWORD", CANARY).run()));
    opens(&silent(with_home(&bare).run()));
    opens(&silent(world.tables(&bare).env("PGPASSFILE", &usual).run()));
    opens(&silent(world.tables(&format!("{bare}&passfile={}", usual.display())).run()));
    // The environment's password comes before the file's, the URL's before both.
    assert_eq!(silent(with_home(&bare).env("PGPASSWORD", "c4n4ry-wrong").run()).code(), Some(1));
    let wrong = world.url(&format!("scram_user:c4n4ry-wrong@{place}"));
    assert_eq!(silent(with_home(&wrong).env("PGPASSWORD", CANARY).run()).code(), Some(1));

    // A file that others can read is not used.
    for mode in [0o640, 0o604, 0o644] {
        world.pass_file(".pgpass", &line, mode);
        let run = silent(with_home(&bare).run());
        assert!(run.code() == Some(1) && run.stderr().contains("chmod 600"), "{mode:o}: {run}");
    }

    // A service has all of it; the URL's own parts come first.
    let service = format!(
        "[shop]\nhost=127.0.0.1\nport={port}\ndbname=postgres\nuser=scram_user\npassword={CANARY}\nsslmode=disable\n"
    );
    let file = world.project.write("home/services", &service);
    let by_service = |url: &str| world.tables(url).env("PGSERVICEFILE", &file);
    opens(&silent(by_service("postgres://?service=shop").run()));
    opens(&silent(by_service("postgresql:///postgres?service=shop").run()));
    let other = silent(by_service("postgres:///nowhere?service=shop").run());
    assert!(other.stderr().contains("\"nowhere\" does not exist"), "{other}");
    let unknown = silent(by_service("postgres://?service=c4n4ry").run());
    assert!(unknown.code() == Some(2) && unknown.stderr().contains("home/services"), "{unknown}");
    fs::write(home.join(".pg_service.conf"), &service).unwrap();
    opens(&silent(with_home("postgres://?service=shop").run()));

    // The rest of libpq's variables say nothing.
    let elsewhere =
        [("PGHOST", "192.0.2.1"), ("PGPORT", "1"), ("PGDATABASE", "x"), ("PGUSER", "x"), ("PGSERVICE", "x")];
    let run =
        elsewhere.iter().fold(world.tables(&bare).env("PGPASSWORD", CANARY), |run, (name, value)| run.env(name, value));
    opens(&silent(run.run()));

    // Nor does any command or anything that it writes tell it.
    for words in
        [&["snap", "things", "--export"][..], &["doctor"], &["diff"], &["--json", "snap", "things"], &["verify"]]
    {
        let run = world.project.dbsnap(words).env("DATABASE_URL", "postgres://?service=shop");
        assert_eq!(silent(run.env("PGSERVICEFILE", &file).run()).code(), Some(0), "{words:?}");
    }
    for (path, bytes) in files(world.project.path()) {
        let given = path.to_string_lossy().contains("home/");
        assert!(given || !bytes.windows(6).any(|part| part == b"c4n4ry"), "{}", path.display());
    }
}

/// In files that name the database, and in ones that cannot be read.
#[test]
fn passwords_in_settings_are_not_quoted() {
    let project = Project::new();
    project.dbsnap(["init"]).run().success();
    let urls = [
        "postgres://u:c4n4ry@127.0.0.1:1/x",
        "postgres://u:c4n4ry@127.0.0.1:1/x?sslmode=c4n4ry",
        "postgres://u:c4n4ry@[::1/x",
        "postgres//u:c4n4ry@h/x",
        "postgres://u:c4n4ry#x@h/x",
        "c4n4ry",
    ];
    for url in urls {
        for (name, text) in [
            (".env", format!("DATABASE_URL={url}\n")),
            (".env", format!("DATABASE_URL=\"{url}\n")),
            (".env", format!("P={url}\nDATABASE_URL=${{P}}\n")),
            (".dbsnap/config.toml", format!("url = \"{url}\"\n")),
            (".dbsnap/config.toml", format!("url = {url}\n")),
            ("prisma/schema.prisma", format!("datasource db {{\n  provider = \"postgresql\"\n  url = \"{url}\"\n}}\n")),
        ] {
            let path = project.write(name, text);
            for words in [&["tables"][..], &["doctor"], &["--json", "status"]] {
                assert_ne!(silent(project.dbsnap(words).run()).code(), Some(0), "{name} {url} {words:?}");
            }
            fs::remove_file(path).unwrap();
        }
    }
}

/// A pager needs no database, and its environment can be read by whoever may read it in `/proc`.
#[test]
fn what_is_started_is_given_no_password() {
    let shop = super::Shop::new();
    shop.snap(["mods"]);
    let run = shop
        .dbsnap(["log"])
        .env("DATABASE_URL", "postgres://u:c4n4ry@h/x")
        .env("OTHER_URL", "postgres://u@h/x?password=c4n4ry")
        .env("PGPASSWORD", "c4n4ry")
        .env("DBSNAP_PAGER", "env; tr '\\0' ' ' < /proc/$$/cmdline; cat")
        .on_terminal(80, &[])
        .run();
    let run = silent(run.success());
    assert!(run.stdout().contains("HOME=") && run.stdout().contains("snapshot of mods"), "{run}");
}
