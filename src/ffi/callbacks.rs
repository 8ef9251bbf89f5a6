//! Callbacks: functions that any thread has called on the owner thread, by number.
//!
//! The owner registers a function and gives its number away; whoever has the number enqueues
//! payloads for it, from any thread, which wakes the owner's loop. The owner calls dispatch when it
//! suits: in each frame, or in a loop of its own. Payloads are handled in the order of their
//! arrival; what is enqueued meanwhile waits for the next dispatch. It is what stands behind the
//! module `callbacks` of scriptloop_lua.h, and knows no Lua: a payload is a typed value, or a
//! function of the host's that makes it on the owner thread.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use crate::callbacks::{Call, Callbacks, Function, Payload, Stats};
use crate::error::{Error, Result};
use crate::ffi::boundary::{
    Sized0, borrow, bytes, guard, handle, read_sized_or_defaults, required, size_of_out, write_out,
    write_sized,
};
use crate::ffi::callback::sl_drop_fn;
use crate::ffi::event_loop::sl_loop;
use crate::ffi::job_result::{self, sl_job_result};
use crate::ffi::status::sl_status;
use crate::ffi::value::{self, sl_value};
use crate::foreign::Foreign;
use crate::handles::{Handled, Kind, Table};
use crate::value::Limits;

/// Functions by number, and what waits for them.
pub struct sl_callbacks(());

impl Handled for Callbacks {
    const KIND: Kind = Kind::Callbacks;
    type Gate = ();

    fn table() -> &'static Table<Self> {
        static CALLBACKS: Table<Callbacks> = Table::new();
        &CALLBACKS
    }
}

/// The number of a function: from 1, one more each time, never used again, below 2^53, so that a
/// double holds it, and so does a pointer of 64 bits.
pub type sl_callback_id = u64;

/// Bounds on the values of payloads: depth, items and bytes.
const VALUES: Limits = Limits { depth: 100, items: 1 << 24, bytes: 1 << 30 };

/// Makes a payload, on the owner thread, when it is needed.
///
/// @param userdata  what was passed with the function
/// @param target    what whoever wants the payload passes: a lua_State, for scriptloop_lua.h
/// @return SL_STATUS_OK, or why there is no payload
/// @thread owner
pub type sl_callback_build_fn =
    Option<unsafe extern "C-unwind" fn(userdata: *mut c_void, target: *mut c_void) -> i32>;

/// One call of a function; lent for the call.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sl_callback_call {
    /// Bytes in this struct, as the library knows it.
    pub size: usize,
    /// The number.
    pub id: sl_callback_id,
    /// The payload; NULL when `build` makes it, or when it is the result of a job.
    pub value: *const sl_value,
    /// Makes the payload: to be called at most once, with `build_userdata` and whatever it is to
    /// work on. NULL when there is a value, or the result of a job.
    pub build: sl_callback_build_fn,
    /// For `build`.
    pub build_userdata: *mut c_void,
    /// What a native job gave that was submitted with this number; NULL for all others. Lent for
    /// the call, for sl_job_result_take_payload, too.
    pub job: *mut sl_job_result,
}

/// Is called for a number. May call anything of this library, also a nested dispatch.
///
/// @param userdata  what was passed with the function
/// @param call      the number and its payload
/// @thread owner
pub type sl_callback_fn =
    Option<unsafe extern "C-unwind" fn(userdata: *mut c_void, call: *const sl_callback_call)>;

/// Bits of the flags of sl_callbacks_register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum sl_callback_flag {
    /// It is called once, and unregistered before that.
    Once = 1,
}

/// How callbacks are made. Fill with sl_callbacks_config_init, then change what is to differ.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sl_callbacks_config {
    /// Bytes in this struct, as the host knows it.
    pub size: usize,
    /// Payloads that may wait at once; 0 = no bound, the default.
    pub capacity: u32,
    /// Zero.
    pub reserved: u32,
}

// SAFETY: repr(C), size first, plain numbers.
unsafe impl Sized0 for sl_callbacks_config {
    fn defaults() -> Self {
        Self { size: size_of::<Self>(), capacity: 0, reserved: 0 }
    }
}

