//! The directories that a slab's segments are in: one of this run, and those of earlier ones.

use std::io;
use std::sync::Arc;

use super::own::Own;
use super::space::Space;
use crate::disk::owned::Directory;

impl Space {
    /// The directory of this run; another one if that was lost.
    pub(super) fn directory<'o>(&self, own: &'o mut Own) -> io::Result<&'o Arc<Directory>> {
        if own.directory.as_ref().is_some_and(|own| own.is_lost()) {
            self.find_lost();
            *own = Own::default();
        }
        match &mut own.directory {
            Some(directory) => Ok(directory),
            none => Ok(none.insert(self.commons.create(super::PREFIX)?)),
        }
    }

    /// Looks whether all directories with segments are still ours. Returns whether something was
    /// lost that recordings are in.
    pub(super) fn check(&self) -> bool {
        // Nobody deletes any meanwhile.
        let own = self.own.lock();
        if let Some(directory) = &own.directory {
            directory.check();
        }
        self.find_lost()
    }

    /// Returns whether any segment was lost that is still in use.
    fn find_lost(&self) -> bool {
        let segments = self.segments.lock().all();
        let mut directories: Vec<&Arc<Directory>> = Vec::new();
        for segment in &segments {
            let directory = segment.directory();
            if !directories
                .iter()
                .any(|known| Arc::ptr_eq(known, directory))
            {
                directory.check();
                directories.push(directory);
            }
            segment.check();
        }
        self.segments.lock().close_lost();
        segments.iter().any(|segment| segment.is_lost())
    }

    /// The directories with segments, that of this run first. They stay for as long as they are
    /// held: one that is out of use is removed otherwise, at any time.
    pub(super) fn homes(&self) -> io::Result<Vec<Arc<Directory>>> {
        self.check();
        let mut own = self.own.lock();
        let mut homes = vec![Arc::clone(self.directory(&mut own)?)];
        for segment in self.segments.lock().all() {
            let directory = segment.directory();
            let is_new = homes.iter().all(|home| home.path() != directory.path());
            if !segment.is_lost() && is_new {
                homes.push(Arc::clone(directory));
            }
        }
        Ok(homes)
    }
}
