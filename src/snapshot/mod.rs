//! Snapshots: manifests, references, history, retention.
