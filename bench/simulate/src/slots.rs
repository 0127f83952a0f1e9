//! Requests of which so many run at once.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

pub struct Slots {
    free: BinaryHeap<Reverse<u64>>,
    /// When the last one that was begun ends.
    pub end: u64,
}

impl Slots {
    /// All free from `now` on, in whatever unit.
    pub fn new(count: u32, now: u64) -> Self {
        Slots {
            free: (0..count.max(1)).map(|_| Reverse(now)).collect(),
            end: now,
        }
    }

    /// Runs one as soon as there is a slot; when it ends.
    pub fn run(&mut self, takes: f64) -> u64 {
        let start = self.free.pop().map_or(self.end, |Reverse(at)| at);
        let end = start + takes.max(0.0) as u64;
        self.free.push(Reverse(end));
        self.end = self.end.max(end);
        end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_finds_no_slot_waits() {
        let mut slots = Slots::new(2, 100);
        let ends = [30.0, 10.0, 10.0, 50.0, 1.0].map(|takes| slots.run(takes));
        assert_eq!(ends, [130, 110, 120, 170, 131]);
        assert_eq!(slots.end, 170);
    }
}
