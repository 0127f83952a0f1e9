use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::codec::Format;
use crate::directory::Files;
use crate::disk::OsFileSystem;
use crate::error::Error;
use crate::files::{Contents, Verified};
use crate::index::{Damage, Entry};
use crate::options::Options;
use crate::query::{self, Cursor, Facets, Filter, Page, Search, SearchProgress, Sort};
use crate::remote::NOTES_DIR;

/// The finished recordings of one directory, for those who only read.
///
/// Nothing in the directory is changed, made or locked, whoever else uses it, and nothing that
/// earlier runs left is taken over: a disk that can't be written will do. What the index on the
/// disk says is used, and not corrected. Recordings in flight are not seen, nor is what is elsewhere
/// ([`Options::native_path`]).
pub struct Reader {
    files: Files,
}

impl Reader {
    /// Opens a directory, and summarizes the recordings in it that the index on the disk does not
    /// know.
    ///
    /// # Errors
    ///
    /// [`Error::Option`], or [`Error::Io`] if there is no such directory or it can't be read.
    pub fn open(path: &Path, options: Options) -> Result<Reader, Error> {
        let files = Files::open_reading(Arc::new(OsFileSystem), path, options)?;
        files.load_reading()?;
        Ok(Reader { files })
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        self.files.path()
    }

    /// Whether a node keeps the recordings in a bucket too, or did so: what is removed here, that
    /// bucket still has.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if it can't be told.
    pub fn has_remote(&self) -> Result<bool, Error> {
        let notes = self.files.beside_dir.join(NOTES_DIR);
        match self.files.fs().metadata(&notes) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(Error::at("look at", &notes)(error)),
        }
    }

    /// As [`Store::list`](crate::Store::list).
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the directory can't be read.
    pub fn list(&self) -> Result<Vec<Arc<Entry>>, Error> {
        self.files.list()
    }

    /// As [`Store::read`](crate::Store::read).
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`], [`Error::Damaged`] or [`Error::Io`].
    pub fn read(&self, id: &[u8]) -> Result<Contents, Error> {
        self.files.read(id)
    }

    /// As [`Reader::read`], lending the content.
    ///
    /// # Errors
    ///
    /// As [`Reader::read`].
    pub fn read_with<R>(
        &self,
        id: &[u8],
        use_content: impl FnOnce(Format, &[u8]) -> R,
    ) -> Result<R, Error> {
        self.files.read_with(id, use_content)
    }

    /// As [`Store::query`](crate::Store::query).
    ///
    /// # Errors
    ///
    /// [`Error::Cursor`] if `after` belongs to another order, [`Error::Io`] if the directory can't
    /// be read.
    pub fn query(
        &self,
        filter: &Filter,
        sort: Sort,
        limit: usize,
        after: Option<&Cursor>,
    ) -> Result<Page, Error> {
        match query::query(&self.files, &[], filter, sort, limit, after, false)? {
            Some(page) => Ok(page),
            None => self.searched(filter)?.page(sort, limit, after),
        }
    }

    /// As [`Store::facets`](crate::Store::facets).
    ///
    /// # Errors
    ///
    /// [`Error::Io`] as for [`Reader::query`].
    pub fn facets(&self, filter: &Filter) -> Result<Facets, Error> {
        match query::facets(&self.files, &[], filter)? {
            Some(facets) => Ok(facets),
            None => Ok(self.searched(filter)?.facets()),
        }
    }

    /// As [`Store::needs_search`](crate::Store::needs_search).
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the directory can't be read.
    pub fn needs_search(&self, filter: &Filter) -> Result<bool, Error> {
        query::needs_search(&self.files, filter)
    }

    /// As [`Store::search`](crate::Store::search).
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the directory can't be read.
    pub fn search(&self, filter: &Filter) -> Result<Search, Error> {
        Search::new(&self.files, &[], filter)
    }

    /// As [`Store::search_on`](crate::Store::search_on).
    pub fn search_on(&self, search: &mut Search) -> SearchProgress {
        search.turn(&self.files)
    }

    fn searched(&self, filter: &Filter) -> Result<Search, Error> {
        let mut search = self.search(filter)?;
        while !search.is_done() {
            self.search_on(&mut search);
        }
        Ok(search)
    }

    /// As [`Store::not_searched`](crate::Store::not_searched); what is in flight is not among it.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if that can't be listed.
    pub fn not_searched(&self, search: &Search) -> Result<Vec<Damage>, Error> {
        query::beyond(&self.files, 0, search.unread())
    }

    /// The files in the directory that are known to be damaged, by name. [`Reader::verify`] may
    /// find more.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the directory can't be read.
    pub fn damage(&self) -> Result<Vec<Damage>, Error> {
        self.files.refresh()?;
        let mut damage: Vec<_> = self.files.index.read().damage().collect();
        damage.sort_by(|a, b| a.file.cmp(&b.file));
        Ok(damage)
    }

    /// As [`Store::recording_files`](crate::Store::recording_files).
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the directory can't be read.
    pub fn recording_files(&self) -> Result<Vec<Box<[u8]>>, Error> {
        self.files.recording_names()
    }

    /// As [`Store::verify`](crate::Store::verify).
    pub fn verify(&self, files: &[&[u8]]) -> Verified {
        self.files.verify(files, false)
    }
}
