use super::*;

/// `line effect tables`, with `*` where all rows are meant.
fn shown(text: &str) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.sql"), "DELETE FROM a").unwrap();
    std::fs::create_dir(dir.path().join("shop")).unwrap();
    let models = "class Post(models.Model):\n    class Meta:\n        db_table = 'posts'\n\nclass User(models.Model):\n    a = 1\n";
    std::fs::write(dir.path().join("shop/models.py"), models).unwrap();
    let show = |finding: &Finding| {
        assert_eq!(finding.effect == Effect::Unknown, finding.reason.is_some(), "{text}");
        let effect = format!("{:?}", finding.effect).to_lowercase();
        let all = if finding.all_rows { "*" } else { "" };
        format!("{} {effect}{all} {}", finding.line, finding.tables.join(",")).trim_end().to_owned()
    };
    findings(text, &Files::new(dir.path(), dir.path())).iter().map(show).collect()
}

fn check(table: &[(&str, &[&str])]) {
    crate::check::tests::hold(table, shown);
}

#[test]
fn sql_texts_of_python_are_read() {
    check(&[
        ("cur.execute('DELETE FROM users')", &["1 delete* users"]),
        ("cur.execute(\"DELETE FROM users WHERE id = %s\", (1,))", &["1 delete users"]),
        ("cur.execute('''\n  UPDATE users\n  SET a = 1\n''')", &["2 update* users"]),
        ("SQL = \"\"\"\nTRUNCATE users;\n\"\"\"\ncur.execute(SQL)", &["2 truncate* users"]),
        ("cur.execute(f\"DELETE FROM {table} WHERE id = {id}\")", &["1 delete"]),
        ("cur.execute(f'DELETE FROM users WHERE id = {x[\"a\"]}')", &["1 delete users"]),
        ("cur.execute('DELETE FROM %s' % table)", &["1 delete*"]),
        ("cur.execute('DELETE FROM users WHERE id = %d' % 1)", &["1 delete users"]),
        ("cur.execute('DELETE FROM {}'.format(table))", &["1 delete*"]),
        ("cur.execute('DELETE FROM ' + table)", &["1 delete*"]),
        ("cur.execute('DELETE FROM ' + 'users')", &["1 delete* users"]),
        ("cur.execute('DELETE FROM users '\n            'WHERE id = 1')", &["1 delete users"]),
        ("sql = ('DELETE '\n  'FROM users')\ncur.execute(sql)", &["1 delete* users"]),
        ("conn.execute(text('DROP TABLE users'))", &["1 drop* users"]),
        ("conn.executescript(open('a.sql').read())", &["1 delete* a"]),
        ("cur.execute(r'DELETE FROM users WHERE a ~ \"\\d\"')", &["1 delete users"]),
        ("cur.execute('SELECT wipe()')", &["1 unknown"]),
        ("def run(sql):\n    cur.execute(sql)", &["2 unknown"]),
        ("sql = statement(table)\nconn.exec(sql)", &["2 unknown"]),
        ("cur.execute(build())", &["1 unknown"]),
        ("x = 'it''s'\ny = 'DELETE FROM a'", &["2 delete* a"]),
        ("# DELETE FROM users\nx = 1", &[]),
        ("def f():\n    \"\"\"DELETE FROM users\"\"\"\n    return 1", &[]),
        ("\"\"\"\nDELETE FROM users\n\"\"\"\nimport os", &[]),
        ("class A:\n    'DROP TABLE users'\n    x = 1", &[]),
        ("print('Deleting users'); print('Delete all users?')", &[]),
        ("print('Update the profile'); log('Truncate the file'); log('Drop the table')", &[]),
        ("help = 'Select a file (optional)'", &[]),
        ("x = 'note: DELETE FROM users'", &[]),
        ("cur.execute('SELECT * FROM users WHERE id = %s', (1,))", &[]),
        ("stmt = select(User)\nsession.execute(stmt)\nsession.execute(select(User))", &[]),
        ("cur.execute('CREATE TABLE IF NOT EXISTS a (id int)')", &[]),
        ("open('b.sql'); pool.execute", &[]),
    ]);
}

