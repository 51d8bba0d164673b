//! Programs that change a database in a way that their words tell.

use super::Shell;
use super::wrappers::words_of;
use crate::check::Effect;

/// One use of a program.
struct Tool {
    /// The program and its words, options left out; an option is looked for anywhere.
    words: &'static str,
    effect: Effect,
    /// For [`Effect::Unknown`], why.
    reason: &'static str,
}

const fn does(effect: Effect, words: &'static str) -> Tool {
    Tool { words, effect, reason: "" }
}

const fn may(words: &'static str, reason: &'static str) -> Tool {
    Tool { words, effect: Effect::Unknown, reason }
}

const PENDING: &str = "it runs the migrations that are pending";
const SEEDS: &str = "it runs the project's seeds";
const SCHEMA: &str = "it changes tables to what the schema says, and may drop columns";

use Effect::{Alter, Delete, Drop, Insert, Reset, Truncate, Upsert};

/// The first that fits counts.
#[rustfmt::skip]
const TOOLS: &[Tool] = &[
    does(Reset, "prisma migrate reset"),
    may("prisma migrate dev", "it runs pending migrations, and resets the database where they do not fit it"),
    may("prisma migrate deploy", PENDING),
    does(Reset, "prisma db push --force-reset"),
    does(Alter, "prisma db push --accept-data-loss"),
    may("prisma db push", SCHEMA),
    does(Alter, "drizzle-kit push --force"),
    may("drizzle-kit push", SCHEMA),
    may("drizzle-kit push:pg", SCHEMA),
    may("drizzle-kit push:sqlite", SCHEMA),
    may("drizzle-kit migrate", PENDING),
    does(Drop, "knex migrate:rollback"), does(Drop, "knex migrate:down"),
    may("knex migrate:latest", PENDING), may("knex migrate:up", PENDING), may("knex seed:run", SEEDS),
    does(Reset, "sequelize db:drop"), does(Drop, "sequelize db:migrate:undo"), does(Drop, "sequelize db:migrate:undo:all"),
    does(Delete, "sequelize db:seed:undo"), does(Delete, "sequelize db:seed:undo:all"),
    may("sequelize db:migrate", PENDING), may("sequelize db:seed", SEEDS), may("sequelize db:seed:all", SEEDS),
    does(Reset, "typeorm schema:drop"), does(Drop, "typeorm migration:revert"), does(Alter, "typeorm schema:sync"),
    may("typeorm migration:run", PENDING),
    does(Reset, "mikro-orm schema:drop --run"), does(Reset, "mikro-orm schema:fresh"), does(Reset, "mikro-orm migration:fresh"),
    does(Drop, "mikro-orm migration:down"), does(Alter, "mikro-orm schema:update --run"), may("mikro-orm migration:up", PENDING),
    does(Reset, "rails db:drop"), does(Reset, "rails db:drop:all"), does(Reset, "rails db:reset"), does(Reset, "rails db:purge"),
    does(Reset, "rails db:migrate:reset"), does(Reset, "rails db:schema:load"), does(Reset, "rails db:structure:load"),
    does(Reset, "rails db:setup"), does(Truncate, "rails db:truncate_all"), does(Truncate, "rails db:seed:replant"),
    does(Reset, "rails db:test:purge"), does(Drop, "rails db:rollback"), does(Drop, "rails db:migrate:down"), does(Drop, "rails db:migrate:redo"),
    may("rails db:migrate", PENDING), may("rails db:prepare", PENDING), may("rails db:seed", SEEDS),
    does(Reset, "django flush"), does(Reset, "django reset_db"), does(Upsert, "django loaddata"),
    does(Delete, "django clearsessions"), does(Delete, "django remove_stale_contenttypes"), does(Drop, "django migrate * zero"),
    may("django migrate --fake", "it writes down migrations without running them"), may("django migrate", PENDING),
    does(Drop, "alembic downgrade"), may("alembic upgrade", PENDING),
    does(Drop, "flask db downgrade"), may("flask db upgrade", PENDING),
    does(Reset, "mix ecto.drop"), does(Reset, "mix ecto.reset"), does(Drop, "mix ecto.rollback"), may("mix ecto.migrate", PENDING),
    does(Reset, "artisan migrate:fresh"), does(Reset, "artisan migrate:refresh"), does(Reset, "artisan migrate:reset"),
    does(Reset, "artisan db:wipe"), does(Drop, "artisan migrate:rollback"), may("artisan migrate", PENDING), may("artisan db:seed", SEEDS),
    does(Reset, "ace migration:fresh"), does(Reset, "ace migration:refresh"), does(Reset, "ace migration:reset"),
    does(Reset, "ace db:wipe"), does(Truncate, "ace db:truncate"), does(Drop, "ace migration:rollback"), may("ace migration:run", PENDING),
    does(Reset, "console doctrine:database:drop"), does(Reset, "console doctrine:schema:drop"),
    may("console doctrine:migrations:migrate", PENDING), does(Reset, "console doctrine:fixtures:load"),
    does(Reset, "dotnet ef database drop"), may("dotnet ef database update", PENDING),
    does(Reset, "payload migrate:fresh"), does(Reset, "payload migrate:reset"), does(Drop, "payload migrate:down"),
    does(Reset, "payload migrate:refresh"), may("payload migrate", PENDING),
    does(Reset, "dbmate drop"), does(Drop, "dbmate down"), does(Drop, "dbmate rollback"), may("dbmate up", PENDING), may("dbmate migrate", PENDING),
    does(Drop, "goose reset"), does(Drop, "goose down"), does(Drop, "goose down-to"), does(Drop, "goose redo"), may("goose up", PENDING),
    does(Reset, "atlas schema clean"), may("atlas schema apply", SCHEMA), may("atlas migrate apply", PENDING), does(Drop, "atlas migrate down"),
    does(Reset, "flyway clean"), does(Drop, "flyway undo"), may("flyway migrate", PENDING),
    does(Reset, "liquibase dropAll"), does(Reset, "liquibase drop-all"), does(Drop, "liquibase rollback"),
    does(Drop, "liquibase rollback-count"), may("liquibase update", PENDING),
    does(Reset, "migrate drop"), does(Drop, "migrate down"), may("migrate up", PENDING), may("migrate goto", PENDING),
    does(Drop, "sqitch revert"), may("sqitch deploy", PENDING),
    does(Reset, "diesel database reset"), does(Reset, "diesel database drop"), does(Drop, "diesel migration revert"),
    does(Drop, "diesel migration redo"), may("diesel migration run", PENDING),
    does(Reset, "sqlx database drop"), does(Reset, "sqlx database reset"), does(Drop, "sqlx migrate revert"), may("sqlx migrate run", PENDING),
    does(Reset, "sea-orm-cli migrate fresh"), does(Reset, "sea-orm-cli migrate refresh"), does(Reset, "sea-orm-cli migrate reset"),
    does(Drop, "sea-orm-cli migrate down"), may("sea-orm-cli migrate up", PENDING),
    does(Drop, "node-pg-migrate down"), does(Drop, "node-pg-migrate redo"), may("node-pg-migrate up", PENDING),
    does(Drop, "db-migrate down"), does(Drop, "db-migrate reset"), may("db-migrate up", PENDING),
    does(Reset, "graphile-migrate reset"), may("graphile-migrate migrate", PENDING),
    does(Drop, "kysely migrate:down"), does(Drop, "kysely migrate:rollback"), may("kysely migrate:latest", PENDING),
    does(Reset, "supabase db reset"), does(Reset, "supabase stop --no-backup"), may("supabase db push", PENDING),
    may("supabase migration up", PENDING), does(Drop, "supabase migration down"),
    does(Reset, "heroku pg:reset"), does(Reset, "heroku pg:copy"), does(Reset, "heroku pg:backups:restore"),
    does(Reset, "heroku addons:destroy"),
    does(Reset, "neonctl branches delete"), does(Reset, "neonctl branches reset"), does(Reset, "neonctl branches restore"),
    does(Reset, "neonctl databases delete"), does(Reset, "neonctl projects delete"),
    does(Reset, "neon branches delete"), does(Reset, "neon branches reset"), does(Reset, "neon databases delete"), does(Reset, "neon projects delete"),
    does(Reset, "turso db destroy"), does(Reset, "turso group destroy"), does(Reset, "wrangler d1 delete"),
    may("wrangler d1 migrations apply", PENDING), does(Reset, "wrangler d1 time-travel restore"),
    does(Reset, "pscale database delete"), does(Reset, "pscale branch delete"),
    does(Reset, "gcloud sql instances delete"), does(Reset, "gcloud sql databases delete"), does(Reset, "gcloud sql backups restore"),
    does(Reset, "aws rds delete-db-instance"), does(Reset, "aws rds delete-db-cluster"),
    does(Reset, "doctl databases delete"), does(Reset, "fly postgres destroy"), does(Reset, "flyctl postgres destroy"), does(Reset, "fly volumes destroy"),
    does(Reset, "az postgres flexible-server delete"),
    does(Reset, "dropdb"), does(Reset, "pg_dropcluster"), does(Reset, "pg_restore --clean --create"),
    does(Drop, "pg_restore --clean"), does(Insert, "pg_restore"), does(Reset, "pgbackrest restore"), does(Reset, "pg_rewind"),
    does(Reset, "docker compose down -v"), does(Reset, "docker compose down --volumes"), does(Reset, "docker compose rm -v"),
    does(Reset, "docker volume rm"), does(Reset, "docker volume prune"), does(Reset, "docker system prune --volumes"),
    does(Reset, "docker rm -v"), does(Reset, "kubectl delete pvc"), does(Reset, "kubectl delete namespace"), does(Reset, "kubectl delete ns"),
    may("terraform destroy", "it destroys what Terraform made, databases too"),
    may("pulumi destroy", "it destroys what Pulumi made, databases too"),
    does(Drop, "sqlite-utils drop-table"), does(Upsert, "sqlite-utils upsert"), does(Alter, "sqlite-utils transform"),
];

