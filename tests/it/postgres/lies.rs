//! A server that lies, and a network that loses what it carries.

use super::rows::{Rows, public, reads};
use crate::gauntlet::round::Round;
use crate::support::liar::{Message, Way, liar};
use crate::support::place::{Place, on_postgres};
use crate::support::postgres::PgServer;
use dbsnap::db::postgres::Postgres;
use dbsnap::db::{DbError, Host, OpenOptions, Sink, TableId};
use dbsnap::monitor::Silent;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Makes a table of a thousand rows, and one beside it.
pub(super) fn thousand(place: &Place) {
    place.sql("CREATE TABLE beside (id serial, w text); INSERT INTO beside (w) VALUES ('one'); CREATE TABLE t (id int PRIMARY KEY, w text); INSERT INTO t SELECT n, 'word ' || n FROM generate_series(1, 1000) n");
}

/// From now on dbsnap talks to a server that lies: `lie` is told the query, the way, the message, and how many of that
/// kind came before it during this query.
pub(super) fn behind(place: &Place, mut lie: impl FnMut(&str, Way, Message, u32) -> Vec<u8> + Send + 'static) {
    let mut before = (String::new(), [0u32; 512]);
    let port = liar(place.db().server, move |query, way, message| {
        if before.0 != query {
            before = (query.to_owned(), [0; 512]);
        }
        let count = &mut before.1[usize::from(message.tag) + if way == Way::ToServer { 256 } else { 0 }];
        *count += 1;
        let earlier = *count - 1;
        lie(query, way, message, earlier)
    });
    place.by(port);
}

type Lie = fn(Message, u32) -> Vec<u8>;

/// What a server may say in a query that gives a thousand rows, and must not get away with.
const LIES: &[(&str, Lie)] = &[
    ("a row is left out", |message, n| if (message.tag, n) == (b'D', 500) { vec![] } else { message.bytes() }),
    ("a row comes twice", |message, n| match (message.tag, n) {
        (b'D', 500) => message.bytes().repeat(2),
        _ => message.bytes(),
    }),
    ("one row more is counted", |message, _| instead(message, b'C', Message::complete("SELECT 1001").bytes())),
    ("nothing is counted", |message, _| instead(message, b'C', Message::complete("SELECT").bytes())),
    ("another command is done", |message, _| instead(message, b'C', Message::complete("ROLLBACK").bytes())),
    ("the command does not end", |message, _| instead(message, b'C', vec![])),
    ("the command ends twice", |message, _| {
        let twice = message.bytes().repeat(2);
        instead(message, b'C', twice)
    }),
    ("the rows are not described", |message, _| instead(message, b'T', vec![])),
    ("the rows are described twice", |message, _| {
        let described =
            Message::new(b'T', b"\0\x01id\0\0\0\0\0\0\0\0\0\0\x17\0\x04\xff\xff\xff\xff\0\0".as_slice()).bytes();
        instead(message, b'T', described)
    }),
    ("a row has a value too many", |message, n| row(message, n, &["501", "word", "more"])),
    ("a row has a value too few", |message, n| row(message, n, &["501"])),
    ("a row is empty", |message, n| row(message, n, &[])),
    ("a row is cut off", |message, n| raw(message, n, b"D\0\0\0\x0f\0\x02\0\0\0\x01\x35\0\0\0\x09")),
    ("a value is longer than its row", |message, n| {
        raw(message, n, b"D\0\0\0\x10\0\x02\0\0\0\x01\x35\x7f\xff\xff\xffw")
    }),
    ("a number is none", |message, n| row(message, n, &["many", "word"])),
    ("a number is too large", |message, n| row(message, n, &["99999999999999999999", "word"])),
    ("a text is not UTF-8", |message, n| raw(message, n, b"D\0\0\0\x10\0\x02\0\0\0\x01\x35\0\0\0\x01\xff")),
    ("a message is of no known kind", |message, n| raw(message, n, b"~\0\0\0\x04")),
    ("a message is longer than any may be", |message, n| raw(message, n, b"D\x7f\xff\xff\xff")),
    ("a message is shorter than its own length", |message, n| raw(message, n, b"D\0\0\0\x02")),
    ("COPY data is asked for", |message, n| raw(message, n, b"G\0\0\0\x07\0\0\0")),
    ("an error comes last", |message, _| {
        let error = Message::new(b'E', b"SERROR\0CXX001\0Mbroken\0\0".as_slice()).bytes();
        instead(message, b'C', error)
    }),
    ("the row is one of a COPY", |message, n| raw(message, n, b"d\0\0\0\x0d501\tword\n")),
];

fn instead(message: Message, tag: u8, bytes: Vec<u8>) -> Vec<u8> {
    if message.tag == tag { bytes } else { message.bytes() }
}

fn row(message: Message, n: u32, values: &[&str]) -> Vec<u8> {
    let mut body = u16::try_from(values.len()).unwrap().to_be_bytes().to_vec();
    for value in values {
        body.extend_from_slice(&u32::try_from(value.len()).unwrap().to_be_bytes());
        body.extend_from_slice(value.as_bytes());
    }
    raw(message, n, &Message::new(b'D', body).bytes())
}

