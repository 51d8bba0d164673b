//! What is installed is what the agents take: their own types, or schemas of what their packages check.

use super::{ALL, agent, corpus, read, with};
use crate::support::files::project;
use crate::support::process::Project;
use serde_json::Value;

/// The schema of each file of JSON or TOML.
const SCHEMAS: [(&str, &str); 5] = [
    (".codex/hooks.json", "codex-hooks"),
    (".codex/config.toml", "codex-config"),
    (".gemini/settings.json", "gemini-settings"),
    (".cursor/hooks.json", "cursor-hooks"),
    (".cursor/mcp.json", "cursor-mcp"),
];

fn installed(project: &Project) {
    agent(project, &["install", "-y", "--for", ALL]).success();
}

/// A file of a project as a value.
fn value(project: &Project, name: &str) -> Value {
    let text = read(project, name);
    if name.ends_with(".toml") {
        return serde_json::to_value(text.parse::<toml::Table>().unwrap()).unwrap();
    }
    dbsnap::splice::json_value(&text, &[]).unwrap_or_else(|| panic!("{name}: {text}"))
}

/// What is wrong with each of these values by the schema of that name; null if nothing is.
fn validate<'s>(values: impl IntoIterator<Item = (&'s str, Value)>) -> Vec<Value> {
    let path = |schema| crate::support::files::project(&format!("tests/fixtures/agents/{schema}.schema.json"));
    let asked: Vec<_> = values.into_iter().map(|(schema, value)| (path(schema), value)).collect();
    let project = Project::new();
    let program = crate::support::files::project("tests/agents/validate.mjs");
    let file = project.write("values.json", serde_json::to_string(&asked).unwrap());
    let run = project.program("node", [program, file]).run().success();
    let answers: Vec<Value> = serde_json::from_str(run.stdout()).unwrap();
    assert_eq!(answers.len(), asked.len());
    answers
}

#[test]
fn files_of_codex_gemini_and_cursor_fit_their_schemas() {
    let project = with(&[]);
    installed(&project);
    let values = SCHEMAS.map(|(name, schema)| (schema, value(&project, name)));
    assert_eq!(validate(values.clone()), vec![Value::Null; SCHEMAS.len()]);
    // one field more, or of another kind, would be noticed
    let mut wrong = Vec::new();
    for (schema, value) in &values {
        let text = value.to_string();
        for (is, becomes) in [
            ("\"command\":", "\"comand\":"),
            ("\"hooks\":{", "\"hooks\":{\"NoSuchEvent\":[],"),
            ("\"args\":[", "\"args\":[1,"),
        ] {
            if text.contains(is) {
                wrong.push((*schema, serde_json::from_str(&text.replace(is, becomes)).unwrap()));
            }
        }
    }
    assert!(wrong.len() > SCHEMAS.len());
    for ((schema, value), errors) in wrong.iter().zip(validate(wrong.clone())) {
        assert!(errors.is_array(), "{schema}: {value}");
    }
}

/// What others have in their files is theirs; what is added to it is valid in each.
#[test]
fn the_corpus_fits_where_it_did_before() {
    let mut before = Vec::new();
    for (case, project) in corpus() {
        let project = std::rc::Rc::new(project);
        for (name, schema) in SCHEMAS.into_iter().filter(|(name, _)| project.path().join(name).exists()) {
            let text = read(&project, name);
            let text = text.trim_start_matches('\u{feff}').trim();
            // a file with nothing in it fits as well
            let value = if text.is_empty() || text == "{}" { None } else { Some(value(&project, name)) };
            before.push((case.clone(), project.clone(), name, schema, value));
        }
        installed(&project);
    }
    let asked = before.iter().filter_map(|(.., schema, value)| Some((*schema, value.clone()?)));
    let answers = validate(asked);
    let mut answers = answers.into_iter();
    before.retain(|(.., value)| value.is_none() || answers.next().unwrap().is_null());
    assert!(before.len() > SCHEMAS.len());
    let after = validate(before.iter().map(|(_, project, name, schema, _)| (*schema, value(project, name))));
    for ((case, _, name, ..), errors) in before.iter().zip(after) {
        assert!(errors.is_null(), "{case}: {name}: {errors}");
    }
}

/// The types are those of the package that Claude Code's own SDK ships; TypeScript checks them.
#[test]
fn settings_of_claude_code_fit_the_types_of_its_sdk() {
    let world = with(&[]);
    installed(&world);
    let types = project("tests/agents/node_modules/@anthropic-ai/claude-agent-sdk/sdk.d.ts");
    assert!(types.is_file(), "tests/run installs {}", types.display());
    let check = |settings: &str, servers: &str, events: &[&String]| {
        let events = serde_json::to_string(events).unwrap();
        let source = format!(
            "import type {{ HookEvent, McpStdioServerConfig, Settings }} from \"claude-agent-sdk\";\n\
             export const settings: Settings = {settings};\n\
             export const events: HookEvent[] = {events};\n\
             export const servers: Record<string, McpStdioServerConfig> = {servers};\n"
        );
        world.write("check.ts", source);
        let config = serde_json::json!({
            "compilerOptions": {
                "strict": true, "noEmit": true, "skipLibCheck": true, "module": "esnext", "moduleResolution": "bundler",
                "types": [], "paths": { "claude-agent-sdk": [types] },
            },
            "files": ["check.ts"],
        });
        world.write("tsconfig.json", config.to_string());
        world.program(project("tests/prisma/7/node_modules/.bin/tsc"), ["-p", "tsconfig.json"]).run()
    };
    let settings = read(&world, ".claude/settings.json");
    let servers = value(&world, ".mcp.json")["mcpServers"].to_string();
    let hooks = value(&world, ".claude/settings.json")["hooks"].clone();
    let events: Vec<&String> = hooks.as_object().unwrap().keys().collect();
    check(&settings, &servers, &events).success();
    // the settings take any name of an event
    assert_ne!(check(&settings, &servers, &[&"PostToolUseFails".to_owned()]).code(), Some(0));
    for (is, becomes) in [
        ("\"block\"", "\"blok\""),
        ("\"args\"", "\"arg\""),
        ("\"matcher\": \"Bash|PowerShell|Monitor|mcp__.*\"", "\"matcher\": 1"),
        ("\"timeout\"", "\"timeOut\""),
    ] {
        let wrong = settings.replacen(is, becomes, 1);
        assert_ne!(wrong, settings);
        assert_ne!(check(&wrong, &servers, &events).code(), Some(0), "{becomes}");
    }
    assert_ne!(check(&settings, &servers.replace("stdio", "pipe"), &events).code(), Some(0));
}
