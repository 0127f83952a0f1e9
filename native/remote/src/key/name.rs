//! Names of files, stems and nodes, which may be any bytes, in keys, which should be letters.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

/// Bytes of a file's, a node's or a stem's name.
pub const MAX_NAME_BYTES: usize = 255;

/// Between slashes some servers take 255 bytes, since they make directories of them. A longer name
/// is folded into pieces of this length, and a time fits before the first one.
const PIECE_BYTES: usize = 200;

/// What a longer name goes on with. No name begins so: `!` is followed by two digits there.
const FOLD: &str = "/!-";

/// The name of a file, a node, a stem: 1 to 255 bytes, without `/` and NUL.
///
/// `Display` writes it as it is in a key: ASCII letters, digits and `-_.~=@` as they are, any other
/// byte as `!` and two hexadecimal digits, so that nothing between here and the server's disk has
/// a reason to write it otherwise.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Box<[u8]>);

impl Name {
    /// A name, if it is one.
    pub fn new(bytes: impl Into<Box<[u8]>>) -> Option<Name> {
        let bytes = bytes.into();
        let fits = (1..=MAX_NAME_BYTES).contains(&bytes.len());
        (fits && !bytes.contains(&b'/') && !bytes.contains(&0)).then_some(Name(bytes))
    }

    /// The name itself.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Reads a name in one piece, in any spelling.
    pub(super) fn read(text: &str) -> Option<Name> {
        let mut bytes = Vec::with_capacity(text.len());
        let mut rest = text.as_bytes().iter();
        while let Some(&byte) = rest.next() {
            bytes.push(match byte {
                b'!' => digit(rest.next()?)? << 4 | digit(rest.next()?)?,
                _ => byte,
            });
        }
        Name::new(bytes)
    }

    fn escaped(&self) -> String {
        // A dot and two are names of directories.
        let dots = matches!(&*self.0, b"." | b"..");
        let mut out = String::with_capacity(self.0.len());
        for &byte in &self.0 {
            if byte.is_ascii_alphanumeric() || (b"-_.~=@".contains(&byte) && !dots) {
                out.push(char::from(byte));
            } else {
                // Writing to a `String` has no way to fail.
                let _ = write!(out, "!{byte:02x}");
            }
        }
        out
    }
}

/// A key with its long names in one piece.
pub(super) fn unfold(text: &str) -> Cow<'_, str> {
    if text.contains(FOLD) {
        text.replace(FOLD, "").into()
    } else {
        text.into()
    }
}

fn digit(byte: &u8) -> Option<u8> {
    char::from(*byte).to_digit(16).map(|it| it as u8)
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let escaped = self.escaped();
        let mut rest = escaped.as_str();
        while let Some((piece, more)) = rest.split_at_checked(PIECE_BYTES) {
            if more.is_empty() {
                break;
            }
            write!(f, "{piece}{FOLD}")?;
            rest = more;
        }
        f.write_str(rest)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.escaped())
    }
}
