//! One cell of a table, typed but engine-neutral.

/// A borrowed cell value.
///
/// SQLite values keep their storage class. PostgreSQL values are `Int` for `int2/4/8`, `Real` for `float4/8`, `Blob`
/// for `bytea`, and otherwise `Text` holding the server's own text form under pinned settings, so that equal values of
/// equal types are equal bytes from either engine. `Text` is bytes, not `str`: SQLite text may hold NUL and invalid
/// UTF-8.
#[derive(Debug, Clone, Copy)]
pub enum ValueRef<'a> {
    /// SQL NULL.
    Null,
    /// A 64-bit signed integer.
    Int(i64),
    /// An IEEE 754 double; its bits are kept, so -0 and 0 are different values.
    Real(f64),
    /// Text in the database's encoding as seen by a UTF-8 client.
    Text(&'a [u8]),
    /// Raw bytes.
    Blob(&'a [u8]),
}

/// An owned cell value; see [`ValueRef`].
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// SQL NULL.
    Null,
    /// A 64-bit signed integer.
    Int(i64),
    /// An IEEE 754 double.
    Real(f64),
    /// Text bytes.
    Text(Vec<u8>),
    /// Raw bytes.
    Blob(Vec<u8>),
}

impl ValueRef<'_> {
    /// An owned copy.
    pub fn to_owned(self) -> Value {
        match self {
            ValueRef::Null => Value::Null,
            ValueRef::Int(value) => Value::Int(value),
            ValueRef::Real(value) => Value::Real(value),
            ValueRef::Text(bytes) => Value::Text(bytes.to_vec()),
            ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
        }
    }
}

impl PartialEq for ValueRef<'_> {
    /// Equality of canonical bytes: reals are equal if their bits are.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (ValueRef::Null, ValueRef::Null) => true,
            (ValueRef::Int(a), ValueRef::Int(b)) => a == b,
            (ValueRef::Real(a), ValueRef::Real(b)) => a.to_bits() == b.to_bits(),
            (ValueRef::Text(a), ValueRef::Text(b)) | (ValueRef::Blob(a), ValueRef::Blob(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for ValueRef<'_> {}

impl Value {
    /// The value, borrowed.
    pub fn as_ref(&self) -> ValueRef<'_> {
        match self {
            Value::Null => ValueRef::Null,
            Value::Int(value) => ValueRef::Int(*value),
            Value::Real(value) => ValueRef::Real(*value),
            Value::Text(bytes) => ValueRef::Text(bytes),
            Value::Blob(bytes) => ValueRef::Blob(bytes),
        }
    }
}
