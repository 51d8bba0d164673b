//! TypeScript and JavaScript: what is found in small programs.

use dbsnap::ops::check::{CheckOptions, Script, check};
use dbsnap::{Place, Repository};
use std::fs;
use std::path::Path;

const SCHEMA: &str = r#"
    datasource db {
      provider = "sqlite"
      url      = "file:./dev.db"
    }
    model Favorite {
      id   Int    @id
      user User   @relation(fields: [userId], references: [id])
      userId Int
      @@map("favorites")
    }
    model User {
      id        Int @id
      tags      String
      favorites Favorite[]
      @@map("users")
    }
"#;

/// What a program of these files does, one finding on a line: `file:line effect tables`.
fn found_in(files: &[(&str, &str)]) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("prisma/schema.prisma", SCHEMA);
    write("package.json", "{}");
    files.iter().for_each(|(name, text)| write(name, text));
    run(dir.path(), files[0].0)
}

fn run(dir: &Path, script: &str) -> Vec<String> {
    let place = Place { dir: dir.canonicalize().unwrap(), ..Place::default() };
    let repository = Repository::find_or_here(&place).unwrap();
    let report = check(&repository, &CheckOptions { script: Script::File(script.into()), language: None }).unwrap();
    let all = |all_rows: bool| if all_rows { " all" } else { "" };
    let told = |one: &dbsnap::check::Finding| {
        let file = one.file.as_deref().unwrap_or("-");
        format!("{file}:{} {:?} {}{}", one.line, one.effect, one.tables.join(","), all(one.all_rows))
    };
    report.findings.iter().map(told).collect()
}

/// What one program does that has a Prisma client, a `pg` pool, and SQLite.
fn found(body: &str) -> Vec<String> {
    let head = "import { PrismaClient } from '@prisma/client'; import { Pool } from 'pg'; import Database from 'better-sqlite3'; \
                const prisma = new PrismaClient(); const pool = new Pool(); const sqlite = new Database('x');\n";
    let lines = found_in(&[("run.ts", &format!("{head}{body}"))]);
    lines.iter().map(|line| line.strip_prefix("run.ts:").unwrap_or(line).to_owned()).collect()
}

#[track_caller]
fn assert_found(body: &str, wanted: &[&str]) {
    assert_eq!(found(body), wanted, "{body}");
}

#[test]
fn calls_of_prisma_are_found_whatever_leads_to_them() {
    for (body, wanted) in [
        ("await prisma.favorite.deleteMany()", "2 Delete favorites all"),
        ("await prisma.favorite.deleteMany({ where: {} })", "2 Delete favorites all"),
        ("await prisma.favorite.deleteMany({\n where: { id: 1 } })", "2 Delete favorites"),
        ("await prisma.favorite\n.delete({ where: { id: 1 } })", "3 Delete favorites"),
        ("await prisma.user.upsert({ where: { id: 1 }, create: {}, update: { tags: '' } })", "2 Upsert users"),
        ("await prisma.user.upsert({ where: { id: 1 }, create: {}, update: {} })", "2 Insert users"),
        ("await prisma.user.createMany({ data: [] })", "2 Insert users"),
        ("const { favorite: gone } = prisma; await gone.deleteMany()", "2 Delete favorites all"),
        ("const db = prisma; await db['fav' + 'orite']['deleteMany']()", "2 Delete favorites all"),
        ("for (const name of ['user']) await prisma[name].deleteMany()", "2 Delete users all"),
        ("await prisma[process.argv[2]].deleteMany()", "2 Delete  all"),
        ("await prisma.user[process.argv[2]]()", "2 Unknown users"),
        ("await prisma.$transaction([prisma.user.deleteMany()])", "2 Delete users all"),
        ("await prisma.$transaction(async tx => { await tx.user.deleteMany() })", "2 Delete users all"),
        ("const all = prisma.$extends({}); await all.user.deleteMany()", "2 Delete users all"),
        (
            "async function wipe(db) { await db.user.deleteMany() } wipe(prisma).catch(console.error)",
            "2 Delete users all",
        ),
        ("const wipe = prisma.user.deleteMany; wipe()", "2 Delete users all"),
        (
            "class Job { constructor(private db: PrismaClient) {} run() { return this.db.user.deleteMany() } }\nnew Job(prisma).run()",
            "2 Delete users all",
        ),
        ("await prisma.$executeRaw`DELETE FROM favorites WHERE id = ${1}`", "2 Delete favorites"),
        ("await prisma.$executeRawUnsafe(process.argv[2])", "2 Unknown "),
        ("await prisma.$executeRawUnsafe('TRUNC' + 'ATE favorites')", "2 Truncate favorites all"),
    ] {
        assert_found(body, &[wanted]);
    }
}

