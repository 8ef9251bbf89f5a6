//! The only functions that touch pointers from C.

use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use crate::error::{Error, Result};
use crate::ffi::status::sl_status;
use crate::handles::{Handle, Handled, Pin, Slot};

/// Runs the body of an exported function: an error becomes its status, and so does a panic,
/// because nothing may unwind into C.
#[inline]
pub fn guard(body: impl FnOnce() -> Result<()>) -> sl_status {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => sl_status::Ok,
        Ok(Err(error)) => error.into(),
        Err(_) => sl_status::Panic,
    }
}

/// The same for functions that return something else than a status.
#[inline]
pub fn guard_or<T>(fallback: T, body: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(fallback)
}

/// The handle in a pointer that C passed. The pointer is never followed.
#[inline]
pub fn handle<C>(pointer: *const C) -> Result<Handle> {
    if pointer.is_null() {
        return Err(Error::NullArgument);
    }
    Ok(Handle::from_bits(pointer.addr() as u64))
}

/// Keeps the object behind a handle alive while the call lasts.
#[inline]
pub fn borrow<T: Handled, C>(pointer: *const C) -> Result<Pin<T>> {
    let handle = handle(pointer)?;
    T::table().pin(handle).map_err(|_| mistaken(handle))
}

/// The slot behind a handle: for operations on its gate, which outlives the object.
#[inline]
pub fn find<T: Handled, C>(pointer: *const C) -> Result<(&'static Slot<T>, Handle)> {
    let handle = handle(pointer)?;
    match T::table().find(handle) {
        Ok(slot) => Ok((slot, handle)),
        Err(_) => Err(mistaken(handle)),
    }
}

/// Why a handle was not found: it may be alive as another noun.
#[cold]
pub fn mistaken(handle: Handle) -> Error {
    if super::is_live(handle) { Error::WrongKind } else { Error::StaleHandle }
}

/// Writes a result; a NULL out-parameter is one that the caller does not want.
///
/// # Safety
///
/// `out` is NULL or valid for one write.
#[inline]
pub unsafe fn write_out<T>(out: *mut T, value: T) {
    if !out.is_null() {
        // SAFETY: not NULL, so valid, as the caller promised.
        unsafe { ptr::write(out, value) };
    }
}

/// Refuses a NULL where there must be a pointer. Checked before anything is done.
#[inline]
pub fn required<T>(pointer: *const T) -> Result<()> {
    if pointer.is_null() { Err(Error::NullArgument) } else { Ok(()) }
}

/// Bytes that C lends for the call.
///
/// # Safety
///
/// `data` is NULL or readable for `len` bytes while `'a` lasts.
pub unsafe fn bytes<'a>(data: *const c_void, len: usize) -> Result<&'a [u8]> {
    if len == 0 {
        return Ok(&[]);
    }
    required(data)?;
    if len > isize::MAX as usize {
        return Err(Error::InvalidArgument);
    }
    // SAFETY: not NULL and no longer than an object can be: readable, as the caller promised.
    Ok(unsafe { std::slice::from_raw_parts(data.cast(), len) })
}

/// A plain C struct that begins with its own size, so that later versions may append fields.
///
/// # Safety
///
/// The type is `repr(C)`, has `size: usize` first, and every bit pattern is a value of it.
pub unsafe trait Sized0: Copy {
    /// What a host gets that sets nothing.
    fn defaults() -> Self;
}

/// Bytes up to and including the size itself: less cannot be a config.
const SIZE_FIELD: usize = size_of::<usize>();

/// Reads a config of this or another version: what the caller's struct lacks has its default.
///
/// # Safety
///
/// `config` is NULL or readable for as many bytes as its first field says.
pub unsafe fn read_sized<T: Sized0>(config: *const T) -> Result<T> {
    required(config)?;
    // SAFETY: at least the size is readable, as the caller promised; no alignment is assumed.
    let size = unsafe { ptr::read_unaligned(config.cast::<usize>()) };
    // A caller newer than this library has fields that we would ignore: refuse, as they may
    // not be ignored.
    if !(SIZE_FIELD + 1..=size_of::<T>()).contains(&size) {
        return Err(Error::InvalidArgument);
    }
    let mut value = T::defaults();
    // SAFETY: `size` bytes are readable, no more than `value` has, and any bytes are a value.
    unsafe { ptr::copy_nonoverlapping(config.cast::<u8>(), (&raw mut value).cast(), size) };
    Ok(value)
}

/// As `read_sized`, with NULL meaning all defaults.
///
/// # Safety
///
/// As `read_sized`.
pub unsafe fn read_sized_or_defaults<T: Sized0>(config: *const T) -> Result<T> {
    if config.is_null() {
        return Ok(T::defaults());
    }
    // SAFETY: as the caller promised.
    unsafe { read_sized(config) }
}

/// Fills a struct that the caller allocated, as far as the caller's version of it goes. The
/// size is the caller's and stays.
///
/// # Safety
///
/// `out` is writable for as many bytes as `size` says.
pub unsafe fn write_sized<T: Sized0>(out: *mut T, size: usize, value: T) -> Result<()> {
    required(out)?;
    if size <= SIZE_FIELD {
        return Err(Error::InvalidArgument);
    }
    let len = size.min(size_of::<T>());
    // SAFETY: `len` bytes are readable in `value`, and writable in `out` as promised.
    unsafe { ptr::copy_nonoverlapping((&raw const value).cast::<u8>(), out.cast(), len) };
    // SAFETY: the first field is inside of what is writable; no alignment is assumed.
    unsafe { ptr::write_unaligned(out.cast::<usize>(), size) };
    Ok(())
}

/// The size that the caller wrote into a struct to be filled, checked before anything is done.
/// NULL = 0: the caller does not want it.
///
/// # Safety
///
/// `out` is NULL or readable for a size.
pub unsafe fn size_of_out<T: Sized0>(out: *const T) -> Result<usize> {
    if out.is_null() {
        return Ok(0);
    }
    // SAFETY: readable for a size, as the caller promised; no alignment is assumed.
    let size = unsafe { ptr::read_unaligned(out.cast::<usize>()) };
    if size <= SIZE_FIELD { Err(Error::InvalidArgument) } else { Ok(size) }
}
