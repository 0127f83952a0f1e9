use std::io::{self, BufWriter, IsTerminal as _, StderrLock, StdoutLock, Write};

use anstream::AutoStream;
use anstyle::{AnsiColor, Style};
use terminal_size::{Width, terminal_size_of};

/// The first line of a table.
pub const HEAD: Style = Style::new().bold();
/// What a line is about.
pub const NAME: Style = AnsiColor::Cyan.on_default();
/// What is less important.
pub const FAINT: Style = Style::new().dimmed();
/// What is new.
pub const ADDED: Style = AnsiColor::Green.on_default();
/// What is gone, or wrong.
pub const GONE: Style = AnsiColor::Red.on_default();
/// What somebody did.
pub const DEED: Style = AnsiColor::Yellow.on_default();

/// The standard output: in colours where it is a terminal, and nobody objects (`NO_COLOR`).
pub struct Out {
    stream: BufWriter<AutoStream<StdoutLock<'static>>>,
    width: Option<usize>,
    is_terminal: bool,
}

impl Out {
    pub fn new() -> Self {
        let stdout = io::stdout();
        let is_terminal = stdout.is_terminal();
        let width = terminal_size_of(&stdout).map(|(Width(width), _)| width.into());
        Out {
            stream: BufWriter::new(AutoStream::auto(stdout.lock())),
            width: width.filter(|_| is_terminal),
            is_terminal,
        }
    }

    /// How many columns a line may have; any number where it is no terminal.
    pub fn width(&self) -> Option<usize> {
        self.width
    }

    pub fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// Writes bytes that are no text.
    pub fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.flush()?;
        let mut stdout = io::stdout();
        stdout.write_all(bytes)?;
        stdout.flush()
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// A text in a style, which ends with it.
pub struct Styled<T>(pub Style, pub T);

impl<T: std::fmt::Display> std::fmt::Display for Styled<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Styled(style, text) = self;
        write!(f, "{style}{text}{style:#}")
    }
}

/// Writes a line to the standard error. That nobody reads it is nobody's concern.
pub fn complain(line: &str) {
    let mut stderr: AutoStream<StderrLock<'_>> = AutoStream::auto(io::stderr().lock());
    let _ = writeln!(stderr, "{line}");
}
