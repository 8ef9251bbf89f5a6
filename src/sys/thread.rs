//! Which thread is this?
//!
//! The system's own names for threads do not do: it gives the name of a thread that has ended to
//! the next one, which would then pass for the owner of what the first one owned. So threads get
//! numbers, in the order in which they first ask. The number is asked for in every poll: as Rust
//! keeps thread-locals in a shared library, finding it would cost a call that takes as long as
//! all the rest of a poll that finds nothing to do.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number that no other thread of the process has, had or will have; never 0.
#[inline]
pub fn thread_id() -> u64 {
    match number::get() {
        0 => begin(),
        id => id,
    }
}

/// Gives the calling thread, which is the only one, a new number when it asks next: what it owned
/// belongs to the process that it was forked from.
pub fn renumber_thread() {
    number::set(0);
}

#[cold]
fn begin() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let id = LAST.fetch_add(1, Ordering::Relaxed) + 1;
    number::set(id);
    id
}

/// The thread's number; 0 when it has none yet. By the initial-exec model, which finds it in two
/// instructions, at a distance from the thread pointer that the loader has fixed. Stable Rust has
/// no other way to choose the model.
#[cfg(target_arch = "x86_64")]
mod number {
    use std::arch::{asm, global_asm};

    global_asm!(
        ".pushsection .tbss.scriptloop_thread_number, \"awT\", @nobits",
        ".globl scriptloop_thread_number",
        ".hidden scriptloop_thread_number",
        ".type scriptloop_thread_number, @object",
        ".size scriptloop_thread_number, 8",
        ".balign 8",
        "scriptloop_thread_number:",
        ".zero 8",
        ".popsection",
    );

    #[inline]
    pub fn get() -> u64 {
        let id: u64;
        // SAFETY: reads eight bytes that live as long as the thread, and changes nothing.
        unsafe {
            asm!(
                "mov {id}, qword ptr [rip + scriptloop_thread_number@gottpoff]",
                "mov {id}, qword ptr fs:[{id}]",
                id = out(reg) id,
                options(pure, readonly, nostack, preserves_flags),
            );
        }
        id
    }

    pub fn set(id: u64) {
        // SAFETY: writes eight bytes that live as long as the thread, and that no other one has.
        unsafe {
            asm!(
                "mov {at}, qword ptr [rip + scriptloop_thread_number@gottpoff]",
                "mov qword ptr fs:[{at}], {id}",
                at = out(reg) _,
                id = in(reg) id,
                options(nostack, preserves_flags),
            );
        }
    }
}

/// The same where nobody has written the instructions down. Constant and without a destructor:
/// it is there at any time of the thread's life.
#[cfg(not(target_arch = "x86_64"))]
mod number {
    use std::cell::Cell;

    thread_local! {
        static NUMBER: Cell<u64> = const { Cell::new(0) };
    }

    #[inline]
    pub fn get() -> u64 {
        NUMBER.get()
    }

    pub fn set(id: u64) {
        NUMBER.set(id);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn every_thread_has_a_number_of_its_own_and_keeps_it() {
        let two = || (thread_id(), thread_id());
        let mut ids = vec![two()];
        ids.extend((0..8).map(|_| std::thread::spawn(two).join().expect("it does not panic")));
        assert!(ids.iter().all(|(first, second)| first == second && *first != 0));
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 9);
    }
}
