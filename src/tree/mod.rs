//! A table as a prolly tree of rows in the store.
