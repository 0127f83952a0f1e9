//! Term → External Term Format, straight into a block of memory.
//!
//! Byte for byte what `:erlang.term_to_binary/1` writes, but for two freedoms
//! every reader allows: atoms are always in a UTF-8 form, and large maps come
//! in iteration order. Source of the format:
//! <https://www.erlang.org/doc/apps/erts/erl_ext_dist.html>.

use replay_etf::tag;

use crate::sink::{Buffer, Full, Grow, Out};
use crate::vm::{self, Env, Kind, MapPairs, Raw};
use crate::{atoms, buffer};

/// Nesting the encoder follows on its own stack. Deeper terms are rare, and
/// the VM's encoder, which needs no stack, takes over there.
pub const MAX_NESTING: u32 = 64;

/// Longest list that `STRING_EXT` can hold.
pub const MAX_STRING: usize = 65_535;

/// How many more bytes than in the end a term takes while it is written: a
/// list of bytes has two for each until it is packed.
pub const UNPACKED: usize = MAX_STRING + 8;

/// Encodes a term with its version byte and lends the bytes, at most `cap`.
///
/// # Errors
/// [`Full`] when the term needs more than `cap` bytes, or more effort.
pub fn lend<R>(
    term: rustler::Term<'_>,
    cap: usize,
    effort: Effort,
    use_bytes: impl FnOnce(&[u8]) -> R,
) -> Result<R, Full> {
    let env = Env::of(term.get_env());
    let mut buffer = Buffer::new(buffer::take(), cap.saturating_add(UNPACKED));
    let mut out = Out::new(&mut buffer);
    out.slack()?;
    // SAFETY: slack was reserved; the term belongs to its own environment.
    unsafe {
        out.put([tag::VERSION]);
        Encoder::new(env, &mut out, effort).term(term.as_c_arg(), 0)?;
    }
    let len = out.len();
    // SAFETY: `len` comes from the cursor over this buffer.
    let bytes = unsafe { buffer.into_bytes(len) };
    let result = if len > cap {
        Err(Full)
    } else {
        Ok(use_bytes(&bytes))
    };
    buffer::keep(bytes);
    result
}

/// What the calling thread has time for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// A normal scheduler's: so many steps, and nothing whose cost neither they
    /// nor the size of the output bounds, which is what the VM is asked to
    /// encode.
    ///
    /// One thing can't be bounded so, for lack of a call that tells the size of
    /// a binary: of a part of one that begins within a byte, the VM makes a copy
    /// before it says anything about it, which takes 0.5 ms for a megabyte.
    Bounded,
    /// All it takes.
    Any,
}

/// Steps of a normal scheduler. One takes 10 to 25 ns.
const BOUNDED_STEPS: u64 = 16_384;

/// What a term takes beside the step that each element of a container takes.
pub mod steps {
    /// Its pairs are walked with an iterator, which has to be made.
    pub const MAP: u64 = 2;
    /// The VM encodes it.
    pub const BY_THE_VM: u64 = 15;
}

impl Effort {
    fn steps(self) -> u64 {
        match self {
            Effort::Bounded => BOUNDED_STEPS,
            Effort::Any => u64::MAX,
        }
    }
}

/// Encodes a term without a version byte to where `owner` says, and returns
/// how many bytes that took.
///
/// # Errors
/// [`Full`] when the owner gives no more room, or when it takes more effort.
pub fn into<G: Grow>(
    term: rustler::Term<'_>,
    owner: &mut G,
    effort: Effort,
) -> Result<usize, Full> {
    let env = Env::of(term.get_env());
    let mut out = Out::new(owner);
    // SAFETY: the term belongs to its own environment.
    unsafe { Encoder::new(env, &mut out, effort).term(term.as_c_arg(), 0)? };
    Ok(out.len())
}

/// Writes terms of one environment to one place, as long as the effort lasts.
pub struct Encoder<'a, 'b, G: Grow> {
    pub env: Env,
    pub out: &'a mut Out<'b, G>,
    effort: Effort,
    steps_left: u64,
}

