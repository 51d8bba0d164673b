//! The verification of a restore: what was written is read back, and the table only once.

use super::lies::{behind, thousand};
use super::rows::{Given, Rows, dump, public, reads, rows_of, text};
use crate::support::liar::{Message, Way};
use crate::support::place::on_postgres;
use dbsnap::codec::{Value, row};
use dbsnap::db::{Sink, TableId, Written};
use dbsnap::monitor::Silent;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Rows written under a savepoint (unique values that change places) are told like all others.
#[test]
fn what_was_written_is_told_and_nothing_else() {
    on_postgres(|place| {
        place.sql("CREATE TABLE t (id int PRIMARY KEY, w text UNIQUE); INSERT INTO t SELECT n, 'word ' || n FROM generate_series(1, 5) n;
            CREATE TABLE bare (w text); INSERT INTO bare VALUES ('a')");
        let mut sink = place.open();
        let rows = rows_of(&mut sink, &public("t"));
        let catalog = sink.catalog().unwrap();
        let reads = reads(&catalog, &["t", "bare"]);
        let mut txn = sink.restore(&reads, &Silent).unwrap();
        let written = |txn: &mut dyn dbsnap::db::RestoreTxn, index, gone: &[Vec<u8>]| {
            let mut found = Rows::default();
            let told = txn.written(index, &mut Given::new(gone), &mut found).unwrap();
            found.0.sort();
            (told, found.0)
        };
        assert_eq!(
            written(txn.as_mut(), TableId::at(0), &[]),
            (Some(Written { total: 5, left: 0 }), vec![]),
            "nothing yet"
        );
        let new = |id, word| row::encode(&[Value::Int(id), text(word)]);
        let swapped = [new(1, "word 2"), new(2, "word 1")];
        txn.delete(TableId::at(0), &mut Given::new(&rows[2..3])).unwrap();
        txn.update(TableId::at(0), &mut Given::new(&swapped)).unwrap();
        txn.insert(TableId::at(0), &mut Given::new(&[new(9, "word 3")])).unwrap();
        txn.insert(TableId::at(1), &mut Given::new(&[row::encode(&[text("b")])])).unwrap();
        let expected = vec![swapped[0].clone(), swapped[1].clone(), new(9, "word 3")];
        assert_eq!(
            written(txn.as_mut(), TableId::at(0), &rows[2..3]),
            (Some(Written { total: 5, left: 0 }), expected.clone())
        );
        assert_eq!(written(txn.as_mut(), TableId::at(0), &rows[1..4]), (Some(Written { total: 5, left: 2 }), expected));
        assert_eq!(
            written(txn.as_mut(), TableId::at(1), &[]),
            (None, vec![]),
            "without a key nobody could tell which copy went"
        );
    });
}

/// A restore with rows to delete, update and insert reads the table whole once, under the lock; and once more if what
/// it reads back of its own writing is not what it wrote. A network that loses one of these rows, or changes a count,
/// keeps nothing from being restored.
#[test]
fn the_table_is_read_once_unless_the_verification_is_in_doubt() {
    type Harm = fn(&str, Message) -> Vec<u8>;
    let harms: [(&str, Harm, u32); 4] = [
        ("nothing", |_, message| message.bytes(), 1),
        (
            "a row that was written is not told",
            |query, message| {
                let lost = query.contains("age(xmin)") && is_fifth(&message);
                if lost { vec![] } else { harmless(query, message) }
            },
            2,
        ),
        (
            "a row that was written comes out different",
            |query, mut message| {
                if query.contains("age(xmin)") && is_fifth(&message) {
                    message.body[FIFTH.len() + 4] = b'x';
                }
                message.bytes()
            },
            2,
        ),
        (
            "the table has a row less",
            |query, mut message| {
                if query.starts_with("SELECT pg_catalog.count(*) FROM ONLY \"public\".\"t\"") && message.tag == b'D' {
                    let end = message.body.len();
                    message.body[end - 1] ^= 1;
                }
                message.bytes()
            },
            2,
        ),
    ];
    on_postgres(|place| {
        thousand(place);
        let snap = place.round.snap(&["t"]).id;
        let before = dump(place.db(), "t");
        for (name, harm, whole) in harms {
            place.sql(
                "DELETE FROM t WHERE id <= 10; UPDATE t SET w = 'other' WHERE id > 990; INSERT INTO t VALUES (2000, 'new')",
            );
            let reads = Arc::new(AtomicU32::new(0));
            let counted = Arc::clone(&reads);
            behind(place, move |query, way, message, _| {
                if way == Way::ToServer
                    && message.tag == b'Q'
                    && query == "SELECT \"id\", \"w\" FROM ONLY \"public\".\"t\""
                {
                    counted.fetch_add(1, Ordering::Relaxed);
                }
                if way == Way::ToClient { harm(query, message) } else { message.bytes() }
            });
            assert_eq!(place.restore(&[&snap, "--mode", "exact"])[..3], [10, 10, 1], "{name}");
            assert_eq!(dump(place.db(), "t"), before, "{name}");
            assert_eq!(reads.load(Ordering::Relaxed), whole, "{name}");
        }
    });
}

/// How the message of a row of two values begins whose first is 5.
const FIFTH: &[u8] = b"\0\x02\0\0\0\x015";

fn is_fifth(message: &Message) -> bool {
    message.tag == b'D' && message.body.starts_with(FIFTH)
}

/// One row less is counted, so that the loss of one is not found by the count.
fn harmless(query: &str, message: Message) -> Vec<u8> {
    match query.contains("age(xmin)") && message.tag == b'C' {
        true => Message::complete("SELECT 19").bytes(),
        false => message.bytes(),
    }
}
