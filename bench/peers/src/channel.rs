//! A waker made of crossbeam-channel: the only peer that spins before it parks.

use crossbeam::channel::{Receiver, Sender, bounded};

pub struct Waker {
    sender: Sender<()>,
    receiver: Receiver<()>,
}

#[unsafe(no_mangle)]
pub extern "C" fn peers_waker_new() -> *mut Waker {
    let (sender, receiver) = bounded(1);
    Box::into_raw(Box::new(Waker { sender, receiver }))
}

/// # Safety
///
/// `waker` came from `peers_waker_new` and is used no more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn peers_waker_free(waker: *mut Waker) {
    // SAFETY: as the caller promised.
    drop(unsafe { Box::from_raw(waker) });
}

/// A wake that is pending already is enough, as for every other waker: a full channel is no error.
///
/// # Safety
///
/// `waker` is live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn peers_waker_wake(waker: *const Waker) {
    // SAFETY: as the caller promised.
    let waker = unsafe { &*waker };
    let _ = waker.sender.try_send(());
}

/// # Safety
///
/// `waker` is live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn peers_waker_wait(waker: *const Waker) {
    // SAFETY: as the caller promised.
    let waker = unsafe { &*waker };
    waker.receiver.recv().expect("the waker itself keeps the sender alive");
}
