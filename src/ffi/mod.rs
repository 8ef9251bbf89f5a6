//! The boundary with C. Every exported function is one `guard` around four steps: borrow,
//! convert, one call, write out. The order of these modules is the order of the header.
#![expect(unsafe_code, reason = "the boundary with C is here and nowhere else")]
#![expect(non_camel_case_types, reason = "C's names are written as C has them")]

use crate::event_loop::EventLoop;
use crate::handles::{Handle, Handled};

pub(crate) mod boundary;

pub mod status;
pub mod version;
pub mod callback;
pub mod log;
pub mod step;
pub mod event_loop;
pub mod post;
pub mod timer;
pub mod embed;

/// For each noun, whether a handle names a living object of it.
static TABLES: [fn(Handle) -> bool; 1] = [is_live::<EventLoop>];

fn is_live<T: Handled>(handle: Handle) -> bool {
    T::table().find(handle).is_ok()
}

/// Living objects of all nouns.
fn live_handles() -> u64 {
    EventLoop::table().live()
}
