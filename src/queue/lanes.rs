//! Items by priority: the lowest number first, first in first out within one.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// An item and where it stands: by priority, then by order.
#[derive(Debug)]
struct Entry<T> {
    place: Reverse<(u32, i64)>,
    item: T,
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.place == other.place
    }
}

impl<T> Eq for Entry<T> {}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.place.cmp(&other.place)
    }
}

/// A lane for each priority, all in one heap.
#[derive(Debug)]
pub struct Lanes<T> {
    heap: BinaryHeap<Entry<T>>,
    /// Grows: orders what is put at the end of a lane.
    back: i64,
    /// Falls: orders what is put back to the front of one.
    front: i64,
}

impl<T> Default for Lanes<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Lanes<T> {
    /// No items.
    pub const fn new() -> Self {
        Self { heap: BinaryHeap::new(), back: 0, front: 0 }
    }

    /// How many items there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.heap.len()
    }

    /// Whether there are none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    /// Puts `item` behind all others of its priority.
    pub fn push(&mut self, priority: u32, item: T) {
        self.back += 1;
        self.heap.push(Entry { place: Reverse((priority, self.back)), item });
    }

    /// Puts `item` before all others of its priority: it has been taken out too early.
    pub fn push_front(&mut self, priority: u32, item: T) {
        self.front -= 1;
        self.heap.push(Entry { place: Reverse((priority, self.front)), item });
    }

    /// The priority of the first item.
    #[inline]
    pub fn first(&self) -> Option<u32> {
        self.heap.peek().map(|entry| entry.place.0.0)
    }

    /// All items, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.heap.iter().map(|entry| &entry.item)
    }

    /// Changes all items where they are.
    pub fn change_all(&mut self, mut change: impl FnMut(&mut T)) {
        let mut entries = std::mem::take(&mut self.heap).into_vec();
        for entry in &mut entries {
            change(&mut entry.item);
        }
        // The places are as before, so this moves nothing.
        self.heap = entries.into();
    }

    /// Takes out all items that are `wanted`, in order.
    pub fn extract(&mut self, mut wanted: impl FnMut(&T) -> bool) -> Vec<T> {
        let entries = std::mem::take(&mut self.heap).into_vec();
        let (mut out, rest): (Vec<_>, Vec<_>) =
            entries.into_iter().partition(|entry| wanted(&entry.item));
        self.heap = rest.into();
        out.sort_unstable_by(|a, b| b.cmp(a));
        out.into_iter().map(|entry| entry.item).collect()
    }

    /// Takes the first item out.
    pub fn pop(&mut self) -> Option<(u32, T)> {
        self.heap.pop().map(|entry| (entry.place.0.0, entry.item))
    }

    /// Moves everything from `other` behind what is here.
    pub fn append(&mut self, other: &mut Self) {
        while let Some((priority, item)) = other.pop() {
            self.push(priority, item);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lower_numbers_come_first_and_equal_ones_in_order() {
        let mut lanes = Lanes::new();
        for (at, priority) in [100, 0, 1000, 0, u32::MAX, 100].into_iter().enumerate() {
            lanes.push(priority, at);
        }
        lanes.push_front(100, 9);
        assert_eq!(lanes.first(), Some(0));
        let all: Vec<_> = std::iter::from_fn(|| lanes.pop()).collect();
        assert_eq!(all, [(0, 1), (0, 3), (100, 9), (100, 0), (100, 5), (1000, 2), (u32::MAX, 4)]);
        assert!(lanes.is_empty());
    }

    #[test]
    fn append_keeps_the_order_of_both() {
        let (mut first, mut second) = (Lanes::new(), Lanes::new());
        first.push(5, 'a');
        second.push(5, 'b');
        second.push(1, 'c');
        first.append(&mut second);
        assert_eq!((first.len(), second.len()), (3, 0));
        let all: Vec<_> = std::iter::from_fn(|| first.pop()).map(|(_, item)| item).collect();
        assert_eq!(all, ['c', 'a', 'b']);
    }
}
