//! Script setup: what the host gives to all states of a runner, as parts of its config.
//!
//! Modules are sources that `require` finds. Functions are the host's, called on the worker
//! thread that runs the script. The hook `on_state_create` runs chunks in a new state and sets
//! globals, before any script; with SL_SCRIPT_ISOLATION_JOB, tables that it leaves within tables
//! are shared by all jobs.

use std::cell::Cell;
use std::ffi::{CStr, c_char, c_void};
use std::sync::Arc;

use once_cell::sync::OnceCell;

use crate::error::{Error, Result};
use crate::ffi::boundary::{bytes, guard, required};
use crate::ffi::callback::sl_drop_fn;
use crate::ffi::status::sl_status;
use crate::ffi::value::{self, sl_value};
use crate::foreign::{Context, Foreign};
use crate::script::crew::Task;
use crate::script::host_function::{Given, HostFunction, read_arguments};
use crate::script::kit::{Function, Module, OnCreate, Setup};
use crate::script::runner::Submit;
use crate::value::{Builder, Limits, Values};

/// What scripts can reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum sl_script_library {
    /// What can harm nobody: no io, no debug but debug.traceback, of os only clock, date, time
    /// and difftime, of package only loaded and preload; `require` finds the host's modules.
    /// Finalizers (`__gc`) of tables never run.
    Sandbox = 0,
    /// All of Lua's libraries, except os.exit, os.setlocale, C modules and bytecode.
    Trusted = 1,
}

/// What a job leaves for the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum sl_script_isolation {
    /// Its globals: the state is a world that scripts share.
    None = 0,
    /// Nothing: each job has globals and libraries of its own.
    Job = 1,
}

/// A module: `require(name)` runs the source, once in each state, or in each job that is isolated.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sl_script_module {
    /// As scripts name it; ends with a NUL.
    pub name: *const c_char,
    /// A chunk of Lua, text.
    pub source: *const c_char,
    /// Its length in bytes.
    pub source_len: usize,
}

/// What a function gives back to the script that called it. Lent for the call.
pub struct sl_script_return {
    given: Given,
    limits: Limits,
}

/// A script calls a function of the host's. It may call anything of this library but
/// sl_script_runner_free. System calls in it may end with EINTR when the job is interrupted.
///
/// @param userdata  what came with the function
/// @param args      the arguments, lent for the call
/// @param args_len  how many
/// @param ret       for sl_script_return_values or sl_script_return_error; nothing = no values
/// @thread worker, several at once
pub type sl_script_function_fn = Option<
    unsafe extern "C-unwind" fn(
        userdata: *mut c_void,
        args: *const sl_value,
        args_len: usize,
        ret: *mut sl_script_return,
    ),
>;

/// A function of the host's that scripts can call.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sl_script_function {
    /// A global, or `table.name`; ends with a NUL.
    pub name: *const c_char,
    /// What is called.
    pub call: sl_script_function_fn,
    /// Passed to `call` and `drop`.
    pub userdata: *mut c_void,
    /// Takes `userdata` back when no script can call any more, on any thread. May be NULL.
    pub drop: sl_drop_fn,
    /// Not 0: belongs to the main thread. Calling it on a worker is an error that says so.
    pub main_thread_only: u32,
    /// 0.
    pub reserved: u32,
}

/// A new state, lent to the hook for the call.
pub struct sl_script_setup(());

/// Sets a new state up. The runner is not made when it fails.
///
/// @param userdata  what came with the config
/// @param setup     the state, for sl_script_setup_run and sl_script_setup_set_global
/// @return SL_STATUS_OK, or what sl_script_runner_new shall return
/// @thread any: the one that makes the runner; the runner's watch for a state in place of one that
///         was stuck
pub type sl_script_state_create_fn =
    Option<unsafe extern "C-unwind" fn(userdata: *mut c_void, setup: *mut sl_script_setup) -> i32>;

/// A worker's thread has started, or is about to end.
///
/// @param userdata  what came with the config
/// @param worker    which one, from 0
/// @thread worker
pub type sl_script_thread_fn =
    Option<unsafe extern "C-unwind" fn(userdata: *mut c_void, worker: u32)>;

