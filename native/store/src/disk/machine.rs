//! Which process this is, whether another one is still there, and what its disks are.

use std::fs;
use std::path::Path;

/// A process, as no other one in the world is.
///
/// A process id alone says little: it is used again, and each container has its own. Two are
/// told apart by what booted, the namespace that process ids are counted in, and when it began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Process {
    /// Random number of this start of the operating system; 0 if it is not known.
    pub boot: u128,
    /// Number of the namespace of process ids; 0 if it is not known.
    pub namespace: u64,
    /// Its id in that namespace.
    pub pid: u32,
    /// When it began, in a unit of the operating system's.
    pub start: u64,
}

impl Process {
    /// The one that runs this.
    pub(crate) fn current() -> Self {
        let pid = std::process::id();
        Process {
            boot: boot().unwrap_or(0),
            namespace: namespace().unwrap_or(0),
            pid,
            start: look_up(pid).map_or(0, |found| found.start),
        }
    }

    /// Whether its id means in the other one what it means here.
    pub(crate) fn is_beside(&self, other: &Process) -> bool {
        let known = self.boot != 0 && self.namespace != 0;
        known && (self.boot, self.namespace) == (other.boot, other.namespace)
    }

    /// Whether it is gone for certain. It must be [beside](Process::is_beside) this one.
    pub(crate) fn is_gone(&self) -> bool {
        match look_up(self.pid) {
            Some(found) => found.start != self.start || found.is_dead,
            // Perhaps it is only hidden.
            None => !exists(self.pid),
        }
    }
}

/// `/proc/sys/kernel/random/boot_id`: a UUID, see random(4).
fn boot() -> Option<u128> {
    let text = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    u128::from_str_radix(&text.trim().replace('-', ""), 16).ok()
}

/// `/proc/self/ns/pid`: a link to `pid:[number]`, see namespaces(7).
fn namespace() -> Option<u64> {
    let link = fs::read_link("/proc/self/ns/pid").ok()?;
    let number = link.to_str()?.strip_prefix("pid:[")?.strip_suffix(']')?;
    number.parse().ok()
}

struct Status {
    start: u64,
    /// It has ended, and only its parent has not asked for how.
    is_dead: bool,
}

/// `/proc/PID/stat`: the 3rd field is the state, the 22nd the start, see proc(5). The 2nd, in
/// parentheses, may contain anything.
fn look_up(pid: u32) -> Option<Status> {
    let line = fs::read(format!("/proc/{pid}/stat")).ok()?;
    status_of(&line)
}

fn status_of(line: &[u8]) -> Option<Status> {
    let name_end = line.iter().rposition(|&byte| byte == b')')?;
    let rest = std::str::from_utf8(line.get(name_end + 1..)?).ok()?;
    let mut fields = rest.split_ascii_whitespace();
    let state = fields.next()?;
    Some(Status {
        start: fields.nth(18)?.parse().ok()?,
        is_dead: matches!(state, "Z" | "X"),
    })
}

fn exists(pid: u32) -> bool {
    let Ok(pid) = libc::pid_t::try_from(pid) else {
        return false;
    };
    // SAFETY: signal 0 is sent to nobody, and the call touches no memory.
    let found = unsafe { libc::kill(pid, 0) } == 0;
    found || std::io::Error::last_os_error().raw_os_error() != Some(libc::ESRCH)
}

/// Whether a path is on a disk of this machine alone, so that all who can reach it share its
/// locks. What is not known to be is taken for one that others can reach.
#[cfg(target_os = "linux")]
pub(crate) fn is_local(path: &Path) -> bool {
    use std::ffi::CString;
    use std::os::unix::ffi::OsStrExt as _;

    /// The numbers are those of statfs(2) and of `linux/magic.h`; bcachefs and ZFS have them in
    /// their own headers.
    const LOCAL: [u64; 12] = [
        0xef53,      // ext2, ext3, ext4
        0x5846_5342, // XFS
        0x9123_683e, // Btrfs
        0x0102_1994, // tmpfs
        0x8584_58f6, // ramfs
        0x794c_7630, // overlayfs
        0xf2f5_2010, // F2FS
        0x3153_464a, // JFS
        0x5265_4973, // ReiserFS
        0x3434,      // NILFS
        0xca45_1a4e, // bcachefs
        0x2fc1_2fc1, // ZFS
    ];
    let Ok(path) = CString::new(path.as_os_str().as_bytes()) else {
        return false;
    };
    let mut found = std::mem::MaybeUninit::<libc::statfs>::uninit();
    // SAFETY: the path ends with a NUL, and there is room for the answer.
    if unsafe { libc::statfs(path.as_ptr(), found.as_mut_ptr()) } != 0 {
        return false;
    }
    // SAFETY: the call succeeded, so it was written.
    let magic = unsafe { found.assume_init() }.f_type;
    // 32 bits, which some machines sign-extend.
    LOCAL.contains(&(magic as u64 & 0xffff_ffff))
}

/// Elsewhere nobody has found out yet how to tell, and locks are taken at their word.
#[cfg(not(target_os = "linux"))]
pub(crate) fn is_local(_: &Path) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn this_process_is_beside_itself_and_not_gone() {
        let this = Process::current();
        assert!(!this.is_gone());
        if cfg!(target_os = "linux") {
            assert!(this.is_beside(&this) && this.start > 0);
            let earlier = Process {
                start: this.start - 1,
                ..this
            };
            assert!(earlier.is_gone());
            let elsewhere = Process {
                boot: this.boot ^ 1,
                ..this
            };
            assert!(!this.is_beside(&elsewhere));
        }
    }

    #[test]
    fn what_is_not_known_is_beside_nothing() {
        assert!(!Process::default().is_beside(&Process::default()));
    }

    #[test]
    fn a_process_is_gone_once_it_has_ended() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let process = Process {
            pid: child.id(),
            start: look_up(child.id()).map_or(0, |found| found.start),
            ..Process::current()
        };
        assert!(!process.is_gone());
        drop(child.stdin.take());
        child.wait().unwrap();
        assert!(process.is_gone());
    }

    #[test]
    fn a_status_is_read_whatever_the_program_is_called() {
        let of = |name: &str, state: &str| {
            let rest = "1 ".repeat(18);
            status_of(format!("7 ({name}) {state} {rest}4711 9\n").as_bytes())
        };
        for name in ["beam.smp", "a b", ") R 1 (", ""] {
            assert!(of(name, "S").is_some_and(|found| found.start == 4711 && !found.is_dead));
        }
        assert!(of("a", "Z").is_some_and(|found| found.is_dead));
        assert!(status_of(b"7 (a) S 1 2").is_none() && status_of(b"").is_none());
    }

    #[test]
    fn a_temporary_directory_is_looked_at() {
        let dir = tempfile::tempdir().unwrap();
        assert!(!is_local(&dir.path().join("missing")) || cfg!(not(target_os = "linux")));
        assert!(is_local(Path::new("/dev/shm")) || !Path::new("/dev/shm").exists());
    }
}