#[test]
fn writes_within_writes_are_those_of_the_related_model() {
    assert_found(
        "await prisma.user.update({ where: { id: 1 }, data: { tags: { set: 'x' }, favorites: { deleteMany: {} } } })",
        &["2 Update users", "2 Delete favorites all"],
    );
    assert_found(
        "await prisma.user.create({ data: { id: 1, favorites: { create: [{ id: 1 }] } } })",
        &["2 Insert users", "2 Insert favorites"],
    );
}

#[test]
fn what_does_not_reach_a_database_is_no_finding() {
    for body in [
        "// DELETE FROM favorites\nconsole.log('DELETE FROM favorites')",
        "const sql = 'DELETE FROM favorites'",
        "const map = new Map(); map.delete('x'); new Set().delete(1); new Set().clear()",
        "cache.clear(); axios.delete('/users/1'); router.delete('/x', handler); form.update({ a: 1 })",
        "async function wipe() { await prisma.user.deleteMany() }",
        "if (false) { await prisma.user.deleteMany() }",
        "function f() { return 1; prisma.user.deleteMany() } f()",
        "await prisma.user.findMany({ where: { deleted: true } })",
        "await pool.query('SELECT * FROM users WHERE name = $1', ['DELETE FROM users'])",
        "await prisma.$transaction(async tx => { await tx.user.deleteMany(); throw new Error('rehearsed') })",
        "const c = await pool.connect(); await c.query('BEGIN'); await c.query('DELETE FROM users'); await c.query('ROLLBACK')",
        "const memory = new Database(':memory:'); memory.exec('DELETE FROM users')",
        "await pool.query('CREATE TEMP TABLE t (a int)'); await pool.query('DELETE FROM t')",
        "import k from 'knex'; console.log(k({})('users').del().toString())",
        "import _ from 'lodash'; _.truncate('DELETE FROM users')",
        "throw new Error('UPDATE users SET x = 1 failed')",
        "log.info(`TRUNCATE favorites`); logger.warn('DROP TABLE x')",
    ] {
        assert_found(body, &[]);
    }
}

/// What could be rolled back, and is not in each case.
#[test]
fn what_may_be_kept_is_found() {
    for body in [
        "await prisma.$transaction(async tx => { await prisma.user.deleteMany(); throw new Error('not of tx') })",
        "await prisma.$transaction(async tx => { await tx.user.deleteMany(); if (process.argv[2]) return; throw new Error() })",
        "const c = await pool.connect(); await c.query('BEGIN'); await pool.query('DELETE FROM users'); await c.query('ROLLBACK')",
        "const c = await pool.connect(); await c.query('BEGIN'); await c.query('DELETE FROM users'); await c.query('COMMIT'); await c.query('ROLLBACK')",
        "const c = await pool.connect(); await c.query('BEGIN'); try { await c.query('DELETE FROM users') } catch { await c.query('ROLLBACK') }",
        "import k from 'knex'; const q = k({})('users').del(); console.log(q.toString()); await q",
        "import k from 'knex'; const q = k({})('users').del(); await q; console.log(q.toString())",
    ] {
        let found = found(body);
        assert!(matches!(&found[..], [one] if one.starts_with("2 Delete users")), "{body}: {found:?}");
    }
}

