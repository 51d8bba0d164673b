use super::*;
use std::path::Path;

/// A project with these files.
fn project(content: &[(&str, &str)]) -> (tempfile::TempDir, Files) {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in content {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let files = Files::new(dir.path(), dir.path());
    (dir, files)
}

/// `[file:]line effect tables`, with `*` where all rows are meant and no table is named.
fn shown(text: &str, files: &Files) -> Vec<String> {
    let show = |finding: &Finding| {
        assert_eq!(finding.effect == Effect::Unknown, finding.reason.is_some(), "{text}");
        let file = finding.file.as_ref().map_or_else(String::new, |file| format!("{file}:"));
        let effect = format!("{:?}", finding.effect).to_lowercase();
        format!("{file}{} {effect} {}", finding.line, finding.tables.join(",")).trim_end().to_owned()
    };
    findings(text, files).iter().map(show).collect()
}

fn check_in(content: &[(&str, &str)], table: &[(&str, &[&str])]) {
    let mut wrong = Vec::new();
    for (text, expected) in table {
        // Each command by itself: files are followed once.
        let (_dir, files) = project(content);
        let found = shown(text, &files);
        if found != *expected {
            wrong.push(format!("{text}\n    is       {found:?}\n    expected {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn check(table: &[(&str, &[&str])]) {
    check_in(&[], table);
}

#[test]
fn sql_is_read_wherever_it_comes_from() {
    check_in(
        &[
            ("a.sql", "SELECT 1;\nDELETE FROM a;"),
            ("b.txt", "TRUNCATE b"),
            ("outer.sql", "\\i a.sql\nDROP TABLE c;"),
            ("sub/1.sql", "DELETE FROM one"),
            ("sub/2.sql", "DELETE FROM two"),
        ],
        &[
            ("psql -c 'DELETE FROM users'", &["1 delete users"]),
            ("psql $DATABASE_URL -qAtc \"DELETE FROM users WHERE id = $ID\"", &["1 delete users"]),
            ("psql --command=\"UPDATE users SET a = 1\" -d shop", &["1 update users"]),
            ("psql -h localhost -U me -c 'select 1' -c 'drop table x'", &["1 drop x"]),
            ("/usr/bin/psql -c \"DELETE FROM ${TABLE}\"", &["1 delete"]),
            ("psql -c \"$SQL\"", &["1 unknown"]),
            ("SQL='TRUNCATE users'\npsql -c \"$SQL\"", &["2 truncate users"]),
            ("psql -f a.sql", &["a.sql:2 delete a"]),
            ("psql -fa.sql", &["a.sql:2 delete a"]),
            ("psql --file=outer.sql", &["a.sql:2 delete a", "outer.sql:2 drop c"]),
            ("psql -f none.sql", &["1 unknown"]),
            ("psql < b.txt", &["b.txt:1 truncate b"]),
            ("cat a.sql b.txt | psql", &["a.sql:2 delete a", "b.txt:1 truncate b"]),
            ("echo 'DROP TABLE x' | psql", &["1 drop x"]),
            ("for f in sub/*.sql; do psql -f \"$f\"; done", &["sub/1.sql:1 delete one", "sub/2.sql:1 delete two"]),
            ("cat sub/*.sql | psql", &["sub/1.sql:1 delete one", "sub/2.sql:1 delete two"]),
            ("psql -f 'sub/*.sql'", &["1 unknown"]),
            ("psql -f \"$ROOT/a.sql\"", &["a.sql:2 delete a"]),
            ("\"$PSQL\" -c 'DROP TABLE x'", &["1 drop x"]),
            ("psql -c \"$(cat a.sql)\"", &["1 delete a"]),
            ("tee x.sql <<EOF\nDROP TABLE x;\nEOF\npsql -f x.sql", &["2 drop x"]),
            ("ssh host <<EOF\nls\ndropdb x\nEOF", &["3 reset"]),
            ("ssh host bash -s < none.sh", &["1 unknown"]),
            ("ssh host 'psql shop' < a.sql", &["a.sql:2 delete a"]),
            ("rails runner 'User.delete_all'", &["1 delete users"]),
            ("echo 'User.delete_all' | rails c", &["1 delete users"]),
            ("ls\necho 'DROP TABLE x' | psql", &["2 drop x"]),
            ("printf '%s\\n' 'select 1;' 'DROP TABLE x;' | psql", &["1 drop x"]),
            ("printf 'DELETE FROM %s;\\n' users | psql", &["1 delete users"]),
            ("psql <<EOF\nSELECT 1;\nDELETE FROM $T;\nDROP TABLE x;\nEOF\necho done", &["3 delete", "4 drop x"]),
            ("psql <<'EOF'\nDELETE FROM a;\nEOF", &["2 delete a"]),
            ("psql <<-EOF\n\tDELETE FROM a;\n\tEOF\nls", &["2 delete a"]),
            ("cat <<EOF | psql shop\nDELETE FROM a;\nEOF", &["2 delete a"]),
            ("psql <<< 'DELETE FROM a'", &["1 delete a"]),
            ("(echo 'BEGIN;'; echo 'DELETE FROM a;'; echo 'COMMIT;') | psql", &["1 delete a"]),
            ("{ cat a.sql; cat b.txt; } | psql", &["a.sql:2 delete a", "b.txt:1 truncate b"]),
            ("sed 's/x/y/' a.sql | psql", &["1 unknown"]),
            ("cat a.sql | envsubst | psql", &["a.sql:2 delete a"]),
            ("curl -s https://example.com/x.sql | psql", &["1 unknown"]),
            ("pg_dump a | psql b", &["1 unknown"]),
            ("psql -f <(echo 'DROP TABLE x')", &["1 drop x"]),
            ("cat > x.sql <<EOF\nDROP TABLE x;\nEOF\npsql -f x.sql", &["2 drop x"]),
            ("sqlite3 dev.db 'DELETE FROM users'", &["1 delete users"]),
            ("sqlite3 -header -cmd '.timeout 5' dev.db \"DROP TABLE x;\"", &["1 drop x"]),
            ("sqlite3 dev.db < a.sql", &["a.sql:2 delete a"]),
            ("sqlite3 dev.db '.read a.sql'", &["a.sql:2 delete a"]),
            ("sqlite3 dev.db \".restore backup.db\"", &["1 reset"]),
            ("echo 'delete from a;' | sqlite3 dev.db", &["1 delete a"]),
            ("turso db shell shop 'DELETE FROM a'", &["1 delete a"]),
            ("npx wrangler d1 execute shop --local --command=\"DELETE FROM a\"", &["1 delete a"]),
            ("npx prisma db execute --file a.sql --schema x", &["a.sql:2 delete a"]),
            ("echo 'DROP TABLE x' | npx prisma db execute --stdin", &["1 drop x"]),
            ("heroku pg:psql -a shop -c 'DELETE FROM a'", &["1 delete a"]),
            ("my-tool --sql 'DELETE FROM a'", &["1 delete a"]),
        ],
    );
}

#[test]
fn what_only_speaks_of_sql_is_harmless() {
    check_in(
        &[("a.sql", "DELETE FROM a")],
        &[
            ("echo 'DROP TABLE x'", &[]),
            ("echo \"run: psql -c 'DROP TABLE x'\"", &[]),
            ("# psql -c 'DROP TABLE x'", &[]),
            ("ls # rm dev.db", &[]),
            ("git commit -m 'drop table users'", &[]),
            ("git commit -m \"DELETE FROM users is gone; rm dev.db\"", &[]),
            ("grep -r 'DELETE FROM users' src | wc -l", &[]),
            ("rg 'prisma migrate reset' docs", &[]),
            ("cat a.sql", &[]),
            ("cat > notes.md <<EOF\nprisma migrate reset\nDROP TABLE x;\nEOF", &[]),
            ("cat <<'EOF'\nrm -f dev.db\nEOF", &[]),
            ("psql -c 'SELECT * FROM users'", &[]),
            ("psql", &[]),
            ("psql -l -U postgres", &[]),
            ("echo 'select 1' | psql", &[]),
            ("psql -c \"SELECT 'DROP TABLE x'\"", &[]),
            ("sqlite3 dev.db .schema", &[]),
            ("sqlite3 dev.db .dump > dump.sql", &[]),
            ("sqlite3 :memory: 'DROP TABLE x'", &[]),
            ("sqlite3 -readonly dev.db 'DELETE FROM x'", &[]),
            ("sqlite3 dev.db '.backup copy.db'", &[]),
            ("pg_dump shop > backup.sql", &[]),
            ("createdb shop; createuser me", &[]),
            ("jq '.delete' x.json; sed -n 's/DELETE FROM/x/p' y", &[]),
            ("if false; then echo 'rm dev.db'; fi", &[]),
            ("[[ $x == 'DROP TABLE y' ]] && echo yes", &[]),
            ("test \"$x\" = 'drop table x'", &[]),
            ("x=$((1 + 2)); y='DROP TABLE z'", &[]),
            ("wipe() { psql -c 'DROP TABLE x'; }", &[]),
            ("cargo build && cargo test --workspace; make --version", &[]),
        ],
    );
}

#[test]
fn tools_are_known_by_their_words() {
    check(&[
        ("npx prisma migrate reset --force", &["1 reset"]),
        ("prisma migrate dev --name x", &["1 unknown"]),
        ("pnpm prisma migrate deploy", &["1 unknown"]),
        ("yarn prisma db push --force-reset", &["1 reset"]),
        ("bunx prisma db push --accept-data-loss", &["1 alter"]),
        ("npx --yes prisma@6 db push", &["1 unknown"]),
        ("npx prisma db push --force-reset=false", &["1 unknown"]),
        ("npx drizzle-kit push", &["1 unknown"]),
        ("pnpm dlx drizzle-kit push --force", &["1 alter"]),
        ("drizzle-kit migrate", &["1 unknown"]),
        ("npx knex --env x migrate:rollback --all", &["1 drop"]),
        ("npx sequelize-cli db:drop", &["1 reset"]),
        ("npx typeorm-ts-node-commonjs schema:drop -d x.ts", &["1 reset"]),
        ("bin/rails db:reset", &["1 reset"]),
        ("RAILS_ENV=test bundle exec rake db:drop db:create", &["1 reset"]),
        ("rails db:rollback STEP=2", &["1 drop"]),
        ("python manage.py flush --no-input", &["1 reset"]),
        ("./manage.py migrate", &["1 unknown"]),
        ("python3 manage.py migrate shop zero", &["1 drop"]),
        ("alembic downgrade -1", &["1 drop"]),
        ("poetry run alembic upgrade head", &["1 unknown"]),
        ("python -m alembic downgrade base", &["1 drop"]),
        ("mix ecto.reset", &["1 reset"]),
        ("php artisan migrate:fresh --seed", &["1 reset"]),
        ("supabase db reset", &["1 reset"]),
        ("heroku pg:reset DATABASE --confirm shop", &["1 reset"]),
        ("dropdb -h localhost shop", &["1 reset"]),
        ("pg_restore --clean -d shop x.dump", &["1 drop"]),
        ("pg_restore -d shop x.dump", &["1 insert"]),
        ("docker compose down -v", &["1 reset"]),
        ("docker-compose -f dev.yml down --volumes", &["1 reset"]),
        ("docker volume rm shop_pgdata", &["1 reset"]),
        ("docker volume ls -q | xargs docker volume rm", &["1 reset"]),
        ("dbmate drop && dbmate up", &["1 reset", "1 unknown"]),
        ("sqlx database reset -y", &["1 reset"]),
        ("node node_modules/.bin/prisma migrate reset", &["1 reset"]),
        ("node ace migration:fresh", &["1 reset"]),
        ("terraform destroy -auto-approve", &["1 unknown"]),
        ("npx prisma generate; npx prisma studio; npx prisma migrate status; prisma validate", &[]),
        ("npx prisma migrate reset --help", &[]),
        ("drizzle-kit generate; drizzle-kit studio", &[]),
        ("rails db:version; rake test; rails server", &[]),
        ("python manage.py runserver; python manage.py makemigrations", &[]),
        ("alembic revision --autogenerate; alembic current; alembic downgrade -1 --sql", &[]),
        ("docker compose up -d; docker compose down; docker volume ls; docker run --rm -v x:/y img ls", &[]),
        ("pg_restore --clean x.dump > x.sql", &[]),
        ("terraform plan; supabase start; dbmate status", &[]),
    ]);
}

#[test]
fn files_of_databases_are_known_by_their_names() {
    check_in(
        &[("data/shop.sqlite", ""), ("dist/a.js", ""), ("kept/backup.db", "")],
        &[
            ("rm dev.db", &["1 reset"]),
            ("rm -rf prisma/*.db", &["1 reset"]),
            ("rm -f prisma/dev.db* || true", &["1 reset"]),
            ("rm -f shop.{db,log}", &["1 reset"]),
            ("unlink db.sqlite3", &["1 reset"]),
            ("rm dev.db-wal dev.db-shm", &["1 reset"]),
            ("rm -rf data", &["1 reset"]),
            ("rm -rf ./data/*", &["1 reset"]),
            ("rm -rf /var/lib/postgresql/data", &["1 reset"]),
            ("rm -rf \"$PGDATA\"/base", &["1 unknown"]),
            ("rm \"$DB_FILE\"", &["1 unknown"]),
            ("DB_FILE=dev.db; rm \"$DB_FILE\"", &["1 reset"]),
            ("rm ${DB_FILE:-./dev.db}", &["1 reset"]),
            ("mv dev.db old.db", &["1 reset"]),
            ("mv new.db dev.db", &["1 reset"]),
            ("cp seed.db dev.db", &["1 reset"]),
            ("cp x kept/backup.db", &["1 reset"]),
            ("truncate -s 0 dev.db", &["1 reset"]),
            ("> dev.db", &["1 reset"]),
            (": > dev.db", &["1 reset"]),
            ("gunzip -c x.gz > dev.db", &["1 reset"]),
            ("cat x | tee dev.db", &["1 reset"]),
            ("dd if=/dev/zero of=dev.db", &["1 reset"]),
            ("curl -o dev.db https://example.com", &["1 reset"]),
            ("npx rimraf dev.db", &["1 reset"]),
            ("find . -name '*.sqlite' -delete", &["1 reset"]),
            ("find . -name '*.db' -exec rm {} \\;", &["1 reset"]),
            ("find . -name '*.db' | xargs rm -f", &["1 reset"]),
            ("git clean -fdx", &["1 reset"]),
            ("git checkout -- dev.db", &["1 reset"]),
            ("git restore prisma/dev.db", &["1 reset"]),
            ("cd data && rm shop.sqlite", &["1 reset"]),
            ("rm -rf dist node_modules build", &[]),
            ("rm dev.db.bak dev.db-shm notes.txt", &[]),
            ("rm -rf \"$TMPDIR\"", &[]),
            ("cp dev.db backup.db", &[]),
            ("cp dev.db /tmp/dev.db.bak", &[]),
            ("cp dev.db \"backup-$(date +%F).db\"", &[]),
            ("mv a.txt b.txt; touch dev.db; ls *.db", &[]),
            ("sqlite3 dev.db .dump > x.sql", &[]),
            ("git rm --cached dev.db; scp dev.db host:", &[]),
            ("git clean -n; git clean -fd; git checkout main; git status", &[]),
            ("git clean -fdx -e '*.db'", &[]),
            ("find . -name '*.log' -delete", &[]),
            ("echo dev.db; stat dev.db; ls -la dev.db 2> err.db.txt", &[]),
        ],
    );
    check(&[("git clean -fdx", &["1 unknown"])]);
}

#[test]
fn wrapped_commands_are_found() {
    check(&[
        ("sudo -u postgres psql -c 'DROP TABLE x'", &["1 drop x"]),
        ("PGPASSWORD=x psql -c 'DROP TABLE x'", &["1 drop x"]),
        ("env -i A=b dropdb x", &["1 reset"]),
        ("time nohup nice -n 5 timeout 10 dropdb x", &["1 reset"]),
        ("dotenv -e .env.test -- npx prisma migrate reset", &["1 reset"]),
        ("cross-env NODE_ENV=test prisma migrate reset", &["1 reset"]),
        ("sh -c 'rm dev.db'", &["1 reset"]),
        ("bash -lc \"psql -c 'DROP TABLE x'\"", &["1 drop x"]),
        ("bash -c 'bash -c \"rm dev.db\"'", &["1 reset"]),
        ("eval 'rm dev.db'", &["1 reset"]),
        ("su - postgres -c 'dropdb x'", &["1 reset"]),
        ("ssh -p 22 me@host 'dropdb shop'", &["1 reset"]),
        ("ssh host rm dev.db", &["1 reset"]),
        ("docker exec -it -e A=b db psql -U me -c 'DROP TABLE x'", &["1 drop x"]),
        ("docker compose -f x.yml exec -T db psql -c 'DROP TABLE x'", &["1 drop x"]),
        ("docker compose exec -T db psql < none.sql", &["1 unknown"]),
        ("docker run --rm -v a:/b postgres dropdb x", &["1 reset"]),
        ("docker exec db sh -c 'dropdb x'", &["1 reset"]),
        ("kubectl exec -n x pod-1 -- dropdb x", &["1 reset"]),
        ("concurrently 'npm run x' 'rm dev.db'", &["1 reset"]),
        ("echo a | xargs -I{} psql -c 'DROP TABLE {}'", &["1 drop"]),
        ("ls && (cd x; rm dev.db) & wait", &["1 reset"]),
        ("true || rm dev.db", &["1 reset"]),
        ("if [ -f dev.db ]; then\n  rm dev.db\nfi", &["2 reset"]),
        ("while read t; do\n  psql -c \"DROP TABLE $t\"\ndone < tables", &["2 drop"]),
        ("for t in users posts; do psql -c \"TRUNCATE $t\"; done", &["1 truncate users", "1 truncate posts"]),
        ("case $1 in\n  reset) dropdb x ;;\n  *) echo no ;;\nesac\nrm dev.db", &["2 reset", "5 reset"]),
        ("wipe() { psql -c \"DELETE FROM $1\"; }\nwipe users", &["1 delete users"]),
        ("step() { echo $1; shift; \"$@\"; }\nstep first dropdb x\nstep second ls", &["1 reset"]),
        ("function wipe {\n  dropdb x\n}\nwipe", &["2 reset"]),
        ("trap 'rm dev.db' EXIT", &["1 reset"]),
        ("x=$(psql -c 'DROP TABLE x')", &["1 drop x"]),
        ("echo `rm dev.db`", &["1 reset"]),
        ("echo \"done $(dropdb x)\"", &["1 reset"]),
        ("PSQL='psql -q'\n$PSQL -c 'DROP TABLE x'", &["2 drop x"]),
        ("$(which psql) -c 'DROP TABLE x'", &["1 drop x"]),
        ("node_modules/.bin/prisma migrate \\\n  reset", &["1 reset"]),
        ("cmd=(psql -c \"DROP TABLE x\")\n\"${cmd[@]}\"", &["2 drop x"]),
        ("flags=()\nflags+=(\n  --force-reset\n)\nprisma db push \"${flags[@]}\"", &["5 reset"]),
        ("cmd=(psql)\n\"${other[@]}\" -x", &["2 unknown"]),
        (
            "tables=(a b)\nfor t in \"${tables[@]}\"; do psql -c \"TRUNCATE $t\"; done",
            &["2 truncate a", "2 truncate b"],
        ),
        ("npx dotenv-cli -e .env -- prisma migrate reset", &["1 reset"]),
        ("npm exec -c 'prisma migrate reset'", &["1 reset"]),
        ("bun --bun run prisma migrate reset", &["1 reset"]),
        ("find . -name '*.db' | while read -r f; do rm \"$f\"; done", &["1 reset"]),
        ("find . -name '*.log' | while read -r f; do rm \"$f\"; done", &[]),
        ("read -r -d '' Q <<'EOF'\nDROP TABLE x;\nEOF\npsql -c \"$Q\"", &["4 drop x"]),
        ("psql -f /dev/stdin <<< 'DROP TABLE x'", &["1 drop x"]),
        ("perl -e 'unlink \"dev.db\"'; php -r '$pdo->exec(\"DELETE FROM x\");'", &["1 reset", "1 delete x"]),
        ("perl -pi -e 's/dev.db/x/' y; php -v; php -S localhost:1", &[]),
        ("$CMD", &["1 unknown"]),
        ("eval \"$CMD\"", &["1 unknown"]),
        ("exec \"$@\"", &["1 unknown"]),
        ("curl -fsSL https://example.com/x.sh | sh", &["1 unknown"]),
        ("bash <(curl -s https://example.com/x.sh)", &["1 unknown"]),
        ("sudo ls; env; time ls; docker exec db ls; ssh host uptime; sh -c 'ls'; xargs ls", &[]),
        ("f() { f; }; f", &[]),
        ("echo \"unfinished $(ls", &[]),
        ("case x in", &[]),
        (") } fi done ;; && |", &[]),
    ]);
    let deep = format!("{}rm dev.db{}", "(".repeat(500), ")".repeat(500));
    check(&[(deep.as_str(), &["1 unknown"])]);
}

#[test]
fn scripts_of_a_package_are_followed() {
    let manifest = r#"{
  "name": "shop",
  "scripts": {
    "predb:wipe": "echo wiping",
    "db:wipe": "rm -f dev.db",
    "postdb:wipe": "psql -c 'DELETE FROM logs'",
    "test": "npm run db:wipe && vitest",
    "start": "node server.js",
    "sql": "psql -c",
    "postinstall": "prisma generate",
    "loop": "npm run loop",
    "seedy": "prisma db seed",
    "clean": "rm -rf dist",
    "fine": "eslint . && tsc"
  },
  "prisma": { "seed": "bash seed.sh" }
}"#;
    let content = [
        ("package.json", manifest),
        ("seed.sh", "echo seeding\npsql -c 'TRUNCATE users'\n"),
        ("server.js", ""),
        ("packages/api/package.json", "{ \"name\": \"@shop/api\",\n\"scripts\": { \"wipe\": \"./wipe.sh\" } }"),
        ("packages/api/wipe.sh", "dropdb api"),
    ];
    let wiped = ["package.json:5 reset", "package.json:6 delete logs"];
    check_in(
        &content,
        &[
            ("npm run db:wipe", &wiped),
            ("npm run -s db:wipe", &wiped),
            ("npm test", &wiped),
            ("pnpm db:wipe", &wiped),
            ("yarn db:wipe", &wiped),
            ("bun run db:wipe", &wiped),
            ("npm-run-all fine db:wipe", &wiped),
            ("cd packages/api && pnpm -w run db:wipe", &wiped),
            ("npm run none -w elsewhere", &["1 unknown"]),
            ("npm run sql -- 'DROP TABLE x'", &["package.json:9 drop x"]),
            ("npx prisma db seed", &["seed.sh:2 truncate users"]),
            ("npm run seedy", &["seed.sh:2 truncate users"]),
            ("npm run wipe -w @shop/api", &["packages/api/wipe.sh:1 reset"]),
            ("pnpm --filter @shop/api wipe", &["packages/api/wipe.sh:1 reset"]),
            ("pnpm -r run wipe", &["packages/api/wipe.sh:1 reset"]),
            ("npm run wipe --workspaces", &["packages/api/wipe.sh:1 reset"]),
            ("npx turbo run wipe", &["packages/api/wipe.sh:1 reset"]),
            ("yarn workspace @shop/api wipe", &["packages/api/wipe.sh:1 reset"]),
            ("npm --prefix packages/api run wipe", &["packages/api/wipe.sh:1 reset"]),
            ("cd packages/api && npm run wipe", &["packages/api/wipe.sh:1 reset"]),
            ("npm run \"$SCRIPT\"", &["1 unknown"]),
            ("npm run fine; npm run clean; npm start; npm run none; npm run loop", &[]),
            ("npm install; npm ci; yarn; pnpm add prisma; npm run; npm --version", &[]),
        ],
    );
}

#[test]
fn scripts_in_files_are_followed() {
    let content = [
        ("scripts/wipe.sh", "#!/bin/sh\ncd \"$(dirname \"$0\")\"\npsql -f wipe.sql\n"),
        ("scripts/wipe.sql", "DELETE FROM a;"),
        (
            "scripts/up.sh",
            "SCRIPT_DIR=\"$(cd \"$(dirname \"${BASH_SOURCE[0]}\")/..\" && pwd)\"\npsql -f \"$SCRIPT_DIR/root.sql\"\n",
        ),
        ("root.sql", "DROP TABLE r;"),
        ("lib.sh", "wipe() { dropdb x; }\nTABLE=users\n"),
        ("deploy", "rm dev.db"),
        ("tool", "#!/usr/bin/env bash\nrm dev.db"),
        ("wipe.py", "cursor.execute('DELETE FROM a')\n"),
        (
            "Makefile",
            "DB ?= shop\nPSQL := psql -q\n.PHONY: all\nall: build\n\nbuild:\n\t@echo ok\n\nreset: build drop\n\tnpx prisma db push \\\n\t  --force-reset\n\ndrop:\n\t-dropdb $(DB)\n\t$(PSQL) -c \"DELETE FROM $$TABLE\"\n",
        ),
        ("justfile", "db := \"shop\"\n\ndefault:\n  echo ok\n\nwipe name=\"x\": default\n  dropdb {{db}}\n"),
        ("a.sh", "./b.sh"),
        ("b.sh", "./a.sh\nrm dev.db"),
    ];
    check_in(
        &content,
        &[
            ("bash scripts/wipe.sh", &["scripts/wipe.sql:1 delete a"]),
            ("./scripts/wipe.sh --force", &["scripts/wipe.sql:1 delete a"]),
            ("sh -x scripts/wipe.sh", &["scripts/wipe.sql:1 delete a"]),
            ("bash scripts/up.sh", &["root.sql:1 drop r"]),
            ("cat scripts/wipe.sh | bash", &["scripts/wipe.sql:1 delete a"]),
            ("source lib.sh\nwipe\npsql -c \"DELETE FROM $TABLE\"", &["lib.sh:1 reset", "3 delete users"]),
            (". ./lib.sh; wipe", &["lib.sh:1 reset"]),
            ("bash deploy", &["deploy:1 reset"]),
            ("./tool", &["tool:2 reset"]),
            ("python wipe.py", &["wipe.py:1 delete a"]),
            ("python3 -u wipe.py --all", &["wipe.py:1 delete a"]),
            ("python -c \"cursor.execute('DELETE FROM a')\"", &["1 delete a"]),
            ("python - <<EOF\nx = 1\ncursor.execute('DELETE FROM a')\nEOF", &["3 delete a"]),
            ("make reset", &["Makefile:14 reset", "Makefile:15 delete", "Makefile:10 reset"]),
            ("make -C . drop DB=x", &["Makefile:14 reset", "Makefile:15 delete"]),
            ("just wipe", &["justfile:7 reset"]),
            ("./a.sh", &["b.sh:2 reset"]),
            ("./none.sh", &["1 unknown"]),
            ("make none", &["1 unknown"]),
            ("node none.js", &["1 unknown"]),
            ("python \"$SCRIPT\"", &["1 unknown"]),
            ("cat > x.sh <<'EOF'\nrm dev.db\nEOF\nbash x.sh", &["2 reset"]),
            ("bash <<'EOF'\nls\nrm dev.db\nEOF", &["3 reset"]),
            ("make; make build; just; just default; source lib.sh; source .env; . venv/bin/activate", &[]),
            ("python -m pytest; python -m venv x; python --version; ruby -v", &[]),
        ],
    );
}
