use replay_etf::tag;

use super::rules::{Fields, Shape};
use super::{How, Stop, Writer};
use crate::encode::{MAX_NESTING, MAX_STRING, steps};
use crate::sink::{Full, Grow};
use crate::vm::{Kind, Raw};

const NIL_ATOM: [u8; 5] = [tag::SMALL_ATOM_UTF8, 3, b'n', b'i', b'l'];

/// Writing in full.
impl<G: Grow> Writer<'_, '_, '_, G> {
    /// # Safety
    /// `term` must belong to the encoder's environment; so for all others here.
    pub(super) unsafe fn full(&mut self, term: Raw, how: How, nesting: u32) -> Result<(), Stop> {
        // SAFETY: the caller's promise; slack is reserved.
        unsafe {
            match how {
                How::Raw => Ok(self.encoder.term(term, nesting)?),
                How::Clean => self.clean(term, nesting),
                How::Nil => {
                    self.encoder.out.slack()?;
                    self.encoder.out.put(NIL_ATOM);
                    Ok(())
                }
                How::Empty => {
                    self.encoder.out.slack()?;
                    self.encoder.out.put([tag::NIL]);
                    Ok(())
                }
            }
        }
    }

    unsafe fn clean(&mut self, term: Raw, nesting: u32) -> Result<(), Stop> {
        // SAFETY: the caller's promise.
        unsafe {
            if crate::atoms::known_role(term).is_some() {
                return Ok(self.encoder.term(term, nesting)?);
            }
            match self.encoder.env.kind(term) {
                Kind::List | Kind::Map if nesting == MAX_NESTING => Err(Stop::Refused),
                Kind::List => self.clean_list(term, nesting + 1),
                Kind::Map => match Shape::of(self.encoder.env, term, self.modules)? {
                    Shape::Opaque => Ok(self.encoder.term(term, nesting)?),
                    shape => self.clean_map(term, shape, nesting + 1),
                },
                _ => Ok(self.encoder.term(term, nesting)?),
            }
        }
    }

    unsafe fn clean_map(&mut self, map: Raw, shape: Shape, nesting: u32) -> Result<(), Stop> {
        // SAFETY: slack is reserved; keys and values are of the map's environment.
        unsafe {
            let mut fields = Fields::new(self.encoder.env, shape);
            // Also for pairs that are left out.
            let size = fields.start(map).ok_or(Stop::Refused)?;
            self.encoder.spend(steps::MAP + 2 * size as u64)?;
            self.encoder.out.slack()?;
            self.encoder.out.put([tag::MAP]);
            let count_at = self.encoder.out.len();
            self.encoder.out.put([0; 4]);
            let mut count = 0u32;
            while let Some((key, value, how)) = fields.next()? {
                self.encoder.term(key, nesting)?;
                self.full(value, how, nesting)?;
                count = count.checked_add(1).ok_or(Full)?;
            }
            self.encoder.out.written(count_at)[..4].copy_from_slice(&count.to_be_bytes());
        }
        Ok(())
    }

    unsafe fn clean_list(&mut self, list: Raw, nesting: u32) -> Result<(), Stop> {
        // SAFETY: slack is reserved; elements are of the list's environment.
        unsafe {
            let env = self.encoder.env;
            let start = self.encoder.out.len();
            self.encoder.out.slack()?;
            let Some((mut head, mut tail)) = env.cell(list) else {
                self.encoder.out.put([tag::NIL]);
                return Ok(());
            };
            self.encoder.out.put([tag::LIST, 0, 0, 0, 0]);
            let mut len = 0usize;
            let mut only_bytes = true;
            loop {
                self.encoder.spend(1)?;
                let at = self.encoder.out.len();
                self.full(head, How::Clean, nesting)?;
                len += 1;
                only_bytes &= self.encoder.out.written(at).first() == Some(&tag::SMALL_INTEGER);
                match env.cell(tail) {
                    Some(next) => (head, tail) = next,
                    None => break,
                }
            }
            if env.kind(tail) != Kind::List {
                return Err(Stop::Refused);
            }
            self.encoder.out.slack()?;
            self.encoder.out.put([tag::NIL]);
            if only_bytes && len <= MAX_STRING {
                self.encoder.pack_string(start, len);
            } else {
                let len = u32::try_from(len).map_err(|_| Full)?;
                self.encoder.out.written(start + 1)[..4].copy_from_slice(&len.to_be_bytes());
            }
        }
        Ok(())
    }
}
