//! Rules of a table that rows break which are to be written, found out by queries over rows that stand nowhere yet.

use super::client::Failure;
use super::lifting;
use super::operators::KeyOperators;
use super::quote;
use super::rivals::as_text;
use super::session::Session;
use crate::codec::{Key, RowReader};
use crate::db::postgres::catalog::oid_array;
use crate::db::{DbError, Misfit, Rule, Writing};

/// A rule, what it is called, and the query that counts the rows which break it.
type Question = (Rule, String, String);

impl Session<'_> {
    /// See [`crate::db::Snapshot::misfits`].
    pub(super) fn misfits(
        &mut self,
        operators: &KeyOperators,
        index: usize,
        writing: Writing<'_>,
    ) -> Result<Vec<Misfit>, DbError> {
        if writing.rows.is_empty() {
            return Ok(Vec::new());
        }
        let doing = format!("asking for the rules of table {}", self.open_table(index)?.table());
        let mut found = self.types_that_do_not_fit(index, writing.rows, writing.unchecked)?;
        if !found.is_empty() {
            return Ok(found);
        }
        let mut questions = self.checks(operators, index).map_err(|failure| failure.during(&doing))?;
        // what CHECK constraints refused is put aside, as in the restore
        questions.retain(|(rule, ..)| *rule == Rule::NotNull || !writing.unchecked);
        questions.extend(self.references(operators, index).map_err(|failure| failure.during(&doing))?);
        if self.open_table(index)?.schema.key != Key::Rows {
            questions.extend(self.unique(operators, index, writing).map_err(|failure| failure.during(&doing))?);
        }
        let sent = self.sent(operators, index, writing.rows)?;
        let gone = match writing.gone {
            Some(gone) if !gone.is_empty() => format!(", g AS MATERIALIZED {}", self.sent(operators, index, gone)?),
            _ => String::new(),
        };
        for (rule, name, question) in questions {
            let sql = format!("WITH s AS MATERIALIZED {sent}{gone} {question}");
            if let Some(rows) = self.tried(|session| session.number(&sql))?.ok().filter(|rows| *rows > 0) {
                found.push(Misfit { rule, name, rows: Some(rows) });
            }
        }
        Ok(found)
    }

    /// Runs what may fail. A rule that cannot be evaluated here is left to the restore.
    fn tried<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, Failure>) -> Result<Result<T, Failure>, DbError> {
        let savepoint = |failure: Failure| failure.during("setting a savepoint");
        self.connection.execute("SAVEPOINT dbsnap_misfits", self.monitor).map_err(savepoint)?;
        let done = work(self);
        match &done {
            Err(Failure::Server(error)) if !error.is_fatal() => {}
            Err(_) => return done.map_err(|failure| failure.during("trying rows")).map(Ok),
            Ok(_) => {}
        }
        let back = "ROLLBACK TO SAVEPOINT dbsnap_misfits; RELEASE SAVEPOINT dbsnap_misfits";
        self.connection.execute(back, self.monitor).map_err(savepoint)?;
        Ok(done)
    }

    /// Columns of types that somebody made (the only ones that are named with their schema) which do not take their
    /// values.
    fn types_that_do_not_fit(&mut self, index: usize, rows: &[&[u8]], unchecked: bool) -> Result<Vec<Misfit>, DbError> {
        let open = self.open_table(index)?;
        let (oid, columns) = (open.oid, open.schema.columns.clone());
        let mut found = Vec::new();
        for (at, column) in columns.iter().enumerate().filter(|(_, column)| column.sql_type.contains('.')) {
            let mut values = Vec::with_capacity(rows.len());
            for row in rows {
                let row =
                    RowReader::values(row, columns.len()).map_err(|error| DbError::Unsupported(error.to_string()))?;
                values.push(format!("({})", as_text(row[at], column)));
            }
            let condition = format!("a.attrelid = {oid} AND a.attname = {}", quote::literal(&column.name));
            let rules = lifting::domain_checks_of(&condition, unchecked);
            let sql = format!(
                "SELECT pg_catalog.count(CAST(v.v::pg_catalog.text AS {})) FROM (VALUES {}) AS v (v) \
                 WHERE NOT EXISTS ({rules})",
                column.sql_type,
                values.join(", ")
            );
            let failure = self.tried(|session| session.number(&sql))?.err();
            let code = failure.as_ref().and_then(Failure::code).unwrap_or_default();
            if code.starts_with("22") || code.starts_with("23") {
                let name = format!("the type {} of column {}", column.sql_type, column.name);
                found.push(Misfit { rule: Rule::Check, name, rows: None });
            }
        }
        Ok(found)
    }

    /// CHECK and NOT NULL.
    fn checks(&mut self, operators: &KeyOperators, index: usize) -> Result<Vec<Question>, Failure> {
        let Some(open) = self.tables.get(index) else { return Ok(Vec::new()) };
        let schema = open.schema.clone();
        let sql = format!(
            "SELECT k.conname, pg_catalog.pg_get_expr(k.conbin, k.conrelid) FROM pg_catalog.pg_constraint k \
             WHERE k.conrelid OPERATOR(pg_catalog.=) {}::pg_catalog.oid AND k.contype OPERATOR(pg_catalog.=) 'c' AND k.convalidated ORDER BY 1",
            open.oid
        );
        let mut questions: Vec<Question> = schema
            .columns
            .iter()
            .enumerate()
            .filter(|(_, column)| !column.nullable)
            .map(|(at, column)| {
                let question = format!("SELECT pg_catalog.count(*) FROM s WHERE s.c{at} IS NULL");
                (Rule::NotNull, format!("NOT NULL of column {}", column.name), question)
            })
            .collect();
        let generated: Vec<String> = schema
            .generated
            .iter()
            .filter_map(|column| {
                let value = operators.generated().value(&schema, index, &column.name, "s")?;
                Some(format!("{value} AS {}", quote::identifier(&column.name)))
            })
            .collect();
        self.on_their_path(|session| {
            session.connection.query(&sql, session.monitor, &mut |row| {
                let (name, expression) = (row.required(0)?, row.required(1)?);
                if let Some(holds) = operators.generated().over(&schema, index, expression, "s", &generated) {
                    let question = format!("SELECT pg_catalog.count(*) FROM s WHERE {holds} IS FALSE");
                    questions.push((Rule::Check, format!("the constraint {name}"), question));
                }
                Ok(())
            })
        })?;
        Ok(questions)
    }

    /// Foreign keys onto tables that are not among those of this transaction.
    fn references(&mut self, operators: &KeyOperators, index: usize) -> Result<Vec<Question>, Failure> {
        let Some(open) = self.tables.get(index) else { return Ok(Vec::new()) };
        let schema = open.schema.clone();
        let sql = format!(
            "SELECT k.conname, pg_catalog.format('%I.%I', pn.nspname, pc.relname), ca.attname, \
             pg_catalog.format('p.%I OPERATOR(%I.%s)', pa.attname, n.nspname, o.oprname) \
             FROM pg_catalog.pg_constraint k CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(k.conkey), \
             pg_catalog.unnest(k.confkey), pg_catalog.unnest(k.conpfeqop)) AS pair (child, parent, operator) \
             JOIN pg_catalog.pg_class pc ON pc.oid = k.confrelid JOIN pg_catalog.pg_namespace pn ON pn.oid = pc.relnamespace \
             JOIN pg_catalog.pg_attribute pa ON pa.attrelid = k.confrelid AND pa.attnum = pair.parent \
             JOIN pg_catalog.pg_attribute ca ON ca.attrelid = k.conrelid AND ca.attnum = pair.child \
             JOIN pg_catalog.pg_operator o ON o.oid = pair.operator JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace \
             WHERE k.contype = 'f' AND k.convalidated AND k.conrelid = {} AND NOT EXISTS (SELECT FROM {} WHERE wanted.oid = k.confrelid \
             OR wanted.oid IN (SELECT p.relid FROM pg_catalog.pg_partition_tree(k.confrelid) AS p)) ORDER BY k.conname, k.oid",
            open.oid,
            oid_array(self.tables.iter().map(|open| open.oid))
        );
        let mut keys: Vec<(String, String, Vec<String>, Vec<String>)> = Vec::new();
        self.connection.query(&sql, self.monitor, &mut |row| {
            let (name, parent, column) = (row.required(0)?, row.required(1)?, row.required(2)?);
            let value = match schema.columns.iter().position(|one| one.name == column) {
                Some(at) => format!("s.c{at}"),
                None => operators.generated().value(&schema, index, column, "s").unwrap_or("NULL".into()),
            };
            if keys.last().is_none_or(|(last, ..)| last != name) {
                keys.push((name.to_string(), parent.to_string(), Vec::new(), Vec::new()));
            }
            if let Some((_, _, present, same)) = keys.last_mut() {
                same.push(format!("{} {value}", row.required(3)?));
                present.push(format!("{value} IS NOT NULL"));
            }
            Ok(())
        })?;
        let question = |(name, parent, present, same): (String, String, Vec<String>, Vec<String>)| {
            let question = format!(
                "SELECT pg_catalog.count(*) FROM s WHERE {} AND NOT EXISTS (SELECT FROM {parent} AS p WHERE {})",
                present.join(" AND "),
                same.join(" AND ")
            );
            (Rule::Reference, format!("the foreign key {name}"), question)
        };
        Ok(keys.into_iter().map(question).collect())
    }

    /// Unique values that rows have which stay as they are.
    fn unique(
        &mut self,
        operators: &KeyOperators,
        index: usize,
        writing: Writing<'_>,
    ) -> Result<Vec<Question>, Failure> {
        let (Some(open), Some(gone)) = (self.tables.get(index), writing.gone) else { return Ok(Vec::new()) };
        let (schema, table) = (open.schema.clone(), open.sql_name.clone());
        let sql = format!(
            "SELECT x.relname, m.attname, pg_catalog.format('OPERATOR(%I.%s)', n.nspname, o.oprname) FROM pg_catalog.pg_index i \
             JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid \
             CROSS JOIN LATERAL pg_catalog.unnest(i.indclass::pg_catalog.oid[]) WITH ORDINALITY AS part (class, n) \
             JOIN pg_catalog.pg_attribute m ON m.attrelid = i.indrelid AND m.attnum = i.indkey[part.n::pg_catalog.int4 - 1] \
             JOIN pg_catalog.pg_opclass c ON c.oid = part.class JOIN pg_catalog.pg_amop a ON a.amopfamily = c.opcfamily \
             AND a.amoplefttype = c.opcintype AND a.amoprighttype = c.opcintype AND a.amopstrategy = 3 \
             JOIN pg_catalog.pg_operator o ON o.oid = a.amopopr JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace \
             WHERE i.indrelid = {} AND i.indisunique AND NOT i.indisprimary AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL \
             AND part.n <= i.indnkeyatts ORDER BY x.relname, part.n",
            open.oid
        );
        let mut indexes: Vec<(String, Vec<String>)> = Vec::new();
        self.connection.query(&sql, self.monitor, &mut |row| {
            let (name, column) = (row.required(0)?, row.required(1)?);
            let value = match schema.columns.iter().position(|one| one.name == column) {
                Some(at) => format!("s.c{at}"),
                None => operators.generated().value(&schema, index, column, "s").unwrap_or("NULL".into()),
            };
            if indexes.last().is_none_or(|(last, _)| last != name) {
                indexes.push((name.to_string(), Vec::new()));
            }
            let same = format!("t.{} {} {value}", quote::identifier(column), row.required(2)?);
            indexes.last_mut().into_iter().for_each(|(_, all)| all.push(same.clone()));
            Ok(())
        })?;
        let mut stays = format!("NOT EXISTS (SELECT FROM s AS w WHERE {})", operators.same_key(self, index, "t", "w"));
        if !gone.is_empty() {
            stays += &format!(" AND NOT EXISTS (SELECT FROM g WHERE {})", operators.same_key(self, index, "t", "g"));
        }
        let question = |(name, same): (String, Vec<String>)| {
            let question = format!(
                "SELECT pg_catalog.count(*) FROM s JOIN ONLY {table} AS t ON {} WHERE {stays}",
                same.join(" AND ")
            );
            (Rule::Unique, format!("the unique index {name}"), question)
        };
        Ok(indexes.into_iter().map(question).collect())
    }
}
