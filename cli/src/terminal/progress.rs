//! Progress lines, which appear only on a terminal and are cleared at the end.

use std::io;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Smallest transfer with a bar, in bytes. A smaller one ends before the bar could be read.
const MIN_BAR_BYTES: u64 = 64 * 1024;
/// Time between two frames of a spinner.
const TICK: Duration = Duration::from_millis(100);

/// A progress line, cleared when it is dropped.
pub(crate) struct Progress(ProgressBar);

/// Shows an animated line with a message.
pub(crate) fn spinner(message: &'static str) -> Progress {
    let bar = ProgressBar::new_spinner().with_message(message);
    bar.enable_steady_tick(TICK);
    Progress(bar)
}

/// Shows a bar for the transfer of a number of bytes, or a spinner for a small number.
pub(crate) fn transfer(message: &'static str, total_bytes: u64) -> Progress {
    if total_bytes < MIN_BAR_BYTES {
        return spinner(message);
    }
    let style = ProgressStyle::with_template("{msg} {wide_bar} {bytes} of {total_bytes}");
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    Progress(ProgressBar::new(total_bytes).with_style(style).with_message(message))
}

impl Progress {
    /// Wraps a reader so that the bytes read from it move the bar.
    pub(crate) fn count_bytes<R: io::Read>(&self, reader: R) -> impl io::Read + use<R> {
        self.0.wrap_read(reader)
    }

    /// Replaces the message.
    pub(crate) fn set_message(&self, message: &'static str) {
        self.0.set_message(message);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
