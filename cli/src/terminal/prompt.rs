//! Questions on the terminal.

use std::fs::OpenOptions;
use std::io::{self, BufRead as _, BufReader, Write as _};

#[cfg(unix)]
use nix::sys::signal::{SigSet, SigmaskHow, Signal};
#[cfg(unix)]
use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::error::CommandError;

/// The input and output device of the terminal, which also works if standard input is a pipe.
#[cfg(unix)]
const TERMINAL: (&str, &str) = ("/dev/tty", "/dev/tty");
#[cfg(windows)]
const TERMINAL: (&str, &str) = ("CONIN$", "CONOUT$");

/// Asks a question. Every answer other than `y` or `yes` is no.
pub(crate) fn confirm(question: &str) -> Result<bool, CommandError> {
    let ask = || -> io::Result<bool> {
        write!(OpenOptions::new().write(true).open(TERMINAL.1)?, "{question} [y/N] ")?;
        let mut answer = String::new();
        BufReader::new(OpenOptions::new().read(true).open(TERMINAL.0)?).read_line(&mut answer)?;
        Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
    };
    ask().map_err(|error| CommandError::Local(format!("cannot ask on the terminal: {error}")))
}

/// Asks for one line, which is not shown.
pub(crate) fn hidden_line(prompt: &str) -> Result<Zeroizing<String>, CommandError> {
    let [line] = hidden_lines([prompt])?;
    Ok(line)
}

/// Asks for one line per prompt. Nothing that is typed or pasted is shown, even if it arrives before its prompt.
pub(crate) fn hidden_lines<const N: usize>(
    prompts: [&str; N],
) -> Result<[Zeroizing<String>; N], CommandError> {
    let ask = || -> io::Result<[Zeroizing<String>; N]> {
        #[cfg(unix)]
        let _echo_off = EchoOff::new()?;
        let mut lines = prompts.map(|_| Zeroizing::default());
        for (line, prompt) in lines.iter_mut().zip(prompts) {
            *line = Zeroizing::new(rpassword::prompt_password(prompt)?);
        }
        Ok(lines)
    };
    ask().map_err(|error| match error.kind() {
        io::ErrorKind::Interrupted | io::ErrorKind::UnexpectedEof => {
            CommandError::Local("nothing was entered, and nothing was done".to_owned())
        }
        _ => CommandError::Usage(format!(
            "there is no terminal to ask on ({error}): use --passphrase-file, or pipe the input in"
        )),
    })
}

/// Turns the terminal's echo off until it is dropped.
///
/// `rpassword` turns the echo off only after it has printed the prompt, so text that arrives earlier would be shown. On
/// Ctrl-C it restores the settings that it found and ends the program, so SIGINT is blocked for as long as this guard
/// lives. A console of Windows shows no input before it is read, and needs no guard.
#[cfg(unix)]
struct EchoOff {
    terminal: std::fs::File,
    original: Termios,
    original_signals: SigSet,
}

#[cfg(unix)]
impl EchoOff {
    fn new() -> io::Result<Self> {
        let terminal = OpenOptions::new().read(true).write(true).open(TERMINAL.0)?;
        let original = tcgetattr(&terminal)?;
        let mut without_echo = original.clone();
        without_echo.local_flags -= LocalFlags::ECHO | LocalFlags::ECHONL;
        let original_signals = SigSet::from(Signal::SIGINT).thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
        let this = Self { terminal, original, original_signals };
        tcsetattr(&this.terminal, SetArg::TCSANOW, &without_echo)?;
        Ok(this)
    }
}

#[cfg(unix)]
impl Drop for EchoOff {
    fn drop(&mut self) {
        // An error means that the terminal is gone; there is nothing to restore then.
        let _ = tcsetattr(&self.terminal, SetArg::TCSANOW, &self.original);
        let _ = self.original_signals.thread_set_mask();
    }
}
