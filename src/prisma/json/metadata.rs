//! The head of a backup file: the six fields of the backup file format first, in its order, then what dbsnap adds.

use super::fields::{FieldNames, Fields, Labels};
use super::notes::Notes;
use super::write::checksum_text;
use crate::codec::{Engine, TableSchema, UnknownEngine};
use crate::hash::Hash;
use crate::prisma::{ExportError, names};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The field with the checksum of the metadata.
const CHECKSUM_FIELD: &str = "metadataChecksum";
/// The length of a checksum: `sha256:` and its digits.
const CHECKSUM_CHARS: usize = 71;
/// The version of the records' encodings.
pub(super) const FORMAT: u64 = 1;

/// What the caller knows about a backup besides its rows.
#[derive(Debug, Clone)]
pub struct ExportInfo {
    /// The engine of the database that the rows are of.
    pub engine: Engine,
    /// When the rows were read from the database.
    pub created_at: Timestamp,
    /// The newest applied migration, if known.
    pub schema_version: Option<String>,
    /// The filter as the user typed it; `None` for a whole table.
    pub filter_applied: Option<String>,
    /// Records that are expected. Another number is no error.
    pub records: u64,
    /// Further fields of the metadata, such as the snapshot's id. A name that dbsnap uses itself is passed over.
    pub extra: Map<String, Value>,
}

/// The metadata of a backup file. Unknown fields are kept in `extra`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// The table: `mods`, or `schema.mods` outside of PostgreSQL's `public`.
    pub table: String,
    /// When the backup was taken: `2026-01-24T10:30:00Z`.
    pub created_at: String,
    /// Records in `data`.
    pub record_count: u64,
    /// The newest applied migration, if known.
    pub schema_version: Option<String>,
    /// The filter, if the backup is not of the whole table.
    pub filter_applied: Option<String>,
    /// `sha256:` and the hex digits of the hash of `data`, from `[` to `]`.
    pub checksum: String,
    /// Version of the encodings of values; absent in files that dbsnap did not write.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<u64>,
    /// The engine of the database that the rows are of, as Prisma calls it: `postgresql`, `sqlite`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engine: Option<String>,
    /// The model's property in Prisma's client, if a Prisma schema was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Fields of the key, in key order; empty for a table without one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub key: Vec<String>,
    /// The client's name for a key of several fields, if it has one of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_name: Option<String>,
    /// Field names, in column order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// Fields that Prisma's client does not have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_in_client: Vec<String>,
    /// By field of an enum: the database's label of each of Prisma's names, where they differ.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub enums: BTreeMap<String, BTreeMap<String, String>>,
    /// By field: the encodings that Prisma's client cannot simply be given (see `docs/EXPORT.md`).
    #[serde(default)]
    pub encodings: Map<String, Value>,
    /// The checksum of everything that stands before it in the file; absent in files of earlier versions.
    #[serde(skip_serializing)]
    pub metadata_checksum: Option<String>,
    /// The table's schema; without it the records cannot become rows again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<TableSchema>,
    /// Everything else.
    #[serde(flatten, skip_serializing)]
    pub extra: Map<String, Value>,
}

impl Metadata {
    /// What is known before the first row.
    pub(super) fn new(schema: &TableSchema, fields: &Fields, names: &dyn FieldNames, info: ExportInfo) -> Metadata {
        Metadata {
            table: schema.table.to_string(),
            created_at: names::plan_time(info.created_at),
            record_count: info.records,
            schema_version: info.schema_version,
            filter_applied: info.filter_applied,
            checksum: format!("sha256:{}", "0".repeat(64)),
            format: Some(FORMAT),
            engine: Some(info.engine.info().provider.to_owned()),
            model: names.model().map(str::to_owned),
            key: schema.key_names().into_iter().map(|column| names.field(column).to_owned()).collect(),
            key_name: names.key().map(str::to_owned),
            fields: fields.list.iter().map(|field| field.name.clone()).collect(),
            not_in_client: hidden(schema, fields, names),
            enums: fields
                .list
                .iter()
                .filter_map(|field| Some((field.name.clone(), field.labels.as_ref()?.by_name().clone())))
                .collect(),
            encodings: Map::new(),
            metadata_checksum: None,
            schema: Some(schema.clone()),
            extra: info.extra,
        }
    }

