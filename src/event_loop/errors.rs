//! What went wrong while nobody looked: kept until somebody does.

use std::collections::VecDeque;

use crate::clock::monotonic_ns;
use crate::sync::Mutex;

/// Errors that are kept; older ones make room.
pub const ERRORS_MAX: usize = 32;
/// Bytes of each that are kept.
pub const TEXT_MAX: usize = 4096;

/// One error.
#[derive(Clone, Debug)]
pub struct Reported {
    /// From 1, in the order in which they came: a gap says that some had to make room.
    pub number: u64,
    /// When it came, in monotonic nanoseconds.
    pub at_ns: u64,
    /// What it said.
    pub text: Vec<u8>,
}

/// The last errors.
#[derive(Debug, Default)]
pub struct Errors(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    last: u64,
    errors: VecDeque<Reported>,
}

impl Errors {
    /// Keeps one more; the oldest makes room.
    pub fn report(&self, text: &[u8]) {
        let text = text[..text.len().min(TEXT_MAX)].to_vec();
        let mut kept = self.0.lock();
        kept.last += 1;
        let (number, at_ns) = (kept.last, monotonic_ns());
        if kept.errors.len() == ERRORS_MAX {
            kept.errors.pop_front();
        }
        kept.errors.push_back(Reported { number, at_ns, text });
    }

    /// Takes all of them out, in order.
    pub fn take(&self) -> VecDeque<Reported> {
        std::mem::take(&mut self.0.lock().errors)
    }

    /// How many there ever were.
    pub fn reported(&self) -> u64 {
        self.0.lock().last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_ones_are_kept_in_order_and_taken_once() {
        let errors = Errors::default();
        for number in 1..=40 {
            errors.report(format!("error {number}").as_bytes());
        }
        let taken = errors.take();
        let numbers: Vec<_> = taken.iter().map(|error| error.number).collect();
        assert_eq!(numbers, (9..=40).collect::<Vec<_>>());
        assert_eq!(taken[0].text, b"error 9");
        assert!(errors.take().is_empty());
        assert_eq!(errors.reported(), 40);
    }

    #[test]
    fn a_long_text_is_cut() {
        let errors = Errors::default();
        errors.report(&[b'x'; TEXT_MAX + 1]);
        assert_eq!(errors.take()[0].text.len(), TEXT_MAX);
    }
}
