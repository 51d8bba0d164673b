//! A project with real Prisma: its client generated, its tables made, its restore scripts compiled and run.

use super::script_database::Database;
use super::script_process::ScriptProcess;
use crate::support::files::project;
use crate::support::process::{Invocation, Project, Run};
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// What a `generator` block says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generator {
    /// `prisma-client`: an ECMAScript module.
    New,
    /// `prisma-client` with `moduleFormat = "cjs"`, as Prisma chooses by itself where `tsconfig.json` says CommonJS.
    NewCommonJs,
    /// `prisma-client-js` with an output.
    JsOutput,
    /// `prisma-client-js` without one: the client is in `@prisma/client`.
    Js,
}

/// Which Prisma a project uses, and how.
#[derive(Debug, Clone, Copy)]
pub struct Setup {
    pub major: u32,
    pub generator: Generator,
    /// Its driver adapter: [`PG`], [`LIBSQL`] or [`BETTER_SQLITE3`]; or [`NONE`].
    pub adapter: &'static str,
}

pub const PG: &str = "@prisma/adapter-pg";
pub const LIBSQL: &str = "@prisma/adapter-libsql";
pub const BETTER_SQLITE3: &str = "@prisma/adapter-better-sqlite3";

/// Prisma's own engine, on SQLite. It is no package, so clients that use it are generated and compiled, but cannot run.
pub const NONE: &str = "";

impl Setup {
    /// The schema: these models under the blocks that this setup needs.
    fn schema(self, models: &str) -> String {
        let mut generator = match self.generator {
            Generator::New => "provider = \"prisma-client\"\n  output = \"../generated/client\"\n".to_owned(),
            Generator::NewCommonJs => {
                "provider = \"prisma-client\"\n  output = \"../generated/client\"\n  moduleFormat = \"cjs\"\n"
                    .to_owned()
            }
            Generator::JsOutput => "provider = \"prisma-client-js\"\n  output = \"../generated/client\"\n".to_owned(),
            Generator::Js => "provider = \"prisma-client-js\"\n".to_owned(),
        };
        if self.major == 6 && self.adapter != NONE {
            generator.push_str("  engineType = \"client\"\n");
        }
        let url = if self.major < 7 { "  url = env(\"DATABASE_URL\")\n" } else { "" };
        // The models may come with blocks of their own; of these only `schemas` is kept.
        let schemas = models.lines().find(|line| line.trim_start().starts_with("schemas")).unwrap_or_default();
        let body = models.split("\n}\n").filter(|block| {
            let first = block.trim_start();
            !first.starts_with("generator ") && !first.starts_with("datasource ")
        });
        let body: Vec<&str> = body.collect();
        let body = body.join("\n}\n");
        format!(
            "generator client {{\n  {generator}}}\n\ndatasource db {{\n  provider = \"{}\"\n{url}{schemas}\n}}\n\n{body}",
            self.engine()
        )
    }