    /// Fills in what the rows needed.
    pub(super) fn set_notes(&mut self, notes: &Notes) {
        let noted = self.fields.iter().zip(notes.columns()).filter(|(_, notes)| !notes.is_empty());
        self.encodings =
            noted.map(|(field, notes)| (field.clone(), notes.names().map(Value::from).collect())).collect();
    }

    /// The engine of the database that the rows are of. Files of the first version do not say it: they are of
    /// PostgreSQL or SQLite, and name no schema for tables of SQLite.
    ///
    /// # Errors
    /// [`UnknownEngine`] if it is one that this program does not know.
    pub fn engine(&self) -> Result<Engine, UnknownEngine> {
        let has_schema = || self.schema.as_ref().is_some_and(|schema| schema.table.schema.is_some());
        match &self.engine {
            Some(provider) => Engine::of_provider(provider),
            None if has_schema() => Ok(Engine::POSTGRES),
            None => Ok(Engine::SQLITE),
        }
    }

    /// The fields of the records.
    ///
    /// # Errors
    /// [`ExportError::Malformed`] if the names do not fit the columns or one stands for two columns.
    pub(super) fn fields_of(&self, schema: &TableSchema) -> Result<Fields, ExportError> {
        let engine = self.engine().map_err(|unknown| ExportError::malformed(1, unknown.to_string()))?;
        if self.fields.is_empty() {
            return Fields::new(engine, schema, schema.columns.iter().map(|column| column.name.as_str()));
        }
        if self.fields.len() != schema.columns.len() {
            return Err(ExportError::malformed(1, "the metadata has not one field name for each column"));
        }
        let mut fields = Fields::new(engine, schema, self.fields.iter().map(String::as_str))?;
        for (index, name) in self.fields.iter().enumerate() {
            let Some(names) = self.enums.get(name) else { continue };
            let labels = Labels::new(names.iter().map(|(name, label)| (name.as_str(), label.as_str())));
            if labels.is_none() {
                return Err(ExportError::malformed(
                    1,
                    format!("the metadata's names of the enum {name:?} are not one for each label"),
                ));
            }
            fields.set_labels(index, labels);
        }
        Ok(fields)
    }

    /// What of it contradicts the schema, or is in no form that dbsnap writes. Nothing is known without a schema.
    pub(super) fn contradiction(&self) -> Option<String> {
        let schema = self.schema.as_ref()?;
        if self.table != schema.table.to_string() {
            return Some("`table` is not the table of its `schema`".to_owned());
        }
        let engine = self.engine().ok()?.info();
        if engine.has_schemas != schema.table.schema.is_some() {
            return Some(format!("`engine` is {}, and its `schema` is of another engine", engine.provider));
        }
        if !self.created_at.parse().is_ok_and(|time: Timestamp| names::plan_time(time) == self.created_at) {
            return Some("`createdAt` is no time as dbsnap writes it".to_owned());
        }
        let columns: Vec<&str> = schema.columns.iter().map(|column| column.name.as_str()).collect();
        let fields: Vec<&str> =
            if self.fields.is_empty() { columns.clone() } else { self.fields.iter().map(String::as_str).collect() };
        let field_of = |column: &str| columns.iter().position(|name| *name == column).and_then(|at| fields.get(at));
        if !self.key.iter().map(String::as_str).eq(schema.key_names().into_iter().filter_map(field_of).copied()) {
            return Some("`key` is not the key of its `schema`".to_owned());
        }
        let known = |name: &String| fields.contains(&name.as_str());
        if let Some(name) = self.not_in_client.iter().chain(self.enums.keys()).find(|name| !known(name)) {
            return Some(format!("it names a field {name:?} that the table does not have"));
        }
        let snapshot = self.extra.get("snapshot");
        if snapshot.is_some_and(|id| id.as_str().and_then(Hash::parse_hex).is_none()) {
            return Some("`snapshot` is no id".to_owned());
        }
        None
    }