#[test]
fn what_no_database_keeps_is_left_out() {
    let rolled = "import psycopg2\nconn = psycopg2.connect(x)\nwith conn.cursor() as cur:\n    cur.execute('DELETE FROM a')\nconn.rollback()\n";
    let kept = rolled.replace("conn.rollback()", "conn.rollback()\n    conn.commit()");
    let managed = rolled.replace("with conn.cursor", "with conn, conn.cursor");
    let block = "User.transaction do\n  User.delete_all\n  raise ActiveRecord::Rollback\nend\n";
    let dry = block.replace("  raise", "  if dry\n  raise");
    let also = format!("Post.delete_all\n{block}");
    check(&[
        (rolled, &[]),
        (kept.as_str(), &["4 delete* a"]),
        (managed.as_str(), &["4 delete* a"]),
        (block, &[]),
        (dry.as_str(), &["2 delete* users"]),
        (block.replace("Rollback", "Rollback if dry").as_str(), &["2 delete* users"]),
        (also.as_str(), &["1 delete* posts"]),
        (
            "m = sqlite3.connect(':memory:')\nm.execute('DELETE FROM a')\nc = m.cursor()\nc.execute('DELETE FROM b')",
            &[],
        ),
        ("m = sqlite3.connect('dev.db')\nm.execute('DELETE FROM a')", &["2 delete* a"]),
    ]);
}

#[test]
fn commands_of_python_and_ruby_are_read() {
    check(&[
        ("os.system('rm dev.db')", &["1 reset*"]),
        ("subprocess.run('npx prisma migrate reset', shell=True)", &["1 reset*"]),
        ("subprocess.run(['psql', '-c', 'DELETE FROM a'], check=True)", &["1 delete* a"]),
        ("subprocess.check_call(['dropdb', name])", &["1 reset*"]),
        ("os.remove('dev.db')", &["1 reset*"]),
        ("Path('prisma/dev.db').unlink()", &["1 reset*"]),
        ("call_command('flush', '--noinput')", &["1 reset*"]),
        ("system('rm dev.db')", &["1 reset*"]),
        ("system 'dropdb', 'shop'\nputs 1", &["1 reset*"]),
        ("out = `psql -c 'DROP TABLE x'`", &["1 drop* x"]),
        ("%x(dropdb shop)", &["1 reset*"]),
        ("sh 'rails db:reset'", &["1 reset*"]),
        ("File.delete('dev.db')\nFileUtils.rm_rf('tmp')", &["1 reset*"]),
        ("Rake::Task['db:reset'].invoke", &["1 reset*"]),
        ("os.system('ls'); subprocess.run(['git', 'status'], cwd=x)", &[]),
        ("os.remove('a.txt'); shutil.rmtree('build'); system('echo rm dev.db')", &[]),
        ("print('rm dev.db'); x = 'npx prisma migrate reset'", &[]),
    ]);
}

#[test]
fn sql_texts_of_ruby_are_read() {
    check(&[
        ("conn.execute(\"DELETE FROM users\")", &["1 delete* users"]),
        ("conn.execute \"DELETE FROM #{table} WHERE id = #{x[:id]}\"", &["1 delete"]),
        (
            "conn.execute(<<~SQL)\n  UPDATE users SET a = 1;\n  DROP TABLE b;\nSQL\nputs 1",
            &["2 update* users", "3 drop* b"],
        ),
        ("sql = <<-'EOS'.strip\n  DELETE FROM a\n  EOS\nDB.run(sql)", &["2 delete* a"]),
        ("conn.exec(%q(DELETE FROM a))", &["1 delete* a"]),
        ("def sql\n  'DELETE FROM a'\nend", &["2 delete* a"]),
        ("=begin\nDELETE FROM a\n=end\nputs 'x'", &[]),
        ("x << y\nputs \"a #{b} c\"", &[]),
        ("a = b <<1\n# 'DROP TABLE x'", &[]),
    ]);
}

#[test]
fn models_are_resolved_to_tables() {
    check(&[
        ("class User(Base):\n    __tablename__ = 'users'\nsession.query(User).delete()", &["3 delete* users"]),
        (
            "class User(models.Model):\n    class Meta:\n        db_table = \"people\"\nclass Post(models.Model):\n    x = 1\nUser.objects.all().delete()",
            &["6 delete* people"],
        ),
        ("class User(SQLModel, table=True):\n    id: int\nsession.query(User).delete()", &["3 delete* user"]),
        ("class User < ActiveRecord::Base\n  self.table_name = 'people'\nend\nUser.delete_all", &["4 delete* people"]),
        ("class UserName: pass\nsession.query(User).delete()", &["2 delete* User"]),
        ("from shop.models import Post, User\nUser.objects.all().delete()", &["2 delete* shop_user"]),
        ("from shop.models import Post\nPost.objects.all().delete()", &["2 delete* posts"]),
        ("from other.models import User\nUser.objects.all().delete()", &["2 delete* User"]),
    ]);
}

