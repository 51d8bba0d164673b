//! `dbsnap check`

use super::{Shop, shown};

const SCRIPT: &str = "import { PrismaClient } from '@prisma/client'
const prisma = new PrismaClient()
await prisma.mods.deleteMany({ where: { price: 0 } })
";

#[test]
fn a_script() {
    let shop = Shop::without_store();
    shop.project.write("cleanup.ts", SCRIPT);
    shop.project.write("report.sql", "SELECT count(*) FROM mods;\nINSERT INTO authors VALUES ('a', 'Ann');\n");
    shop.project.write("any.ts", format!("{SCRIPT}await prisma.$executeRawUnsafe(process.argv[2])\n"));
    insta::assert_snapshot!(shop.run(["check", "cleanup.ts"]), @r#"
    exit 0
    --- stdout
    Destructive: mods

    cleanup.ts:3  deletes rows of mods
        prisma.mods.deleteMany({ where: { price: 0 } })

    Before you run it: dbsnap snap mods -m "before the script"
    "#);
    insta::assert_snapshot!(shop.run(["check", "--exit-code", "-q", "report.sql"]), @r"
    exit 0
    --- stdout
    Harmless: nothing in it changes rows or tables that are there

    report.sql:2  adds rows to authors  INSERT INTO authors VALUES ('a', 'Ann')
    ");
    insta::assert_snapshot!(shop.run(["check", "any.ts"]), @r#"
    exit 0
    --- stdout
    Destructive: mods

    any.ts:3  deletes rows of mods  prisma.mods.deleteMany({ where: { price: 0 } })
    any.ts:4  cannot be told: the SQL text is not constant
        prisma.$executeRawUnsafe(process.argv[2])

    Before you run it: dbsnap snap --all -m "before the script"
    "#);
    insta::assert_snapshot!(shop.run(["check", "--exit-code", "--json", "cleanup.ts"]), @r#"
    exit 1
    --- stdout
    {"version":1,"command":"check","verdict":"destructive","tables":["mods"],"findings":[{"file":"cleanup.ts","line":3,"text":"prisma.mods.deleteMany({ where: { price: 0 } })","effect":"delete","tables":["mods"],"allRows":false}],"files":["cleanup.ts"]}
    "#);
}

/// It is read only, and what cannot be read is no harmless script.
#[test]
fn what_cannot_be_checked() {
    let shop = Shop::new();
    shop.project.write("notes.txt", "DELETE FROM mods");
    insta::assert_snapshot!(shop.refused(["check", "nothing.ts"]), @r"
    exit 1
    --- stderr
    error: cannot read [DIR]/nothing.ts: No such file or directory (os error 2)
    ");
    insta::assert_snapshot!(shop.refused(["check", "notes.txt"]), @r"
    exit 2
    --- stderr
    error: it cannot be told what notes.txt is written in: name it with --language
    ");
    let run = shop.dbsnap(["check", "-l", "sql", "notes.txt", "--exit-code"]).run();
    assert_eq!(run.code(), Some(1), "{run}");
    let unknown = shop.project.write("odd.ts", "await import(process.argv[2])");
    let run = shop.dbsnap(["check", "--exit-code"]).arg(unknown).run();
    assert_eq!(run.code(), Some(3), "{run}");
}

#[test]
fn standard_input() {
    let shop = Shop::new();
    let piped = |text: &str, options: &str| {
        let line = format!("printf '{text}' | {} check - {options}", env!("CARGO_BIN_EXE_dbsnap"));
        shown(&shop.project.program("sh", ["-c", &line]).run())
    };
    insta::assert_snapshot!(piped("SELECT 1;\\nDELETE FROM mods;", ""), @r#"
    exit 0
    --- stdout
    Destructive: mods

    line 2  deletes all rows of mods  DELETE FROM mods

    Before you run it: dbsnap snap mods -m "before the script"
    "#);
    insta::assert_snapshot!(piped("rm dev.db", "-q"), @r"
    exit 0
    --- stdout
    Destructive

    line 1  removes or resets the database  rm dev.db
    ");
    insta::assert_snapshot!(piped("db.query(`DROP TABLE mods`)", "-q -l ts --exit-code"), @r"
    exit 1
    --- stdout
    Destructive: mods

    line 1  drops mods  DROP TABLE mods
    ");
    insta::assert_snapshot!(piped("\\377", ""), @r"
    exit 2
    --- stderr
    error: the script on standard input is not valid UTF-8
    ");
}