    /// The file up to where the data begins, without what pads it: one line for each field of the metadata, the last of
    /// which is the checksum of all lines before.
    pub(super) fn head(&self) -> Result<String, ExportError> {
        let failed = |_| ExportError::malformed(1, "the metadata cannot be written as JSON");
        let Value::Object(mut all) = serde_json::to_value(self).map_err(failed)? else {
            return Err(ExportError::malformed(1, "the metadata cannot be written as JSON"));
        };
        for (name, value) in &self.extra {
            all.entry(name.clone()).or_insert_with(|| value.clone());
        }
        all.remove(CHECKSUM_FIELD);
        let mut head = String::from("{\n  \"metadata\": {\n");
        for (name, value) in &all {
            let name = serde_json::to_string(name).map_err(failed)?;
            let value = serde_json::to_string(value).map_err(failed)?;
            head.push_str(&format!("    {name}: {value},\n"));
        }
        let sealed = checksum_line(head.as_bytes());
        Ok(head + &sealed + "  },")
    }

    /// What is wrong with the bytes of the file before its data, if the metadata says what they should be.
    pub(super) fn broken_seal(&self, head: &[u8]) -> Option<&'static str> {
        let all = head.strip_suffix(b"  },\n").unwrap_or(head);
        let (before, last) = all.split_at(all.len().saturating_sub(checksum_line(&[]).len()));
        if self.metadata_checksum.is_some() {
            return match last {
                last if last == checksum_line(before).as_bytes() => None,
                last if last.starts_with(format!("    \"{CHECKSUM_FIELD}\": ").as_bytes()) => {
                    Some("it has another `metadataChecksum`")
                }
                _ => Some("`metadataChecksum` is not its last line"),
            };
        }
        // Files of earlier versions end with no checksum, and files of other programs with that of the data.
        let value = &last[last.len().saturating_sub(CHECKSUM_CHARS + 3)..];
        let is_checksum = value.starts_with(b"\"sha256:") && value.ends_with(b"\"\n");
        let is_of_data = value.get(1..=CHECKSUM_CHARS) == Some(self.checksum.as_bytes());
        (is_checksum && !is_of_data).then_some("the name of its `metadataChecksum` is another")
    }
}

/// The line with the checksum of all `lines` before it.
fn checksum_line(lines: &[u8]) -> String {
    format!("    \"{CHECKSUM_FIELD}\": \"{}\"\n", checksum_text(Sha256::new_with_prefix(lines)))
}

/// Fields that Prisma's client does not have; none where no schema is known, for then there is no client to lack them.
fn hidden(schema: &TableSchema, fields: &Fields, names: &dyn FieldNames) -> Vec<String> {
    let columns = schema.columns.iter().zip(&fields.list);
    columns.filter(|(column, _)| names.is_hidden(&column.name)).map(|(_, field)| field.name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plans_own_metadata_is_read() {
        let plan = r#"{"table":"mods","createdAt":"2026-01-24T10:30:00Z","recordCount":5432,"schemaVersion":"20260120_migration",
            "filterApplied":"contentType = 'furniture'","checksum":"sha256:abc123","note":"ours"}"#;
        let metadata: Metadata = serde_json::from_str(plan).unwrap();
        assert_eq!(metadata.record_count, 5432);
        assert_eq!(metadata.schema, None);
        assert_eq!(metadata.extra["note"], "ours");
        let twice = plan.replace("\"note\":\"ours\"", "\"table\":\"users\"");
        assert!(serde_json::from_str::<Metadata>(&twice).unwrap_err().to_string().contains("duplicate"));
    }
}
