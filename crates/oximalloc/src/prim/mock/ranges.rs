//! A set of addresses, as ranges that do not touch.

use std::collections::BTreeMap;
use std::ops::Range;

/// Maps the start of each range to its end.
#[derive(Debug, Default)]
pub struct Ranges(BTreeMap<usize, usize>);

impl Ranges {
    /// No address.
    pub const fn new() -> Ranges {
        Ranges(BTreeMap::new())
    }

    /// The parts of `range` that are in the set.
    pub fn parts(&self, range: &Range<usize>) -> Vec<Range<usize>> {
        let before = self.0.range(..range.start).next_back();
        let ranges = before.into_iter().chain(self.0.range(range.clone()));
        let parts = ranges.map(|(&start, &end)| start.max(range.start)..end.min(range.end));
        parts.filter(|part| !part.is_empty()).collect()
    }

    /// Whether all of `range` is in the set.
    pub fn has_all(&self, range: &Range<usize>) -> bool {
        self.parts(range) == [range.clone()]
    }

    /// Take the addresses out.
    pub fn remove(&mut self, range: &Range<usize>) {
        for part in self.parts(range) {
            let (&start, &end) = self.0.range(..=part.start).next_back().expect("the part is of a range");
            self.0.remove(&start);
            for rest in [start..part.start, part.end..end] {
                if !rest.is_empty() {
                    self.0.insert(rest.start, rest.end);
                }
            }
        }
    }

    /// Put them in.
    pub fn insert(&mut self, range: &Range<usize>) {
        self.remove(range);
        let (mut start, mut end) = (range.start, range.end);
        if let Some((&before, &touches)) = self.0.range(..start).next_back()
            && touches == start
        {
            start = before;
        }
        if let Some(after) = self.0.remove(&end) {
            end = after;
        }
        self.0.insert(start, end);
    }
}

#[test]
fn ranges_join_and_split() {
    let mut set = Ranges::new();
    set.insert(&(10..20));
    set.insert(&(20..30));
    set.insert(&(40..50));
    assert!(set.has_all(&(10..30)) && !set.has_all(&(10..31)) && !set.has_all(&(9..11)));
    assert_eq!(set.parts(&(0..100)), [10..30, 40..50]);
    set.remove(&(15..45));
    assert_eq!(set.parts(&(0..100)), [10..15, 45..50]);
    set.insert(&(12..47));
    assert!(set.has_all(&(10..50)) && !set.has_all(&(9..50)));
}
