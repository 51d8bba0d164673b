//! One suite for every engine: what `Sink`, `Snapshot` and `RestoreTxn` promise, whoever implements them.
//!
//! An engine implements [`Fixture`] (four methods without a default, and those in which its SQL is another) and
//! instantiates the suite with `conformance_suite!(crate::path::to::new_fixture)`, where the function gives a fixture
//! over an empty database. SQL in the cases is what all engines read; where they differ, the fixture says it
//! ([`Fixture::blob`] and the like).

pub mod cases;
mod fixture;
mod postgres;
pub mod rows;
pub mod sqlite;

pub use fixture::Fixture;
pub use rows::{Collected, Given, all, find, read, reads, rows_where};

/// One `#[test]` per case, each over a fixture of its own.
macro_rules! conformance_suite {
    ($new:path) => {
        $crate::conformance::conformance_cases! { $new;
            catalog: lists_tables_with_their_columns, chooses_keys, tells_foreign_keys, says_what_is_not_captured,
                quotes_names, leaves_generated_columns_to_the_database;
            read: gives_every_row_once, keeps_null_empty_and_zero_apart, reads_an_empty_table, filters_rows,
                filters_to_nothing, stops_when_the_receiver_stops;
            instant: sees_one_instant_under_a_writer, refuses_a_dropped_table, refuses_an_added_column;
            restore: brings_rows_back, rolls_back_when_dropped, refuses_a_row_that_is_not_there,
                refuses_an_insert_that_is_there, keeps_triggers_silent, writes_around_generated_columns,
                tells_what_other_tables_would_lose, restores_values_of_every_class, refuses_a_dangling_reference;
            keys: restores_by_composite_keys, restores_a_multiset, restores_by_a_unique_index, swaps_unique_values,
                restores_quoted_names;
            counters: tells_and_keeps_counters;
            definition: makes_a_table_again_or_nothing_of_it;
            standing: is_never_the_same_after_a_change, of_an_instant_is_of_its_rows, can_be_asked_between_transactions;
        }
    };
}

/// The tests themselves: `module: case, case; module: ...` as `#[test]` functions.
macro_rules! conformance_cases {
    ($new:path; $($file:ident: $($case:ident),+;)+) => {
        $(mod $file {
            $(#[test]
            fn $case() {
                let mut fixture = $new();
                $crate::conformance::cases::$file::$case(&mut fixture);
            })+
        })+
    };
}

pub(crate) use {conformance_cases, conformance_suite};
