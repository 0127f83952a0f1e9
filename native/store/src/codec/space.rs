use super::Error;

/// Makes room for `len` bytes.
pub(crate) fn grow(out: &mut Vec<u8>, len: usize) -> Result<(), Error> {
    if out.len() < len {
        out.try_reserve_exact(len - out.len())
            .map_err(|_| Error::OutOfMemory)?;
        out.resize(len, 0);
    }
    Ok(())
}
