//! The command line. Its doc comments are the help text and the manual page.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

const EXIT_CODES: &str = "\
Exit codes:
  0  success
  1  a file could not be read or written, or you answered no
  2  invalid arguments or input
  3  the secret was viewed, burned, has expired, or never existed
  4  wrong passphrase
  5  damaged link
  6  tampered: the secret differs from what was sent, or the site from this release
  7  the server could not be reached, rejected the request, or limits requests";

/// Sends and opens one-time secret links in a terminal.
///
/// Secrets are encrypted on this machine and can be opened a set number of times. The server gets the ciphertext and
/// one of two key shares. The other share is only in the link.
#[derive(Parser)]
#[command(name = "ikrypt", version, after_help = EXIT_CODES, arg_required_else_help = true)]
pub(crate) struct Cli {
    /// The command to run.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Encrypt a text or files, and print the link
    ///
    /// Reads files or standard input, or asks on the terminal. A secret is never an argument, because other users of
    /// the machine can see arguments. Prints only the link to standard output, and the receipt link for the sender to
    /// standard error.
    Send(Send),
    /// Open a link: print its text and save its files
    Open(Open),
    /// Show the status of a secret: views, wrong passphrases, how it ended
    Receipt(Receipt),
    /// Delete a secret before it expires
    Burn(Burn),
    /// Compare what a server serves with this release
    ///
    /// Requests every page and file with the headers of several browsers, and compares them and their headers byte for
    /// byte with this release. Fills the settings that the server reports into the pages, and lists them. Read them:
    /// no release can tell whether they are true. Lists what is not compared. Sees only what the server sends to this
    /// machine at this time: a malicious server can send other pages to selected visitors.
    Verify(Verify),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page
    Man,
}

/// The arguments of `ikrypt send`.
#[derive(Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a separate flag")]
pub(crate) struct Send {
    /// Files to send, with their names; `-` is standard input, which becomes the note if there are also files
    pub files: Vec<PathBuf>,

    /// The server, for example `https://secrets.example.org` (default: `server` in the configuration file)
    #[arg(long, env = "IKRYPT_SERVER", value_name = "URL")]
    pub server: Option<String>,

    /// Read the creation token from a file, if the server requires one (default: `IKRYPT_TOKEN`, the file named by
    /// `IKRYPT_TOKEN_FILE`, or `token` in the configuration file)
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,

    /// Time until the secret expires: `10m`, `1h`, `3days`
    #[arg(long, default_value = "24h", value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub expires: Duration,

    /// Number of times the secret can be opened
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..))]
    pub views: u8,

    /// Ask for a passphrase, which the recipient needs to open the secret
    #[arg(long, group = "protection")]
    pub passphrase: bool,

    /// Read the passphrase from a file; a line break at the end is ignored
    #[arg(long, value_name = "FILE", group = "protection")]
    pub passphrase_file: Option<PathBuf>,

    /// Generate a passphrase of five words, and print it to standard error
    #[arg(long, group = "protection")]
    pub generate_passphrase: bool,

    /// Also print the link as a QR code, to standard error
    #[arg(long)]
    pub qr: bool,

    /// Also copy the link to the clipboard
    #[arg(long)]
    pub copy: bool,

    /// Print the link, the receipt link, the expiry and a generated passphrase as a JSON object
    #[arg(long)]
    pub json: bool,
}

/// The arguments of `ikrypt open`.
#[derive(Args)]
pub(crate) struct Open {
    /// The link; if it is `-` or missing, it is read from standard input, which keeps it out of the shell's history
    pub link: Option<String>,

    /// The folder to save files in; existing files are never replaced
    ///
    /// By default, files are saved in a new folder `ikrypt-files`, because the sender chose their names and programs
    /// act on names such as `.bashrc`. A single file without a note is written to standard output if that is not a
    /// terminal.
    #[arg(long, short, value_name = "DIR")]
    pub output: Option<PathBuf>,

    /// Describe the secret without opening it; uses no view
    #[arg(long)]
    pub peek: bool,

    /// With --peek: print a JSON object
    #[arg(long, requires = "peek")]
    pub json: bool,

    /// Read the passphrase from a file; a line break at the end is ignored
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,

    /// Use a view without asking first
    #[arg(long, short)]
    pub yes: bool,
}

/// The arguments of `ikrypt receipt`.
#[derive(Args)]
pub(crate) struct Receipt {
    /// The receipt link; if it is `-` or missing, it is read from standard input
    pub link: Option<String>,

    /// Print a JSON object
    #[arg(long)]
    pub json: bool,
}

/// The arguments of `ikrypt burn`.
#[derive(Args)]
pub(crate) struct Burn {
    /// The receipt link of the secret, and the format of the printed receipt.
    #[command(flatten)]
    pub receipt: Receipt,

    /// Burn without asking first
    #[arg(long, short)]
    pub yes: bool,
}

/// The arguments of `ikrypt verify`.
#[derive(Args)]
pub(crate) struct Verify {
    /// The server, for example `https://secrets.example.org`
    pub url: String,

    /// Compare with the manifest in this file instead of this release's own
    #[arg(long, value_name = "FILE")]
    pub manifest: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn command_line_definition_is_consistent() {
        Cli::command().debug_assert();
    }
}
