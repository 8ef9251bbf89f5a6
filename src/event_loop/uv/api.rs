//! The functions of libuv that are used, and where they come from.

use std::ffi::{c_int, c_void};

use crate::error::{Error, Result};
use crate::log::{self, Level};
use crate::sync::Once;
use crate::sys::{Library, symbol};

/// The oldest libuv that this was tried with: 1.44.
const VERSION_MIN: u32 = 1 << 16 | 44 << 8;

/// `void (*)(uv_handle_t *)`
pub type HandleFn = unsafe extern "C" fn(handle: *mut c_void);
/// `void (*)(uv_handle_t *, void *)`
pub type WalkFn = unsafe extern "C" fn(handle: *mut c_void, argument: *mut c_void);

macro_rules! api {
    ($($name:ident = $symbol:literal: fn($($argument:ty),*) $(-> $result:ty)?;)*) => {
        /// Functions of one libuv. Loops and handles are untyped pointers.
        #[derive(Clone, Copy, Debug)]
        #[expect(missing_docs, reason = "each is the function of libuv that the list names")]
        pub struct Api {
            $(pub $name: unsafe extern "C" fn($($argument),*) $(-> $result)?,)*
        }

        impl Api {
            fn load(library: &Library) -> Option<Self> {
                Some(Self { $($name: {
                    let address = symbol(library, $symbol)?;
                    // SAFETY: libuv's function of this name has this type, up to the names of
                    // pointers and enums.
                    unsafe {
                        std::mem::transmute::<
                            *mut c_void,
                            unsafe extern "C" fn($($argument),*) $(-> $result)?,
                        >(address)
                    }
                },)* })
            }
        }
    };
}

api! {
    version = c"uv_version": fn() -> u32;
    loop_size = c"uv_loop_size": fn() -> usize;
    loop_init = c"uv_loop_init": fn(*mut c_void) -> c_int;
    loop_close = c"uv_loop_close": fn(*mut c_void) -> c_int;
    loop_alive = c"uv_loop_alive": fn(*const c_void) -> c_int;
    run = c"uv_run": fn(*mut c_void, u32) -> c_int;
    stop = c"uv_stop": fn(*mut c_void);
    update_time = c"uv_update_time": fn(*mut c_void);
    backend_fd = c"uv_backend_fd": fn(*const c_void) -> c_int;
    backend_timeout = c"uv_backend_timeout": fn(*const c_void) -> c_int;
    walk = c"uv_walk": fn(*mut c_void, Option<WalkFn>, *mut c_void);
    handle_size = c"uv_handle_size": fn(u32) -> usize;
    handle_set_data = c"uv_handle_set_data": fn(*mut c_void, *mut c_void);
    is_closing = c"uv_is_closing": fn(*const c_void) -> c_int;
    close = c"uv_close": fn(*mut c_void, Option<HandleFn>);
    r#ref = c"uv_ref": fn(*mut c_void);
    unref = c"uv_unref": fn(*mut c_void);
    async_init = c"uv_async_init": fn(*mut c_void, *mut c_void, Option<HandleFn>) -> c_int;
    async_send = c"uv_async_send": fn(*mut c_void) -> c_int;
    timer_init = c"uv_timer_init": fn(*mut c_void, *mut c_void) -> c_int;
    timer_start = c"uv_timer_start": fn(*mut c_void, Option<HandleFn>, u64, u64) -> c_int;
    timer_stop = c"uv_timer_stop": fn(*mut c_void) -> c_int;
}

impl Api {
    /// Refuses a libuv that is too old.
    pub fn checked(self) -> Result<Self> {
        // SAFETY: has no preconditions.
        let version = unsafe { (self.version)() };
        if version >= VERSION_MIN {
            return Ok(self);
        }
        let (major, minor) = (version >> 16, version >> 8 & 0xff);
        let text = format!("libuv {major}.{minor} is too old for a loop: 1.44 or newer is needed");
        log::write(Level::Error, text.as_bytes());
        Err(Error::Unsupported)
    }
}

/// The libuv of this process: the one that the program has brought and shows, otherwise the
/// system's. Loading a second one beside the first would mix the two: the functions of a shared
/// library find those of the program first.
pub fn installed() -> Result<Api> {
    static FOUND: Once<Api> = Once::new();
    if let Some(found) = FOUND.get() {
        return Ok(*found);
    }
    // Not while anything is held: the system runs what libraries bring.
    let found = find().map_err(|why| {
        log::write(Level::Error, format!("no libuv backend: {why}").as_bytes());
        Error::Unsupported
    });
    let found = found?.checked()?;
    Ok(*FOUND.get_or_init(|| found))
}

fn find() -> std::result::Result<Api, &'static str> {
    let shown = Library::program();
    if symbol(&shown, c"uv_run").is_some() {
        return Api::load(&shown).ok_or("this program shows only some functions of its libuv");
    }
    let system = Library::open(c"libuv.so.1");
    let found = system.as_ref().and_then(Api::load);
    found.ok_or("there is no libuv.so.1: install libuv (Debian: libuv1)")
}
