//! Reading a backup file: record by record, with its checksum and count checked at the end.

use super::decode::decode_value;
use super::encode::{BEFORE_RECORD, RecordEncoder};
use super::fields::Fields;
use super::metadata::{FORMAT, Metadata};
use super::record::locate;
use super::scan::Scanner;
use super::write::checksum_text;
use crate::codec::RowWriter;
use crate::prisma::{ExportError, output_file};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Longest record that is read, in bytes: PostgreSQL's largest value, escaped.
pub const RECORD_LIMIT: u64 = 6 << 30;
/// Longest metadata that is read, in bytes.
const HEAD_LIMIT: usize = 16 << 20;
/// Longest record that is written again to be compared: one with a huge value would take its memory once more.
const AGAIN_LIMIT: usize = 16 << 20;
const READ_BUFFER: usize = 256 << 10;

/// Reads one backup file.
///
/// Rows are not to be trusted before [`ExportReader::next_row`] has given `false`: only then are the checksum and the
/// count known to be right. What must not act on a damaged file reads it twice, first with [`ExportReader::check`].
#[derive(Debug)]
pub struct ExportReader<R> {
    input: R,
    path: PathBuf,
    metadata: Metadata,
    fields: Option<Arc<Fields>>,
    /// Writes every row again: a value has one form, and the metadata says which ones there are.
    encoder: Option<RecordEncoder>,
    again: Vec<u8>,
    is_all_written_again: bool,
    hash: Sha256,
    line: Vec<u8>,
    number: u64,
    /// Where each field's value stands in the line, and in `again`; empty if it has not been seen.
    values: Vec<(usize, usize)>,
    values_again: Vec<(usize, usize)>,
    records: u64,
    state: State,
    /// What is wrong with the metadata's own checksum, if it has one.
    broken_seal: Option<&'static str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the first record.
    First,
    /// After a record with a comma.
    More,
    /// After a record without one.
    Last,
    /// After the end of the file.
    Done,
}

impl ExportReader<BufReader<File>> {
    /// Opens the file `path` and reads its metadata.
    ///
    /// # Errors
    /// [`ExportError::Refused`] if it is not a regular file, otherwise as [`ExportReader::new`].
    pub fn open(path: &Path) -> Result<Self, ExportError> {
        let file = output_file::open_regular(path)?;
        ExportReader::begin(BufReader::with_capacity(READ_BUFFER, file), path)
    }
}

impl<R: BufRead> ExportReader<R> {
    /// Reads the metadata of a file that is already open.
    ///
    /// # Errors
    /// [`ExportError::Malformed`] or [`ExportError::CutShort`] if it is not a backup file,
    /// [`ExportError::UnknownFormat`] if a newer version wrote it, [`ExportError::Io`] if it cannot be read.
    pub fn new(input: R) -> Result<Self, ExportError> {
        ExportReader::begin(input, Path::new("the export file"))
    }

    fn begin(mut input: R, path: &Path) -> Result<Self, ExportError> {
        let mut head = Vec::new();
        let mut number = 0;
        let is_empty = loop {
            let start = head.len();
            let room = (HEAD_LIMIT + 1).saturating_sub(start) as u64;
            let read = input.by_ref().take(room).read_until(b'\n', &mut head).map_err(ExportError::io(path))?;
            number += 1;
            if head.len() > HEAD_LIMIT {
                return Err(ExportError::malformed(
                    number,
                    "this is not a backup file: no `data` follows its metadata",
                ));
            }
            if read == 0 {
                let has_metadata = head.starts_with(b"{\n  \"metadata\": {\n");
                return Err(if has_metadata { ExportError::CutShort { line: number - 1 } } else { not_a_backup(1) });
            }
            if head.ends_with(b"\r\n") {
                return Err(ExportError::malformed(
                    number,
                    "the line endings were changed (to CR LF), so the data is not what was written",
                ));
            }
            if number == 1 && head.as_slice() != b"{\n" {
                return Err(not_a_backup(1));
            }
            match &head[start..] {
                b"  \"data\": [\n" => {
                    head.truncate(start);
                    break false;
                }
                b"  \"data\": []\n" => {
                    head.truncate(start);
                    break true;
                }
                _ => {}
            }
        };
        let metadata = parse_head(&head, number)?;
        if let Some(format) = metadata.format.filter(|format| *format != FORMAT) {
            return Err(ExportError::UnknownFormat(format));
        }
        let fields = metadata.schema.as_ref().map(|schema| metadata.fields_of(schema)).transpose()?.map(Arc::new);
        if let Some(what) = metadata.contradiction() {
            return Err(ExportError::malformed(1, format!("the metadata was edited: {what}")));
        }
        let broken_seal = metadata.broken_seal(&head);
        let mut hash = Sha256::new();
        hash.update(if is_empty { b"[]".as_slice() } else { b"[\n" });
        let columns = fields.as_ref().map_or(0, |fields| fields.list.len());
        let mut reader = ExportReader {
            input,
            path: path.to_path_buf(),
            metadata,
            encoder: fields.clone().map(RecordEncoder::new),
            fields,
            again: Vec::new(),
            is_all_written_again: true,
            hash,
            line: Vec::new(),
            number,
            values: vec![(0, 0); columns],
            values_again: vec![(0, 0); columns],
            records: 0,
            state: State::First,
            broken_seal,
        };
        if is_empty {
            reader.end()?;
        }
        Ok(reader)
    }

