//! The plan's ten models against the tables that Prisma itself makes of them (`tests/fixtures/prisma-sql/`).

use crate::support::files::{project, text};
use crate::support::postgres::PgServer;
use crate::support::process::{Invocation, Project};
use dbsnap::prisma::schema::Schema;
use rusqlite::Connection;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

fn fixture(name: &str) -> String {
    text(&project(&format!("tests/fixtures/{name}")))
}

/// What each table is to Prisma, and that no model is left without its table, no field without its column.
fn tables(project: &Project, tables: &Invocation, schema: &str) -> String {
    project.dbsnap(["init"]).run().success();
    let run = tables.run().success();
    let said: Value = serde_json::from_str(run.stdout()).unwrap();
    let listed = said["tables"].as_array().unwrap().iter();
    let models: BTreeMap<&str, &Value> =
        listed.map(|table| (table["table"].as_str().unwrap(), &table["model"])).collect();
    let schema = Schema::parse(Path::new("schema.prisma"), schema).unwrap();
    for model in &schema.models {
        assert_eq!(models[model.table.as_str()], &Value::from(model.name.as_str()));
        // Every column at once, as a filter that names its fields.
        let fields: Vec<String> = model.columns().map(|field| format!("\"{}\" IS NULL", field.name)).collect();
        let filter = fields.join(" OR ");
        let mut snap = project.dbsnap(["snap", &model.name, "--dry-run", "--where", &filter]);
        if let Some(url) = tables.variable("DATABASE_URL") {
            snap = snap.env("DATABASE_URL", url);
        }
        snap.run().success();
    }
    let joins: Vec<&str> = schema.join_tables.iter().map(|join| join.table.as_str()).collect();
    let shown = models.iter().map(|(table, model)| match model.as_str() {
        Some(model) => format!("{table}: {model}"),
        None if joins.contains(table) => format!("{table}: join"),
        None => format!("{table}: unknown"),
    });
    shown.collect::<Vec<_>>().join("\n")
}

#[test]
fn of_postgresql() {
    let (project, db) = (Project::new(), PgServer::shared().database());
    db.sql(&fixture("prisma-sql/catalogue-postgresql.sql"));
    let schema = fixture("prisma/catalogue-postgresql.prisma");
    project.write("prisma/schema.prisma", &schema);
    let invocation = project.dbsnap(["tables", "--json"]).env("DATABASE_URL", db.url());
    insta::assert_snapshot!(tables(&project, &invocation, &schema), @"
    _CategoryToMod: join
    _CollectionToMod: join
    categories: Category
    collections: Collection
    content_sources: ContentSource
    creator_profiles: CreatorProfile
    facet_definitions: FacetDefinition
    favorites: Favorite
    mods: Mod
    reviews: Review
    scraping_jobs: ScrapingJob
    users: User
    ");
}

#[test]
fn of_sqlite() {
    let project = Project::new();
    let schema = fixture("prisma/catalogue-sqlite.prisma");
    project.write("prisma/schema.prisma", &schema);
    project.write(".env", "DATABASE_URL=file:./dev.db\n");
    let database = Connection::open(project.path().join("dev.db")).unwrap();
    database.execute_batch(&fixture("prisma-sql/catalogue-sqlite.sql")).unwrap();
    let invocation = project.dbsnap(["tables", "--json"]);
    insta::assert_snapshot!(tables(&project, &invocation, &schema), @"
    _CategoryToMod: join
    _CollectionToMod: join
    categories: Category
    collections: Collection
    content_sources: ContentSource
    creator_profiles: CreatorProfile
    facet_definitions: FacetDefinition
    favorites: Favorite
    mods: Mod
    reviews: Review
    scraping_jobs: ScrapingJob
    users: User
    ");
}

/// Longer names are cut where PostgreSQL cuts them.
#[test]
fn join_tables_of_long_names_are_cut() {
    let schema = Schema::parse(Path::new("x"), &fixture("prisma/long-names.prisma")).unwrap();
    let names: Vec<&str> = schema.join_tables.iter().map(|join| join.table.as_str()).collect();
    assert_eq!(names, ["_AModelWithAVeryLongNameThatGoesOnAndOnUntilItIsLongerThanSixty"]);
    let schema = Schema::parse(Path::new("x"), &fixture("prisma/many-to-many.prisma")).unwrap();
    let mut joins: Vec<String> =
        schema.join_tables.iter().map(|join| format!("{} ({}, {})", join.table, join.a, join.b)).collect();
    joins.sort();
    let expected = ["_CategoryToPost (Category, Post)", "_Likes (Post, User)", "_PinnedTags (Post, Tag)"];
    assert_eq!(joins[..3], expected);
    assert_eq!(joins[3..], ["_PostTags (Post, Tag)", "_PostTozebra (Post, zebra)"]);
}