impl<'a, 'b, G: Grow> Encoder<'a, 'b, G> {
    /// One that has not written anything yet.
    pub fn new(env: Env, out: &'a mut Out<'b, G>, effort: Effort) -> Self {
        Encoder {
            env,
            out,
            effort,
            steps_left: effort.steps(),
        }
    }

    /// Writes a term that stands in so many containers.
    ///
    /// # Safety
    /// `term` must belong to the encoder's environment.
    pub unsafe fn term(&mut self, term: Raw, nesting: u32) -> Result<(), Full> {
        self.out.slack()?;
        // SAFETY: the slack covers every fixed-size write below; terms taken
        // out of `term` belong to the same environment.
        unsafe {
            // Most terms are atoms that are known, and a look at their words is
            // cheaper than asking for their kind.
            if atoms::write_known(term, self.out) {
                return Ok(());
            }
            // So is asking first what the answer is likely to be.
            match vm::Looks::of(term) {
                vm::Looks::Immediate => {
                    if let Some(value) = self.env.int64(term) {
                        self.integer(value);
                        return Ok(());
                    }
                }
                vm::Looks::Boxed => {
                    if let Some(bytes) = self.env.binary(term) {
                        return self.binary(bytes);
                    }
                }
                vm::Looks::Other => {}
            }
            match self.env.kind(term) {
                Kind::Atom => {
                    self.spend(steps::BY_THE_VM)?;
                    atoms::write(self.env, term, self.out)
                }
                Kind::Integer => match self.env.int64(term) {
                    Some(value) => {
                        self.integer(value);
                        Ok(())
                    }
                    None => self.by_the_vm(term),
                },
                Kind::Float => match self.env.double(term) {
                    Some(value) => {
                        self.out.put([tag::NEW_FLOAT]);
                        self.out.put(value.to_be_bytes());
                        Ok(())
                    }
                    None => self.by_the_vm(term),
                },
                Kind::Bitstring => match self.env.binary(term) {
                    Some(bytes) => self.binary(bytes),
                    None => self.by_the_vm(term),
                },
                _ if nesting == MAX_NESTING => self.by_the_vm(term),
                Kind::List => self.list(term, nesting + 1),
                Kind::Tuple => match self.env.tuple(term) {
                    Some(elements) => self.tuple(elements, nesting + 1),
                    None => self.by_the_vm(term),
                },
                Kind::Map => self.map(term, nesting + 1),
                Kind::Identifier => {
                    self.spend(steps::BY_THE_VM)?;
                    self.splice(term)
                }
                Kind::Fun | Kind::Unknown => self.by_the_vm(term),
            }
        }
    }

    /// Takes so many steps of what there is to take.
    #[inline]
    pub fn spend(&mut self, steps: u64) -> Result<(), Full> {
        self.steps_left = self.steps_left.checked_sub(steps).ok_or(Full)?;
        Ok(())
    }

    /// # Safety
    /// Slack must have been reserved.
    #[inline]
    unsafe fn integer(&mut self, value: i64) {
        // SAFETY: the caller's promise.
        unsafe {
            if let Ok(small) = u8::try_from(value) {
                self.out.put([tag::SMALL_INTEGER, small]);
            } else if let Ok(word) = i32::try_from(value) {
                self.out.put([tag::INTEGER]);
                self.out.put(word.to_be_bytes());
            } else {
                let magnitude = value.unsigned_abs();
                let bytes = (u64::BITS - magnitude.leading_zeros()).div_ceil(8);
                self.out
                    .put([tag::SMALL_BIG, bytes as u8, u8::from(value < 0)]);
                self.out.put_block(magnitude.to_le_bytes(), bytes as usize);
            }
        }
    }

    /// Writes a binary.
    ///
    /// # Safety
    /// Slack must have been reserved.
    #[inline]
    pub unsafe fn binary(&mut self, bytes: &[u8]) -> Result<(), Full> {
        let len = u32::try_from(bytes.len()).map_err(|_| Full)?;
        // SAFETY: the caller's promise.
        unsafe {
            self.out.put([tag::BINARY]);
            self.out.put(len.to_be_bytes());
        }
        self.out.extend(bytes)
    }

