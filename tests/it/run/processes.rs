//! The command's streams, exit code and signals.

use super::fill;
use crate::support::place::Place;
use std::fs;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn shop() -> Place {
    let place = Place::sqlite();
    fill(&place);
    place
}

#[test]
fn streams_environment_and_exit_code_are_the_commands() {
    let place = shop();
    let script = "cat; echo out; echo err >&2; echo $DBSNAP_RUN $EXTRA; pwd; exit 41";
    let invocation = place.running(&["mods", "-q"], &["sh", "-c", script]).env("EXTRA", "kept");
    let mut child =
        invocation.command().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"typed\n").unwrap();
    let output = child.wait_with_output().unwrap();
    let id = place.round.json(&["log"])["snapshots"][0]["id"].as_str().unwrap().to_owned();
    let dir = place.round.project.path().canonicalize().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("typed\nout\n{id} kept\n{}\n", dir.display()));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(stderr, "err\nThe command failed with exit code 41.\n");
    assert_eq!(output.status.code(), Some(41));
    for code in [0, 1, 2, 4, 11, 125, 126, 127, 130, 255] {
        let run = place.running(&["mods"], &["sh", "-c", &format!("exit {code}")]).run();
        assert_eq!(run.code(), Some(code), "{run}");
    }
    let run = place.running(&["mods"], &["sh", "-c", "kill -9 $$"]).run();
    assert_eq!(run.code(), Some(137), "{run}");
    assert!(run.stderr().contains("The command was killed by signal 9."), "{run}");
}

/// Where the program is not to be found nothing is done at all.
#[test]
fn what_cannot_be_run_takes_no_snapshot() {
    let place = shop();
    place.round.project.write("plain.sh", "echo never");
    place.round.project.write("folder/x", "");
    for (program, code) in [
        ("no-such-program", 127),
        ("./no-such-program", 127),
        ("plain.sh/x", 127),
        ("./plain.sh", 126),
        ("./folder", 126),
        ("", 127),
    ] {
        let run = place.running(&["mods"], &[program]).run();
        assert_eq!(run.code(), Some(code), "{run}");
        assert!(run.stderr().starts_with("error: cannot run "), "{run}");
        let run = place.round.invocation(&["run", "mods", "--", program]).run();
        let error: serde_json::Value = serde_json::from_str(run.stdout()).unwrap();
        assert_eq!(error["error"]["exitCode"], code);
    }
    assert_eq!(place.listed(), 0);
}

/// A script without an interpreter's line is the shell's; one whose interpreter is not there does not run.
#[test]
fn scripts_are_run_as_everywhere() {
    let place = shop();
    for (text, code) in [("echo $1; exit 3\n", 3), ("#!/bin/sh\nexit 4\n", 4), ("#!/no/such/interpreter\n", 127)] {
        let script = place.round.project.write("script", text);
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(&script, mode).unwrap();
        let run = place.running(&["mods"], &["./script", "word"]).run();
        assert_eq!(run.code(), Some(code), "{run}");
        assert_eq!(run.stdout(), if code == 3 { "word\n" } else { "" });
    }
}

/// Programs, too, are looked for from there.
#[test]
fn the_command_runs_where_dbsnap_was_told_to() {
    let place = shop();
    let script = place.round.project.write("folder/here.sh", "#!/bin/sh\npwd; cat /proc/$$/cmdline | tr '\\0' ' '\n");
    fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let dbsnap = |program: &str| {
        place.round.project.dbsnap(["-C", "folder", "--url", "file:../data.db", "run", "mods", "--", program, "a b"])
    };
    let run = dbsnap("./here.sh").run().success();
    let folder = script.parent().unwrap().canonicalize().unwrap();
    assert_eq!(run.stdout(), format!("{}\n/bin/sh ./here.sh a b ", folder.display()));
    let run = dbsnap("here.sh").env("PATH", format!(".:{}", std::env::var("PATH").unwrap())).run().success();
    assert!(run.stdout().starts_with(&format!("{}\n", folder.display())), "{run}");
    assert_eq!(dbsnap("./folder/here.sh").run().code(), Some(127));
}

/// A signal to dbsnap alone gets to the command, which decides; dbsnap still says what changed.
#[test]
fn signals_are_passed_on() {
    let place = shop();
    let ready = place.round.project.path().join("ready");
    for signal in ["TERM", "HUP", "INT", "QUIT", "USR1"] {
        let script = "trap 'exit 7' TERM HUP INT QUIT USR1; sqlite3 data.db 'UPDATE mods SET title = title || 1'; : > ready; \
                      n=0; while [ $n -lt 1200 ]; do sleep 0.05; n=$((n + 1)); done; exit 1";
        let _ = fs::remove_file(&ready);
        let mut command = place.running(&["mods"], &["sh", "-c", script]).command();
        // in a group of its own it is not in the foreground of a terminal
        command.process_group(0).stdout(Stdio::null()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        let begun = Instant::now();
        while !ready.exists() {
            assert!(begun.elapsed() < Duration::from_secs(60), "the command does not start");
            std::thread::sleep(Duration::from_millis(10));
        }
        let pid = child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{signal}"), &pid]).status().unwrap().success());
        let output = child.wait_with_output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.contains("mods: ~50"), "{signal}: {told}");
        assert_eq!(output.status.code(), Some(7), "{signal}: {told}");
    }
}

