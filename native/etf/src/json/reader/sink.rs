use super::{Fault, Number, Reader, fault};
use crate::Error;
use crate::json::templates::{self, Point, Shape, Templated, Templates};

/// What values are told to, in the order of the text.
pub(in crate::json) trait Sink<'a>: Templated {
    /// Whether anything is made of keys and leaves. If not, they are only checked.
    const READS: bool = true;

    fn null(&mut self) {}
    fn boolean(&mut self, _value: bool) {}
    fn number(&mut self, _number: Number<'a>) {}
    fn string(&mut self, _text: &str) {}
    fn begin_array(&mut self) {}
    /// Precedes each element.
    fn element(&mut self) {}
    /// The innermost array has ended.
    fn end_array(&mut self) {}
    fn begin_object(&mut self) {}
    /// Precedes each member's value.
    fn key(&mut self, _key: &str) {}
    /// The innermost object has ended.
    fn end_object(&mut self) {}
}

/// Values that are only checked.
pub(in crate::json) struct Ignore;
impl Sink<'_> for Ignore {
    const READS: bool = false;
}
impl Templated for Ignore {
    fn templates(&mut self) -> Option<(&mut Templates, &mut Vec<u8>)> {
        None
    }
}

impl<'a> Reader<'a> {
    /// Reads one value of any kind.
    pub(in crate::json) fn value<S: Sink<'a>>(&mut self, sink: &mut S) -> Result<(), Error> {
        let around = self.open.len();
        loop {
            self.head(sink)?;
            // What follows depends on the container around: its next value, or its end.
            loop {
                if self.open.len() == around {
                    return Ok(());
                }
                if self.open.last() == Some(&b'}') {
                    if self.key(sink)? {
                        break;
                    }
                    sink.end_object();
                } else {
                    if self.next_element()? {
                        sink.element();
                        break;
                    }
                    sink.end_array();
                }
                if let Some((templates, out)) = sink.templates() {
                    templates.end(self.point(), out.len());
                }
            }
        }
    }

    /// Reads the key of the next member, if there is one.
    #[inline]
    fn key<S: Sink<'a>>(&mut self, sink: &mut S) -> Result<bool, Error> {
        if !S::READS {
            return self.skip_key();
        }
        let key = self.next_key()?;
        if let Some(key) = &key {
            sink.key(key);
        }
        Ok(key.is_some())
    }

    /// Reads a scalar, or all of a container that is like another, or opens it.
    #[inline]
    fn head<S: Sink<'a>>(&mut self, sink: &mut S) -> Result<(), Error> {
        let first = self.peek()?;
        let at = self.point();
        if !matches!(first, b'{' | b'[') {
            let written = sink.templates().map_or(0, |(_, out)| out.len());
            self.leaf(first, sink)?;
            if let Some((templates, out)) = sink.templates() {
                templates.leaf(at.level, at.offset..self.position, written..out.len());
            }
            return Ok(());
        }
        if let Some((templates, _)) = sink.templates()
            && templates.is_active()
        {
            let shape = Shape::of_text(at.source, at.offset);
            if self.copy(at, shape, sink) {
                return Ok(());
            }
            if let Some((templates, out)) = sink.templates() {
                templates.begin(at, shape, out.len());
            }
        }
        self.opens(first)?;
        match first {
            b'{' => sink.begin_object(),
            _ => sink.begin_array(),
        }
        Ok(())
    }

    /// Reads a value that may be like another; tells whether it is, and reads nothing if not.
    #[inline(never)]
    fn copy<S: Sink<'a>>(&mut self, at: Point<'a>, shape: Shape, sink: &mut S) -> bool {
        let effort = self.effort;
        let copied = templates::apply(sink, at, shape, |sink, start| {
            self.position = start;
            let first = self.peek().ok()?;
            self.leaf(first, sink).ok()?;
            Some(self.position)
        });
        let Some(copied) = copied else {
            (self.position, self.terms_left, self.effort) = (at.offset, at.terms_left, effort);
            return false;
        };
        self.position = copied.end;
        self.terms_left = at.terms_left - copied.terms;
        true
    }

    /// Reads a scalar that begins with this byte.
    #[inline(always)]
    fn leaf<S: Sink<'a>>(&mut self, first: u8, sink: &mut S) -> Result<(), Error> {
        match first {
            b'"' => {
                self.count()?;
                self.position += 1;
                if S::READS {
                    sink.string(&self.string_rest()?);
                } else {
                    self.skip_string_rest()?;
                }
            }
            b'-' | b'0'..=b'9' => {
                self.count()?;
                if S::READS {
                    sink.number(self.number()?);
                } else {
                    self.skip_number()?;
                }
            }
            b'n' => self.null().map(|_| sink.null())?,
            b't' => self.literal("true").map(|()| sink.boolean(true))?,
            b'f' => self.literal("false").map(|()| sink.boolean(false))?,
            other => return Err(fault(self.position, Fault::UnexpectedByte(other))),
        }
        Ok(())
    }

    #[inline]
    fn point(&self) -> Point<'a> {
        Point {
            source: self.bytes(),
            offset: self.position,
            level: self.open.len(),
            terms_left: self.terms_left,
        }
    }
}