/// Other names of the programs in the table.
const NAMES: [(&str, &str); 9] = [
    ("sequelize-cli", "sequelize"),
    ("typeorm-ts-node-commonjs", "typeorm"),
    ("typeorm-ts-node-esm", "typeorm"),
    ("rake", "rails"),
    ("manage.py", "django"),
    ("django-admin", "django"),
    ("ace.js", "ace"),
    ("migrate-cli", "migrate"),
    ("mikro-orm-esm", "mikro-orm"),
];

/// Options that make a program only say what it would do.
const SAYS: [&str; 7] = ["--help", "--dry-run", "--plan", "--check", "--version", "--sql", "--pretend"];

impl Shell {
    /// Whether the program is one of those in the table, or only says what it would do.
    pub(super) fn tool(&mut self, words: &[String]) -> bool {
        let mut words = words_of(words);
        let Some(first) = words.first_mut() else { return false };
        if let Some((_, name)) = NAMES.iter().find(|(other, _)| other == first) {
            (*name).clone_into(first);
        }
        let known = |tool: &&Tool| tool.words.split(' ').next() == words.first().map(String::as_str);
        if !TOOLS.iter().any(|tool| known(&tool)) {
            return false;
        }
        let is_pg = ["dropdb", "pg_restore"].contains(&words[0].as_str());
        if words.iter().any(|word| SAYS.contains(&word.as_str()) || word == "-h" && !is_pg) {
            return true;
        }
        // Without a database it writes SQL to standard output.
        if words[0] == "pg_restore" && !words.iter().any(|word| is_option(word, "--dbname")) {
            return true;
        }
        let Some(tool) = TOOLS.iter().filter(known).find(|tool| fits(tool.words, &words)) else { return false };
        match tool.effect {
            Effect::Unknown => self.unknown(tool.reason),
            effect => self.change(effect),
        }
        true
    }
}

