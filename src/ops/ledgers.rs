//! Tables in which other tools keep which migrations are applied: they say how far the schema is, and do not go back
//! with rows.

use crate::codec::{TableName, TableSchema};

/// A tool's table: the tool, the table's name, columns that it has, and whether it has no others.
type Known = (&'static str, &'static str, &'static [&'static str], Columns);

/// Whether a table may have further columns: a name that an application may use itself is taken only with exactly
/// these.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Columns {
    These,
    AtLeast,
}

use Columns::{AtLeast, These};

const KNOWN: &[Known] = &[
    ("Prisma", "_prisma_migrations", &["id", "migration_name"], AtLeast),
    ("Drizzle", "__drizzle_migrations", &["id", "hash", "created_at"], AtLeast),
    ("Knex", "knex_migrations", &["id", "name", "batch", "migration_time"], AtLeast),
    ("Knex", "knex_migrations_lock", &["index", "is_locked"], AtLeast),
    ("TypeORM", "migrations", &["id", "timestamp", "name"], These),
    ("TypeORM", "typeorm_metadata", &["type", "database", "schema", "table", "name", "value"], AtLeast),
    ("Laravel", "migrations", &["id", "migration", "batch"], These),
    ("Sequelize", "SequelizeMeta", &["name"], These),
    ("Sequelize", "SequelizeData", &["name"], These),
    ("Kysely", "kysely_migration", &["name", "timestamp"], AtLeast),
    ("Kysely", "kysely_migration_lock", &["id", "is_locked"], AtLeast),
    ("MikroORM", "mikro_orm_migrations", &["id", "name", "executed_at"], AtLeast),
    ("node-pg-migrate", "pgmigrations", &["id", "name", "run_on"], AtLeast),
    ("Supabase", "schema_migrations", &["version", "statements", "name"], AtLeast),
    ("Rails or dbmate", "schema_migrations", &["version"], These),
    ("golang-migrate", "schema_migrations", &["version", "dirty"], These),
    ("Ecto", "schema_migrations", &["version", "inserted_at"], These),
    ("Rails", "ar_internal_metadata", &["key", "value", "created_at", "updated_at"], AtLeast),
    ("Flyway", "flyway_schema_history", &["installed_rank", "version", "script", "success"], AtLeast),
    ("Liquibase", "databasechangelog", &["id", "author", "filename", "dateexecuted", "orderexecuted"], AtLeast),
    ("Liquibase", "databasechangeloglock", &["id", "locked", "lockgranted", "lockedby"], AtLeast),
    ("Alembic", "alembic_version", &["version_num"], These),
    ("Django", "django_migrations", &["app", "name", "applied"], AtLeast),
    ("Goose", "goose_db_version", &["version_id", "is_applied", "tstamp"], AtLeast),
    ("sqlx", "_sqlx_migrations", &["version", "description", "success", "checksum"], AtLeast),
    ("SeaORM", "seaql_migrations", &["version", "applied_at"], AtLeast),
    ("Diesel", "__diesel_schema_migrations", &["version", "run_on"], AtLeast),
    ("refinery", "refinery_schema_history", &["version", "name", "applied_on", "checksum"], AtLeast),
    ("Atlas", "atlas_schema_revisions", &["version", "description", "applied", "total"], AtLeast),
    ("Doctrine", "doctrine_migration_versions", &["version", "executed_at"], AtLeast),
    ("Entity Framework", "__EFMigrationsHistory", &["MigrationId", "ProductVersion"], AtLeast),
];

/// The tool whose list of migrations a table is. Name and columns tell: an application's own table `migrations` is
/// none.
pub(super) fn kept_by(schema: &TableSchema) -> Option<&'static str> {
    let names =
        schema.columns.iter().map(|column| &column.name).chain(schema.generated.iter().map(|column| &column.name));
    let columns: Vec<&String> = names.collect();
    let has = |wanted: &&str| columns.iter().any(|column| column.eq_ignore_ascii_case(wanted));
    let fits = |known: &&Known| {
        let (_, table, wanted, extent) = known;
        schema.table.name.eq_ignore_ascii_case(table)
            && wanted.iter().all(&has)
            && (*extent == AtLeast || columns.len() == wanted.len())
    };
    KNOWN.iter().find(fits).map(|known| known.0)
}

/// A line that says what was left out, if anything was.
pub(super) fn left_out(tables: &[(TableName, &'static str)]) -> Option<String> {
    let one = |(table, tool): &(TableName, &str)| format!("{table} ({tool})");
    let list: Vec<String> = tables.iter().map(one).collect();
    (!list.is_empty()).then(|| {
        format!(
            "left out as lists of migrations, which belong to the schema: {}; name one to take it in",
            list.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{Column, Key, Kind};

    fn kept(table: &str, columns: &[&str]) -> Option<&'static str> {
        let column = |name: &&str| Column {
            name: (*name).to_owned(),
            sql_type: "text".to_owned(),
            kind: Kind::Text,
            array: false,
            nullable: true,
            default: None,
            identity: None,
            collation: None,
        };
        kept_by(&TableSchema {
            table: TableName::qualified("public", table),
            columns: columns.iter().map(column).collect(),
            generated: Vec::new(),
            key: Key::Rows,
            foreign_keys: Vec::new(),
            unique: Vec::new(),
        })
    }

    #[test]
    fn lists_are_told_from_an_applications_own_tables() {
        assert_eq!(kept("migrations", &["id", "timestamp", "name"]), Some("TypeORM"));
        assert_eq!(kept("migrations", &["id", "migration", "batch"]), Some("Laravel"));
        assert_eq!(kept("migrations", &["id", "bird", "from", "to"]), None);
        assert_eq!(kept("migrations", &["id", "timestamp", "name", "herd"]), None);
        assert_eq!(kept("schema_migrations", &["version"]), Some("Rails or dbmate"));
        assert_eq!(kept("schema_migrations", &["version", "dirty"]), Some("golang-migrate"));
        assert_eq!(kept("schema_migrations", &["version", "owner"]), None);
        assert_eq!(
            kept("DATABASECHANGELOG", &["ID", "AUTHOR", "FILENAME", "DATEEXECUTED", "ORDEREXECUTED", "MD5SUM"]),
            Some("Liquibase")
        );
        assert_eq!(kept("alembic_version", &["version_num"]), Some("Alembic"));
        assert_eq!(kept("alembic_version", &["id"]), None);
        assert_eq!(kept("_prisma_migrations", &["id", "checksum", "migration_name"]), Some("Prisma"));
        assert_eq!(kept("_prisma_migrations", &["id"]), None);
    }
}