#[test]
fn calls_that_change_rows_are_known() {
    check(&[
        ("User.objects.all().delete()", &["1 delete* User"]),
        ("User.objects.filter(active=False).delete()", &["1 delete User"]),
        ("shop.models.User.objects.exclude(a=1).update(b=2)", &["1 update User"]),
        ("User.objects.update(b=2)", &["1 update* User"]),
        ("User.objects.update_or_create(a=1)", &["1 upsert User"]),
        ("User.objects.bulk_create(users)", &["1 insert User"]),
        ("from django.db import models\nuser.delete()", &["2 delete"]),
        ("session.query(User).delete()", &["1 delete* User"]),
        ("session.query(User).filter(User.a == 1).delete()", &["1 delete User"]),
        ("(session.query(User)\n  .filter_by(a=1)\n  .update({'b': 2}))", &["3 update User"]),
        ("session.delete(user)", &["1 delete"]),
        ("from sqlalchemy import delete\nsession.execute(delete(User))", &["2 delete* User"]),
        ("from sqlalchemy import delete\nsession.execute(delete(User).where(User.id == 1))", &["2 delete User"]),
        ("from sqlalchemy import update\nsession.execute(update(User).values(a=1))", &["2 update* User"]),
        ("Base.metadata.drop_all(engine)", &["1 drop*"]),
        ("User.__table__.drop(engine)", &["1 drop* User"]),
        ("op.drop_table('users')\nop.drop_column('posts', 'a')", &["1 drop* users", "2 alter* posts"]),
        ("User.delete().where(User.a == 1).execute()", &["1 delete User"]),
        ("df.to_sql('users', engine, if_exists='replace')", &["1 drop* users"]),
        ("df.to_sql('users', engine)", &["1 insert users"]),
        ("User.destroy_all", &["1 delete* users"]),
        ("User.where(active: false).delete_all", &["1 delete users"]),
        ("User.where(a: 1)\n  .update_all(b: 2)", &["2 update users"]),
        ("User.find(1).destroy!", &["1 delete users"]),
        ("ModCategory.delete_all", &["1 delete* mod_categories"]),
        ("stale = User.where(a: 1)\nstale.delete_all", &["2 delete users"]),
        ("qs = User.objects.all()\nqs.delete()", &["2 delete* User"]),
        ("qs = User.objects.filter(a=1)\nqs = qs.order_by('b')\nqs.delete()", &["3 delete User"]),
        ("t = DB[:users]\nold = t.where { a < 1 }\nold.delete", &["3 delete users"]),
        ("puts \"a\nb #{User.delete_all} rows\"", &["1 delete* users"]),
        ("print(f'{User.objects.all().delete()} rows')", &["1 delete* User"]),
        ("getattr(User.objects.all(), 'delete')()", &["1 unknown"]),
        ("User.public_send(:delete_all)", &["1 unknown"]),
        ("getattr(user, 'name'); user.send(:name)", &[]),
        ("User.objects.all()._raw_delete(db)", &["1 delete* User"]),
        ("users.each(&:destroy)", &["1 delete"]),
        ("User.find_each { |u| u.update!(a: 1) }", &["1 update"]),
        ("from django.db import models\nuser.save()", &["2 upsert"]),
        ("from sqlalchemy import select\nuser.name = 1\nsession.commit()", &["3 unknown"]),
        ("user&.destroy", &["1 delete"]),
        ("ActiveRecord::Base.connection.truncate('users')", &["1 truncate* users"]),
        ("drop_table :users, if_exists: true", &["1 drop* users"]),
        ("remove_column :users, :a", &["1 alter* users"]),
        ("DatabaseCleaner.clean_with(:truncation)", &["1 truncate*"]),
        ("DB[:users].where(a: 1).delete", &["1 delete users"]),
        ("DB[:users].truncate", &["1 truncate* users"]),
        ("from sqlalchemy import select\nsession.add(user)\nsession.commit()", &[]),
        ("from sqlalchemy import delete\nprint(delete(User).compile())", &[]),
        ("deleted = Counter()\ndeleted.update([1]); c = Mod.group(:a).count\nc.delete(1)", &[]),
        ("h = Hash.new\nh.delete(:a); x = Foo.new\nx.delete(:b)", &[]),
        ("d = {}; d.update(a=1); d.update({'b': 2})", &[]),
        ("requests.delete('https://example.com/users/1')", &[]),
        ("client.delete(url); cache.delete('key'); File.truncate('x', 0)", &[]),
        ("hash.delete(:a); 'abc'.delete('a'); set.update([1])", &[]),
        ("User.objects.filter(a=1).count(); session.query(User).all()", &[]),
        ("def delete(self): pass", &[]),
        ("User.where(a: 1).count", &[]),
    ]);
}
