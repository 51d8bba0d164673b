//! How a tree is built.

use crate::monitor::Monitor;
use std::path::Path;

/// How to build.
#[derive(Clone, Copy)]
pub struct BuildOptions<'m> {
    /// zstd's level for leaves and nodes.
    pub level: i32,
    /// Worker threads, at least 1.
    pub threads: usize,
    /// Asked for interruption once a leaf; it is not told of progress.
    pub monitor: &'m dyn Monitor,
    /// Where differences from the first of the previous trees are written down, if they are wanted: a directory for
    /// temporary files.
    pub differences: Option<&'m Path>,
}

impl<'m> BuildOptions<'m> {
    /// Level 3, a worker for each processor, and differences only counted.
    pub fn new(monitor: &'m dyn Monitor) -> BuildOptions<'m> {
        let threads = std::thread::available_parallelism().map_or(2, usize::from);
        BuildOptions { level: 3, threads, monitor, differences: None }
    }
}
