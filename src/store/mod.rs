//! The store: packs, index, refs and lock. It keeps opaque objects named by hash and knows nothing of rows.
//!
//! `docs/FORMAT.md`, sections 5 to 8, is the reference for its files; the rules of write and delete order are in section 9.

mod object;

pub use object::{Frame, NewObjects, Object, ObjectKind, Objects, StoreError};