/// What callbacks have counted. Set `size` before the call.
///
/// At any moment accepted = delivered + unknown + dropped + pending.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct sl_callbacks_stats {
    /// Bytes in this struct, as the host knows it.
    pub size: usize,
    /// Functions that are registered.
    pub registered: u64,
    /// Payloads that were accepted.
    pub accepted: u64,
    /// Payloads whose function was called.
    pub delivered: u64,
    /// Calls among them that failed.
    pub failed: u64,
    /// Payloads whose number nobody had any more when their turn came.
    pub unknown: u64,
    /// Payloads that were dropped at the end.
    pub dropped: u64,
    /// Payloads that found the queue full.
    pub refused: u64,
    /// Payloads that wait.
    pub pending: u64,
    /// Most payloads that were seen waiting.
    pub high_water: u64,
}

// SAFETY: repr(C), size first, plain numbers.
unsafe impl Sized0 for sl_callbacks_stats {
    fn defaults() -> Self {
        Self { size: size_of::<Self>(), ..Self::default() }
    }
}

impl From<Stats> for sl_callbacks_stats {
    fn from(stats: Stats) -> Self {
        let Stats { registered, accepted, delivered, failed, unknown, dropped, .. } = stats;
        let Stats { refused, pending, high_water, .. } = stats;
        let size = size_of::<Self>();
        Self {
            size,
            registered,
            accepted,
            delivered,
            failed,
            unknown,
            dropped,
            refused,
            pending,
            high_water,
        }
    }
}

/// What the host's function gets, and behind it what only the library reads.
#[repr(C)]
struct Lent<'a> {
    call: sl_callback_call,
    inner: &'a Call<'a>,
}

fn lend(call: &Call<'_>, run: impl FnOnce(*const sl_callback_call)) {
    let mut lent = sl_callback_call {
        size: size_of::<sl_callback_call>(),
        id: call.id,
        value: std::ptr::null(),
        build: None,
        build_userdata: std::ptr::null_mut(),
        job: std::ptr::null_mut(),
    };
    let run_with = |lent| {
        let lent = Lent { call: lent, inner: call };
        run((&raw const lent).cast());
    };
    match call.payload {
        Payload::Value(values) => lent.value = values.roots().as_ptr().cast(),
        Payload::Built { build, data } => {
            (lent.build, lent.build_userdata) = (Some(*build), data.userdata());
        }
        Payload::Job(job) => {
            let Some(mut job) = job.take() else { return };
            return job_result::show(&mut job, |shown| {
                lent.job = shown;
                run_with(lent);
            });
        }
    }
    run_with(lent);
}

fn new(home: *mut sl_loop, config: &sl_callbacks_config) -> Result<*mut sl_callbacks> {
    if config.reserved != 0 {
        return Err(Error::InvalidArgument);
    }
    let home = borrow_handle(home)?;
    let made = Callbacks::new(home, config.capacity)?;
    Ok(Callbacks::table().insert(|(), _| Ok(made))?.as_ptr())
}

/// The handle of a loop that is alive.
fn borrow_handle(home: *mut sl_loop) -> Result<crate::handles::Handle> {
    borrow::<crate::event_loop::EventLoop, _>(home)?;
    handle(home)
}

fn free(pointer: *mut sl_callbacks) -> Result<()> {
    if pointer.is_null() {
        return Ok(());
    }
    borrow::<Callbacks, _>(pointer)?.close()?;
    Callbacks::table().remove(handle(pointer)?)
}

fn register(
    pointer: *mut sl_callbacks,
    run: sl_callback_fn,
    data: (*mut c_void, sl_drop_fn),
    flags: u32,
) -> Result<u64> {
    let run = run.ok_or(Error::NullArgument)?;
    let once = sl_callback_flag::Once as u32;
    if flags & !once != 0 {
        return Err(Error::InvalidArgument);
    }
    borrow::<Callbacks, _>(pointer)?.register(flags & once != 0, || {
        let data = Foreign::new(data.0, data.1);
        let function = move |call: &Call<'_>| {
            // SAFETY: the host promised that its function may be called on the owner thread while
            // the library has the userdata; the call is readable meanwhile.
            lend(call, |lent| unsafe { run(data.userdata(), lent) });
        };
        Arc::<dyn Fn(&Call<'_>) + Send + Sync>::from(Box::new(function) as Box<Function>)
    })
}

/// Fills a config with its defaults: no bound.
///
/// @param[out] config  the struct to fill
/// @param      size    sizeof(sl_callbacks_config), as the host knows it
/// @return SL_STATUS_OK                filled
/// @return SL_STATUS_NULL_ARGUMENT     `config` is NULL
/// @return SL_STATUS_INVALID_ARGUMENT  `size` holds no field
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// `config` is NULL or writable for `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_callbacks_config_init(
    config: *mut sl_callbacks_config,
    size: usize,
) -> sl_status {
    // SAFETY: as the caller promised.
    guard(|| unsafe { write_sized(config, size, sl_callbacks_config::defaults()) })
}