/// Runs a task that was submitted; to be called once, on any thread of the host's pool.
///
/// @param task  what came with it
/// @thread any
pub type sl_script_task_fn = Option<unsafe extern "C-unwind" fn(task: *mut c_void)>;

/// The host's pool takes a task: it runs jobs for as long as there are any, at most as many tasks
/// at a time as the runner has workers. Called where a job is enqueued, and on the watch. Must
/// not wait for the task. The thread that runs it needs a stack of 1 MiB; a real-time signal may
/// interrupt its system calls (EINTR) when a job is interrupted.
///
/// @param userdata  what came with the config
/// @param run       to be called once with `task`, even after the runner was freed
/// @param task      passed to `run`
/// @thread any
pub type sl_script_submit_fn = Option<
    unsafe extern "C-unwind" fn(userdata: *mut c_void, run: sl_script_task_fn, task: *mut c_void),
>;

/// What the host's pool calls.
unsafe extern "C-unwind" fn run_task(task: *mut c_void) {
    // SAFETY: `submit` made it from a box, and the host calls this once.
    let task = unsafe { Box::from_raw(task.cast::<Task>()) };
    guard(|| {
        task.run();
        Ok(())
    });
}

/// The host's pool as a runner uses it.
pub(super) fn submit(submit: sl_script_submit_fn, data: Arc<Lent>) -> Option<Submit> {
    let submit = submit?;
    Some(Box::new(move |task: Task| {
        let task: *mut c_void = Box::into_raw(Box::new(task)).cast();
        // SAFETY: the host promised that it may be called from any thread that enqueues.
        unsafe { submit(data.userdata(), Some(run_task), task) };
    }))
}

/// The host's data of something that is only taken when the runner is made.
#[derive(Debug)]
pub(super) struct Lent {
    data: Context,
    owner: OnceCell<Foreign>,
}

impl Lent {
    pub(super) fn new(data: *mut c_void) -> Arc<Self> {
        Arc::new(Self { data: Context(data), owner: OnceCell::new() })
    }

    /// The library owns it from now on.
    pub(super) fn take(&self, drop: sl_drop_fn) {
        self.owner.get_or_init(|| Foreign::new(self.data.0, drop));
    }

    pub(super) fn userdata(&self) -> *mut c_void {
        self.data.0
    }
}

/// # Safety
///
/// `text` is NULL or ends with a NUL.
unsafe fn name_of(text: *const c_char) -> Result<Box<[u8]>> {
    required(text)?;
    // SAFETY: as the caller promised.
    let name = unsafe { CStr::from_ptr(text) }.to_bytes();
    if name.is_empty() { Err(Error::InvalidArgument) } else { Ok(name.into()) }
}

/// # Safety
///
/// `first` is NULL or readable for `len` items while `'a` lasts.
unsafe fn list<'a, T>(first: *const T, len: usize) -> Result<&'a [T]> {
    if len == 0 {
        return Ok(&[]);
    }
    required(first)?;
    if len > LIST_MAX {
        return Err(Error::InvalidArgument);
    }
    // SAFETY: not NULL and not too long: readable, as the caller promised.
    Ok(unsafe { std::slice::from_raw_parts(first, len) })
}

/// Most modules or functions of a runner.
const LIST_MAX: usize = 1 << 16;

/// # Safety
///
/// `first` is NULL or readable for `len` modules, and so is what they point to.
pub(super) unsafe fn modules(first: *const sl_script_module, len: usize) -> Result<Vec<Module>> {
    // SAFETY: as the caller promised.
    let modules = unsafe { list(first, len) }?;
    let copy = |module: &sl_script_module| {
        // SAFETY: as the caller promised.
        let name = unsafe { name_of(module.name) }?;
        // SAFETY: as the caller promised.
        let source = unsafe { bytes(module.source.cast(), module.source_len) }?;
        Ok(Module { name, source: source.into() })
    };
    modules.iter().map(copy).collect()
}