/// Whether the words have those of the pattern: options anywhere, others one after the other, options between them
/// left out.
fn fits(pattern: &str, words: &[String]) -> bool {
    let (options, names): (Vec<&str>, Vec<&str>) = pattern.split(' ').partition(|word| word.starts_with('-'));
    let has_option = |option: &&str| words.iter().any(|word| is_option(word, option));
    let plain: Vec<&str> = words[1..].iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
    let wanted = &names[1..];
    let same = |given: &[&str]| wanted.iter().zip(given).all(|(wanted, given)| *wanted == "*" || wanted == given);
    // Options with a value may stand before a subcommand, save where they were taken out.
    let is_exact = ["docker", "kubectl"].contains(&names[0]);
    let has_names = if is_exact {
        plain.len() >= wanted.len() && same(&plain)
    } else {
        plain.windows(wanted.len().max(1)).any(same)
    };
    options.iter().all(has_option) && (wanted.is_empty() || has_names)
}

/// Whether a word is that option, long with a value or among short ones.
fn is_option(word: &str, option: &str) -> bool {
    let long = option.starts_with("--");
    let short = match option {
        "--clean" => Some('c'),
        "--create" => Some('C'),
        "--dbname" => Some('d'),
        "-v" => Some('v'),
        _ => None,
    };
    word == option
        || long && word.strip_prefix(option).is_some_and(|rest| rest.starts_with('=') && rest != "=false")
        || short.is_some_and(|letter| word.starts_with('-') && !word.starts_with("--") && word.contains(letter))
}