/// Makes callbacks: nothing registered, nothing queued. They belong to the loop's owner thread.
///
/// The loop is woken by every enqueue and otherwise left alone: its polls call nothing of these.
/// When it is freed first, the callbacks stay usable on the thread that owned it.
///
/// @param      loop           the loop to wake
/// @param      config         how; NULL = all defaults
/// @param[out] out_callbacks  the callbacks, to be freed with sl_callbacks_free
/// @return SL_STATUS_OK                made
/// @return SL_STATUS_NULL_ARGUMENT     `loop` or `out_callbacks` is NULL
/// @return SL_STATUS_INVALID_ARGUMENT  a size or number in `config` is not allowed
/// @return SL_STATUS_STALE_HANDLE      the loop was freed
/// @return SL_STATUS_WRONG_KIND        `loop` is no loop
/// @return SL_STATUS_WRONG_THREAD      another thread owns the loop
/// @return SL_STATUS_FULL              2^24 of them are alive
/// @return SL_STATUS_NO_MEMORY         there is no memory for that many payloads
/// @thread owner
/// @since  0.1.0
///
/// # Safety
///
/// `config` is NULL or readable for its size; `out_callbacks` is NULL or valid for one write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_callbacks_new(
    r#loop: *mut sl_loop,
    config: *const sl_callbacks_config,
    out_callbacks: *mut *mut sl_callbacks,
) -> sl_status {
    guard(|| {
        required(out_callbacks)?;
        // SAFETY: as the caller promised.
        let made = new(r#loop, &unsafe { read_sized_or_defaults(config) }?)?;
        // SAFETY: as the caller promised.
        unsafe { write_out(out_callbacks, made) };
        Ok(())
    })
}

/// Ends callbacks and keeps the handle: drops what is queued, in order, then what is registered.
///
/// Every `drop` runs inside of this call, but that of a function which is being called: that one
/// runs when it has returned. Doing it again does nothing. Register, enqueue and dispatch give
/// SL_STATUS_CLOSED from now on.
///
/// @param callbacks  the callbacks
/// @return SL_STATUS_OK             ended, now or before
/// @return SL_STATUS_NULL_ARGUMENT  `callbacks` is NULL
/// @return SL_STATUS_STALE_HANDLE   they were freed
/// @return SL_STATUS_WRONG_KIND     `callbacks` is of another noun
/// @return SL_STATUS_WRONG_THREAD   the caller is not the loop's owner thread
/// @thread owner
/// @since  0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn sl_callbacks_close(callbacks: *mut sl_callbacks) -> sl_status {
    guard(|| borrow::<Callbacks, _>(callbacks)?.close())
}

/// Ends callbacks, as sl_callbacks_close, and takes the handle away.
///
/// @param callbacks  the callbacks; NULL is allowed
/// @return SL_STATUS_OK            ended, or `callbacks` was NULL
/// @return SL_STATUS_STALE_HANDLE  they were freed before
/// @return SL_STATUS_WRONG_KIND    `callbacks` is of another noun
/// @return SL_STATUS_WRONG_THREAD  the caller is not the loop's owner thread
/// @thread owner
/// @since  0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn sl_callbacks_free(callbacks: *mut sl_callbacks) -> sl_status {
    guard(|| free(callbacks))
}

