//! Long values of a patch: a statement is put together with short ones in their stead, and these are replaced as it is
//! written.

use crate::codec::ValueRef;
use crate::db::PatchWriter;
use crate::fsio::temp_name;

/// Bytes of a value that has a stand-in.
const LONG: usize = 1 << 20;

/// What stands for the long values of some rows.
pub(super) struct StandIns<'r> {
    all: Vec<(String, ValueRef<'r>)>,
}

impl<'r> StandIns<'r> {
    /// For the long ones among these values.
    pub fn new(rows: &[&[ValueRef<'r>]]) -> StandIns<'r> {
        let long =
            rows.iter().flat_map(|row| row.iter()).filter(|value| bytes(**value).is_some_and(|b| b.len() > LONG));
        // Nobody can have put a name into a row that is made up here.
        StandIns { all: long.map(|value| (format!("{} {}", temp_name(), temp_name()), *value)).collect() }
    }

    /// Whether there is no long value.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// These values, the long ones replaced.
    pub fn shorten<'s>(&'s self, values: &[ValueRef<'s>]) -> Vec<ValueRef<'s>> {
        let short = |value: &ValueRef<'s>| {
            let is_it = |other: &ValueRef<'_>| match (*other, *value) {
                (ValueRef::Text(a), ValueRef::Text(b)) | (ValueRef::Blob(a), ValueRef::Blob(b)) => std::ptr::eq(a, b),
                _ => false,
            };
            let (name, _) = self.all.iter().find(|(_, other)| is_it(other))?;
            Some(stand_in(name, *value))
        };
        values.iter().map(|value| short(value).unwrap_or(*value)).collect()
    }

    /// Writes a statement that was made of values so replaced.
    ///
    /// # Errors
    /// What `write` returns.
    pub fn write<E>(
        &self,
        writer: &dyn PatchWriter,
        sql: &str,
        write: &mut dyn FnMut(&str) -> Result<(), E>,
    ) -> Result<(), E> {
        let literals: Vec<(String, ValueRef<'_>)> =
            self.all.iter().map(|(name, value)| (writer.literal(stand_in(name, *value)), *value)).collect();
        let mut rest = sql;
        let next = |rest: &str| {
            let found =
                literals.iter().filter_map(|(literal, value)| Some((rest.find(literal)?, literal.len(), *value)));
            found.min_by_key(|(at, ..)| *at)
        };
        while let Some((at, len, value)) = next(rest) {
            write(&rest[..at])?;
            let mut written = Ok(());
            writer.put_literal(value, &mut |piece| {
                if written.is_ok() {
                    written = write(piece);
                }
            });
            written?;
            rest = &rest[at + len..];
        }
        write(rest)
    }
}

fn bytes(value: ValueRef<'_>) -> Option<&[u8]> {
    match value {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(bytes),
        _ => None,
    }
}

fn stand_in<'s>(name: &'s str, value: ValueRef<'_>) -> ValueRef<'s> {
    match value {
        ValueRef::Blob(_) => ValueRef::Blob(name.as_bytes()),
        _ => ValueRef::Text(name.as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{Engine, patch_writer};

    /// A statement is the same whether its values are long or not.
    #[test]
    fn long_values_stand_in_statements_as_others_do() {
        let quotes = "it's 'é家' \\ ".repeat(LONG / 10).into_bytes();
        let controls = "a\0b\r\n".repeat(LONG / 4).into_bytes();
        let broken = [&b"x".repeat(LONG)[..], b"\xff"].concat();
        let postgres = [ValueRef::Text(&quotes), ValueRef::Blob(&broken), ValueRef::Int(1), ValueRef::Text(b"short")];
        let sqlite = [&postgres[..], &[ValueRef::Text(&controls), ValueRef::Text(&broken)]].concat();
        for (engine, values) in [(Engine::POSTGRES, &postgres[..]), (Engine::SQLITE, &sqlite)] {
            let writer = patch_writer(engine);
            let statement = |values: &[ValueRef<'_>]| {
                let texts = values.iter().filter(|value| bytes(**value).is_some()).map(|value| writer.literal(*value));
                format!("SELECT {};", texts.collect::<Vec<_>>().join(", "))
            };
            let long = StandIns::new(&[values]);
            let short = statement(&long.shorten(values));
            assert!(short.len() < 1000);
            let mut written = String::new();
            let mut write = |piece: &str| {
                written.push_str(piece);
                Ok::<(), ()>(())
            };
            long.write(writer, &short, &mut write).unwrap();
            assert!(written == statement(values), "{engine:?}");
        }
    }
}