fn raw(message: Message, n: u32, bytes: &[u8]) -> Vec<u8> {
    if (message.tag, n) == (b'D', 500) { bytes.to_vec() } else { message.bytes() }
}

#[test]
fn a_snapshot_of_what_a_liar_sends_is_refused() {
    let place = Place::owner();
    thousand(&place);
    for &(name, lie) in LIES {
        behind(&place, move |query, way, message, n| {
            if way == Way::ToClient && query.starts_with("SELECT \"id\"") { lie(message, n) } else { message.bytes() }
        });
        let run = place.unchanged(&place.round.plain(&["snap", "--all", "-q", "-m", name]));
        assert!(run.stderr().starts_with("error: "), "{name}: {run}");
    }
    place.directly();
    assert_eq!(place.round.snap(&["--all"]).tables["t"].rows, 1000);
}

/// Every message of the server, one after the other, is lost, sent twice or cut short: an error, or the rows as they
/// are.
#[test]
fn no_lost_doubled_or_cut_message_makes_other_rows() {
    let db = PgServer::shared().database();
    db.sql("CREATE TABLE t (id int PRIMARY KEY, w text, p int REFERENCES t); INSERT INTO t VALUES (1, 'a', 1), (2, NULL, 1), (3, 'c', 2)");
    let read = |port: u16| -> Result<Vec<Vec<u8>>, DbError> {
        let mut target = db.target();
        target.hosts = vec![(Host::Tcp("127.0.0.1".into()), port)];
        target.connect_timeout = Some(Duration::from_secs(1));
        let mut source = Postgres::open(&target, &OpenOptions::default())?;
        let catalog = source.catalog()?;
        if catalog.table(&public("t")).is_none() {
            return Err(DbError::Lost("the table is not there".into()));
        }
        let reads = reads(&catalog, &["t"]);
        let mut rows = Rows::default();
        source.snapshot(&reads, &Silent)?.read(TableId::at(0), &mut rows)?;
        rows.0.sort();
        Ok(rows.0)
    };
    let truth = read(db.server.port).unwrap();
    type Harm = fn(Message) -> Vec<u8>;
    let harms: [(&str, Harm); 3] = [
        ("lost", |_| vec![]),
        ("doubled", |message| message.bytes().repeat(2)),
        ("cut short", |message| Message::new(message.tag, &message.body[..message.body.len() / 2]).bytes()),
    ];
    for chosen in 0.. {
        let (name, harm) = harms[chosen as usize % harms.len()];
        let seen = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&seen);
        let port = liar(db.server, move |query, way, message| {
            // not those that tell a setting, or that a setting is set, of which there are many
            let is_counted = way == Way::ToClient
                && (b"RKTD".contains(&message.tag) || (message.tag == b'C' && !query.starts_with("BEGIN")));
            match is_counted && counted.fetch_add(1, Ordering::Relaxed) == chosen {
                true => harm(message),
                false => message.bytes(),
            }
        });
        if let Ok(rows) = read(port) {
            assert_eq!(rows, truth, "message {chosen} {name}");
        }
        if seen.load(Ordering::Relaxed) <= chosen {
            assert!(chosen > 40, "messages were counted");
            break;
        }
    }
}

/// The row that tells the settings is lost: that they hold is not taken for granted.
#[test]
fn settings_that_are_not_read_back_are_not_believed() {
    let place = Place::owner();
    thousand(&place);
    behind(&place, |query, way, message, _| {
        let tells = query.starts_with("SELECT pg_catalog.current_setting('search_path')");
        if way == Way::ToClient && message.tag == b'D' && tells { vec![] } else { message.bytes() }
    });
    let run = place.unchanged(&place.round.plain(&["snap", "--all", "-q", "-m", "x"]));
    assert!(run.stderr().contains("0 rows were sent and the server says \"SELECT 1\""), "{run}");
}

