//! Files, durably: the one small trait under all store I/O.
