use super::Sort;
use super::sort::Position;
use crate::Error;

/// The first byte of a cursor. One of another version is refused.
const VERSION: u8 = 1;

/// Where a page ended: its last recording's place in the order. It stays right while recordings
/// come and go, that one too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    sort: Sort,
    value: i64,
    id: Box<[u8]>,
}

impl Cursor {
    pub(super) fn at(sort: Sort, position: Position<'_>) -> Self {
        Cursor {
            sort,
            value: position.value,
            id: position.id.into(),
        }
    }

    pub(super) fn position(&self) -> Position<'_> {
        Position {
            value: self.value,
            id: &self.id,
        }
    }

    /// The order it is a place in.
    pub fn sort(&self) -> Sort {
        self.sort
    }

    /// The cursor as bytes: version, order, value (big endian), id, CRC-32C of all that (big
    /// endian).
    pub fn to_bytes(&self) -> Vec<u8> {
        let head = [VERSION, number(self.sort)];
        let mut bytes = [&head, &self.value.to_be_bytes()[..], &self.id].concat();
        bytes.extend(crc32c::crc32c(&bytes).to_be_bytes());
        bytes
    }

    /// Reads [`Cursor::to_bytes`].
    ///
    /// # Errors
    ///
    /// [`Error::Cursor`] for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Cursor, Error> {
        Cursor::parse(bytes).ok_or(Error::Cursor)
    }

    fn parse(bytes: &[u8]) -> Option<Cursor> {
        let (content, sum) = bytes.split_last_chunk::<4>()?;
        if crc32c::crc32c(content).to_be_bytes() != *sum {
            return None;
        }
        let ([version, sort], rest) = content.split_first_chunk::<2>()?;
        let (value, id) = rest.split_first_chunk::<8>()?;
        (*version == VERSION).then_some(())?;
        Some(Cursor {
            sort: numbered(*sort)?,
            value: i64::from_be_bytes(*value),
            id: id.into(),
        })
    }
}

fn number(sort: Sort) -> u8 {
    match sort {
        Sort::Newest => 0,
        Sort::Oldest => 1,
        Sort::Longest => 2,
        Sort::MostEvents => 3,
        Sort::Largest => 4,
    }
}

fn numbered(number: u8) -> Option<Sort> {
    Some(match number {
        0 => Sort::Newest,
        1 => Sort::Oldest,
        2 => Sort::Longest,
        3 => Sort::MostEvents,
        4 => Sort::Largest,
        _ => return None,
    })
}
