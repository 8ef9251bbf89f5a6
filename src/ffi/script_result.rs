//! Script result: what a job gave, or a script sent. Lent: by an action, or for a callback.

use std::ffi::{c_char, c_void};

use crate::ffi::value::sl_value;
use crate::script::job::ScriptResult;

/// Names a job of one runner or of one sl_jobs. 0 = none; the first is 1.
pub type sl_job_id = u64;

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum sl_outcome {
    /// It ran to its end, and all results could be converted.
    Ok = 0,
    /// The source is no chunk of Lua.
    LoadError = 1,
    /// It raised an error.
    ScriptError = 2,
    /// It ran longer than it was allowed to.
    Timeout = 3,
    /// It needed more memory than it was allowed to, or than there was; also when it caught the
    /// error.
    Memory = 4,
    /// It was cancelled.
    Cancelled = 5,
    /// No state became free in time.
    NoState = 6,
    /// The runner was closed or freed before its turn came, or while it ran.
    Closed = 7,
    /// An argument or a result cannot be converted: too deep, too large, cyclic, a function.
    ValueError = 8,
    /// It used up its instructions.
    Instructions = 9,
}

/// What a job gave. Everything in it lives as long as what lends it.
#[repr(C)]
pub struct sl_script_result {
    /// Bytes in this struct, as the library knows it.
    pub size: usize,
    /// The job.
    pub id: sl_job_id,
    /// The job's owner id.
    pub owner: u64,
    /// The job's context, untouched.
    pub context: *mut c_void,
    /// All return values in order; for a message that a script posted, its data. NULL when none.
    pub values: *const sl_value,
    /// How many.
    pub values_len: usize,
    /// The last value as Lua's tostring gives it, with a NUL behind; NULL when there is none.
    pub text: *const c_char,
    /// Its length in bytes, without that NUL.
    pub text_len: usize,
    /// What went wrong, "chunk:line: message" and a traceback, with a NUL behind; NULL when OK.
    pub error: *const c_char,
    /// Its length in bytes, without that NUL.
    pub error_len: usize,
    /// Nanoseconds from enqueue to start.
    pub wait_ns: u64,
    /// Nanoseconds from start to end, conversions included.
    pub run_ns: u64,
    /// An sl_outcome.
    pub outcome: u32,
    /// Which worker ran it, from 0.
    pub worker: u32,
}

fn text_parts(text: Option<&[u8]>) -> (*const c_char, usize) {
    text.map_or((std::ptr::null(), 0), |text| (text.as_ptr().cast(), text.len()))
}

/// The result as C reads it. Borrows; copies nothing.
pub(super) fn view(result: &ScriptResult) -> sl_script_result {
    let (text, text_len) = text_parts(result.text());
    let (error, error_len) = text_parts(result.error());
    let values = result.values.roots();
    sl_script_result {
        size: size_of::<sl_script_result>(),
        id: result.id,
        owner: result.owner,
        context: result.context.0,
        values: if values.is_empty() { std::ptr::null() } else { values.as_ptr().cast() },
        values_len: values.len(),
        text,
        text_len,
        error,
        error_len,
        wait_ns: result.wait_ns,
        run_ns: result.run_ns,
        outcome: result.outcome as u32,
        worker: result.worker,
    }
}
