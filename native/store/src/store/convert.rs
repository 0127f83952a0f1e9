use super::Store;
use crate::codec::{Beside, Format};
use crate::error::Error;
use crate::files::Contents;

/// Bringing recordings into another form, and into the directory.
impl Store {
    /// Has a finished recording saved in this format and the [compression](crate::Options::compression)
    /// of the store, with all that is beside its content, and removes the files that it had. Returns
    /// whether it is so now: not where somebody saved or removed it meanwhile, or it is in flight.
    ///
    /// A term that becomes JSON loses what JSON has no words for, and a text that becomes a term
    /// does not get it back.
    ///
    /// # Errors
    ///
    /// Those of [`Store::read`] and of [`Store::save`].
    pub fn convert(&self, id: &[u8], format: Format) -> Result<bool, Error> {
        match self.active.get(id) {
            Some(_) => Ok(false),
            None => self.files.convert(id, format),
        }
    }

    /// Saves a recording that comes from elsewhere, in its format, with what is to be beside it. With
    /// `replace` it takes the place of one with its id; without, it is left out if there is one.
    /// Returns whether it was saved.
    ///
    /// # Errors
    ///
    /// Those of [`Store::save`], and [`Error::AlreadyActive`] if one with its id is running here.
    pub fn import(
        &self,
        contents: &Contents,
        beside: Beside,
        replace: bool,
    ) -> Result<bool, Error> {
        self.files.refresh()?;
        if replace {
            self.forget_replaced()?;
        }
        self.files.import(contents, beside, replace)
    }
}
