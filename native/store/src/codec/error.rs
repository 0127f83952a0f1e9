/// Why bytes could not be decompressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    #[error("malformed or cut short")]
    Malformed,
    #[error("followed by something else")]
    TrailingBytes,
    #[error("larger than the limit")]
    TooLarge,
    #[error("out of memory")]
    OutOfMemory,
}
