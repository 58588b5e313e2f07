//! What can be typed; this text is the manual.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  a file could not be read or written, or you said no
  2  usage
  3  gone, burned, expired, or never there
  4  wrong passphrase
  5  damaged link
  6  tampered: what the server has is not what was sent, or not what this release serves
  7  server or network, or too many requests";

/// One-time secret links, in a terminal: encrypted here, opened a set number of times.
///
/// The server gets ciphertext and half of a key; the other half is only ever in the link.
#[derive(Parser)]
#[command(name = "ikrypt", version, after_help = EXIT_CODES, arg_required_else_help = true)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Encrypt something and print its link
    ///
    /// Reads files, standard input, or asks. A secret is never an argument: others on the machine could
    /// see it there. The link alone goes to standard output; the receipt link, for you, to standard error.
    Send(Send),
    /// Open a link: print its text, save its files
    Open(Open),
    /// Show what became of a secret
    Receipt(Receipt),
    /// Delete a secret before it expires
    Burn(Burn),
    /// Compare what a server serves with what was built from this source
    ///
    /// Fetches every page and file as browsers do, and compares them with this release byte for byte, and their
    /// headers. Fills the settings that the server reports into the pages, and lists them: read them, since no
    /// release can say whether they are true. Lists what it did not compare. It sees what the server gives to this
    /// machine, now: a server that wants to betray one person could give other pages to them.
    Verify(Verify),
    /// Print a script that completes commands in a shell
    Completions {
        /// For which shell
        shell: Shell,
    },
    /// Print the manual page
    Man,
}

/// `ikrypt send`.
#[derive(Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct Send {
    /// Files to send, with their names; `-` is standard input, a note where there are files too
    pub files: Vec<PathBuf>,

    /// The server to send to, like `https://secrets.example.org`; else `server` in the configuration file
    #[arg(long, env = "IKRYPT_SERVER", value_name = "URL")]
    pub server: Option<String>,

    /// Take the token from a file, where the server lets only those create who have one; else `IKRYPT_TOKEN`, the
    /// file that `IKRYPT_TOKEN_FILE` names, or `token` in the configuration file
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,

    /// How long it can be opened: `10m`, `1h`, `3days`
    #[arg(long, default_value = "24h", value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub expires: Duration,

    /// How many times it can be opened
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..))]
    pub views: u8,

    /// Ask for a passphrase that the reader will need, to be sent another way
    #[arg(long, group = "protection")]
    pub passphrase: bool,

    /// Take the passphrase from a file; a line end behind it is not part of it
    #[arg(long, value_name = "FILE", group = "protection")]
    pub passphrase_file: Option<PathBuf>,

    /// Make up a passphrase of five words, and print it to standard error
    #[arg(long, group = "protection")]
    pub generate_passphrase: bool,

    /// Show the link as a QR code too, on standard error
    #[arg(long)]
    pub qr: bool,

    /// Put the link into the clipboard too
    #[arg(long)]
    pub copy: bool,

    /// Print link, receipt link, expiry, and a made-up passphrase, as one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `ikrypt open`.
#[derive(Args)]
pub(crate) struct Open {
    /// The link; read from standard input where it is `-` or missing, which keeps it out of the shell's history
    pub link: Option<String>,

    /// The folder for files; they never replace one that is there
    ///
    /// Without it they go into a new folder, `ikrypt-files`, since the sender chose their names and programs
    /// act on names like `.bashrc`; a single file without a note goes to standard output, where that is not a
    /// terminal.
    #[arg(long, short, value_name = "DIR")]
    pub output: Option<PathBuf>,

    /// Say what it is, without opening it: costs no view
    #[arg(long)]
    pub peek: bool,

    /// With --peek: as a JSON object
    #[arg(long, requires = "peek")]
    pub json: bool,

    /// Take the passphrase from a file; a line end behind it is not part of it
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,

    /// Do not ask before a view is used up
    #[arg(long, short)]
    pub yes: bool,
}

/// `ikrypt receipt`.
#[derive(Args)]
pub(crate) struct Receipt {
    /// The receipt link; read from standard input where it is `-` or missing
    pub link: Option<String>,

    /// As a JSON object
    #[arg(long)]
    pub json: bool,
}

/// `ikrypt burn`.
#[derive(Args)]
pub(crate) struct Burn {
    /// What to burn, and how to print its receipt.
    #[command(flatten)]
    pub receipt: Receipt,

    /// Do not ask first
    #[arg(long, short)]
    pub yes: bool,
}

/// `ikrypt verify`.
#[derive(Args)]
pub(crate) struct Verify {
    /// The server, like `https://secrets.example.org`
    pub url: String,

    /// Compare with the manifest in this file, in place of this release's own
    #[arg(long, value_name = "FILE")]
    pub manifest: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
