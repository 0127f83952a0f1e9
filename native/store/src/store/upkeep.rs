use super::Store;
use crate::error::Error;
use crate::files::Verified;

/// Checking and repairing.
impl Store {
    /// The names of all files that are to hold recordings.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the directory can't be read.
    pub fn recording_files(&self) -> Result<Vec<Box<[u8]>>, Error> {
        self.files.recording_names()
    }

    /// Reads the first of these files in full, as many as can be in some 50 milliseconds, and
    /// compares them with the index. One that is gone meanwhile is not damaged.
    pub fn verify(&self, files: &[&[u8]]) -> Verified {
        self.files.verify(files, false)
    }

    /// As [`Store::verify`], and moves damaged files to `.native/quarantine/`, where no program
    /// looks for recordings. A file stays where it is if it may be whole: because it changed just
    /// now, is larger than this store reads, or can't be read for another reason than what is in
    /// it. What the index knew wrong is corrected.
    pub fn repair(&self, files: &[&[u8]]) -> Verified {
        self.files.verify(files, true)
    }

    /// Makes the index true for the directory, and writes it down anew.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]
    pub fn rebuild_index(&self) -> Result<(), Error> {
        self.files.freshness.lock().forget();
        self.files
            .rewrite_journal()
            .map_err(Error::io("rewrite the index"))
    }
}