    fn engine(self) -> &'static str {
        if self.adapter == PG { "postgresql" } else { "sqlite" }
    }

    fn packages(self) -> PathBuf {
        let packages = project(&format!("tests/prisma/{}/node_modules", self.major));
        assert!(
            packages.is_dir(),
            "Prisma {} is missing: tests/run installs it, and 5 and 6 with --long (npm ci in tests/prisma)",
            self.major
        );
        packages
    }

    /// A folder with the packages and the generated client; made once for each schema and kept below `target/`.
    fn generated(self, schema: &str) -> PathBuf {
        let lock = fs::read(project(&format!("tests/prisma/{}/package-lock.json", self.major))).unwrap();
        let key = blake3::hash(&[schema.as_bytes(), &lock].concat()).to_hex();
        let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("prisma-{}", &key[..16]));
        // Tests with the same schema start together: one of them makes the client.
        let lock = File::create(place.with_extension("lock")).unwrap();
        lock.lock().unwrap();
        if place.is_dir() {
            return place;
        }
        let new = Project::new();
        self.write(&new, schema);
        self.link_packages(new.path());
        let prisma = new.path().join("node_modules/.bin/prisma");
        let generate = new.program("node", [QUICK_START, "--max-lazy"]).arg(prisma).arg("generate");
        // Prisma's own engine is not needed and not there; any URL will do.
        let generate = generate.env("PRISMA_SCHEMA_ENGINE_BINARY", "/bin/false").env("PRISMA_HIDE_UPDATE_MESSAGE", "1");
        let generate = generate.env("PRISMA_QUERY_ENGINE_LIBRARY", "/bin/false");
        let url = if self.engine() == "sqlite" { "file:./none.db" } else { "postgresql://localhost/none" };
        let generate = generate.env("DATABASE_URL", url).env("CHECKPOINT_DISABLE", "1");
        generate.run().success();
        let moving = place.with_extension(std::process::id().to_string());
        let moved = new.program("cp", [Path::new("-a"), new.path(), &moving]).run();
        moved.success();
        fs::rename(&moving, &place).unwrap();
        place
    }

    /// The packages: all by links, but for `@prisma/client` where the generated client belongs beside it.
    fn link_packages(self, dir: &Path) {
        let (from, to) = (self.packages(), dir.join("node_modules"));
        if self.generator != Generator::Js {
            return symlink(&from, &to).unwrap();
        }
        let link_all = |from: &Path, to: &Path, but: &str| {
            fs::create_dir_all(to).unwrap();
            for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
                if entry.file_name() != but {
                    symlink(entry.path(), to.join(entry.file_name())).unwrap();
                }
            }
        };
        link_all(&from, &to, "@prisma");
        link_all(&from.join("@prisma"), &to.join("@prisma"), "client");
        fs::create_dir_all(to.join("@prisma/client")).unwrap();
        for entry in fs::read_dir(from.join("@prisma/client")).unwrap().map(Result::unwrap) {
            let place = to.join("@prisma/client").join(entry.file_name());
            match entry.file_type().unwrap().is_dir() {
                // Prisma 5's generator runs from here, and only by its real path.
                true if entry.file_name() == "generator-build" => {
                    fs::create_dir(&place).unwrap();
                    fs::copy(entry.path().join("index.js"), place.join("index.js")).unwrap();
                }
                true => symlink(entry.path(), place).unwrap(),
                false => drop(fs::copy(entry.path(), place).unwrap()),
            }
        }
    }

    /// Its `package.json`, for a project whose files are `module` or `commonjs`.
    fn package(self, kind: &str) -> String {
        let version = match self.major {
            5 => "5.22.0",
            6 => "6.19.3",
            _ => "7.10.0",
        };
        let packages = ["@prisma/client", self.adapter].into_iter().filter(|name| *name != NONE);
        let packages: Vec<String> = packages.map(|name| format!("\"{name}\":\"{version}\"")).collect();
        format!("{{\"type\":\"{kind}\",\"dependencies\":{{{}}}}}", packages.join(","))
    }

    fn write(self, project: &Project, schema: &str) {
        project.write("prisma/schema.prisma", schema);
        project.write("package.json", self.package("commonjs"));
        if self.major >= 7 {
            project.write(
                "prisma.config.ts",
                "import { defineConfig, env } from 'prisma/config';\n\
                 export default defineConfig({ schema: 'prisma/schema.prisma', datasource: { url: env('DATABASE_URL') } });\n",
            );
        }
    }
}

/// The project, with a store and its URL in `.env`.
pub struct PrismaWorld {
    pub project: Project,
    pub setup: Setup,
    /// What its scripts run in, once there was one.
    process: Mutex<Option<ScriptProcess>>,
}

impl PrismaWorld {
    /// With these models; `url` as it stands in `.env`.
    pub fn new(setup: Setup, models: &str, url: &str) -> PrismaWorld {
        let schema = setup.schema(models);
        let generated = setup.generated(&schema);
        let world = PrismaWorld { project: Project::new(), setup, process: Mutex::new(None) };
        setup.write(&world.project, &schema);
        for name in ["node_modules", "generated"] {
            if generated.join(name).exists() {
                symlink(generated.join(name), world.path().join(name)).unwrap();
            }
        }
        world.project.write(".env", format!("DATABASE_URL=\"{url}\"\n"));
        world.project.dbsnap(["init"]).run().success();
        world
    }

    /// With these models, and an empty database of the engine that the adapter is for.
    pub fn with_database(setup: Setup, models: &str) -> (PrismaWorld, Database) {
        if setup.adapter == PG {
            let database = Database::postgres();
            return (PrismaWorld::new(setup, models, &database.url()), database);
        }
        let world = PrismaWorld::new(setup, models, "file:./dev.db");
        let file = world.path().join("dev.db");
        (world, Database::Sqlite(file))
    }

    /// Its directory.
    pub fn path(&self) -> &Path {
        self.project.path()
    }

    /// `dbsnap snap --export` of these tables, or all.
    pub fn export(&self, tables: &[&str]) {
        let all: &[&str] = if tables.is_empty() { &["--all"] } else { tables };
        self.project.dbsnap(["snap", "--export", "-q", "-m", "before"].iter().chain(all)).run().success();
    }

    /// `dbsnap export latest` into this folder, by a project with this adapter.
    pub fn export_for(&self, adapter: &'static str, folder: &str) {
        self.project.write("package.json", Setup { adapter, ..self.setup }.package("commonjs"));
        self.project.dbsnap(["export", "latest", "-q", "-o", folder]).run().success();
    }

    /// From now on the project's files are `module` or `commonjs`.
    pub fn files_are(&self, kind: &str) {
        self.project.write("package.json", self.setup.package(kind));
    }

    /// The script of a table.
    pub fn script(&self, table: &str) -> PathBuf {
        self.script_in(BACKUPS, table)
    }

