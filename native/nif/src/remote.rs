//! The bucket behind a directory. Only a library that was built with the feature `remote` has one;
//! any other refuses directories that want it.

#[cfg(feature = "remote")]
mod linked;
#[cfg(not(feature = "remote"))]
mod missing;

#[cfg(feature = "remote")]
pub use linked::{Link, Nodes, Refused, Report, Wanted, differing, prepare};
#[cfg(not(feature = "remote"))]
pub use missing::{Link, Nodes, Refused, Report, Wanted, differing, prepare};

use replay_store::RemoteFault;
use rustler::Atom;

mod atoms {
    rustler::atoms! { denied, invalid, no_bucket, not_found, throttled, too_large, unavailable }
}

/// Why a bucket can't be used, in one word.
pub fn fault_name(fault: RemoteFault) -> Atom {
    match fault {
        RemoteFault::Unavailable => atoms::unavailable(),
        RemoteFault::Throttled => atoms::throttled(),
        RemoteFault::Denied => atoms::denied(),
        RemoteFault::NoBucket => atoms::no_bucket(),
        RemoteFault::NotFound => atoms::not_found(),
        RemoteFault::TooLarge => atoms::too_large(),
        _ => atoms::invalid(),
    }
}
