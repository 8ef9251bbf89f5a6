//! Items by priority: the lowest number first, first in first out within one.

use std::collections::{BTreeMap, VecDeque};

/// One lane for each priority that has items.
#[derive(Debug)]
pub struct Lanes<T> {
    lanes: BTreeMap<u32, VecDeque<T>>,
    len: usize,
}

impl<T> Default for Lanes<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Lanes<T> {
    /// No items.
    pub const fn new() -> Self {
        Self { lanes: BTreeMap::new(), len: 0 }
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Puts `item` behind all others of its priority.
    pub fn push(&mut self, priority: u32, item: T) {
        self.lanes.entry(priority).or_default().push_back(item);
        self.len += 1;
    }

    /// Puts `item` before all others of its priority: it has been taken out too early.
    pub fn push_front(&mut self, priority: u32, item: T) {
        self.lanes.entry(priority).or_default().push_front(item);
        self.len += 1;
    }

    /// The priority of the first item.
    #[inline]
    pub fn first(&self) -> Option<u32> {
        if self.len == 0 { None } else { self.lanes.keys().next().copied() }
    }

    /// All items, first one first.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.lanes.values().flatten()
    }

    /// All items, to be changed where they are.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.lanes.values_mut().flatten()
    }

    /// The first item.
    pub fn pop(&mut self) -> Option<(u32, T)> {
        let mut lane = self.lanes.first_entry()?;
        let priority = *lane.key();
        let item = lane.get_mut().pop_front().expect("empty lanes are removed");
        if lane.get().is_empty() {
            lane.remove();
        }
        self.len -= 1;
        Some((priority, item))
    }

    /// Moves everything from `other` behind what is here.
    pub fn append(&mut self, other: &mut Self) {
        for (priority, mut items) in std::mem::take(&mut other.lanes) {
            self.len += items.len();
            self.lanes.entry(priority).or_default().append(&mut items);
        }
        other.len = 0;
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
