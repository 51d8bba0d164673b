//! Which database: as Prisma 5, 6 and 7 find it.

use crate::support::process::Project;
use rusqlite::Connection;

/// A project with a store, and databases at these places that each tell where they are.
fn project(databases: &[&str]) -> Project {
    let project = Project::new();
    for name in databases {
        let path = project.write(name, "");
        Connection::open(path).unwrap().execute_batch("CREATE TABLE t (id INTEGER PRIMARY KEY)").unwrap();
    }
    project.dbsnap(["init"]).run().success();
    project
}

/// The database that is used and where its URL was found: `prisma/dev.db (from DATABASE_URL in .env)`.
fn chosen(project: &Project) -> String {
    chosen_with(project, &[])
}

fn chosen_with(project: &Project, variables: &[(&str, &str)]) -> String {
    let mut doctor = project.dbsnap(["doctor"]);
    for (name, value) in variables {
        doctor = doctor.env(name, value);
    }
    let run = doctor.run();
    let line = run.stdout().lines().find(|line| line.contains(" database ")).unwrap_or_default().to_owned();
    let found = line.split_once("database").map_or("", |(_, found)| found.trim());
    found.replace(&format!("{}/", project.path().display()), "").replace("/./", "/")
}

fn schema(url: &str) -> String {
    format!("datasource db {{\n  provider = \"sqlite\"\n  {url}\n}}\n\nmodel t {{\n  id Int @id\n}}\n")
}

fn package(version: &str) -> String {
    format!("{{ \"devDependencies\": {{ \"prisma\": \"{version}\" }} }}")
}

#[test]
fn relative_files_start_at_the_schema_in_5_and_6_and_at_the_project_in_7() {
    let project = project(&["dev.db", "prisma/dev.db", "db/models/dev.db"]);
    project.write(".env", "DATABASE_URL=file:./dev.db\n");
    project.write("prisma/schema.prisma", schema("url = env(\"DATABASE_URL\")"));
    for version in ["5.22.0", "^6.19.0", "~6.0.1", "latest"] {
        project.write("package.json", package(version));
        assert_eq!(chosen(&project), "prisma/dev.db (from DATABASE_URL in .env)", "{version}");
    }
    project.write("package.json", package("^7.0.0"));
    assert_eq!(chosen(&project), "dev.db (from DATABASE_URL in .env)");
    // What is installed counts more than what is wanted.
    project.write("node_modules/@prisma/client/package.json", "{ \"version\": \"6.19.0\" }");
    assert_eq!(chosen(&project), "prisma/dev.db (from DATABASE_URL in .env)");
    // Several files: the one with the datasource.
    project.write("package.json", "{ \"prisma\": { \"schema\": \"db\" } }");
    project.write("db/models/a.prisma", schema("url = env(\"DATABASE_URL\")"));
    project.write("db/b.prisma", "model b {\n  id Int @id\n}\n");
    assert_eq!(chosen(&project), "db/models/dev.db (from DATABASE_URL in .env)");
    // Our own settings have nothing to do with Prisma.
    assert_eq!(
        chosen_with(&project, &[("DBSNAP_URL", "file:./dev.db")]),
        "dev.db (from DBSNAP_URL in the environment)"
    );
}

#[test]
fn a_database_in_the_other_place_is_found() {
    let project = project(&["dev.db"]);
    project.write(".env", "DATABASE_URL=file:./dev.db\n");
    project.write("prisma/schema.prisma", schema("url = env(\"DATABASE_URL\")"));
    project.write("package.json", package("6.19.0"));
    assert_eq!(chosen(&project), "dev.db (from DATABASE_URL in .env)");
    // An empty file is what somebody left who looked in the wrong place.
    project.write("prisma/dev.db", "");
    assert_eq!(chosen(&project), "dev.db (from DATABASE_URL in .env)");
}