/// One row of many is lost, or comes out different, on the way into the database, and the server says what was to be
/// heard.
#[test]
fn a_row_lost_on_the_way_is_caught_however_it_is_hidden() {
    /// What the network does with the rows, which are an array for each column on their way into a setting: the last is
    /// lost.
    fn lose(message: &Message) -> Vec<u8> {
        let some = swapped(message, &[(",1000}", "}"), (r#",\"word 1000\"}"#, "}")]);
        if some == message.bytes() { swapped(message, &[("{1000}", "{}"), (r#"{\"word 1000\"}"#, "{}")]) } else { some }
    }
    fn change(message: &Message) -> Vec<u8> {
        swapped(message, &[("word 1000", "word 100x")])
    }
    fn swapped(message: &Message, texts: &[(&str, &str)]) -> Vec<u8> {
        let body = String::from_utf8(message.body.clone()).unwrap();
        Message::new(message.tag, texts.iter().fold(body, |body, (old, new)| body.replace(old, new))).bytes()
    }
    on_postgres(|place| {
        thousand(place);
        let snap = place.round.snap(&["t"]).id;
        place.sql("DELETE FROM t WHERE id > 700");
        // how far the lie goes: the row, how many are to be written, the server's count of rows that were written
        for (name, harm, depth) in
            [("lost", lose as fn(&_) -> _, 0), ("lost", lose, 1), ("lost", lose, 2), ("changed", change, 0)]
        {
            let harmed = Arc::new(AtomicU32::new(0));
            let counted = Arc::clone(&harmed);
            behind(place, move |query, way, message, _| {
                let staging = query.starts_with("SELECT pg_catalog.set_config('dbsnap.rows_") && query.contains("word");
                let rows = [300, 1]
                    .map(|rows| (rows, format!("(1, {rows})")))
                    .into_iter()
                    .find(|(_, all)| query.contains(all));
                let sent = message.bytes();
                let done = match (way, message.tag, rows) {
                    (Way::ToServer, b'Q', _) if staging => harm(&message),
                    (Way::ToServer, b'Q', Some((rows, all))) if depth > 0 => {
                        swapped(&message, &[(&all, &format!("(1, {})", rows - 1))])
                    }
                    (Way::ToClient, b'D', Some((rows, _))) if depth > 1 => {
                        // another number in the only row of a query: its last digits
                        let digits = rows.to_string();
                        [&sent[..sent.len() - digits.len()], digits.as_bytes()].concat()
                    }
                    _ => sent.clone(),
                };
                if done != sent {
                    counted.fetch_add(1, Ordering::Relaxed);
                }
                done
            });
            let (code, error) = place.refused(&[&snap, "--mode", "exact"]);
            assert!(harmed.load(Ordering::Relaxed) > depth, "{name}, {depth}: {error}");
            if name == "changed" {
                assert!(code == Some(5) && error.contains(": 1 row, by key "), "{name}, {depth}: {error}");
            }
        }
        place.directly();
        assert_eq!(place.restore(&[&snap, "--mode", "exact"])[..3], [300, 0, 0]);
    });
}

/// The answer to COMMIT is neither COMMIT nor ROLLBACK: what became of it is asked, not guessed.
#[test]
fn a_commit_answered_by_nonsense_is_asked_about() {
    on_postgres(|place| {
        thousand(place);
        let snap = place.round.snap(&["t"]).id;
        let begun = place.listed();
        for (answer, kept) in [("SELECT 1", true), ("COMMIT 1", true), ("", true), ("SELECT 1", false)] {
            place.sql("DELETE FROM t WHERE id = 1");
            behind(place, move |query, way, message, _| match (way, message.tag) {
                (Way::ToServer, b'Q') if query == "COMMIT" && !kept => {
                    Message::new(b'Q', b"ROLLBACK\0".as_slice()).bytes()
                }
                (Way::ToClient, b'C') if query == "COMMIT" => Message::complete(answer).bytes(),
                _ => message.bytes(),
            });
            let listed = place.listed();
            if kept {
                assert_eq!(place.restore(&[&snap, "--mode", "exact"])[..3], [1, 0, 0], "{answer:?}");
                assert_eq!(place.listed(), listed + 1, "{answer:?}: the way back is there if it is needed");
            } else {
                place.refused(&[&snap, "--mode", "exact"]);
            }
            assert_eq!(place.sql("SELECT count(*) FROM t"), if kept { "1000" } else { "999" }, "{answer:?}");
        }
        assert_eq!(place.listed(), begun + 3);
    });
}

fn notice() -> Vec<u8> {
    Message::new(b'N', b"SNOTICE\0C00000\0Msomething is worth telling\0\0".as_slice()).bytes()
}

#[test]
fn a_flood_of_notices_is_passed_over() {
    let place = Place::owner();
    thousand(&place);
    behind(&place, |_, way, message, n| {
        let flood = if way == Way::ToClient && n == 0 { notice().repeat(5_000) } else { vec![] };
        [flood, message.bytes()].concat()
    });
    assert_eq!(place.round.snap(&["--all"]).tables["t"].rows, 1000);
}

#[test]
fn a_login_that_never_ends_is_given_up() {
    use std::io::Write;
    for (name, first, then) in [
        ("notices without end", vec![], notice()),
        ("silence", vec![], vec![]),
        ("one long message, byte by byte", b"R\0\0\xff\xff".to_vec(), vec![0]),
    ] {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            let (mut client, _) = listener.accept().unwrap();
            let mut sent = client.write_all(&first);
            while sent.is_ok() {
                std::thread::sleep(Duration::from_millis(50));
                sent = client.write_all(&then);
            }
        });
        let db = PgServer::shared();
        let url = format!("postgresql://{}@127.0.0.1:{port}/x?sslmode=disable&connect_timeout=2", db.user);
        let round = Round::new(url);
        let begun = Instant::now();
        let run = round.plain(&["snap", "--all"]).run();
        assert!(run.stderr().contains("no answer in time"), "{name}: {run}");
        assert!(begun.elapsed() < Duration::from_secs(8), "{name}: {:?}", begun.elapsed());
    }
}
