//! A cursor, of bytes that may be none: one that is read is written as the same bytes.

use replay_store::Cursor;

use crate::sealed::frame;

/// Cursors in each order.
pub fn seeds() -> Vec<Vec<u8>> {
    let contents =
        (0..6).map(|order| [&[1, order][..], &[7; 8], b"4x1F5sfmxsxIadPy39mHkw"].concat());
    contents
        .flat_map(|content| [frame(&content), content])
        .collect()
}

/// See the [module](self).
pub fn check(bytes: &[u8]) {
    for bytes in [bytes, &frame(bytes)] {
        if let Ok(cursor) = Cursor::from_bytes(bytes) {
            assert_eq!(cursor.to_bytes(), bytes);
        }
    }
}
