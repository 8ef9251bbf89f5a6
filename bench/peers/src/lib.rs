//! The Rust peers that scriptloop is measured against, behind a C ABI (`bench/peers.h`).
//!
//! A peer whose unit of work costs nanoseconds runs its whole loop here, so that it pays for no
//! call across languages; only the waker of `channel`, whose unit is a park, is called one by one.

mod array_queue;
mod channel;
mod clock;
mod script_pool;
mod version;
