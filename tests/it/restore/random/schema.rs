//! Random schemas: tables with keys of all sorts, and references between them.

use crate::tree::model::Dice;

/// What the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Int,
    Text,
    Uuid,
    Numeric,
    Real,
    Json,
    Bytes,
    Flag,
    Moment,
    Date,
    /// One of a few texts: an enum, or text with a CHECK.
    Label,
}

/// The labels, each with the number of the row that has it where they are unique.
pub fn labels() -> String {
    let labels: Vec<String> = (0..26).map(|nth| super::rows::unique(Kind::Label, nth * 3 + 1)).collect();
    labels.join(", ")
}

/// Where the values of a column come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fill {
    /// Another one in each row.
    Unique,
    /// Anything of its kind.
    Any,
    /// Those of a row of another table: reference and position in it.
    Reference(usize, usize),
    /// A number that two rows have, and which of the two a row is: unique together.
    Half,
    Side,
    /// The database makes them.
    Generated,
    /// The database makes them of those of another column, and others can refer to them.
    Made(usize),
}

#[derive(Debug, Clone)]
pub struct Column {
    pub name: String,
    pub kind: Kind,
    pub nullable: bool,
    pub fill: Fill,
    /// What its declaration says after name and type.
    pub more: String,
    /// Whether a counter feeds it.
    pub counted: bool,
}

#[derive(Debug, Clone)]
pub struct Table {
    pub schema: Option<String>,
    pub name: String,
    pub columns: Vec<Column>,
    pub key: Vec<usize>,
    /// Constraints besides those of single columns.
    pub constraints: Vec<String>,
    /// What goes after the closing parenthesis.
    pub options: String,
    /// Leaf partitions, if it has any.
    pub parts: Vec<String>,
    /// Indexes, and what else comes after the rows.
    pub later: Vec<String>,
    /// Whether it is in the snapshot.
    pub taken: bool,
}

/// A foreign key.
#[derive(Debug, Clone)]
pub struct Reference {
    pub child: usize,
    pub parent: usize,
    pub columns: Vec<usize>,
    pub referenced: Vec<usize>,
    pub on_delete: &'static str,
    pub on_update: &'static str,
    pub deferral: &'static str,
}

#[derive(Debug, Clone)]
pub struct Schema {
    pub postgres: bool,
    pub tables: Vec<Table>,
    pub references: Vec<Reference>,
}

pub fn pick<'p, T: ?Sized>(dice: &mut Dice, from: &[&'p T]) -> &'p T {
    from[usize::try_from(dice.roll(from.len() as u64)).unwrap()]
}

pub fn below(dice: &mut Dice, number: usize) -> usize {
    usize::try_from(dice.roll(number as u64)).unwrap()
}

impl Kind {
    pub fn sql(self, postgres: bool) -> &'static str {
        match (self, postgres) {
            (Kind::Int, _) => "integer",
            (Kind::Text, _) | (Kind::Uuid | Kind::Json | Kind::Moment, false) => "text",
            (Kind::Uuid, true) => "uuid",
            (Kind::Numeric, true) => "numeric",
            (Kind::Numeric, false) => "",
            (Kind::Real, true) => "double precision",
            (Kind::Real, false) => "real",
            (Kind::Json, true) => "jsonb",
            (Kind::Bytes, true) => "bytea",
            (Kind::Bytes, false) => "blob",
            (Kind::Flag, _) => "boolean",
            (Kind::Moment, true) => "timestamptz",
            (Kind::Date, _) => "date",
            (Kind::Label, true) => "one.label",
            (Kind::Label, false) => "text",
        }
    }
}

impl Table {
    /// Its name as SQL.
    pub fn sql(&self) -> String {
        self.named(&self.name)
    }

    fn named(&self, name: &str) -> String {
        let schema = self.schema.as_ref().map_or(String::new(), |schema| format!("\"{schema}\"."));
        format!("{schema}\"{name}\"")
    }