/// The terminal's Ctrl-C reaches the command by itself, once.
#[test]
fn ctrl_c_is_the_commands() {
    let place = shop();
    let script = "n=0; trap 'n=$((n + 1))' INT; echo waiting; sleep 1; sleep 1; echo $n interrupts; exit 9";
    let run = place.running(&["mods"], &["sh", "-c", script]).on_terminal(80, &[("waiting", "\u{3}")]).run();
    assert_eq!(run.code(), Some(9), "{run}");
    assert!(run.stdout().contains("1 interrupts"), "{run}");
    assert!(run.stdout().contains("Nothing changed in mods."), "{run}");
    let run = place.running(&["mods"], &["sh", "-c", "echo waiting; sleep 60"]);
    let run = run.on_terminal(80, &[("waiting", "\u{3}")]).run();
    assert_eq!(run.code(), Some(130), "{run}");
    assert!(run.stdout().contains("killed by signal 2"), "{run}");
}

/// The report stands in a line of its own, whatever the command left unfinished.
#[test]
fn the_report_is_a_line_of_its_own() {
    let place = shop();
    let run = place.round.invocation(&["run", "mods", "--", "printf", "foo"]).run().success();
    assert_eq!(run.stdout().lines().next(), Some("foo"), "{run}");
    assert_eq!(super::report(&run)["exitCode"], 0);
}

/// A signal of another process is passed on in the foreground, too.
#[test]
fn kill_is_passed_on_in_the_foreground() {
    let place = shop();
    let script = "trap 'exit 7' INT; kill -INT $PPID; n=0; while [ $n -lt 100 ]; do sleep 0.05; n=$((n + 1)); done";
    let run = place.running(&["mods"], &["sh", "-c", script]).on_terminal(80, &[]).run();
    assert_eq!(run.code(), Some(7), "{run}");
}

/// Whoever started dbsnap may have blocked what tells of children that end.
#[test]
fn a_blocked_sigchld_holds_nothing_up() {
    let place = shop();
    let run = place.running(&["mods"], &["sh", "-c", "exit 5"]).under(["env", "--block-signal=CHLD"]).run();
    assert_eq!(run.code(), Some(5), "{run}");
}

/// The shell is given the file that was found, not one of the same name.
#[test]
fn a_script_from_path_is_the_one_that_runs() {
    let place = shop();
    for (name, text) in [("bin/script", "echo found $0"), ("script", "echo other")] {
        let script = place.round.project.write(name, text);
        fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    let path = format!("{}:{}", place.round.project.path().join("bin").display(), std::env::var("PATH").unwrap());
    let run = place.running(&["mods"], &["script"]).env("PATH", path).run().success();
    assert!(run.stdout().starts_with("found /"), "{run}");
}

/// A shell stops both with Ctrl-Z, and goes on with both.
#[test]
fn ctrl_z_stops_both() {
    let place = shop();
    let dbsnap = place.round.project.dbsnap([""; 0]).command().get_program().to_owned();
    // what is typed is shown too, and must not be taken for what is printed
    let line = format!(
        "{} run mods -- sh -c \"echo wai''ting; sleep 2; sqlite3 data.db 'DELETE FROM mods WHERE id = 1'; exit 5\"\n",
        dbsnap.display()
    );
    let shell = place.round.project.program("bash", ["--norc", "--noprofile", "-i"]);
    let shell = shell.env("DBSNAP_URL", place.round.url());
    let dialog = [
        ("bash-", &*line),
        ("waiting", "\u{1a}"),
        ("Stopped", "sleep 3; sqlite3 data.db 'SELECT 40 + count(*) FROM mods'; fg\n"),
        ("[k/u/l] ", "k\n"),
        ("To undo", "exit $?\n"),
    ];
    let run = shell.on_terminal(200, &dialog).run();
    assert_eq!(run.code(), Some(5), "{run}");
    // nothing went on while both were stopped
    assert!(run.stdout().contains("90\r\n") && run.stdout().contains("mods: -1"), "{run}");
}

/// What was started to ignore a signal, as by `nohup`, goes on so, and its command too.
#[test]
fn ignored_signals_stay_ignored() {
    let place = shop();
    let script = "kill -HUP $PPID; kill -HUP $$; sleep 0.2; echo alive";
    let dbsnap = place.running(&["mods"], &["sh", "-c", script]).under(["sh", "-c", "trap '' HUP; exec \"$@\"", "sh"]);
    let run = dbsnap.run().success();
    assert_eq!(run.stdout(), "alive\n");
}

/// Only the command is waited for.
#[test]
fn a_child_that_stays_holds_nothing_up() {
    let place = shop();
    let script = "(sleep 20; : > late) & sqlite3 data.db 'DELETE FROM mods WHERE id = 1'";
    let begun = Instant::now();
    let out = fs::File::create(place.round.project.path().join("out")).unwrap();
    let mut command = place.running(&["mods"], &["sh", "-c", script]).command();
    let status = command.stdout(out.try_clone().unwrap()).stderr(out).status().unwrap();
    assert!(status.success() && begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    let told = fs::read_to_string(place.round.project.path().join("out")).unwrap();
    assert!(told.contains("mods: -1"), "{told}");
}
