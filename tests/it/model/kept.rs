//! Stories that showed a fault once, made short.

/// One leaf is stored twice, drawn from different leaves; marking follows the one form, the sweep keeps the other.
pub const TWO_FORMS: [&str; 2] = [
    "pack 1500; start 1 0; go 0; go 0; go 0; rows 0 4; start 1 0; go 0; rows 0 1; start 1 0; go 0; go 0; go 0; rows 0 4; \
     start 1 0; go 0; go 0; go 0; go 0; go 0; delete 945",
    "pack 700; start 2 0; go 0; go 0; go 0; rows 1 1; start 2 0; go 0; rows 1 2; start 2 0; go 0; go 0; go 0; rows 1 1; \
     start 2 0; go 0; go 0; go 0; go 0; go 0; gc 1",
];

/// A leaf that nothing needs stays in a pack that is kept, and what it draws on goes. Then its rows come back.
pub const LEFT_BEHIND: [&str; 1] = [
    "pack 700; start 1 0; go 0; go 0; go 0; rows 0 1; start 5 0; go 0; go 0; go 0; go 0; start 4 0; go 0; go 0; go 0; \
     delete 897; delete 624",
];

/// A sweep is cut short when the packs are gone and the index file that says that they are empty is still there. Then
/// the same packs are written again.
pub const WRITTEN_AGAIN: [&str; 4] = [
    "pack 1; start 4 0; go 0; go 0; cut 24 540; cut 16 857",
    "pack 700; cut 9 587; cut 24 938; cut 16 561; rows 1 3; start 2 0; go 0; go 0; go 0",
    "pack 700; cut 24 597; cut 36 998; start 2 0; go 0; go 0; go 0; start 6 0; go 0; go 0; go 0; start 4 0; go 0; go 0; go 0; \
     delete 462; delete 202; gc 5; start 2 0; go 0; go 0; start 4 1; go 0; go 38; go 0",
    "pack 700; start 1 0; go 0; start 1 0; go 675; go 0; go 0; start 1 0; go 308; go 971; cut 36 379; cut 15 230; cut 4 651; \
     start 2 0; go 0; go 0; go 0; start 6 0; go 0; go 0; go 0; go 0; go 0; go 0; go 0; delete 222; delete 71; gc 5; \
     recompress 0; start 2 0; go 0; go 0; go 0; start 4 0; start 1 0; drop 118; go 0; go 0; go 763",
];

/// A pack goes on which a dead leaf draws, and there is no room to write the pack of that leaf anew.
pub const NO_ROOM: [&str; 1] = [
    "pack 4000; start 3 0; start 2 0; rows 1 2; go 0; rows 0 3; go 0; go 601; go 305; go 0; go 0; go 439; start 2 0; go 0; go 0; \
     go 0; start 6 0; go 0; go 0; go 0; go 0; start 4 0; go 0; go 0; go 0; delete 915; delete 554; delete 958; recompress 3; gc 5; \
     rows 1 0; start 2 0; go 0; go 0; go 0; delete 204; delete 386; delete 596; full 0; gc 1; start 2 0; go 0; go 0; go 0; \
     rows 1 2; start 6 0; go 0; go 0; go 0; go 0; start 4 0; go 0; go 0; go 0; delete 88; gc 2",
];

/// The sync of `packs/` fails; the next snapshot stores nothing new, and then the power goes.
pub const NOT_DURABLE: [&str; 2] = [
    "pack 4000; start 1 0; go 0; fail 4 0; go 0; start 1 0; go 0; go 0; go 0; cut 0 2",
    "pack 4000; start 1 0; go 0; fail 4 0; go 0; start 1 0; go 0; go 0; go 0; cut 0 5; gc 1",
];
