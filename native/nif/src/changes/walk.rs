use replay_etf::recording::changes::mark;

use super::rules::{Fields, Shape};
use super::{How, Stop, Writer, word};
use crate::encode::{MAX_NESTING, steps};
use crate::sink::Grow;
use crate::vm::{Kind, Looks, MapPairs, Raw, struct_key};

/// Elements that are looked through for one that comes next, when others before it are gone.
const LOOK_AHEAD: u32 = 8;

/// Longest binaries that are compared, where they are not the same term.
const SMALL: usize = 64;

/// What comparing costs or saves, a unit being some 6 ns. When the credit is used up, the value
/// is written in full.
mod credit {
    pub const START: i64 = 64;
    /// So many bytes of the value make for a unit more.
    pub const BYTES: i64 = 128;
    /// An element that is as it was, and takes no time to write.
    pub const SMALL: i64 = -1;
    /// One that may take a lot.
    pub const LARGE: i64 = 12;
    /// A text that had to be compared.
    pub const TEXT: i64 = 4;
    /// A container that had to be gone through.
    pub const CONTAINER: i64 = 8;
    /// Something that is not there any more.
    pub const GONE: i64 = 4;
}

/// Two containers of a kind.
enum Pair {
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
        self.growth = 0;
        self.credit = credit::START + bytes as i64 / credit::BYTES;
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
    unsafe fn pair(&self, kind: Kind, now: Raw, base: Raw, how: How) -> Result<Option<Pair>, Stop> {
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
    unsafe fn container(
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
            if !(fields.start(now) && before.start(base)) {
                return Err(Stop::Fruitless);
            }
            self.encoder.spend(2 * steps::MAP)?;
            let mut next = before.next();
            while let Some((key, value, how)) = fields.next()? {
                self.encoder.spend(4)?;
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

    /// Whether two keys are the same.
    #[inline]
    unsafe fn are_equal(&self, a: Raw, b: Raw) -> bool {
        // SAFETY: as the caller's.
        word(a) == word(b) || unsafe { self.are_equal_texts(a, b) }
    }

    unsafe fn are_equal_texts(&self, a: Raw, b: Raw) -> bool {
        let env = self.encoder.env;
        // SAFETY: as the caller's.
        unsafe {
            if env.kind(a) != Kind::Bitstring || env.kind(b) != Kind::Bitstring {
                return false;
            }
            match (env.binary(a), env.binary(b)) {
                (Some(a), Some(b)) => a.len() <= SMALL && a == b,
                _ => false,
            }
        }
    }

    /// Writes an element, or the value of a pair, that is another term than before.
    unsafe fn change(
        &mut self,
        run: &mut u32,
        now: Raw,
        base: Raw,
        how: How,
        nesting: u32,
    ) -> Result<(), Stop> {
        // SAFETY: as the caller's.
        unsafe {
            let kind = self.encoder.env.kind(now);
            if kind == Kind::Bitstring && self.are_equal_texts(now, base) {
                *run += 1;
                return self.spend_credit(credit::TEXT);
            }
            if nesting < MAX_NESTING - 1
                && let Some(pair) = self.pair(kind, now, base, how)?
            {
                self.spend_credit(credit::CONTAINER)?;
                let (start, before) = (self.encoder.out.len(), *run);
                self.flush(run)?;
                self.put(mark::CHANGED)?;
                let at = self.encoder.out.len();
                self.container(pair, now, base, how, nesting + 1)?;
                if self.encoder.out.len() == at + 1 {
                    // Made anew, of the same.
                    self.encoder.out.truncate(start);
                    *run = before + 1;
                }
                return Ok(());
            }
            self.flush(run)?;
            self.put(mark::SET)?;
            let at = self.encoder.out.len();
            self.full(now, how, nesting)?;
            self.grew_since(at);
            self.forget(base, how, nesting)
        }
    }

    /// Writes an element that is new.
    unsafe fn insert(&mut self, term: Raw, how: How, nesting: u32) -> Result<(), Stop> {
        let at = self.encoder.out.len();
        // SAFETY: as the caller's.
        unsafe { self.full(term, how, nesting)? };
        self.grew_since(at);
        Ok(())
    }

    /// Counts what is gone.
    unsafe fn forget(&mut self, term: Raw, how: How, nesting: u32) -> Result<(), Stop> {
        let at = self.encoder.out.len();
        // SAFETY: as the caller's.
        unsafe { self.full(term, how, nesting)? };
        self.shrink_to(at)
    }

    /// Counts a pair that is gone, if it was there for the rules, and writes that.
    unsafe fn forget_pair(
        &mut self,
        run: &mut u32,
        (key, value): (Raw, Raw),
        shape: Shape,
        nesting: u32,
    ) -> Result<(), Stop> {
        // SAFETY: as the caller's.
        unsafe {
            let Some(how) = shape.treats(self.encoder.env, key)? else {
                return Ok(());
            };
            self.flush(run)?;
            let at = self.encoder.out.len();
            self.encoder.term(key, nesting)?;
            self.full(value, how, nesting)?;
            self.shrink_to(at)?;
        }
        self.put(mark::LEFT_OUT)?;
        self.put_u32(1)
    }

    /// Counts an element that is as it was.
    #[inline]
    fn same(&mut self, run: &mut u32, term: Raw) {
        *run += 1;
        self.credit += match Looks::of(term) {
            Looks::Immediate => credit::SMALL,
            Looks::Boxed | Looks::Other => credit::LARGE,
        };
    }

    fn grew_since(&mut self, at: usize) {
        self.growth += (self.encoder.out.len() - at) as i64;
    }

    fn shrink_to(&mut self, at: usize) -> Result<(), Stop> {
        let bytes = self.encoder.out.len() - at;
        self.encoder.out.truncate(at);
        self.growth -= bytes as i64;
        self.spend_credit(credit::GONE + bytes as i64 / 16)
    }

    fn spend_credit(&mut self, credit: i64) -> Result<(), Stop> {
        self.credit -= credit;
        match self.credit {
            ..0 => Err(Stop::Fruitless),
            _ => Ok(()),
        }
    }

    /// Writes how many elements are as they were.
    fn flush(&mut self, run: &mut u32) -> Result<(), Stop> {
        let same = std::mem::take(run);
        if same == 0 {
            return Ok(());
        }
        if same < u32::from(mark::MANY) {
            return self.put(mark::SAME - 1 + same as u8);
        }
        self.put(mark::MANY)?;
        self.put_u32(same)
    }

    fn put(&mut self, mark: u8) -> Result<(), Stop> {
        self.encoder.out.slack()?;
        // SAFETY: slack was reserved.
        unsafe { self.encoder.out.put([mark]) };
        Ok(())
    }

    fn put_u32(&mut self, number: u32) -> Result<(), Stop> {
        self.encoder.out.slack()?;
        // SAFETY: slack was reserved.
        unsafe { self.encoder.out.put(number.to_be_bytes()) };
        Ok(())
    }
}
