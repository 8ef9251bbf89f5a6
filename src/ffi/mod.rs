//! The boundary with C. Every exported function is one `guard` around four steps: borrow,
//! convert, one call, write out. The order of these modules is the order of the header.
#![expect(unsafe_code, reason = "the boundary with C is here and nowhere else")]
#![expect(non_camel_case_types, reason = "C's names are written as C has them")]

use crate::handles::{Handle, Handled};

pub(crate) mod boundary;
mod lent;

pub mod status;
pub mod version;
pub mod callback;
pub mod log;
pub mod step;
pub mod uv;
pub mod event_loop;
pub mod post;
pub mod timer;
pub mod embed;
pub mod drive;
pub mod value;
pub mod script_result;
pub mod action;
pub mod action_queue;
pub mod state_pool;
pub mod script_job;
pub mod script_setup;
pub mod script_runner;
pub mod script_cancel;
pub mod script_close;
pub mod script_state;
pub mod job;
pub mod job_result;
pub mod callbacks;
pub mod jobs;
pub mod job_cancel;

/// What is asked of every noun: whether a handle names one, how many there are, and what `fork`
/// asks of its table.
pub(crate) struct Noun {
    is_live: fn(Handle) -> bool,
    live: fn() -> u64,
    pub(crate) hold: fn(),
    pub(crate) let_go: unsafe fn(),
    pub(crate) abandon: unsafe fn(),
}

impl Noun {
    const fn of<T: Handled>() -> Self {
        Self {
            is_live: |handle| T::table().find(handle).is_ok(),
            live: || T::table().live(),
            hold: || T::table().hold(),
            // SAFETY: as the caller promised.
            let_go: || unsafe { T::table().let_go() },
            // SAFETY: as the caller promised.
            abandon: || unsafe { T::table().abandon() },
        }
    }
}

pub(crate) static NOUNS: [Noun; 7] = [
    Noun::of::<crate::event_loop::EventLoop>(),
    Noun::of::<action_queue::Named>(),
    Noun::of::<action::Popped>(),
    Noun::of::<crate::callbacks::Callbacks>(),
    Noun::of::<crate::state_pool::host::HostPool>(),
    Noun::of::<script_runner::Named>(),
    Noun::of::<jobs::Named>(),
];

/// Whether a handle names a living object of any noun.
fn is_live(handle: Handle) -> bool {
    NOUNS.iter().any(|noun| (noun.is_live)(handle))
}

/// Living objects of all nouns.
fn live_handles() -> u64 {
    NOUNS.iter().map(|noun| (noun.live)()).sum()
}