#[test]
fn the_variable_is_the_one_that_prisma_names() {
    let names = ["shell", "local", "env", "prisma/env", "other", "config"];
    let files: Vec<String> = names.iter().map(|name| format!("{name}.db")).collect();
    let project = project(&files.iter().map(String::as_str).collect::<Vec<_>>());
    project.write("prisma/schema.prisma", schema("url = env(\"SHOP_DB\")"));
    let doctor = project.dbsnap(["tables"]).run();
    insta::assert_snapshot!(doctor, @"
    exit 2
    --- stderr
    error: no database is set
    hint: set SHOP_DB (in the environment, .env.local or .env), or give --url; dbsnap doctor shows what was looked at
    ");
    project.write("prisma/.env", "SHOP_DB=file:./env.db\n");
    assert_eq!(chosen(&project), "prisma/env.db (from SHOP_DB in prisma/.env)");
    project.write(".env", "DATABASE_URL=file:../other.db\nSHOP_DB=file:../env.db\n");
    assert_eq!(chosen(&project), "prisma/../env.db (from SHOP_DB in .env)");
    project.write(".env.local", "SHOP_DB=file:../local.db\n");
    assert_eq!(chosen(&project), "prisma/../local.db (from SHOP_DB in .env.local)");
    // DATABASE_URL is another database then.
    let other = ("DATABASE_URL", "file:../other.db");
    assert_eq!(chosen_with(&project, &[other]), "prisma/../local.db (from SHOP_DB in .env.local)");
    project.write(".dbsnap/config.toml", "url = \"file:./config.db\"\n");
    assert_eq!(chosen_with(&project, &[other]), "config.db (from .dbsnap/config.toml)");
    let shell = ("SHOP_DB", "file:../shell.db");
    assert_eq!(chosen_with(&project, &[other, shell]), "prisma/../shell.db (from SHOP_DB in the environment)");
}

#[test]
fn a_url_may_stand_in_the_schema() {
    let project = project(&["prisma/here.db", "env.db"]);
    project.write("prisma/schema.prisma", schema("url = \"file:here.db\""));
    assert_eq!(chosen(&project), "prisma/here.db (from prisma/schema.prisma)");
    project.write(".env", "DATABASE_URL=file:../env.db\n");
    assert_eq!(chosen(&project), "prisma/../env.db (from DATABASE_URL in .env)");
}

#[test]
fn the_config_file_names_schema_and_url() {
    let project = project(&["app.db", "data/app.db"]);
    project.write("package.json", package("7.10.1"));
    project.write("data/models/base.prisma", "datasource db {\n  provider = \"sqlite\"\n}\n");
    project.write("data/models/deep/t.prisma", "model Thing {\n  id Int @id\n\n  @@map(\"t\")\n}\n");
    project.write(
        "prisma.config.ts",
        "import 'dotenv/config';\nimport { defineConfig, env } from 'prisma/config';\n\
         export default defineConfig({ schema: 'data/models', datasource: { url: env('APP_DB') } });\n",
    );
    project.write(".env", "APP_DB=\"file:./app.db\"\n");
    assert_eq!(chosen(&project), "app.db (from APP_DB in .env)");
    assert!(project.dbsnap(["snap", "thing", "--dry-run"]).run().success().stdout().contains("table: t\n"));
    project.write(".env", "");
    project.write(
        "prisma.config.ts",
        "export default { schema: './data/models', datasource: { url: process.env.APP_DB ?? 'file:./data/app.db' } }",
    );
    assert_eq!(chosen(&project), "data/app.db (from prisma.config.ts)");
    assert_eq!(chosen_with(&project, &[("APP_DB", "file:app.db")]), "app.db (from APP_DB in the environment)");
    // Paths in .config/prisma.ts are relative to that folder.
    std::fs::remove_file(project.path().join("prisma.config.ts")).unwrap();
    project
        .write(".config/prisma.ts", "export default { schema: '../data/models', datasource: { url: env('APP_DB') } }");
    project.write(".env.local", "APP_DB=file:./app.db\n");
    assert_eq!(chosen(&project), "app.db (from APP_DB in .env.local)");
    project.write(".config/prisma.ts", "export default { schema: '../gone' }");
    insta::assert_snapshot!(project.dbsnap(["doctor"]).env("DATABASE_URL", "file:./app.db").run().to_string().replace(rusqlite::version(), "[VERSION]"), @"
    exit 0
    --- stdout
    ok   project          [DIR]
    ok   store            0 snapshots in 0 packs
    note prisma           the schema cannot be read, so models are not known: there is no Prisma schema at [DIR]/.config/../gone, which .config/prisma.ts names
    ok   database         [DIR]/app.db (from DATABASE_URL in the environment)
    ok   server           SQLite [VERSION]
    ok   tables           1 can be snapshotted
    ");
}

#[test]
fn a_broken_schema_still_says_where_its_database_is() {
    let project = project(&["other.db", "prisma/dev.db"]);
    project.write(".env", "DATABASE_URL=file:../other.db\nSHOP_DB=file:./dev.db\n");
    project.write("prisma/schema.prisma", format!("{}model x {{\n", schema("url = env(\"SHOP_DB\")")));
    assert_eq!(chosen(&project), "prisma/dev.db (from SHOP_DB in .env)");
    let said = project.dbsnap(["snap", "t", "--dry-run"]).run().success();
    assert!(said.stdout().contains("the Prisma schema cannot be read"), "{said}");
}

#[test]
fn a_direct_url_is_better_than_one_through_a_proxy() {
    let project = project(&["direct.db"]);
    project.write("schema.prisma", schema("url = env(\"DATABASE_URL\")\n  directUrl = env(\"DIRECT_URL\")"));
    project.write(".env", "DATABASE_URL=prisma+postgres://proxy/?api_key=s3cret\nDIRECT_URL=file:./direct.db\n");
    assert_eq!(chosen(&project), "direct.db (from DIRECT_URL in .env)");
    project.write(".env", "DATABASE_URL=prisma+postgres://proxy/?api_key=s3cret\n");
    let run = project.dbsnap(["tables"]).run();
    assert!(run.stderr().contains("goes through Prisma's proxy") && !run.stderr().contains("s3cret"), "{run}");
}

#[test]
fn a_schema_below_the_store_is_found_from_there() {
    let project = project(&["packages/db/dev.db"]);
    project.write("packages/db/prisma/schema.prisma", schema("url = env(\"DATABASE_URL\")"));
    project.write("packages/db/.env", "DATABASE_URL=file:../dev.db\n");
    let run = project.dbsnap(["doctor"]).dir(project.path().join("packages/db/prisma")).run();
    assert!(run.stdout().contains("packages/db/prisma/../dev.db (from DATABASE_URL in packages/db/.env)"), "{run}");
}

/// As observed with Prisma 7.10: what it takes where there are several.
#[test]
fn the_schema_is_the_one_that_prisma_takes() {
    let project = project(&["dev.db"]);
    let model =
        |file: &str, name: &str| project.write(file, format!("model {name} {{\n  id Int @id\n\n  @@map(\"t\")\n}}\n"));
    let taken = || {
        let run = project.dbsnap(["tables", "--json", "--url", "file:./dev.db"]).run().success();
        let said: serde_json::Value = serde_json::from_str(run.stdout()).unwrap();
        said["tables"][0]["model"].as_str().unwrap_or("none").to_owned()
    };
    let config = |file: &str, schema: &str| project.write(file, format!("export default {{ schema: '{schema}' }}"));
    assert_eq!(taken(), "none");
    model("prisma/schema/deep/t.prisma", "Folder");
    assert_eq!(taken(), "Folder");
    model("prisma/schema.prisma", "Usual");
    assert_eq!(taken(), "Usual");
    model("schema.prisma", "Root");
    assert_eq!(taken(), "Root");
    model("db/t.prisma", "Package");
    for (version, found) in [("6.19.0", "Package"), ("7.10.1", "Root")] {
        let package =
            format!("{{ \"prisma\": {{ \"schema\": \"db\" }}, \"dependencies\": {{ \"prisma\": \"{version}\" }} }}");
        project.write("package.json", package);
        assert_eq!(taken(), found);
    }
    model(".config/data/t.prisma", "Below");
    config(".config/prisma.ts", "data");
    assert_eq!(taken(), "Below");
    model("one/t.prisma", "TypeScript");
    config("prisma.config.ts", "./one/t.prisma");
    assert_eq!(taken(), "TypeScript");
    model("two/t.prisma", "JavaScript");
    project.write("prisma.config.js", "module.exports = { schema: require('path').join(__dirname, 'two') }");
    assert_eq!(taken(), "JavaScript");
}