    /// The metadata, as the file states it.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Puts the next row's canonical bytes into `row` (replacing what is in it). `false` at the end, when the whole
    /// file has been checked.
    ///
    /// # Errors
    /// [`ExportError::NoSchema`] if the file does not tell the types; [`ExportError::Malformed`] with the line for
    /// anything that was not written by dbsnap; [`ExportError::CutShort`], [`ExportError::Count`],
    /// [`ExportError::Checksum`] at the end.
    pub fn next_row(&mut self, row: &mut Vec<u8>) -> Result<bool, ExportError> {
        row.clear();
        if !self.advance()? {
            return Ok(false);
        }
        self.append(row)?;
        Ok(true)
    }

    /// Reads the next record, whose row [`ExportReader::append`] gives then. `false` at the end, when the whole file
    /// has been checked.
    ///
    /// # Errors
    /// As [`ExportReader::next_row`].
    pub fn advance(&mut self) -> Result<bool, ExportError> {
        if self.fields.is_none() { Err(ExportError::NoSchema) } else { self.next_record() }
    }

    /// Appends the canonical bytes of the row that was read to `out`, once.
    ///
    /// # Errors
    /// As [`ExportReader::next_row`].
    pub fn append(&mut self, out: &mut Vec<u8>) -> Result<(), ExportError> {
        self.decode(out)?;
        if self.line.capacity() > AGAIN_LIMIT {
            // A long row has passed.
            self.line = Vec::new();
        }
        Ok(())
    }

    /// Reads the rest of the file and checks it: records, count and checksum. Without a schema, records are only
    /// checked to be JSON objects. Gives the number of records.
    ///
    /// # Errors
    /// As [`ExportReader::next_row`], but for [`ExportError::NoSchema`].
    pub fn check(mut self) -> Result<u64, ExportError> {
        let mut row = Vec::new();
        while self.next_record()? {
            row.clear();
            if self.fields.is_some() {
                self.decode(&mut row)?;
            } else {
                self.scan_object()?;
            }
        }
        Ok(self.records)
    }

    /// Reads the next record's line, without indent, comma and line break. `false` at the end of the data.
    fn next_record(&mut self) -> Result<bool, ExportError> {
        if self.state == State::Done {
            return Ok(false);
        }
        self.next_line()?;
        if self.line == b"  ]\n" {
            if self.state != State::Last {
                return Err(self.malformed("a record is missing before the end of the data"));
            }
            self.hash.update(b"  ]");
            self.end()?;
            return Ok(false);
        }
        if self.state == State::Last {
            return Err(self.malformed("a comma is missing after the record before this line"));
        }
        self.hash.update(&self.line);
        let whole = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
        let (record, state) = match whole.strip_suffix(b",") {
            Some(record) => (record, State::More),
            None => (whole, State::Last),
        };
        if !record.starts_with(b"    {") || !record.ends_with(b"}") {
            return Err(self.malformed("not one record on one line; the file was edited or reformatted"));
        }
        if std::str::from_utf8(record).is_err() {
            return Err(self.malformed("the line is not UTF-8"));
        }
        let end = record.len();
        self.line.truncate(end);
        self.state = state;
        self.records += 1;
        Ok(true)
    }

    fn next_line(&mut self) -> Result<(), ExportError> {
        self.line.clear();
        let limited = self.input.by_ref().take(RECORD_LIMIT);
        let mut limited = limited;
        let read = limited.read_until(b'\n', &mut self.line).map_err(ExportError::io(&self.path))?;
        if read == 0 || !self.line.ends_with(b"\n") {
            return Err(ExportError::CutShort { line: self.number + u64::from(read > 0) });
        }
        self.number += 1;
        Ok(())
    }