/// Functions, and what takes charge of their data once the runner is made.
pub(super) type Functions = Vec<(Function, Arc<Lent>, sl_drop_fn)>;

/// # Safety
///
/// `first` is NULL or readable for `len` functions, and so are their names.
pub(super) unsafe fn functions(
    first: *const sl_script_function,
    len: usize,
    limits: Limits,
) -> Result<Functions> {
    // SAFETY: as the caller promised.
    let functions = unsafe { list(first, len) }?;
    let copy = |function: &sl_script_function| {
        // SAFETY: as the caller promised.
        let name = unsafe { name_of(function.name) }?;
        let call = function.call.ok_or(Error::NullArgument)?;
        let lent = Lent::new(function.userdata);
        let (data, shown) = (lent.clone(), String::from_utf8_lossy(&name).into_owned());
        let main_only = function.main_thread_only != 0;
        let run = HostFunction::new(Box::new(move |stack| {
            if main_only {
                let text = format!("'{shown}' belongs to the main thread, and this is a worker");
                return Err(text.into_bytes());
            }
            let args = read_arguments(stack, Builder::new(limits))?;
            let mut ret = sl_script_return { given: Ok(Values::none()), limits };
            let roots = args.roots();
            // SAFETY: the host promised that its function may be called on any worker with its
            // userdata until `drop` has run; the arguments are readable for the call.
            unsafe { call(data.userdata(), roots.as_ptr().cast(), roots.len(), &mut ret) };
            ret.given
        }));
        Ok((Function { name, function: run }, lent, function.drop))
    };
    functions.iter().map(copy).collect()
}

thread_local! {
    /// The setup that this thread is in, for whoever passes a pointer that was lent.
    static CURRENT: Cell<(*const sl_script_setup, *mut c_void, Option<Limits>)> =
        const { Cell::new((std::ptr::null(), std::ptr::null_mut(), None)) };
}

/// The hook as a runner calls it.
pub(super) fn on_create(
    hook: sl_script_state_create_fn,
    data: Arc<Lent>,
    limits: Limits,
) -> Option<OnCreate> {
    let hook = hook?;
    Some(Arc::new(move |setup: &mut Setup<'_>| {
        let pointer: *mut c_void = std::ptr::from_mut(setup).cast();
        let lent = pointer.cast::<sl_script_setup>();
        let outer = CURRENT.replace((lent, pointer, Some(limits)));
        // SAFETY: the host promised that its hook may be called with its userdata; the setup is
        // valid for the call, and known to be afterwards.
        let status = unsafe { hook(data.userdata(), lent) };
        CURRENT.set(outer);
        match status {
            0 => Ok(()),
            15 => Err(Error::NoMemory),
            _ => Err(Error::InvalidArgument),
        }
    }))
}

/// The state that `setup` names, if this thread is in its hook.
fn current(setup: *mut sl_script_setup) -> Result<(*mut c_void, Limits)> {
    required(setup)?;
    match CURRENT.get() {
        (lent, pointer, Some(limits)) if std::ptr::eq(lent, setup) => Ok((pointer, limits)),
        _ => Err(Error::StaleHandle),
    }
}

