use crate::cursor::Cursor;
use crate::opaque::FunHead;
use crate::{Error, ErrorKind, Limits, OpaqueKind, Token, atom, opaque, rare, tag};

/// Walks over terms in the External Term Format without copying or building them.
///
/// Containers are announced by their head; their elements are the tokens after it. The walker
/// keeps count of the open containers in a stack of its own, so no nesting can overflow the
/// thread's.
#[derive(Debug, Clone)]
pub struct Walker<'a> {
    cursor: Cursor<'a>,
    /// Terms still to come in the innermost open container.
    pending: u64,
    /// The same for the containers around it, outermost first.
    outer: Vec<u64>,
    /// Open closures that state their length.
    closures: Vec<Closure>,
    max_depth: usize,
    terms_left: u64,
    words_left: u64,
}

/// Most elements that a tuple has in any runtime.
const MAX_ARITY: u32 = (1 << 24) - 1;
/// What a closure takes beside its free variables.
const FUN_WORDS: u64 = 8;

#[derive(Debug, Clone, Copy)]
struct Closure {
    /// How many containers are open inside it, itself included.
    depth: usize,
    start: usize,
    /// The offset it must end at.
    end: usize,
}

/// What was read: a token, or the head of a closure whose free variables follow.
pub(crate) enum Step<'a> {
    Token(Token<'a>),
    /// So many free variables follow.
    Fun(u32),
}

impl<'a> Walker<'a> {
    /// Walks the term after the version byte.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::BadVersion`], [`ErrorKind::UnexpectedEnd`] for an empty input, and
    /// [`ErrorKind::Compressed`] for a compressed term, which [`expand`](crate::expand()) turns
    /// into a plain one.
    #[inline]
    pub fn new(bytes: &'a [u8], limits: &Limits) -> Result<Self, Error> {
        let mut walker = Walker::bare(bytes, limits);
        match walker.cursor.u8(0)? {
            tag::VERSION => {}
            other => return Err(Error::new(0, ErrorKind::BadVersion(other))),
        }
        match walker.cursor.rest().first() {
            Some(&tag::COMPRESSED) => Err(Error::new(1, ErrorKind::Compressed)),
            _ => Ok(walker),
        }
    }

    /// Walks terms without a version byte, one after the other.
    #[inline]
    pub fn bare(terms: &'a [u8], limits: &Limits) -> Self {
        Walker {
            cursor: Cursor::new(terms, limits),
            // Outside of any container terms may go on until the input ends.
            pending: u64::MAX,
            outer: Vec::new(),
            closures: Vec::new(),
            max_depth: usize::try_from(limits.max_depth).unwrap_or(usize::MAX),
            terms_left: limits.max_terms,
            words_left: limits.max_words,
        }
    }

    /// Offset of the next byte to be read.
    #[inline]
    pub fn offset(&self) -> usize {
        self.cursor.offset()
    }

    /// Whether every byte has been read.
    #[inline]
    pub fn is_at_end(&self) -> bool {
        self.cursor.rest().is_empty()
    }

    /// How many containers are open.
    #[inline]
    pub fn depth(&self) -> usize {
        self.outer.len()
    }

