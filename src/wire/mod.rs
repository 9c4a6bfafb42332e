//! Reads HTTP out of passing bytes: push decoders without I/O, bytes in, events out.

pub mod head;
