//! One action, and what it carries.

use crate::foreign::Context;
use crate::script::Job;

/// The kind of a script's result.
pub const SCRIPT_RESULT: u32 = 0;
/// The kind of what `engine.post_to_main_thread` sends.
pub const SCRIPT_MESSAGE: u32 = u32::MAX;

/// What an action carries.
#[derive(Debug)]
pub enum Body {
    /// Nothing.
    Empty,
    /// Bytes, the last of which is a NUL that does not count.
    Message(Box<[u8]>),
    /// What a job gave, or a script sent.
    Script(Job),
}

/// One thing for the main thread to know.
#[derive(Debug)]
pub struct Action {
    /// The job's id, or the host's.
    pub id: u64,
    /// Whose it is.
    pub owner: u64,
    /// The host's, only carried.
    pub context: Context,
    /// `SCRIPT_RESULT`, `SCRIPT_MESSAGE` or the host's.
    pub kind: u32,
    /// Whether it is good news.
    pub success: bool,
    /// The rest.
    pub body: Body,
}
