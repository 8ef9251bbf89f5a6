//! What travels between threads: a ring that many fill and one empties, and lanes by priority.

pub mod consumer;
pub mod lanes;
pub mod ring;
pub mod slots;
