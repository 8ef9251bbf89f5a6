//! The functions that a state keeps, by their chunks' places.

use std::num::NonZeroU64;

use super::chunk::{Chunk, Place};
use super::stack::{Failure, Stack};

/// A function that is kept.
#[derive(Clone, Copy)]
pub struct Kept {
    serial: NonZeroU64,
    key: i32,
}

/// Whether a chunk had been compiled before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compiled {
    /// Its function was kept.
    Before,
    /// It had to be compiled, or could not be.
    Now,
}

/// The functions of a state's chunks.
pub struct Chunks<'a> {
    pub kept: &'a mut Vec<Option<Kept>>,
    /// Globals change from job to job.
    pub isolated: bool,
}

impl Chunks<'_> {
    /// Pushes the chunk's function; keeps it when the chunk has a place.
    pub fn push_function(
        &mut self,
        stack: &mut Stack<'_>,
        place: Option<Place>,
        chunk: &Chunk,
    ) -> std::result::Result<Compiled, Failure> {
        let Some(place) = place else {
            return stack.load(chunk).map(|()| Compiled::Now);
        };
        let slot = place.slot as usize;
        if let Some(&Some(found)) = self.kept.get(slot)
            && found.serial == place.serial
        {
            stack.push_kept(found.key);
            if self.isolated {
                stack.use_globals(1);
            }
            return Ok(Compiled::Before);
        }
        stack.load(chunk)?;
        self.keep(stack, place);
        Ok(Compiled::Now)
    }

    /// Keeps the function on top in the slot of its chunk, instead of what was there.
    fn keep(&mut self, stack: &mut Stack<'_>, place: Place) {
        let slot = place.slot as usize;
        if self.kept.len() <= slot {
            self.kept.resize(slot + 1, None);
        }
        if let Some(old) = self.kept[slot].take() {
            stack.forget(old.key);
        }
        // Without memory for it, the function runs and is compiled again the next time.
        if let Some(key) = stack.keep_top() {
            self.kept[slot] = Some(Kept { serial: place.serial, key });
        }
    }
}