    /// Reads one token.
    ///
    /// # Errors
    ///
    /// Any [`ErrorKind`] about malformed terms and limits. After an error the walker's position
    /// is unspecified.
    #[inline(always)]
    pub fn token(&mut self) -> Result<Token<'a>, Error> {
        let before = self.cursor.rest();
        let depth = self.depth();
        match self.step::<false>()? {
            Step::Token(token) => Ok(token),
            Step::Fun(_) => {
                self.finish(depth)?;
                Ok(Token::Opaque(OpaqueKind::Fun, self.cursor.since(before)))
            }
        }
    }

    /// Skips one complete term, checking it as [`Walker::token`] would.
    ///
    /// # Errors
    ///
    /// As [`Walker::token`].
    #[inline]
    pub fn skip(&mut self) -> Result<(), Error> {
        let depth = self.depth();
        self.step::<true>()?;
        self.finish(depth)
    }

    /// Skips one complete term and returns its bytes.
    ///
    /// # Errors
    ///
    /// As [`Walker::token`].
    #[inline]
    pub fn raw(&mut self) -> Result<&'a [u8], Error> {
        let before = self.cursor.rest();
        self.skip()?;
        Ok(self.cursor.since(before))
    }

    /// Skips a term of `length` bytes without looking at it: for a caller who has compared it with
    /// one that was read before. Equal bytes are equal terms, and a term knows where it ends.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnexpectedEnd`] if fewer bytes are left.
    #[inline]
    pub fn skip_equal(&mut self, length: usize) -> Result<(), Error> {
        let start = self.cursor.offset();
        self.cursor.take(length, start)?;
        // Never zero here: a container is closed as soon as it is complete.
        self.pending -= 1;
        self.close()
    }

    /// Skips what is left of the containers opened since there were `depth` of them.
    pub(crate) fn finish(&mut self, depth: usize) -> Result<(), Error> {
        while self.depth() > depth {
            self.step::<true>()?;
        }
        Ok(())
    }

    /// As [`Walker::token`], but stops before the free variables of a closure; also returns the
    /// bytes that were read.
    pub(crate) fn enter(&mut self) -> Result<(Step<'a>, &'a [u8]), Error> {
        let before = self.cursor.rest();
        let step = self.step::<false>()?;
        Ok((step, self.cursor.since(before)))
    }

    /// Reads one token; with `SKIP` the texts of atoms are checked, but left out of it.
    #[inline(always)]
    fn step<const SKIP: bool>(&mut self) -> Result<Step<'a>, Error> {
        let before = self.cursor.rest();
        let start = self.cursor.offset();
        let Some(terms_left) = self.terms_left.checked_sub(1) else {
            return Err(Error::new(start, ErrorKind::TooManyTerms));
        };
        self.terms_left = terms_left;
        // Never zero here: a container is closed as soon as it is complete.
        self.pending -= 1;

        let c = &mut self.cursor;
        let token = match c.u8(start)? {
            tag::SMALL_ATOM_UTF8 => Token::Atom(atom::small_utf8::<SKIP>(c, start)?),
            tag::BINARY => {
                let length = c.u32(start)?;
                Token::Binary(c.take(length as usize, start)?)
            }
            tag::SMALL_INTEGER => Token::Integer(i64::from(c.u8(start)?)),
            tag::INTEGER => Token::Integer(i64::from(i32::from_be_bytes(c.array(start)?))),
            tag::NIL => Token::Nil,
            tag::MAP => {
                let pairs = c.u32(start)?;
                self.open(u64::from(pairs) * 2, 3, start)?;
                return Ok(Step::Token(Token::Map(pairs)));
            }
            tag::LIST => {
                let length = c.u32(start)?;
                self.open(u64::from(length) + 1, u64::from(length), start)?;
                return Ok(Step::Token(Token::List(length)));
            }
            tag::SMALL_TUPLE => {
                let arity = u32::from(c.u8(start)?);
                self.open(u64::from(arity), 1, start)?;
                return Ok(Step::Token(Token::Tuple(arity)));
            }
            tag::LARGE_TUPLE => {
                let arity = c.u32(start)?;
                self.open(u64::from(arity), 1, start)?;
                if arity > MAX_ARITY {
                    return Err(Error::new(start, ErrorKind::BadTuple));
                }
                return Ok(Step::Token(Token::Tuple(arity)));
            }
            tag::NEW_FUN => {
                let head = opaque::fun(c, start)?;
                self.open_fun(&head, start)?;
                return Ok(Step::Fun(head.free_variables));
            }
            tag::STRING => {
                let length = c.u16(start)?;
                let bytes = c.take(usize::from(length), start)?;
                self.spend(u64::from(length) * 2, start)?;
                Token::String(bytes)
            }
            tag::ATOM_UTF8 => Token::Atom(atom::utf8::<SKIP>(c, start)?),
            tag::SMALL_ATOM => Token::Atom(atom::small_latin1::<SKIP>(c, start)?),
            tag::ATOM => Token::Atom(atom::latin1::<SKIP>(c, start)?),
            other => rare::leaf(c, other, before, start)?,
        };
        self.close()?;
        Ok(Step::Token(token))
    }

    /// Opens a container of so many terms, which takes a word for each and a few more.
    #[inline(always)]
    fn open(&mut self, terms: u64, more_words: u64, start: usize) -> Result<(), Error> {
        self.cursor.expect(terms, start)?;
        self.spend(terms + more_words, start)?;
        if terms == 0 {
            return self.close();
        }
        if self.outer.len() >= self.max_depth {
            return Err(Error::new(start, ErrorKind::TooDeep));
        }
        self.outer.push(self.pending);
        self.pending = terms;
        Ok(())
    }

    #[inline(always)]
    fn spend(&mut self, words: u64, start: usize) -> Result<(), Error> {
        let Some(words_left) = self.words_left.checked_sub(words) else {
            return Err(Error::new(start, ErrorKind::TooManyTerms));
        };
        self.words_left = words_left;
        Ok(())
    }

    #[cold]
    fn open_fun(&mut self, head: &FunHead, start: usize) -> Result<(), Error> {
        let end = start.saturating_add(head.length);
        if head.free_variables > 0 {
            self.closures.push(Closure {
                depth: self.depth() + 1,
                start,
                end,
            });
        } else if end != self.offset() {
            return Err(Error::new(start, ErrorKind::BadIdentifier));
        }
        self.open(u64::from(head.free_variables), FUN_WORDS, start)
    }

    /// Closes every container whose last term has just been read.
    #[inline(always)]
    fn close(&mut self) -> Result<(), Error> {
        while self.pending == 0 {
            if !self.closures.is_empty() {
                self.close_fun()?;
            }
            match self.outer.pop() {
                Some(pending) => self.pending = pending,
                None => break,
            }
        }
        Ok(())
    }

    #[cold]
    fn close_fun(&mut self) -> Result<(), Error> {
        let depth = self.depth();
        match self.closures.pop_if(|closure| closure.depth == depth) {
            Some(closure) if closure.end != self.offset() => {
                Err(Error::new(closure.start, ErrorKind::BadIdentifier))
            }
            _ => Ok(()),
        }
    }
}
