//! What an engine writes into the lock file of a directory it owns, again and again: who it is,
//! and that it lives.

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use super::Process;
use super::crc32c::crc32c;

const MAGIC: &[u8; 8] = b"rplyownr";

const VERSION: u32 = 1;

/// Length of a record, in which numbers have their lowest byte first: magic, version, period,
/// token, boot, namespace, process id, start, count, and a CRC-32C of all that.
const LEN: usize = 84;

/// Nothing longer is read.
pub(crate) const MAX_LEN: u64 = 4096;

/// Who owns a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owner {
    /// A random number: no other owner of any directory has it.
    pub(crate) token: u128,
    pub(crate) process: Process,
    /// How often it shows that it lives; `None` once it has left the directory to whoever wants
    /// it.
    pub(crate) period: Option<Duration>,
}

impl Owner {
    pub(crate) fn new(process: Process, period: Duration) -> Self {
        let half = || u128::from(RandomState::new().hash_one(process.start));
        Owner {
            token: half() << 64 | half(),
            process,
            period: Some(period),
        }
    }

    /// Its record, when it is written for the so manieth time.
    pub(crate) fn encode(&self, count: u64) -> Vec<u8> {
        let period_ms = self.period.map_or(0, |period| {
            u32::try_from(period.as_millis()).unwrap_or(u32::MAX).max(1)
        });
        let Process {
            boot,
            namespace,
            pid,
            start,
        } = self.process;
        let mut record = [
            &MAGIC[..],
            &VERSION.to_le_bytes(),
            &period_ms.to_le_bytes(),
            &self.token.to_le_bytes(),
            &boot.to_le_bytes(),
            &namespace.to_le_bytes(),
            &u64::from(pid).to_le_bytes(),
            &start.to_le_bytes(),
            &count.to_le_bytes(),
        ]
        .concat();
        record.extend(crc32c(&record).to_le_bytes());
        record
    }

    /// `None` if it is no record, or only a part of one.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let record = bytes.get(..LEN)?;
        let (content, checksum) = record.split_last_chunk()?;
        if crc32c(content) != u32::from_le_bytes(*checksum) {
            return None;
        }
        let mut rest = content.strip_prefix(MAGIC)?;
        let [version, period_ms] = [take(&mut rest)?, take(&mut rest)?].map(u32::from_le_bytes);
        if version != VERSION {
            return None;
        }
        let [token, boot] = [take(&mut rest)?, take(&mut rest)?].map(u128::from_le_bytes);
        let [namespace, pid, start] =
            [take(&mut rest)?, take(&mut rest)?, take(&mut rest)?].map(u64::from_le_bytes);
        Some(Owner {
            token,
            process: Process {
                boot,
                namespace,
                pid: u32::try_from(pid).ok()?,
                start,
            },
            period: (period_ms > 0).then(|| Duration::from_millis(period_ms.into())),
        })
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (first, others) = rest.split_first_chunk()?;
    *rest = others;
    Some(*first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_is_read_as_it_was_written_however_often() {
        let owner = Owner::new(Process::current(), Duration::from_secs(1));
        for count in [0, 1, u64::MAX] {
            let record = owner.encode(count);
            assert_eq!(record.len(), LEN);
            assert_eq!(Owner::decode(&record), Some(owner));
        }
        assert_ne!(owner.encode(1), owner.encode(2));
        let gone = Owner {
            period: None,
            ..owner
        };
        assert_eq!(Owner::decode(&gone.encode(3)), Some(gone));
        assert_ne!(owner.token, Owner::new(owner.process, Duration::ZERO).token);
    }

    #[test]
    fn a_record_that_was_cut_or_changed_is_none() {
        let record = Owner::new(Process::current(), Duration::from_secs(1)).encode(7);
        for at in 0..record.len() {
            assert_eq!(Owner::decode(&record[..at]), None);
            let mut changed = record.clone();
            changed[at] ^= 1;
            assert_eq!(Owner::decode(&changed), None);
        }
    }
}