    unsafe fn tuple(&mut self, elements: &[Raw], nesting: u32) -> Result<(), Full> {
        // SAFETY: slack was reserved by `term`; elements share its env.
        unsafe {
            match u8::try_from(elements.len()) {
                Ok(arity) => self.out.put([tag::SMALL_TUPLE, arity]),
                Err(_) => {
                    self.out.put([tag::LARGE_TUPLE]);
                    // The VM's limit on arity is 2^24 - 1.
                    self.out.put((elements.len() as u32).to_be_bytes());
                }
            }
            self.spend(elements.len() as u64)?;
            for &element in elements {
                self.term(element, nesting)?;
            }
        }
        Ok(())
    }

    unsafe fn map(&mut self, map: Raw, nesting: u32) -> Result<(), Full> {
        // SAFETY: as `tuple`.
        unsafe {
            let mut pairs = MapPairs::new(self.env);
            let Some(size) = pairs.start(map) else {
                return self.by_the_vm(map);
            };
            self.spend(steps::MAP + 2 * size as u64)?;
            self.out.put([tag::MAP]);
            self.out
                .put(u32::try_from(size).map_err(|_| Full)?.to_be_bytes());
            for (key, value) in pairs.by_ref() {
                self.term(key, nesting)?;
                self.term(value, nesting)?;
            }
        }
        Ok(())
    }

    /// Writes a list in one pass, its length corrected at the end. A proper
    /// list of bytes is then packed, in place, into the form the VM would
    /// have chosen.
    unsafe fn list(&mut self, list: Raw, nesting: u32) -> Result<(), Full> {
        // SAFETY: as `tuple`.
        unsafe {
            let Some((mut head, mut tail)) = self.env.cell(list) else {
                self.out.put([tag::NIL]);
                return Ok(());
            };
            let start = self.out.len();
            self.out.put([tag::LIST, 0, 0, 0, 0]);
            let mut len = 0usize;
            let mut only_bytes = true;
            loop {
                self.spend(1)?;
                let at = self.out.len();
                self.term(head, nesting)?;
                len += 1;
                only_bytes &= self.out.written(at).first() == Some(&tag::SMALL_INTEGER);
                match self.env.cell(tail) {
                    Some(next) => (head, tail) = next,
                    None => break,
                }
            }
            let at = self.out.len();
            self.term(tail, nesting)?;
            let proper = self.out.written(at) == [tag::NIL];
            if only_bytes && proper && len <= MAX_STRING {
                self.pack_string(start, len);
            } else {
                let len = u32::try_from(len).map_err(|_| Full)?;
                self.out.written(start + 1)[..4].copy_from_slice(&len.to_be_bytes());
            }
        }
        Ok(())
    }

    /// Packs the list of so many bytes that was written from `start` on.
    pub fn pack_string(&mut self, start: usize, len: usize) {
        let bytes = self.out.written(start);
        bytes[0] = tag::STRING;
        bytes[1..3].copy_from_slice(&(len as u16).to_be_bytes());
        for i in 0..len {
            // The i-th element stands as [SMALL_INTEGER, byte] behind the
            // five bytes of the list's header.
            bytes[3 + i] = bytes[5 + 2 * i + 1];
        }
        self.out.truncate(start + 3 + len);
    }

    /// What has no public representation (funs, large integers, bitstrings)
    /// or is nested too deeply is encoded by the VM, if there is time for it.
    #[cold]
    unsafe fn by_the_vm(&mut self, term: Raw) -> Result<(), Full> {
        if self.effort == Effort::Bounded {
            return Err(Full);
        }
        // SAFETY: passed on.
        unsafe { self.splice(term) }
    }

    unsafe fn splice(&mut self, term: Raw) -> Result<(), Full> {
        // SAFETY: the caller's term is alive in the env.
        let vm = unsafe { self.env.term_to_binary(term) }.ok_or(Full)?;
        self.out.extend(vm.bytes().get(1..).unwrap_or_default())
    }
}
