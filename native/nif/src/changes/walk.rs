use replay_etf::recording::changes::mark;

use super::rules::{Fields, Shape};
use super::{How, Stop, Writer, word};
use crate::encode::steps;
use crate::sink::Grow;
use crate::vm::{Kind, MapPairs, Raw, struct_key};

/// Elements that are looked through for one that comes next, when others before it are gone.
const LOOK_AHEAD: u32 = 8;

/// Two containers of a kind.
pub(super) enum Pair {
    List,
    Tuple,
    Map(Shape),
}

/// Writing what changed.
impl<G: Grow> Writer<'_, '_, '_, G> {
    /// Writes a value as what has changed in the one that was recorded last under its key, of so
    /// many bytes; or tells that there is nothing in it that could have.
    ///
    /// # Safety
    /// Both must belong to the encoder's environment, and be held by its process; so for all
    /// others here.
    pub(super) unsafe fn value(
        &mut self,
        now: Raw,
        base: Raw,
        how: How,
        bytes: usize,
    ) -> Result<bool, Stop> {
        self.start(bytes);
        // SAFETY: the caller's promise.
        unsafe {
            if word(now) == word(base) {
                self.put(mark::SAME)?;
                return Ok(true);
            }
            let Some(pair) = self.pair(self.encoder.env.kind(now), now, base, how)? else {
                return Ok(false);
            };
            self.put(mark::CHANGED)?;
            let at = self.encoder.out.len();
            self.container(pair, now, base, how, 1)?;
            if self.encoder.out.len() == at + 1 {
                // Made anew, of the same.
                self.encoder.out.truncate(at - 1);
                self.put(mark::SAME)?;
            }
        }
        Ok(true)
    }

    /// What the two are, if one can be written as the other with changes.
    pub(super) unsafe fn pair(
        &self,
        kind: Kind,
        now: Raw,
        base: Raw,
        how: How,
    ) -> Result<Option<Pair>, Stop> {
        let env = self.encoder.env;
        // SAFETY: the caller's promise.
        unsafe {
            Ok(match kind {
                Kind::List => match (env.cell(now), env.cell(base)) {
                    // Lists of bytes have another form.
                    (Some((now, _)), Some((base, _)))
                        if env.kind(now) != Kind::Integer && env.kind(base) != Kind::Integer =>
                    {
                        Some(Pair::List)
                    }
                    _ => None,
                },
                Kind::Tuple if env.kind(base) == Kind::Tuple => {
                    let [now, base] = [now, base].map(|term| env.tuple(term).map(<[_]>::len));
                    (now == base).then_some(Pair::Tuple)
                }
                Kind::Map if env.kind(base) == Kind::Map => {
                    if how == How::Raw {
                        return Ok(Some(Pair::Map(Shape::Opaque)));
                    }
                    let [module, before] =
                        [now, base].map(|map| env.map_get(map, struct_key(env)).map(word));
                    (module == before)
                        .then(|| Shape::of(env, now, self.modules).map(Pair::Map))
                        .transpose()?
                }
                _ => None,
            })
        }
    }

    /// Writes what has changed. What is as it was at the end is not written: it is the rest.
    pub(super) unsafe fn container(
        &mut self,
        pair: Pair,
        now: Raw,
        base: Raw,
        how: How,
        nesting: u32,
    ) -> Result<(), Stop> {
        // SAFETY: passed on; the two are of the kind.
        unsafe {
            match pair {
                Pair::List => self.list(now, base, how, nesting)?,
                Pair::Tuple => self.tuple(now, base, nesting)?,
                Pair::Map(shape) => self.map(now, base, shape, nesting)?,
            }
        }
        self.put(mark::REST)
    }

    unsafe fn list(
        &mut self,
        mut now: Raw,
        mut base: Raw,
        how: How,
        nesting: u32,
    ) -> Result<(), Stop> {
        let env = self.encoder.env;
        let mut run = 0;
        // SAFETY: as the caller's.
        unsafe {
            while word(now) != word(base) {
                self.encoder.spend(2)?;
                match (env.cell(now), env.cell(base)) {
                    (Some((head, tail)), Some((base_head, base_tail))) => {
                        if word(head) == word(base_head) {
                            self.same(&mut run, head);
                            (now, base) = (tail, base_tail);
                            continue;
                        }
                        let follows = word(tail) == word(base)
                            || env
                                .cell(tail)
                                .is_some_and(|(next, _)| word(next) == word(base_head));
                        if follows {
                            self.flush(&mut run)?;
                            self.insert(head, how, nesting)?;
                            now = tail;
                            continue;
                        }
                        self.encoder.spend(LOOK_AHEAD.into())?;
                        if let Some((gone, found)) = self.ahead(head, base_tail) {
                            self.flush(&mut run)?;
                            let mut left_out = base;
                            for _ in 0..gone {
                                let Some((head, tail)) = env.cell(left_out) else {
                                    break;
                                };
                                self.forget(head, how, nesting)?;
                                left_out = tail;
                            }
                            self.put(mark::LEFT_OUT)?;
                            self.put_u32(gone)?;
                            base = found;
                            continue;
                        }
                        self.change(&mut run, head, base_head, how, nesting)?;
                        (now, base) = (tail, base_tail);
                    }
                    (Some((head, tail)), None) => {
                        self.flush(&mut run)?;
                        self.insert(head, how, nesting)?;
                        now = tail;
                    }
                    (None, Some(_)) => {
                        self.flush(&mut run)?;
                        let mut gone = 0;
                        while let Some((head, tail)) = env.cell(base) {
                            self.encoder.spend(1)?;
                            self.forget(head, how, nesting)?;
                            gone += 1;
                            base = tail;
                        }
                        self.put(mark::LEFT_OUT)?;
                        self.put_u32(gone)?;
                    }
                    // Other tails than that of a list.
                    (None, None) => return Err(Stop::Fruitless),
                }
            }
        }
        Ok(())
    }

    /// How many elements before this one are gone, and the list that begins with it.
    unsafe fn ahead(&self, head: Raw, mut base: Raw) -> Option<(u32, Raw)> {
        for gone in 1..=LOOK_AHEAD {
            // SAFETY: as the caller's.
            let (next, tail) = unsafe { self.encoder.env.cell(base)? };
            if word(next) == word(head) {
                return Some((gone, base));
            }
            base = tail;
        }
        None
    }

    unsafe fn tuple(&mut self, now: Raw, base: Raw, nesting: u32) -> Result<(), Stop> {
        let env = self.encoder.env;
        let mut run = 0;
        // SAFETY: as the caller's.
        unsafe {
            let (Some(now), Some(base)) = (env.tuple(now), env.tuple(base)) else {
                return Err(Stop::Fruitless);
            };
            self.encoder.spend(now.len() as u64)?;
            for (&now, &base) in now.iter().zip(base) {
                if word(now) == word(base) {
                    self.same(&mut run, now);
                } else {
                    // What is in a tuple is left as it is.
                    self.change(&mut run, now, base, How::Raw, nesting)?;
                }
            }
        }
        Ok(())
    }

    unsafe fn map(&mut self, now: Raw, base: Raw, shape: Shape, nesting: u32) -> Result<(), Stop> {
        let env = self.encoder.env;
        let mut run = 0;
        // SAFETY: as the caller's.
        unsafe {
            let mut fields = Fields::new(env, shape);
            let mut before = MapPairs::new(env);
            let (Some(size), Some(base_size)) = (fields.start(now), before.start(base)) else {
                return Err(Stop::Fruitless);
            };
            self.encoder
                .spend(2 * (steps::MAP + size as u64 + base_size as u64))?;
            let mut next = before.next();
            while let Some((key, value, how)) = fields.next()? {
                loop {
                    match next {
                        // What is not left out now was not left out then.
                        Some((base_key, base_value)) if self.are_equal(key, base_key) => {
                            if word(value) == word(base_value)
                                || matches!(how, How::Nil | How::Empty)
                            {
                                self.same(&mut run, value);
                            } else {
                                self.change(&mut run, value, base_value, how, nesting)?;
                            }
                            next = before.next();
                        }
                        Some(pair) if env.map_get(base, key).is_some() => {
                            self.forget_pair(&mut run, pair, shape, nesting)?;
                            next = before.next();
                            continue;
                        }
                        _ => {
                            self.flush(&mut run)?;
                            let at = self.encoder.out.len();
                            self.encoder.term(key, nesting)?;
                            self.full(value, how, nesting)?;
                            self.grew_since(at);
                        }
                    }
                    break;
                }
            }
            while let Some(pair) = next {
                self.forget_pair(&mut run, pair, shape, nesting)?;
                next = before.next();
            }
        }
        Ok(())
    }
}
