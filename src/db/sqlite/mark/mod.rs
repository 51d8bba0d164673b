//! Where a database file stands: what tells, without reading it, that it has not changed.

#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
mod wal;

#[cfg(not(target_os = "linux"))]
pub(super) use elsewhere::Files;
#[cfg(target_os = "linux")]
pub(super) use linux::Files;