    /// What follows the data, and whether the data is what the metadata says.
    fn end(&mut self) -> Result<(), ExportError> {
        self.next_line()?;
        if self.line != b"}\n"
            || self.input.by_ref().bytes().next().transpose().map_err(ExportError::io(&self.path))?.is_some()
        {
            return Err(self.malformed("something stands after the data"));
        }
        self.state = State::Done;
        let found = checksum_text(std::mem::take(&mut self.hash));
        if found != self.metadata.checksum {
            return Err(ExportError::Checksum { stated: self.metadata.checksum.clone(), found });
        }
        if self.records != self.metadata.record_count {
            return Err(ExportError::Count { stated: self.metadata.record_count, found: self.records });
        }
        if let Some(encoder) = self.encoder.as_ref().filter(|_| self.is_all_written_again) {
            let mut metadata = self.metadata.clone();
            metadata.set_notes(encoder.notes());
            if metadata.encodings != self.metadata.encodings {
                let what = "the metadata was edited: `encodings` are not those of the records";
                return Err(ExportError::malformed(1, what));
            }
        }
        match self.broken_seal {
            Some(what) => Err(ExportError::malformed(1, format!("the metadata was edited: {what}"))),
            None => Ok(()),
        }
    }

    /// Turns the line into a row.
    fn decode(&mut self, row: &mut Vec<u8>) -> Result<(), ExportError> {
        let Some(fields) = &self.fields else { return Err(ExportError::NoSchema) };
        let number = self.number;
        let fault = |what: String| ExportError::malformed(number, what);
        let text = std::str::from_utf8(&self.line).map_err(|_| fault("the line is not UTF-8".to_owned()))?;
        locate(fields, text, &mut self.values).map_err(|fault| ExportError::malformed(number, fault.describe()))?;
        let begin = row.len();
        let mut writer = RowWriter::new(row);
        for (field, (start, end)) in fields.list.iter().zip(&self.values) {
            if end == &0 {
                return Err(fault(format!("the field {:?} is missing", field.name)));
            }
            text.get(*start..*end)
                .and_then(|json| decode_value(field, json, &mut writer))
                .ok_or_else(|| fault(format!("the value of {:?} is not one of its column's type", field.name)))?;
        }
        let Some(encoder) = &mut self.encoder else { return Ok(()) };
        if text.len() > AGAIN_LIMIT {
            self.is_all_written_again = false;
            return Ok(());
        }
        self.again.clear();
        encoder
            .encode(&row[begin..], &mut self.again)
            .map_err(|_| fault("the record is none of the table's".to_owned()))?;
        let again = std::str::from_utf8(&self.again[BEFORE_RECORD.len()..])
            .map_err(|_| fault("the record cannot be written again".to_owned()))?;
        locate(fields, again, &mut self.values_again)
            .map_err(|fault| ExportError::malformed(number, fault.describe()))?;
        let both = self.values.iter().zip(&self.values_again);
        let differs =
            fields.list.iter().zip(both).find(|(_, (one, other))| text[one.0..one.1] != again[other.0..other.1]);
        match differs {
            Some((field, _)) => Err(fault(format!(
                "the value of {:?} is not written as dbsnap writes it; the file was edited",
                field.name
            ))),
            None => Ok(()),
        }
    }

    fn scan_object(&self) -> Result<(), ExportError> {
        match Scanner::new(&self.line, 4, usize::MAX).value() {
            Ok((end, _)) if end == self.line.len() => Ok(()),
            _ => Err(self.malformed("the record is not JSON")),
        }
    }

    fn malformed(&self, what: &str) -> ExportError {
        ExportError::malformed(self.number, what)
    }
}

fn parse_head(head: &[u8], line: u64) -> Result<Metadata, ExportError> {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Envelope {
        metadata: Metadata,
        #[expect(dead_code, reason = "only closes the object that the file goes on with")]
        data: [(); 0],
    }
    let mut whole = head.to_vec();
    whole.extend_from_slice(b"\"data\":[]}");
    let envelope: Envelope = serde_json::from_slice(&whole).map_err(|error| {
        // serde's message may quote what it found; the place and the kind are enough.
        let at = (error.line() as u64).min(line);
        let text = error.to_string();
        let reason = ["duplicate field", "missing field", "unknown field"].iter().find(|word| text.starts_with(*word));
        ExportError::malformed(
            at,
            format!("the metadata is not that of a backup file ({})", reason.unwrap_or(&"not valid JSON")),
        )
    })?;
    Ok(envelope.metadata)
}

fn not_a_backup(line: u64) -> ExportError {
    ExportError::malformed(line, "not a backup file of dbsnap, or one that was reformatted")
}
