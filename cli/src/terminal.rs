//! What is said to a person, and asked.

use std::fs::OpenOptions;
use std::io::{self, BufRead as _, BufReader, IsTerminal as _, Write as _};
use std::time::Duration;

use chrono::{DateTime, Local, Utc};
use indicatif::{ProgressBar, ProgressStyle};
#[cfg(unix)]
use nix::sys::signal::{SigSet, SigmaskHow, Signal};
#[cfg(unix)]
use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::failure::Failure;

/// The terminal itself, also where standard input is a pipe.
#[cfg(unix)]
const TERMINAL: [&str; 2] = ["/dev/tty", "/dev/tty"];
#[cfg(windows)]
const TERMINAL: [&str; 2] = ["CONIN$", "CONOUT$"];

/// Whether somebody sits before it: then what costs something is asked first.
pub(crate) fn is_attended() -> bool {
    let (input, output) = (io::stdin().is_terminal(), io::stdout().is_terminal());
    io::stderr().is_terminal() && (input || output)
}

/// Asks; everything but yes is no.
pub(crate) fn confirm(question: &str) -> Result<bool, Failure> {
    let ask = || -> io::Result<bool> {
        write!(OpenOptions::new().write(true).open(TERMINAL[1])?, "{question} [y/N] ")?;
        let mut answer = String::new();
        BufReader::new(OpenOptions::new().read(true).open(TERMINAL[0])?).read_line(&mut answer)?;
        Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
    };
    ask().map_err(|error| Failure::Here(format!("cannot ask on the terminal: {error}")))
}

/// Asks for one line that is not shown.
pub(crate) fn hidden(prompt: &str) -> Result<Zeroizing<String>, Failure> {
    let [line] = hidden_lines([prompt])?;
    Ok(line)
}

/// Asks for lines of which nothing is shown, also where they are typed or pasted faster than they are asked for.
pub(crate) fn hidden_lines<const N: usize>(prompts: [&str; N]) -> Result<[Zeroizing<String>; N], Failure> {
    let ask = || -> io::Result<[Zeroizing<String>; N]> {
        #[cfg(unix)]
        let _unseen = Unseen::from_now_on()?;
        let mut lines = prompts.map(|_| Zeroizing::default());
        for (line, prompt) in lines.iter_mut().zip(prompts) {
            *line = Zeroizing::new(rpassword::prompt_password(prompt)?);
        }
        Ok(lines)
    };
    ask().map_err(|error| match error.kind() {
        io::ErrorKind::Interrupted | io::ErrorKind::UnexpectedEof => {
            Failure::Here("nothing was typed, and nothing was done".to_owned())
        }
        _ => Failure::Usage(format!(
            "there is no terminal to ask on ({error}): see --passphrase-file, or pipe it in"
        )),
    })
}

/// A terminal that does not show what is typed, until this is dropped. `rpassword` stops the echo after it has
/// asked, which shows whoever answers at once, and ends the program at Ctrl-C as it has made the terminal: so that is
/// put off as well. (A console of Windows shows nothing before it is read.)
#[cfg(unix)]
struct Unseen {
    terminal: std::fs::File,
    before: Termios,
    signals: SigSet,
}

#[cfg(unix)]
impl Unseen {
    fn from_now_on() -> io::Result<Self> {
        let terminal = OpenOptions::new().read(true).write(true).open(TERMINAL[0])?;
        let before = tcgetattr(&terminal)?;
        let mut unseen = before.clone();
        unseen.local_flags -= LocalFlags::ECHO | LocalFlags::ECHONL;
        let signals = SigSet::from(Signal::SIGINT).thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
        let this = Self { terminal, before, signals };
        tcsetattr(&this.terminal, SetArg::TCSANOW, &unseen)?;
        Ok(this)
    }
}

#[cfg(unix)]
impl Drop for Unseen {
    fn drop(&mut self) {
        // Nobody is left to be told where the terminal is gone.
        let _ = tcsetattr(&self.terminal, SetArg::TCSANOW, &self.before);
        let _ = self.signals.thread_set_mask();
    }
}

/// A line that moves while something lasts; only on a terminal, and gone afterwards.
pub(crate) fn spinner(what: &'static str) -> Progress {
    let bar = ProgressBar::new_spinner().with_message(what);
    bar.enable_steady_tick(Duration::from_millis(100));
    Progress(bar)
}

/// The same for so many bytes.
pub(crate) fn bytes(what: &'static str, total: u64) -> Progress {
    // Not for what is over before it could be read.
    if total < 64 * 1024 {
        return spinner(what);
    }
    let style = ProgressStyle::with_template("{msg} {wide_bar} {bytes} of {total_bytes}");
    Progress(
        ProgressBar::new(total)
            .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
            .with_message(what),
    )
}

/// Clears its line when it is dropped.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// Counts what is read.
    pub(crate) fn over<R: io::Read>(&self, read: R) -> impl io::Read + use<R> {
        self.0.wrap_read(read)
    }

    /// Says another thing from now on.
    pub(crate) fn say(&self, what: &'static str) {
        self.0.set_message(what);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// A moment on the clock of this machine's place.
pub(crate) fn moment(time: DateTime<Utc>) -> String {
    time.with_timezone(&Local).format("%Y-%m-%d %H:%M:%S %:z").to_string()
}

/// "1 view", "3 views".
pub(crate) fn count(number: impl Into<u64>, noun: &str) -> String {
    match number.into() {
        1 => format!("1 {noun}"),
        number => format!("{number} {noun}s"),
    }
}

/// "90 minutes", "3 days": in the largest unit that it is a whole number of.
pub(crate) fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    let units = [(86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second")];
    let (unit, name) =
        units.into_iter().find(|(unit, _)| seconds.is_multiple_of(*unit)).unwrap_or((1, "second"));
    count(seconds / unit, name)
}

/// "once", "5 times".
pub(crate) fn times(number: u8) -> String {
    if number == 1 { "once".to_owned() } else { format!("{number} times") }
}

/// Text for a terminal: control characters would be orders to it, and are shown as pictures of themselves.
pub(crate) fn harmless(text: &str) -> Zeroizing<String> {
    let picture = |c: char| match c {
        '\n' | '\t' => c,
        '\0'..='\x1F' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{FFFD}'),
        '\x7F' => '\u{2421}',
        '\u{80}'..='\u{9F}' => '\u{FFFD}',
        _ => c,
    };
    Zeroizing::new(text.replace("\r\n", "\n").chars().map(picture).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_said_as_they_were_meant() {
        let said = [1, 90, 5400, 86_400, 2_678_400].map(|seconds| duration(Duration::from_secs(seconds)));
        assert_eq!(said, ["1 second", "90 seconds", "90 minutes", "1 day", "31 days"]);
    }

    #[test]
    fn a_terminal_gets_no_orders() {
        assert_eq!(&*harmless("a\x1b[2Jb\u{9b}\r\nc\td\x07"), "a\u{241B}[2Jb\u{FFFD}\nc\td\u{2407}");
    }
}