    /// The tables that hold its rows, as SQL.
    pub fn leaves(&self) -> Vec<String> {
        match self.parts.is_empty() {
            true => vec![self.sql()],
            false => self.parts.iter().map(|part| self.named(part)).collect(),
        }
    }

    /// Its name as somebody types it.
    pub fn typed(&self) -> String {
        let schema = self.schema.as_ref().map_or(String::new(), |schema| format!("{schema}."));
        format!("{schema}{}", self.name)
    }

    pub fn names(&self, columns: &[usize]) -> String {
        columns.iter().map(|&at| format!("\"{}\"", self.columns[at].name)).collect::<Vec<_>>().join(", ")
    }

    /// Columns that are given values.
    pub fn given(&self) -> Vec<usize> {
        (0..self.columns.len())
            .filter(|&at| !matches!(self.columns[at].fill, Fill::Generated | Fill::Made(_)))
            .collect()
    }

    /// The first column with a value of its own in each row that is not part of the key.
    pub fn unique(&self) -> Option<usize> {
        let is_own = |at: &usize| self.columns[*at].fill == Fill::Unique && !self.key.contains(at);
        let makes = |at: usize| self.columns.iter().any(|column| column.fill == Fill::Made(at));
        (0..self.columns.len()).find(|at| is_own(at) && !makes(*at))
    }

    fn push(&mut self, name: &str, kind: Kind, nullable: bool, fill: Fill, more: &str) -> usize {
        self.columns.push(Column {
            name: name.to_owned(),
            kind,
            nullable,
            fill,
            more: more.to_owned(),
            counted: false,
        });
        self.columns.len() - 1
    }
}

impl Schema {
    /// A schema for either engine.
    pub fn random(dice: &mut Dice, postgres: bool) -> Schema {
        let mut schema = Schema { postgres, tables: Vec::new(), references: Vec::new() };
        let taken = 1 + below(dice, 4);
        let all = taken + 1 + below(dice, 2);
        for number in 0..all {
            let table = schema.table(dice, number, number < taken);
            schema.tables.push(table);
        }
        for child in 0..all {
            for _ in 0..[0, 1, 1, 2][below(dice, 4)] {
                schema.refer(dice, child);
            }
        }
        for table in &mut schema.tables {
            values(dice, table, postgres);
        }
        schema
    }

    /// A table with its key and its unique columns.
    fn table(&self, dice: &mut Dice, number: usize, taken: bool) -> Table {
        let name = format!("{}{number}", pick(dice, &["t", "T ", "select", "é'", "a;b--"]));
        let schema = self.postgres.then(|| pick(dice, &["one", "Two é"]).to_owned());
        let mut table = Table {
            schema,
            name,
            columns: Vec::new(),
            key: Vec::new(),
            constraints: Vec::new(),
            options: String::new(),
            parts: Vec::new(),
            later: Vec::new(),
            taken,
        };
        match dice.roll(10) {
            9 if self.postgres => {
                let n = table.push("n", Kind::Int, dice.roll(2) == 0, Fill::Unique, "");
                let more = " GENERATED ALWAYS AS (coalesce(\"n\", -1)::text || 'x') STORED";
                let made = table.push("made", Kind::Text, false, Fill::Made(n), more);
                match dice.roll(3) {
                    0 => table.constraints.push("UNIQUE (\"made\")".to_owned()),
                    _ => table.key = vec![made],
                }
            }
            0..=3 => self.counted(dice, &mut table),
            4 => table.key = vec![table.push("code", Kind::Text, false, Fill::Unique, "")],
            5 => {
                let first = table.push("a b", Kind::Text, false, Fill::Any, "");
                table.key = vec![first, table.push("n", Kind::Int, false, Fill::Unique, "")];
            }
            6 if self.postgres => table.key = vec![table.push("id", Kind::Uuid, false, Fill::Unique, "")],
            6 | 7 => {
                table.push("only", *pick(dice, &[&Kind::Int, &Kind::Text]), false, Fill::Unique, "");
                table.constraints.push("UNIQUE (\"only\")".to_owned());
            }
            _ => {}
        }
        let counted_by_itself = !self.postgres && table.columns.iter().any(|column| column.counted);
        if !table.key.is_empty() && !counted_by_itself {
            table.constraints.push(format!("PRIMARY KEY ({})", table.names(&table.key)));
        }
        let rowid = table.columns.first().is_some_and(|column| column.kind == Kind::Int);
        if !self.postgres && !table.key.is_empty() && !rowid && dice.roll(2) == 0 {
            table.options = " WITHOUT ROWID".to_owned();
        }
        if table.parts.is_empty() && dice.roll(2) == 0 {
            let nullable = dice.roll(2) == 0;
            let uuid = if self.postgres { Kind::Uuid } else { Kind::Text };
            let kind = *pick(dice, &[&Kind::Int, &Kind::Text, &uuid]);
            let at = table.push("u", kind, nullable, Fill::Unique, "");
            let more = match dice.roll(6) {
                0 if self.postgres => " DEFERRABLE",
                0 => " ON CONFLICT REPLACE",
                _ => "",
            };
            // what is deferrable cannot be referred to
            table.constraints.push(format!("UNIQUE ({}){more}", table.names(&[at])));
        }
        if table.parts.is_empty() && dice.roll(2) == 0 {
            self.bounded(dice, &mut table);
        }
        table
    }

