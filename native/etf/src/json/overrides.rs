use std::ops::Range;

/// Finds the members of objects that a later one with the same key overrides, while the objects
/// are being written to a buffer.
///
/// Overridden members are only remembered, and those of an event removed all at once by
/// [`Overrides::remove`]: taking each out on its own would make a hostile input quadratic.
///
/// An object can be one of a hundred million members, so what is known of each is kept small: with
/// the term that is written, distinct ones take three times their text, others at most six times.
/// Buffers have less than 2^32 bytes.
#[derive(Debug, Default)]
pub(super) struct Overrides {
    /// Members of all open objects, innermost last.
    members: Vec<Member>,
    /// Where in `members` each open object begins.
    open: Vec<usize>,
    /// Overridden members, as ranges of the buffer.
    dead: Vec<Range<u32>>,
}

#[derive(Debug, Clone, Copy)]
struct Member {
    start: u32,
    key_end: u32,
    fingerprint: u32,
}

impl Member {
    fn key(self, buffer: &[u8]) -> &[u8] {
        let key = self.start as usize..self.key_end as usize;
        buffer.get(key).unwrap_or_default()
    }
}

/// Up to this many members are compared pairwise, more are sorted. Objects of 8 members take 30 %
/// longer to decode if they are sorted, those of 24 (`keys` in `benches/templates.rs`) 70 %. Those of 32 to 96 would also take
/// 30 to 45 % less than they do now; but keys that differ only where the fingerprint does not look,
/// as nobody but an attacker's do, would take 1.7 times as long with 48 members and 2.4 times with 96.
const FEW: usize = 24;

impl Overrides {
    pub(super) fn open(&mut self) {
        self.open.push(self.members.len());
    }

    /// Adds a member of the innermost object, whose key has just been written at `start`.
    #[inline]
    pub(super) fn member(&mut self, buffer: &[u8], start: usize) {
        let key = buffer.get(start..).unwrap_or_default();
        let member = Member {
            start: start as u32,
            key_end: buffer.len() as u32,
            fingerprint: fingerprint(key),
        };
        grow(&mut self.members);
        self.members.push(member);
    }

    /// Whether no member has been overridden.
    #[inline]
    pub(super) fn is_clean(&self) -> bool {
        self.dead.is_empty()
    }

    /// Closes the innermost object, which ends where the buffer does, and returns how many of
    /// its members count.
    pub(super) fn close(&mut self, buffer: &[u8]) -> usize {
        let base = self.open.pop().unwrap_or(0);
        let members = self.members.get(base..).unwrap_or_default();
        let mut live = members.len();
        let own = self.dead.len();
        let mut kill = |index: usize| {
            if let Some(member) = members.get(index) {
                let next = members.get(index + 1);
                let end = next.map_or(buffer.len() as u32, |next| next.start);
                live -= 1;
                match self.dead.get_mut(own..).and_then(<[_]>::last_mut) {
                    Some(last) if last.end == member.start => last.end = end,
                    _ => {
                        grow(&mut self.dead);
                        self.dead.push(member.start..end);
                    }
                }
            }
        };
        if members.len() <= FEW {
            for (index, member) in members.iter().enumerate() {
                let same = |later: &Member| {
                    later.fingerprint == member.fingerprint
                        && later.key(buffer) == member.key(buffer)
                };
                if members.iter().skip(index + 1).any(same) {
                    kill(index);
                }
            }
        } else {
            let key = |index: u32| members.get(index as usize).map(|it| it.key(buffer));
            let numbered = (0..).zip(members);
            let mut sorted: Vec<(u32, u32)> = numbered
                .map(|(index, it)| (it.fingerprint, index))
                .collect();
            sorted.sort_unstable_by(|(fingerprint, a), (other, b)| {
                let by_key = || key(*a).cmp(&key(*b)).then(a.cmp(b));
                fingerprint.cmp(other).then_with(by_key)
            });
            for pair in sorted.windows(2) {
                if let [(fingerprint, index), (other, later)] = *pair
                    && fingerprint == other
                    && key(index) == key(later)
                {
                    kill(index as usize);
                }
            }
        }
        self.members.truncate(base);
        live
    }

    /// Forgets what has been overridden: its bytes are gone.
    pub(super) fn forget(&mut self) {
        self.dead.clear();
    }

    /// Removes the overridden members from the buffer, in which no member that is open may come
    /// after them.
    pub(super) fn remove(&mut self, buffer: &mut Vec<u8>) {
        // A dead member may lie within another: the outer one sorts first and covers it.
        self.dead
            .sort_unstable_by_key(|range| (range.start, std::cmp::Reverse(range.end)));
        let start = self
            .dead
            .first()
            .map_or(buffer.len(), |first| first.start as usize);
        let (mut kept, mut read) = (start, start);
        for range in self.dead.drain(..) {
            let (start, end) = (range.start as usize, range.end as usize);
            if start >= read {
                buffer.copy_within(read..start, kept);
                kept += start - read;
                read = end;
            }
        }
        let end = buffer.len();
        buffer.copy_within(read..end, kept);
        buffer.truncate(kept + (end - read));
    }
}

/// Tells most keys apart without comparing them: the length and both ends of the key.
#[inline]
fn fingerprint(key: &[u8]) -> u32 {
    let ends = match (key.first_chunk::<8>(), key.last_chunk::<8>()) {
        (Some(first), Some(last)) => {
            u64::from_le_bytes(*first) ^ u64::from_le_bytes(*last).rotate_left(29)
        }
        _ => key.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte)),
    };
    let mixed = ends.wrapping_add(key.len() as u64);
    // The product's upper bits depend on all of the factor's.
    (mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as u32
}

/// Makes room for one more where there is none, without doubling what is large: by a quarter, and
/// by 64 at first, as most objects have fewer members. Not measured; what matters is the memory that
/// an object of a hundred million members takes.
#[inline]
fn grow<T>(items: &mut Vec<T>) {
    if items.len() == items.capacity() {
        items.reserve_exact((items.len() / 4).max(64));
    }
}