/// Has another loop of the same thread woken from now on.
///
/// @param callbacks  the callbacks
/// @param loop       the loop
/// @return SL_STATUS_OK             changed; it was woken once
/// @return SL_STATUS_NULL_ARGUMENT  `callbacks` or `loop` is NULL
/// @return SL_STATUS_STALE_HANDLE   one of them was freed
/// @return SL_STATUS_WRONG_KIND     one of them is of another noun
/// @return SL_STATUS_WRONG_THREAD   the caller does not own both
/// @thread owner
/// @since  0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn sl_callbacks_set_loop(
    callbacks: *mut sl_callbacks,
    r#loop: *mut sl_loop,
) -> sl_status {
    guard(|| borrow::<Callbacks, _>(callbacks)?.set_home(borrow_handle(r#loop)?))
}

/// Gives a function a number. Calls nothing.
///
/// @param      callbacks  the callbacks
/// @param      run        what is called for the number
/// @param      userdata   passed to `run` and `drop`
/// @param      drop       takes `userdata` back when `run` is not called any more, once, on the
///                        owner thread; may be NULL
/// @param      flags      bits of sl_callback_flag
/// @param[out] out_id     the number
/// @return SL_STATUS_OK                registered; the library owns `userdata` until `drop` has run
/// @return SL_STATUS_NULL_ARGUMENT     `callbacks`, `run` or `out_id` is NULL
/// @return SL_STATUS_INVALID_ARGUMENT  `flags` has an unknown bit
/// @return SL_STATUS_STALE_HANDLE      the callbacks were freed
/// @return SL_STATUS_WRONG_KIND        `callbacks` is of another noun
/// @return SL_STATUS_WRONG_THREAD      the caller is not the loop's owner thread
/// @return SL_STATUS_CLOSED            they have ended
/// @return SL_STATUS_FULL              2^53 numbers were given
/// @thread owner
/// @since  0.1.0
///
/// # Safety
///
/// `run` and `drop` may be called with `userdata` on the owner thread until `drop` has run;
/// `out_id` is NULL or valid for one write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_callbacks_register(
    callbacks: *mut sl_callbacks,
    run: sl_callback_fn,
    userdata: *mut c_void,
    drop: sl_drop_fn,
    flags: u32,
    out_id: *mut sl_callback_id,
) -> sl_status {
    guard(|| {
        required(out_id)?;
        let id = register(callbacks, run, (userdata, drop), flags)?;
        // SAFETY: as the caller promised.
        unsafe { write_out(out_id, id) };
        Ok(())
    })
}

/// Takes a number's function away. What is queued for the number is skipped when its turn comes.
///
/// Inside of the function itself it works, too; its `drop` then runs when it has returned.
///
/// @param callbacks  the callbacks
/// @param id         the number
/// @return SL_STATUS_OK             gone
/// @return SL_STATUS_NULL_ARGUMENT  `callbacks` is NULL
/// @return SL_STATUS_STALE_HANDLE   the callbacks were freed
/// @return SL_STATUS_WRONG_KIND     `callbacks` is of another noun
/// @return SL_STATUS_WRONG_THREAD   the caller is not the loop's owner thread
/// @return SL_STATUS_NOT_FOUND      nothing is registered under this number
/// @thread owner
/// @since  0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn sl_callbacks_unregister(
    callbacks: *mut sl_callbacks,
    id: sl_callback_id,
) -> sl_status {
    guard(|| borrow::<Callbacks, _>(callbacks)?.unregister(id))
}

/// Queues a payload for a number and wakes the loop. Never waits, never calls `build` itself.
///
/// The number is looked up when its turn comes: one that nobody has by then is skipped.
///
/// @param callbacks  the callbacks
/// @param id         the number
/// @param build      makes the payload where the function wants it, on the owner thread
/// @param userdata   passed to `build` and `drop`
/// @param drop       takes `userdata` back, called once on the owner thread; may be NULL
/// @return SL_STATUS_OK             queued; the library owns `userdata` until `drop` has run
/// @return SL_STATUS_NULL_ARGUMENT  `callbacks` or `build` is NULL
/// @return SL_STATUS_STALE_HANDLE   the callbacks were freed
/// @return SL_STATUS_WRONG_KIND     `callbacks` is of another noun
/// @return SL_STATUS_CLOSED         they have ended
/// @return SL_STATUS_FULL           the capacity is reached
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// `build` and `drop` may be called with `userdata` on the owner thread until `drop` has run.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_callbacks_enqueue(
    callbacks: *mut sl_callbacks,
    id: sl_callback_id,
    build: sl_callback_build_fn,
    userdata: *mut c_void,
    drop: sl_drop_fn,
) -> sl_status {
    guard(|| {
        let build = build.ok_or(Error::NullArgument)?;
        let make = || Payload::Built { build, data: Foreign::new(userdata, drop) };
        borrow::<Callbacks, _>(callbacks)?.enqueue(id, make)
    })
}

