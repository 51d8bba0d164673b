//! An engine of a few hundred lines that is not part of dbsnap: what the contract of `db::traits` asks for, and that
//! nothing else is needed to add one.

mod engine;
mod fixture;
mod use_cases;

crate::conformance::conformance_suite!(crate::memory::fixture::MemoryFixture::new);