/// Runs a chunk in a new state, without limits. Its globals stay.
///
/// @param setup       what the hook got
/// @param chunk_name  what errors call it, as in Lua; ends with a NUL; NULL = "=setup"
/// @param source      a chunk of Lua, text
/// @param source_len  its length in bytes
/// @return SL_STATUS_OK                it ran
/// @return SL_STATUS_NULL_ARGUMENT     `setup` is NULL, or `source` is and has a length
/// @return SL_STATUS_INVALID_ARGUMENT  it does not compile or raised an error, which is logged
/// @return SL_STATUS_STALE_HANDLE      the hook has returned, or runs on another thread
/// @thread any, the one that the hook is called on
/// @since  0.1.0
///
/// # Safety
///
/// `source` is NULL or readable for its length, and `chunk_name` is NULL or ends with a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_script_setup_run(
    setup: *mut sl_script_setup,
    chunk_name: *const c_char,
    source: *const c_char,
    source_len: usize,
) -> sl_status {
    guard(|| {
        let (pointer, _) = current(setup)?;
        // SAFETY: as the caller promised.
        let source = unsafe { bytes(source.cast(), source_len) }?;
        let name = if chunk_name.is_null() {
            c"=setup"
        } else {
            // SAFETY: as the caller promised.
            unsafe { CStr::from_ptr(chunk_name) }
        };
        // SAFETY: this thread is inside of the hook that it was lent to.
        let setup = unsafe { &mut *pointer.cast::<Setup<'_>>() };
        setup.run(&name.to_string_lossy(), source)
    })
}

/// Gives a global of a new state a value, which is copied.
///
/// @param setup  what the hook got
/// @param name   the global's name; ends with a NUL
/// @param value  its value
/// @return SL_STATUS_OK                set
/// @return SL_STATUS_NULL_ARGUMENT     `setup`, `name` or `value` is NULL
/// @return SL_STATUS_INVALID_ARGUMENT  the name is empty; the value is none, or exceeds the
///                                     runner's bounds
/// @return SL_STATUS_STALE_HANDLE      the hook has returned, or runs on another thread
/// @return SL_STATUS_NO_MEMORY         memory ran out
/// @thread any, the one that the hook is called on
/// @since  0.1.0
///
/// # Safety
///
/// `name` is NULL or ends with a NUL; `value` is NULL or readable with all that is in it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_script_setup_set_global(
    setup: *mut sl_script_setup,
    name: *const c_char,
    value: *const sl_value,
) -> sl_status {
    guard(|| {
        let (pointer, limits) = current(setup)?;
        required(value)?;
        // SAFETY: as the caller promised.
        let name = unsafe { name_of(name) }?;
        // SAFETY: as the caller promised.
        let values = unsafe { value::copy(value, 1, limits) }?;
        // SAFETY: this thread is inside of the hook that it was lent to.
        let setup = unsafe { &mut *pointer.cast::<Setup<'_>>() };
        setup.set_global(&name, &values)
    })
}

/// What the function returns to the script: copies of these values, instead of what was said
/// before.
///
/// @param ret     what the function got; lent for the call
/// @param values  the values
/// @param len     how many
/// @return SL_STATUS_OK                noted
/// @return SL_STATUS_NULL_ARGUMENT     `ret` is NULL, or `values` is and has a length
/// @return SL_STATUS_INVALID_ARGUMENT  a value is none, or exceeds the runner's bounds
/// @thread worker
/// @since  0.1.0
///
/// # Safety
///
/// `ret` is NULL or what the function got; `values` is NULL or readable with all that is in it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_script_return_values(
    ret: *mut sl_script_return,
    values: *const sl_value,
    len: usize,
) -> sl_status {
    guard(|| {
        required(ret)?;
        // SAFETY: as the caller promised.
        let ret = unsafe { &mut *ret };
        // SAFETY: as the caller promised.
        ret.given = Ok(unsafe { value::copy(values, len, ret.limits) }?);
        Ok(())
    })
}

/// The function raises an error in the script, with this text behind "chunk:line:".
///
/// @param ret   what the function got; lent for the call
/// @param text  any bytes, which are copied
/// @param len   their number
/// @return SL_STATUS_OK             noted
/// @return SL_STATUS_NULL_ARGUMENT  `ret` is NULL, or `text` is and has a length
/// @thread worker
/// @since  0.1.0
///
/// # Safety
///
/// `ret` is NULL or what the function got; `text` is NULL or readable for its length.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_script_return_error(
    ret: *mut sl_script_return,
    text: *const c_char,
    len: usize,
) -> sl_status {
    guard(|| {
        required(ret)?;
        // SAFETY: as the caller promised.
        let text = unsafe { bytes(text.cast(), len) }?;
        // SAFETY: as the caller promised.
        unsafe { (*ret).given = Err(text.to_vec()) };
        Ok(())
    })
}
