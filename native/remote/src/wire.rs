//! The bytes of small objects of ours: a magic number, a version, and a frame as the engine's
//! own files have it.
//!
//! | | bytes | |
//! | --- | --- | --- |
//! | magic | 4 | which kind it is |
//! | version | 1 | of that kind |
//! | length | 4 | of the payload |
//! | checksum | 4 | CRC-32C of magic, version, length and payload |
//! | payload | | |
//!
//! Integers are little-endian. Nothing follows the payload.

use bytes::Bytes;
use crc_fast::{CrcAlgorithm, Digest};

use crate::fault::{Fault, FaultKind};

const MAGIC_BYTES: usize = 5;
const HEAD_BYTES: usize = MAGIC_BYTES + 8;

/// Which kind of object it is, and the version in which it is written.
pub(crate) struct Kind {
    pub magic: [u8; 4],
    pub version: u8,
    /// Bytes of a whole object.
    pub max_bytes: usize,
    /// Why bytes are not such an object.
    pub flaw: &'static str,
}

/// A payload that is being written.
#[derive(Default)]
pub(crate) struct Writer(Vec<u8>);

/// A payload that is being read.
pub(crate) struct Reader<'a>(&'a [u8]);

impl Kind {
    /// An object of this kind, unless it would be too large.
    pub fn seal(&self, payload: Writer) -> Option<Bytes> {
        let length = u32::try_from(payload.0.len()).ok()?.to_le_bytes();
        let whole = HEAD_BYTES + payload.0.len();
        if whole > self.max_bytes {
            return None;
        }
        let mut out = Vec::with_capacity(whole);
        out.extend_from_slice(&self.head());
        out.extend_from_slice(&length);
        out.extend_from_slice(&self.sum(length, &payload.0));
        out.extend_from_slice(&payload.0);
        Some(out.into())
    }

    /// Reads an object of this kind, all of whose payload `read` must take.
    pub fn open<'a, T>(
        &self,
        bytes: &'a [u8],
        read: impl FnOnce(&mut Reader<'a>) -> Option<T>,
    ) -> Result<T, Fault> {
        let payload = self.payload(bytes);
        payload
            .and_then(|payload| {
                let mut reader = Reader(payload);
                read(&mut reader).filter(|_| reader.0.is_empty())
            })
            .ok_or_else(|| Fault::new(FaultKind::Invalid, self.flaw))
    }

    fn payload<'a>(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        if bytes.len() > self.max_bytes {
            return None;
        }
        let rest = bytes.strip_prefix(&self.head())?;
        let (&length, rest) = rest.split_first_chunk::<4>()?;
        let (sum, payload) = rest.split_first_chunk::<4>()?;
        let whole = u32::from_le_bytes(length) as usize == payload.len();
        (whole && *sum == self.sum(length, payload)).then_some(payload)
    }

    fn head(&self) -> [u8; MAGIC_BYTES] {
        let [a, b, c, d] = self.magic;
        [a, b, c, d, self.version]
    }

    fn sum(&self, length: [u8; 4], payload: &[u8]) -> [u8; 4] {
        let mut digest = Digest::new(CrcAlgorithm::Crc32Iscsi);
        digest.update(&self.head());
        digest.update(&length);
        digest.update(payload);
        // It has 32 bits.
        (digest.finalize() as u32).to_le_bytes()
    }
}

impl Writer {
    pub fn u32(&mut self, value: u32) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub fn u64(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub fn u128(&mut self, value: u128) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// Bytes behind their length. What is longer than that can tell is cut, and too large for any
    /// object anyway.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.u32(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        self.0.extend_from_slice(bytes);
    }
}

impl<'a> Reader<'a> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (&array, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(array)
    }

    pub fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub fn u128(&mut self) -> Option<u128> {
        self.array().map(u128::from_le_bytes)
    }

    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.u32()? as usize;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }
}