#[test]
fn sql_that_reaches_a_client_is_found() {
    for (body, wanted) in [
        ("await pool.query('DELETE FROM users')", "2 Delete users all"),
        (
            "const c = await pool.connect(); await c.query({ text: `UPDATE users\nSET a = 1 WHERE id = 1` })",
            "2 Update users",
        ),
        ("sqlite.prepare('DELETE FROM users WHERE id = ?').run(1)", "2 Delete users"),
        ("sqlite.transaction(() => sqlite.exec('DROP TABLE users'))()", "2 Drop users all"),
        ("const table = 'users'; await pool.query(`DELETE FROM ${table}`)", "2 Delete users all"),
        ("await pool.query(`DELETE FROM ${process.argv[2]}`)", "2 Delete  all"),
        ("let sql = 'DELETE'; sql += ' FROM users'; await pool.query(sql)", "2 Delete users all"),
        ("await pool.query(['DELETE', 'FROM', 'users'].join(' '))", "2 Delete users all"),
        ("const run = (sql: string) => pool.query(sql); run('DELETE FROM users')", "2 Delete users all"),
        ("await pool.query(`${process.argv[2]} FROM users`)", "2 Unknown "),
        ("import sql from './sql'; await sql.unsafe('DELETE FROM users')", "2 Delete users all"),
        (
            "import postgres from 'postgres'; const sql = postgres(); await sql`DELETE FROM ${sql('users')} WHERE id = ${1}`",
            "2 Delete users",
        ),
        ("runQuery('DELETE FROM users')", "2 Delete users all"),
    ] {
        assert_found(body, &[wanted]);
    }
}

#[test]
fn other_clients_are_known_by_the_shape_of_their_calls() {
    for (body, wanted) in [
        ("import knex from 'knex'; const k = knex({}); await k('users').where({ id: 1 }).del()", "2 Delete users"),
        ("import make from 'knex'; const k = make({}); await k('users').update({ a: 1 })", "2 Update users all"),
        ("import knex from 'knex'; const k = knex({}); await k('users').truncate()", "2 Truncate users all"),
        ("import knex from 'knex'; const k = knex({}); await k.schema.dropTableIfExists('users')", "2 Drop users all"),
        (
            "import knex from 'knex'; const k = knex({}); await k('users').insert({}).onConflict('id').merge()",
            "2 Upsert users",
        ),
        (
            "import { drizzle } from 'drizzle-orm/node-postgres'; import { pgTable } from 'drizzle-orm/pg-core'; const t = pgTable('users', {}); await drizzle(pool).delete(t)",
            "2 Delete users all",
        ),
        (
            "import { drizzle } from 'drizzle-orm/node-postgres'; import { pgTable } from 'drizzle-orm/pg-core'; const t = pgTable('users', {}); await drizzle(pool).update(t).set({}).where(1)",
            "2 Update users",
        ),
        (
            "import { DataSource } from 'typeorm'; const ds = new DataSource({}); await ds.getRepository('users').clear()",
            "2 Truncate users all",
        ),
        (
            "import { DataSource } from 'typeorm'; const ds = new DataSource({}); await ds.createQueryBuilder().delete().from('users').where('id = 1').execute()",
            "2 Delete users",
        ),
        (
            "import { Sequelize } from 'sequelize'; const s = new Sequelize(''); const U = s.define('User', {}, { tableName: 'users' }); await U.destroy({ truncate: true })",
            "2 Truncate users all",
        ),
        (
            "import { Sequelize } from 'sequelize'; const s = new Sequelize(''); await s.sync({ force: true })",
            "2 Reset  all",
        ),
        ("import { db } from '@acme/db'; await db.deleteFrom('users').where('id', '=', 1).execute()", "2 Delete users"),
        ("import fs from 'node:fs'; fs.rmSync('prisma/dev.db')", "2 Reset  all"),
    ] {
        assert_found(body, &[wanted]);
    }
}