    /// Unique values of which there are few, or days.
    fn bounded(&self, dice: &mut Dice, table: &mut Table) {
        let nullable = dice.roll(3) == 0;
        let unique = match dice.roll(4) {
            0 => vec![table.push("day", Kind::Date, nullable, Fill::Unique, "")],
            1 => {
                let at = table.push("label", Kind::Label, nullable, Fill::Unique, "");
                if !self.postgres {
                    table.constraints.push(format!("CHECK (\"label\" IN ({}))", labels()));
                }
                vec![at]
            }
            _ => {
                table.constraints.push("CHECK (\"half\" BETWEEN 0 AND 13)".to_owned());
                let half = table.push("half", Kind::Int, false, Fill::Half, "");
                vec![half, table.push("side", Kind::Flag, nullable, Fill::Side, "")]
            }
        };
        table.constraints.push(format!("UNIQUE ({})", table.names(&unique)));
    }

    /// A key of numbers: plain, counted, or one by which the rows are in partitions.
    fn counted(&self, dice: &mut Dice, table: &mut Table) {
        let at = table.push("id", Kind::Int, false, Fill::Unique, "");
        table.key.push(at);
        let more = match (dice.roll(6), self.postgres) {
            (0, true) => " GENERATED ALWAYS AS IDENTITY",
            (1, true) => " GENERATED BY DEFAULT AS IDENTITY",
            (2, true) => "serial",
            (3, true) => {
                table.options = " PARTITION BY RANGE (id)".to_owned();
                table.parts = vec![format!("{} low", table.name), format!("{} high", table.name)];
                ""
            }
            (0..=2, false) => " PRIMARY KEY AUTOINCREMENT",
            _ => "",
        };
        table.columns[at].more = more.to_owned();
        table.columns[at].counted = !more.is_empty();
    }