/// Queues a copy of a typed value for a number, as sl_callbacks_enqueue in everything else.
///
/// @param callbacks  the callbacks
/// @param id         the number
/// @param value      the payload; NULL = nil
/// @return SL_STATUS_OK                queued
/// @return SL_STATUS_NULL_ARGUMENT     `callbacks`, or a list in `value` that is not empty, is NULL
/// @return SL_STATUS_INVALID_ARGUMENT  a kind or key is unknown, or `value` is deeper than 100,
///                                     has more than 2^24 items or 2^30 bytes
/// @return SL_STATUS_STALE_HANDLE      the callbacks were freed
/// @return SL_STATUS_WRONG_KIND        `callbacks` is of another noun
/// @return SL_STATUS_CLOSED            they have ended
/// @return SL_STATUS_FULL              the capacity is reached
/// @return SL_STATUS_NO_MEMORY         there is no memory for a copy
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// `value` is NULL or readable, and so is every list in it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_callbacks_enqueue_value(
    callbacks: *mut sl_callbacks,
    id: sl_callback_id,
    value: *const sl_value,
) -> sl_status {
    guard(|| {
        let callbacks = borrow::<Callbacks, _>(callbacks)?;
        let nil = sl_value::NIL;
        let value = if value.is_null() { &raw const nil } else { value };
        // SAFETY: as the caller promised.
        let copied = unsafe { value::copy(value, 1, VALUES) }?;
        callbacks.enqueue(id, || Payload::Value(copied))
    })
}

/// Calls the functions of what is queued now, in order, on the calling thread. Never waits.
///
/// What is enqueued meanwhile waits for the next dispatch. One inside of a called function goes on
/// where the outer one was, and the outer one with what is left. A number that nobody has is
/// skipped and counted. A function that fails does not stop the others.
///
/// @param      callbacks       the callbacks
/// @param      max             most functions to call; 0 = all
/// @param[out] out_dispatched  how many were called; may be NULL
/// @return SL_STATUS_OK             also when nothing was queued
/// @return SL_STATUS_NULL_ARGUMENT  `callbacks` is NULL
/// @return SL_STATUS_STALE_HANDLE   the callbacks were freed
/// @return SL_STATUS_WRONG_KIND     `callbacks` is of another noun
/// @return SL_STATUS_WRONG_THREAD   the caller is not the loop's owner thread
/// @return SL_STATUS_CLOSED         they have ended
/// @thread owner
/// @since  0.1.0
///
/// # Safety
///
/// `out_dispatched` is NULL or valid for one write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_callbacks_dispatch(
    callbacks: *mut sl_callbacks,
    max: u64,
    out_dispatched: *mut u64,
) -> sl_status {
    guard(|| {
        let most = if max == 0 { u64::MAX } else { max };
        let called = borrow::<Callbacks, _>(callbacks)?.dispatch(most)?;
        // SAFETY: as the caller promised.
        unsafe { write_out(out_dispatched, called) };
        Ok(())
    })
}

/// Says from inside of a called function that it could not do it: counts the call as failed and
/// logs `[callbacks] invocation failed for id N: text`.
///
/// @param call  what the function got
/// @param text  why; any bytes
/// @param len   their number
/// @return SL_STATUS_OK             noted
/// @return SL_STATUS_NULL_ARGUMENT  `call` is NULL, or `text` is and has a length
/// @thread owner
/// @since  0.1.0
///
/// # Safety
///
/// `call` is NULL or what the function got, which has not returned; `text` is NULL or readable for
/// its length.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_callback_call_fail(
    call: *const sl_callback_call,
    text: *const c_char,
    len: usize,
) -> sl_status {
    guard(|| {
        required(call)?;
        // SAFETY: as the caller promised.
        let text = unsafe { bytes(text.cast(), len) }?;
        // SAFETY: what the function got is the first field of this.
        let lent = unsafe { &*call.cast::<Lent<'_>>() };
        lent.inner.fail(text);
        Ok(())
    })
}

/// Reads the counters. Changes nothing.
///
/// @param      callbacks  the callbacks
/// @param[out] out_stats  filled as far as out_stats->size goes
/// @return SL_STATUS_OK                filled
/// @return SL_STATUS_NULL_ARGUMENT     `callbacks` or `out_stats` is NULL
/// @return SL_STATUS_INVALID_ARGUMENT  out_stats->size holds no field
/// @return SL_STATUS_STALE_HANDLE      the callbacks were freed
/// @return SL_STATUS_WRONG_KIND        `callbacks` is of another noun
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// `out_stats` is NULL or writable for as many bytes as its size says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_callbacks_read_stats(
    callbacks: *mut sl_callbacks,
    out_stats: *mut sl_callbacks_stats,
) -> sl_status {
    guard(|| {
        required(out_stats)?;
        // SAFETY: as the caller promised.
        let size = unsafe { size_of_out(out_stats) }?;
        let stats = borrow::<Callbacks, _>(callbacks)?.stats();
        // SAFETY: as the caller promised.
        unsafe { write_sized(out_stats, size, stats.into()) }
    })
}
