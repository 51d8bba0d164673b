//! The published JSON Schemas (`docs/schema/`) and `dbsnap schema`: they are made of the types, and true of what is
//! read and written.
//!
//! What commands print is held against them wherever a test runs the program (`support/schema.rs`).

use super::Shop;
use crate::support::files::project;
use crate::support::process::Project;
use crate::support::schema::{fits, published};
use dbsnap::cli::schema::output;
use dbsnap::ops::config::{Config, TEMPLATE};
use dbsnap::ops::schema::{backup, backup_manifest, config, manifest};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

/// A schema's name, and what makes it.
type Schema = (&'static str, fn() -> Value);

/// All schemas.
const SCHEMAS: [Schema; 5] = [
    ("config", config),
    ("output", output),
    ("backup", backup),
    ("backup-manifest", backup_manifest),
    ("manifest", manifest),
];

/// The file of a schema.
fn file(name: &str) -> PathBuf {
    project(&format!("docs/schema/{name}.schema.json"))
}

/// A file of `tests/schemas/`, which `tests/run` installs.
fn tool(name: &str) -> PathBuf {
    let path = project(&format!("tests/schemas/{name}"));
    assert!(path.is_file(), "tests/run installs {}", path.display());
    path
}

/// With `DBSNAP_UPDATE_SCHEMAS` set, the files are written anew.
#[test]
fn the_published_schemas_are_those_of_the_types() {
    let is_update = std::env::var_os("DBSNAP_UPDATE_SCHEMAS").is_some();
    for (name, schema) in SCHEMAS {
        let text = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
        if is_update {
            fs::write(file(name), &text).unwrap();
        }
        assert!(
            published(name) == text,
            "docs/schema/{name}.schema.json is not that of the types any more: write it anew by\n\
             DBSNAP_UPDATE_SCHEMAS=1 tests/run the_published_schemas"
        );
    }
}

#[test]
fn schemas_are_listed_and_printed() {
    let project = Project::new();
    insta::assert_snapshot!(project.dbsnap(["schema"]).run(), @r"
    exit 0
    --- stdout
    config           .dbsnap/config.toml
    output           What commands print with --json
    backup           The JSON files of exports
    backup-manifest  backup_manifest.json
    manifest         The manifests of snapshots in the store
    ");
    let listed: Value = serde_json::from_str(project.dbsnap(["schema", "--json"]).run().success().stdout()).unwrap();
    let names: Vec<&str> =
        listed["schemas"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, SCHEMAS.map(|(name, _)| name));
    for name in names {
        assert_eq!(project.dbsnap(["schema", name, "--json"]).run().success().stdout(), published(name));
    }
}

#[test]
fn what_does_not_fit_is_told() {
    let good = json!({ "version": 1, "command": "init", "store": "/shop/.dbsnap", "existed": false });
    fits("output", Some("init"), &good).unwrap();
    fits("output", None, &good).unwrap();
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut changed = good.clone();
        change(&mut changed);
        fits("output", Some("init"), &changed).unwrap_err()
    };
    assert!(refused(&|value| value["new"] = 1.into()).starts_with("init: `new` is not described"));
    assert!(refused(&|value| value["existed"] = "no".into()).starts_with("init.existed: \"no\" is not type"));
    assert!(refused(&|value| value["command"] = "tables".into()).starts_with("init.command: \"tables\" is not const"));
    assert!(refused(&|value| drop(value.as_object_mut().unwrap().remove("store"))).contains("is not required"));
    // in lists, in what may be null, in what is flattened, and in one of several forms
    let plan = json!({ "version": 1, "command": "delete", "dryRun": true, "applied": false, "digest": "0".repeat(64),
        "options": { "references": ["v1"], "allowAgent": false }, "snapshots": [] });
    fits("output", Some("delete"), &plan).unwrap();
    for (pointer, wrong) in [("/options/references", json!([1])), ("/digest", json!("0")), ("/snapshots", json!([{}]))]
    {
        let mut changed = plan.clone();
        *changed.pointer_mut(pointer).unwrap() = wrong;
        fits("output", Some("delete"), &changed).unwrap_err();
    }
}

/// Settings fit the schema in an editor if dbsnap takes them. Some are held against it by its neighbour in the file.
#[test]
fn an_editor_refuses_the_settings_that_dbsnap_refuses() {
    let settings = [
        TEMPLATE,
        "",
        "url = \"file:./dev.db\"\nexport = \"always\"\nexport_dir = \"backups\"\nrecord_actor = false",
        "long_snapshot_seconds = 0\n[run]\nmax_table_bytes = 0\n[retention]\nmax_backups_per_table = 1",
        "[hook]\ntables = [\"mods\"]\nexclude = ['log_*']\nmax_deleted = \"5%\"\nbudget_seconds = 3",
        "hook.max_deleted = \"0.5%\"",
        "hook.max_deleted = \"100.0%\"",
        "hook.max_deleted = \"7\"",
        "hook.max_deleted = \"101%\"",
        "hook.max_deleted = \"many\"",
        "hook.max_deleted = -1",
        "hook.max_deleted = 1.5",
        "hook.tables = \"mods\"",
        "export = \"sometimes\"",
        "exprot = \"always\"",
        "url = 1",
        "record_actor = \"yes\"",
        "long_snapshot_seconds = -1",
        "retention.max_age_days = \"30\"",
        "retention.days = 30",
        "retention = 30",
        "[runs]\nmax_table_bytes = 1",
    ];
    let project = Project::new();
    let mut read = BTreeMap::new();
    for (at, text) in settings.iter().enumerate() {
        let name = format!("{at:02}.toml");
        read.insert(name.clone(), Config::load(&project.write(&name, text)).is_ok());
    }
    let schema = format!("file://{}", file("config").display());
    let taplo = tool("node_modules/@taplo/cli/dist/cli.js");
    let words = ["lint".as_ref(), "--no-auto-config".as_ref(), "--schema".as_ref(), schema.as_ref()];
    let lint = project.program("node", [&[taplo.as_os_str()], &words[..]].concat()).args(read.keys()).run();
    let refused = |name: &str| lint.stderr().lines().any(|line| line.contains("invalid file") && line.contains(name));
    for (name, is_read) in &read {
        assert_eq!(!refused(name), *is_read, "{name}: {lint}");
    }
    assert!(read.values().any(|is_read| *is_read) && !read.values().all(|is_read| *is_read));
}

/// A schema is found by a line of the file itself, as the manual says.
#[test]
fn an_editor_finds_the_schema_of_the_settings() {
    let project = Project::new();
    let schema = project.dbsnap(["schema", "config"]).run().success();
    project.write("dbsnap.schema.json", schema.stdout());
    let taplo = tool("node_modules/@taplo/cli/dist/cli.js");
    let lint = |text: &str| {
        project.write(".dbsnap/config.toml", format!("#:schema ../dbsnap.schema.json\n{text}"));
        let words = [taplo.as_os_str(), "lint".as_ref(), "--no-auto-config".as_ref(), ".dbsnap/config.toml".as_ref()];
        project.program("node", words).run()
    };
    lint(TEMPLATE).success();
    assert!(lint("exprot = \"always\"").stderr().contains("'exprot' was unexpected"));
}

/// What is printed and exported in a session, by command and file.
fn session() -> (Shop, Vec<(&'static str, PathBuf)>) {
    let shop = Shop::new();
    let mut found = Vec::new();
    let mut told = |words: &[&str]| {
        let run = shop.dbsnap(words).arg("--json").run();
        let line = run.stdout().lines().last().unwrap();
        found.push(("output", shop.project.write(&format!("told/{}.json", found.len()), line)));
    };
    told(&["tables"]);
    told(&["snap", "--all", "-m", "before", "--export"]);
    told(&["snap", "--all", "--dry-run"]);
    shop.sql(
        "DELETE FROM mods WHERE id = 3; UPDATE mods SET price = NULL WHERE id = 1;
              INSERT INTO mods VALUES (9, 'Sofa', 1, 'bob')",
    );
    for words in [
        "log",
        "show latest:mods",
        "show latest:mods:1",
        "status",
        "diff",
        "diff --stat",
        "history mods:1",
        "backups",
        "restore latest --dry-run",
        "restore latest -y",
        "undo --dry-run",
        "undo -y",
        "tag latest v1",
        "tag",
        "pin latest",
        "pin",
        "unpin latest",
        "gc --dry-run",
        "gc",
        "verify",
        "repair --dry-run",
        "doctor",
        "agent status",
        "schema",
        "agent install --dry-run",
        "delete ~1 --dry-run",
        "show no-such",
        "snap --wehre",
        "check no-such.sql",
    ] {
        told(&words.split(' ').collect::<Vec<_>>());
    }
    told(&["sql", "latest", "SELECT id, price, x'00' FROM mods"]);
    told(&["run", "mods", "--json", "--", "true"]);
    for entry in fs::read_dir(shop.path().join("scripts/backups")).unwrap().map(Result::unwrap) {
        match entry.file_name().to_str().unwrap() {
            "backup_manifest.json" => found.push(("backup-manifest", entry.path())),
            name if name.ends_with(".json") => found.push(("backup", entry.path())),
            _ => {}
        }
    }
    (shop, found)
}

/// By a validator that knows nothing of us, in strict mode.
#[test]
fn what_is_printed_and_exported_fits_by_another_validator() {
    let (shop, found) = session();
    let validate = |name: &str, files: &[PathBuf]| {
        let words = [tool("validate.mjs"), file(name)];
        let run = shop.project.program("node", words.iter().chain(files)).run().success();
        run.stdout().to_owned()
    };
    for name in ["output", "backup", "backup-manifest", "manifest"] {
        let files: Vec<PathBuf> =
            found.iter().filter(|(kind, _)| *kind == name).map(|(_, path)| path.clone()).collect();
        assert_eq!(files.is_empty(), name == "manifest");
        assert_eq!(validate(name, &files), "");
        for path in &files {
            fits(name, None, &serde_json::from_slice(&fs::read(path).unwrap()).unwrap()).unwrap();
        }
        let wrong = shop.project.write("wrong.json", r#"{"version":1,"command":"init","metadata":{},"backups":[{}]}"#);
        assert!(validate(name, &[wrong]).contains("must have required property"), "{name}");
    }
}

/// By the compiler: `tests/schemas/npm.mts`.
#[test]
fn the_types_of_the_npm_package_are_those_of_the_schema() {
    let place = Project::new();
    let printed = place.path().join("printed.d.ts");
    place.program("node", [tool("types.mjs"), file("output"), printed]).run().success();
    place.write("npm.mts", fs::read(tool("npm.mts")).unwrap());
    let types = project("packaging/npm/dbsnap/lib/index.d.ts");
    let options = json!({
        "compilerOptions": {
            "strict": true, "noEmit": true, "module": "esnext", "moduleResolution": "bundler", "target": "es2022",
            "types": [], "lib": ["es2022", "dom"], "paths": { "dbsnap": [types] },
        },
        "files": ["npm.mts"],
    });
    place.write("tsconfig.json", options.to_string());
    let tsc = || place.program(project("tests/prisma/7/node_modules/.bin/tsc"), ["-p", "tsconfig.json"]).run();
    tsc().success();
    // a field that the package does not name, and one that it should not
    let text = fs::read_to_string(place.path().join("printed.d.ts")).unwrap();
    for (is, becomes) in
        [("existed: boolean", "existed: boolean\nnew: string"), ("existed: boolean", "exists: boolean")]
    {
        assert!(text.contains(is), "{text}");
        place.write("printed.d.ts", text.replacen(is, becomes, 1));
        assert_ne!(tsc().code(), Some(0), "{becomes}");
    }
}