    /// The script of a table, in this folder.
    pub fn script_in(&self, folder: &str, table: &str) -> PathBuf {
        let ending = format!("_{table}_restore.ts");
        let found = fs::read_dir(self.path().join(folder)).unwrap().map(|entry| entry.unwrap().path());
        // `backup_20260124_103000` stands before it
        let mut found = found.filter(|path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            name.strip_suffix(&ending).is_some_and(|stem| stem.len() == "backup_20260124_103000".len())
        });
        found.next().unwrap_or_else(|| panic!("no script of {table}"))
    }

    /// The JSON file of a table.
    pub fn json(&self, table: &str) -> PathBuf {
        let script = self.script(table);
        script.with_file_name(script.file_name().unwrap().to_str().unwrap().replace("_restore.ts", ".json"))
    }

    /// A script with arguments in a process of its own, as tsx runs it: Node.js with its loader. (The command itself,
    /// which starts one process more, is tried by `prisma::integration`.)
    pub fn tsx(&self, script: &Path, args: &[&str]) -> Invocation {
        let tsx = format!("file://{}", project("tests/prisma/7/node_modules/tsx/dist/loader.mjs").display());
        let node = self.project.program("node", [QUICK_START, "--import", &tsx]).arg(script);
        node.args(args).env("TMPDIR", std::env::temp_dir())
    }

    /// A script with arguments, for [`PrismaWorld::play`].
    pub fn invocation(&self, script: &Path, args: &[&str]) -> Invocation {
        self.project.program(script, args).env("TMPDIR", std::env::temp_dir())
    }

    /// Runs a script in the process in which those before it have run.
    pub fn play(&self, script: &Invocation) -> Run {
        let mut process = self.process.lock().unwrap();
        let start = || ScriptProcess::start(&self.tsx(&project("tests/it/prisma/script_process.mjs"), &[]));
        process.get_or_insert_with(start).run(script)
    }

    /// Runs a table's script; it must succeed. What it said.
    pub fn run(&self, table: &str, args: &[&str]) -> String {
        let run = self.play(&self.invocation(&self.script(table), args)).success();
        run.stdout().to_owned()
    }

    /// Runs the scripts of these tables, each of which must succeed; what they said.
    pub fn run_all(&self, tables: &[&str], args: &[&str]) -> String {
        self.run_all_in(BACKUPS, tables, args)
    }

    /// As [`PrismaWorld::run_all`], of the scripts in this folder.
    pub fn run_all_in(&self, folder: &str, tables: &[&str], args: &[&str]) -> String {
        let scripts = tables.iter().map(|table| self.script_in(folder, table));
        scripts.map(|script| self.play(&self.invocation(&script, args)).success().stdout().to_owned()).collect()
    }

    /// Runs a table's script; it must fail. What it said on stderr.
    pub fn refused(&self, table: &str, args: &[&str]) -> String {
        let run = self.play(&self.invocation(&self.script(table), args));
        assert_eq!(run.code(), Some(1), "{run}");
        run.stderr().to_owned()
    }

    /// `tsc --noEmit --strict` over all scripts, with these settings besides, by TypeScript 7.
    pub fn tsc(&self, settings: &str) -> Run {
        self.tsc_of(7, settings)
    }

    /// The same by the TypeScript that is beside this major version of Prisma: 7 beside 7, 5 beside 6. Types that other packages of
    /// the tests happen to bring are left out, as a project that does not have them would.
    pub fn tsc_of(&self, major: u32, settings: &str) -> Run {
        let config = format!(
            "{{\"compilerOptions\":{{\"strict\":true,\"noEmit\":true,\"skipLibCheck\":true,\"types\":[\"node\"],{settings}}},\"include\":[\"scripts/**/*.ts\"]}}"
        );
        self.project.write("tsconfig.json", config);
        let packages = Setup { major, ..self.setup }.packages();
        self.project.program(packages.join(".bin/tsc"), ["-p", "tsconfig.json"]).run()
    }
}

/// For programs that run for a second or a few: no time goes into making WebAssembly quick.
const QUICK_START: &str = "--liftoff-only";

/// Where exports go unless told otherwise.
pub const BACKUPS: &str = "scripts/backups";

/// How a bundler's project is compiled.
pub const BUNDLER: &str = "\"module\":\"esnext\",\"moduleResolution\":\"bundler\",\"target\":\"es2022\"";

/// How a project of ECMAScript modules or of CommonJS is compiled for Node.js, as `package.json` says.
pub const NODE_NEXT: &str = "\"module\":\"nodenext\",\"target\":\"es2022\"";

/// What strict projects ask for besides `strict`.
pub const PEDANTIC: &str =
    "\"noUncheckedIndexedAccess\":true,\"exactOptionalPropertyTypes\":true,\"noPropertyAccessFromIndexSignature\":true,
    \"noUnusedLocals\":true,\"noUnusedParameters\":true,\"noImplicitReturns\":true,\"noImplicitOverride\":true";