    /// A foreign key of this table, if there is one that it can have.
    fn refer(&mut self, dice: &mut Dice, child: usize) {
        let parent = below(dice, self.tables.len());
        let choices = self.referable(parent);
        // rows of other tables are not damaged: nobody who refers to them is left alone
        if choices.is_empty() || (self.tables[child].taken && !self.tables[parent].taken && dice.roll(3) > 0) {
            return;
        }
        let referenced = choices[below(dice, choices.len())].clone();
        let number = self.references.len();
        let mut columns = Vec::new();
        let nullable = dice.roll(4) > 0;
        for (position, &at) in referenced.iter().enumerate() {
            let kind = self.tables[parent].columns[at].kind;
            let fill = Fill::Reference(number, position);
            let name = format!("to {number} {position}");
            columns.push(self.tables[child].push(&name, kind, nullable, fill, ""));
        }
        let actions = ["NO ACTION", "NO ACTION", "RESTRICT", "CASCADE", "CASCADE", "SET NULL", "SET DEFAULT"];
        let action = |dice: &mut Dice| {
            let action = actions[below(dice, actions.len())];
            if nullable || !action.starts_with("SET") { action } else { "CASCADE" }
        };
        self.references.push(Reference {
            child,
            parent,
            columns,
            referenced,
            on_delete: action(dice),
            on_update: action(dice),
            deferral: pick(dice, &["", "", "", " DEFERRABLE", " DEFERRABLE INITIALLY DEFERRED"]),
        });
    }

    /// Columns of a table that can be referred to: those of its key, a unique one.
    fn referable(&self, table: usize) -> Vec<Vec<usize>> {
        let table = &self.tables[table];
        let mut choices = Vec::new();
        if !table.key.is_empty() {
            choices.extend([table.key.clone(), table.key.clone()]);
        }
        let deferrable = table.constraints.iter().any(|constraint| constraint.ends_with(" DEFERRABLE"));
        let unique = table.unique().filter(|at| !(deferrable && table.columns[*at].name == "u"));
        choices.extend(unique.map(|at| vec![at]));
        choices.extend(table.columns.iter().position(|column| matches!(column.fill, Fill::Made(_))).map(|at| vec![at]));
        choices
    }
}

/// Gives a table the columns that nobody refers to, and indexes on them.
fn values(dice: &mut Dice, table: &mut Table, postgres: bool) {
    let kinds = [
        Kind::Int,
        Kind::Text,
        Kind::Text,
        Kind::Numeric,
        Kind::Real,
        Kind::Json,
        Kind::Bytes,
        Kind::Flag,
        Kind::Moment,
        Kind::Date,
        Kind::Label,
    ];
    for number in 0..below(dice, 5) {
        let (kind, nullable) = (kinds[below(dice, kinds.len())], dice.roll(5) > 0);
        table.push(&format!("v{number}"), kind, nullable, Fill::Any, "");
    }
    let uncounted = table.parts.is_empty() && table.columns.iter().all(|column| !column.counted);
    if postgres && uncounted && dice.roll(4) == 0 {
        let at = table.push("count", Kind::Int, false, Fill::Unique, " GENERATED ALWAYS AS IDENTITY");
        table.columns[at].counted = true;
    }
    let whole = table.columns.iter().position(|column| column.kind == Kind::Int && column.fill == Fill::Any);
    if let (Some(at), true, 0) = (whole, postgres, dice.roll(2)) {
        let rule = format!("CHECK ({} > 0) NOT VALID", table.names(&[at]));
        table.later.push(format!("ALTER TABLE {} ADD CONSTRAINT \"new ones\" {rule}", table.sql()));
    }
    if let (Some(at), true) = (whole, dice.roll(2) == 0) {
        let form = if postgres || dice.roll(2) == 0 { "STORED" } else { "VIRTUAL" };
        let more = format!(" GENERATED ALWAYS AS (coalesce(\"{}\", 0) * 2) {form}", table.columns[at].name);
        table.push("twice", Kind::Int, true, Fill::Generated, &more);
    }
    if let (Some(at), true) = (table.unique(), dice.roll(4) == 0) {
        let name = table.names(&[at]);
        let index = format!("\"by {}\"", table.name);
        let target = table.sql();
        let expression = match table.columns[at].kind {
            Kind::Text => format!("(lower({name}))"),
            Kind::Uuid | Kind::Date | Kind::Label => format!("({name}, ({name} IS NULL))"),
            _ => format!("({name}) WHERE {name} > 20"),
        };
        if table.parts.is_empty() {
            table.later.push(format!("CREATE UNIQUE INDEX {index} ON {target} {expression}"));
        }
    }
}