#[test]
fn imports_are_followed_within_the_project() {
    let lib = (
        "lib/db.ts",
        "import { PrismaClient } from '@prisma/client'\nexport const prisma = new PrismaClient()\nexport default prisma\nexport function unused() { return prisma.user.deleteMany() }",
    );
    let jobs = (
        "lib/jobs.js",
        "import { prisma as db } from './db.js'\nexport const wipe = async () => {\n  await db.favorite.deleteMany()\n}\nexport const other = () => db.user.deleteMany()",
    );
    let index = ("lib/index.ts", "export * from './db'\nexport { wipe } from './jobs'");
    let config = ("tsconfig.json", "{ // paths\n \"compilerOptions\": { \"paths\": { \"@/*\": [\"./lib/*\"], }, } }");
    let all = |script: &'static str| found_in(&[("scripts/run.ts", script), lib, jobs, index, config]);
    let wiped = ["lib/jobs.js:3 Delete favorites all"];
    assert_eq!(all("import { wipe } from '../lib'\nawait wipe()"), wiped);
    assert_eq!(all("import { wipe } from '@/jobs'\nawait wipe()"), wiped);
    assert_eq!(all("const { wipe } = require('../lib/jobs')\nwipe()"), wiped);
    assert_eq!(all("const lib = await import('../lib/index.js')\nlib.wipe()"), wiped);
    assert_eq!(all("import { wipe } from '../lib'\nexport { wipe }"), wiped);
    assert_eq!(all("import { wipe } from '../lib'\nconsole.log('not called')"), [""; 0]);
    let own = ["scripts/run.ts:2 Delete users all"];
    assert_eq!(all("import prisma from '@/db'\nawait prisma.user.deleteMany()"), own);
    assert_eq!(all("import * as lib from '../lib'\nawait lib.prisma.user.deleteMany()"), own);
}

#[test]
fn a_program_that_cannot_be_followed_is_not_called_harmless() {
    let deep = format!("const x = {}1{}", "(".repeat(100_000), ")".repeat(100_000));
    let types = format!("type X = {}", "A<".repeat(100_000));
    let sum = format!("const x = {}1", "1 + ".repeat(100_000));
    for (text, wanted) in [
        ("const x = {", "run.ts:1 Unknown "),
        (deep.as_str(), "run.ts:1 Unknown "),
        (types.as_str(), "run.ts:1 Unknown "),
        (sum.as_str(), "run.ts:1 Unknown "),
        ("import(process.argv[2])", "run.ts:1 Unknown "),
        ("namespace Jobs { export const a = 1 }", "run.ts:1 Unknown "),
        ("import { prisma } from '@acme/db'; await prisma.user.purge()", "run.ts:1 Unknown users"),
        ("import { prisma } from '@acme/db'; await prisma.wipe()", "run.ts:1 Unknown "),
    ] {
        assert_eq!(found_in(&[("run.ts", text)]), [wanted], "{:.40}", text);
    }
    // What calls itself comes to an end.
    assert_eq!(found_in(&[("run.ts", "import './run'\nfunction f() { f(); g() } function g() { f() } f()")]), [""; 0]);
}

/// Whoever is given a function may call it, each that is made anew.
#[test]
fn functions_that_go_elsewhere_count_as_called() {
    assert_found(
        "const handler = (model) => async () => { await model.deleteMany() }\napp.get('/', handler(prisma.user))\napp.get('/', handler(prisma.favorite))",
        &["2 Delete users all", "2 Delete favorites all"],
    );
    let page = "import { prisma } from './db'\nexport const Page = () => <p><a onClick={() => prisma.user.deleteMany()}>x</a></p>";
    assert_eq!(found_in(&[("page.tsx", page)]), ["page.tsx:2 Delete users all"]);
    let many: String = (0..100).map(|number| format!("'SELECT {number}', ")).collect();
    assert_found(
        &format!("for (const sql of [{many} 'DELETE FROM users']) await pool.query(sql)"),
        &["2 Delete users all"],
    );
}

#[test]
fn a_migration_is_taken_as_it_is_run() {
    let up = "exports.up = (knex) => knex.schema.createTable('t', t => t.increments());\nexports.down = (knex) => knex.schema.dropTable('t');";
    assert_eq!(found_in(&[("m.js", up)]), [""; 0]);
    let drop = "export async function up(knex) { await knex.schema.alterTable('t', t => t.dropColumn('x')) }";
    assert_eq!(found_in(&[("m.ts", drop)]), ["m.ts:1 Alter t all"]);
}
