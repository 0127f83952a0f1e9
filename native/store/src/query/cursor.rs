use super::Sort;
use super::sort::Place;
use crate::disk::framed;
use crate::error::Error;

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
    pub(super) fn at(sort: Sort, place: &impl Place) -> Self {
        Cursor {
            sort,
            value: place.value(),
            id: place.id().into(),
        }
    }

    /// The order it is a place in.
    pub fn sort(&self) -> Sort {
        self.sort
    }

    /// The cursor as bytes: a frame of version, order, value (little-endian) and id.
    pub fn to_bytes(&self) -> Vec<u8> {
        let head = [VERSION, number(self.sort)];
        let mut bytes = Vec::new();
        // Of any size: the id has been in memory before.
        framed::push(&mut bytes, usize::MAX, |out| {
            out.extend([&head, &self.value.to_le_bytes()[..], &self.id].concat());
        });
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
        let content = framed::only(bytes).ok()?;
        let ([version, sort], rest) = content.split_first_chunk::<2>()?;
        let (value, id) = rest.split_first_chunk::<8>()?;
        (*version == VERSION).then_some(())?;
        Some(Cursor {
            sort: numbered(*sort)?,
            value: i64::from_le_bytes(*value),
            id: id.into(),
        })
    }
}

impl Place for Cursor {
    fn value(&self) -> i64 {
        self.value
    }

    fn id(&self) -> &[u8] {
        &self.id
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

#[cfg(test)]
mod tests {
    use super::*;

    const SORTS: [Sort; 5] = [
        Sort::Newest,
        Sort::Oldest,
        Sort::Longest,
        Sort::MostEvents,
        Sort::Largest,
    ];

    fn cursor(sort: Sort, value: i64, id: &[u8]) -> Cursor {
        let id = id.into();
        Cursor { sort, value, id }
    }

    #[test]
    fn a_cursor_is_read_back() {
        for sort in SORTS {
            for value in [i64::MIN, -1, 0, 1_795_000_000_000, i64::MAX] {
                for id in [&b""[..], b"id", &[0xff; 300]] {
                    let cursor = cursor(sort, value, id);
                    assert_eq!(Cursor::from_bytes(&cursor.to_bytes()).unwrap(), cursor);
                }
            }
        }
    }

    #[test]
    fn a_damaged_cursor_is_refused() {
        let whole = cursor(Sort::Longest, 7, b"4x1F5sfmxsxIadPy39mHkw").to_bytes();
        for len in 0..whole.len() {
            assert!(Cursor::from_bytes(&whole[..len]).is_err(), "{len}");
        }
        for bit in 0..whole.len() * 8 {
            let mut damaged = whole.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(Cursor::from_bytes(&damaged).is_err(), "{bit}");
        }
    }

    #[test]
    fn a_cursor_of_another_version_or_order_is_refused() {
        let with = |at: usize, byte| {
            let whole = cursor(Sort::Largest, 7, b"id").to_bytes();
            let mut content = framed::only(&whole).unwrap().to_vec();
            content[at] = byte;
            let mut changed = Vec::new();
            framed::push(&mut changed, usize::MAX, |out| out.append(&mut content));
            Cursor::from_bytes(&changed)
        };
        assert!(with(0, VERSION).is_ok());
        assert!(matches!(with(0, VERSION + 1), Err(Error::Cursor)));
        assert!(matches!(with(1, 5), Err(Error::Cursor)));
    }
}
