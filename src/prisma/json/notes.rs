//! Notes: which columns of an export hold values in a form that Prisma's client cannot simply be given.

/// One such form; its name stands in `metadata.encodings`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Note {
    /// `{"$int": …}`: an integer where the column's type has another form, or one that a JSON number cannot carry.
    Int,
    /// `{"$real": …}`: a floating-point number where the column's type has another form, or a NaN with a payload.
    Real,
    /// `{"$text": …}`: text where the column's type has another form.
    Text,
    /// `{"$text64": …}`: text that holds NUL or is not UTF-8.
    TextBytes,
    /// `{"$blob": …}`: bytes where the column's type has another form.
    Blob,
    /// NaN, infinities or -0 as strings, in a column of floats or decimals.
    NonFinite,
    /// `{"$json": null}`: the JSON value null, which is not SQL NULL.
    JsonNull,
    /// `{"$json": …}` around an object whose first key begins with `$`, or around an array in a list.
    JsonWrapped,
    /// `{"$jsonText": …}`: JSON whose letters cannot stand in a record of one line.
    JsonText,
    /// JSON with numbers that JavaScript would round or write differently.
    JsonNumbers,
    /// `json` whose spacing, escapes, key order or repeated keys JavaScript would not keep.
    JsonForm,
    /// Times with more than three digits of a second.
    Microseconds,
    /// Dates and times in the server's text because ISO has no form for them: infinity, BC, 24:00, time zones of
    /// `timetz`.
    Special,
    /// SQLite: dates stored as numbers.
    Epoch,
    /// SQLite: dates stored as text that is not ISO with `T` and `Z`.
    DateText,
    /// A list with elements that are NULL or JSON null.
    NullElements,
    /// A list of lists.
    NestedLists,
    /// A list in the server's text: lower bounds that are not 1, or elements with another separator.
    ListText,
}

const NAMES: [(Note, &str); 18] = [
    (Note::Int, "int"),
    (Note::Real, "real"),
    (Note::Text, "text"),
    (Note::TextBytes, "textBytes"),
    (Note::Blob, "blob"),
    (Note::NonFinite, "nonFinite"),
    (Note::JsonNull, "jsonNull"),
    (Note::JsonWrapped, "jsonWrapped"),
    (Note::JsonText, "jsonText"),
    (Note::JsonNumbers, "jsonNumbers"),
    (Note::JsonForm, "jsonForm"),
    (Note::Microseconds, "microseconds"),
    (Note::Special, "special"),
    (Note::Epoch, "epoch"),
    (Note::DateText, "dateText"),
    (Note::NullElements, "nullElements"),
    (Note::NestedLists, "nestedLists"),
    (Note::ListText, "listText"),
];

/// The notes of one column.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ColumnNotes(u32);

impl ColumnNotes {
    /// Adds a note.
    pub fn add(&mut self, note: Note) {
        self.0 |= 1 << note as u8;
    }

    /// Whether the column has the note.
    pub const fn has(self, note: Note) -> bool {
        self.0 & (1 << note as u8) != 0
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Names of the notes, as they stand in the metadata.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        NAMES.iter().filter(move |(note, _)| self.has(*note)).map(|(_, name)| *name)
    }
}

/// The notes of all columns of a table, in column order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notes(Vec<ColumnNotes>);

impl Notes {
    /// No notes for `columns` columns.
    pub fn none(columns: usize) -> Notes {
        Notes(vec![ColumnNotes::default(); columns])
    }

    /// The notes of each column.
    pub fn columns(&self) -> &[ColumnNotes] {
        &self.0
    }

    pub(super) fn columns_mut(&mut self) -> &mut [ColumnNotes] {
        &mut self.0
    }

    /// Adds the notes of other records of the same table.
    pub fn merge(&mut self, other: &Notes) {
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            mine.0 |= theirs.0;
        }
    }
}
