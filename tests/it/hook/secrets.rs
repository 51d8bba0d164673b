//! What a call is given is not all kept: no password is in a snapshot or in a file of the store.

use super::{Call, fed, fill};
use crate::support::place::Place;
use serde_json::json;

/// Whether a text stands in any file that people or other agents read.
fn is_kept(place: &Place, secret: &str) -> bool {
    let log = place.round.json(&["log"]).to_string();
    let dir = place.round.project.path().join(".dbsnap/hooks");
    let files = std::fs::read_dir(dir).unwrap().map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap());
    log.contains(secret) || files.into_iter().any(|text| text.contains(secret))
}

#[test]
fn passwords_of_shell_commands_are_not_kept() {
    for command in [
        "mysql -u root -phunter2 shop",
        "curl -u ann:hunter2 https://example.com",
        "cd x && sshpass -p hunter2 ssh example.com",
        "for i in 1 2; do mysql -p'hunter2' < a.sql; done",
        "PGPASSWORD=hunter2 psql -c 'SELECT 1'",
        "echo $(mysql -phunter2 -e 'SELECT 1')",
    ] {
        let place = Place::sqlite();
        fill(&place);
        Call::new(&place, "1", command).let_go();
        assert_eq!(place.listed(), 1, "{command}");
        assert!(!is_kept(&place, "hunter2"), "{command}");
        assert!(is_kept(&place, "***"), "{command}");
    }
}

/// Of what a tool is given, SQL is kept, and nothing else.
#[test]
fn what_a_tool_is_given_is_not_kept() {
    let place = Place::sqlite();
    fill(&place);
    let mut input = Call::new(&place, "1", "").input("PreToolUse");
    input["tool_name"] = json!("mcp__postgres__query");
    input["tool_input"] = json!({
        "user": "ann", "password": "hunter2", "sql": "ALTER USER ann PASSWORD 'hunter3'; DELETE FROM mods",
    });
    fed(&place.round.plain(&["hook", "pre-tool-use"]), input.to_string().as_bytes()).success();
    assert_eq!(place.listed(), 1);
    assert!(!is_kept(&place, "hunter2") && !is_kept(&place, "hunter3"));
    assert!(is_kept(&place, "mcp__postgres__query") && is_kept(&place, "DELETE FROM mods"));
}
