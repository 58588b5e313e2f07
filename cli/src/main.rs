//! `ikrypt`: one-time secret links in a terminal.
//!
//! It sends and opens the same links as the page, with the same crypto crate, so that nobody has to
//! trust the JavaScript of a server. What is asked for goes to standard output and nothing else does,
//! so that pipes work; everything that is said to a person goes to standard error.
//!
//! ```text
//! args      what can be typed
//! config    which server, and the token for it
//! server    the way to it, and calls that survive a lost answer
//! send      open      receipt      verify      one file a command
//! input     what is sent: files, standard input, a prompt
//! link      reads a link, or says what is wrong with it
//! save      where files go that were received
//! terminal  what is said and asked
//! failure   why it ended, and with which exit code
//! ```
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it is a terminal program: talking to the terminal is what it does"
)]

/// Says something to a person. Whether anybody hears it must change nothing: a closed pipe is no reason to lose a
/// secret that a view was used for.
macro_rules! say {
    ($($words:tt)*) => {{
        use std::io::Write as _;
        drop(writeln!(std::io::stderr(), $($words)*));
    }};
}

mod args;
mod clipboard;
mod config;
mod failure;
mod input;
mod link;
mod open;
mod receipt;
mod save;
mod send;
mod server;
mod terminal;
mod verify;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use args::{Cli, Command};
use failure::Failure;

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // A server's words may be in it, and they are no orders to a terminal.
            say!("ikrypt: {}", *terminal::harmless(&failure.to_string()));
            failure.exit_code()
        }
    }
}

fn run(cli: Cli) -> Result<(), Failure> {
    match cli.command {
        Command::Send(send) => send::run(&send),
        Command::Open(open) => open::run(&open),
        Command::Receipt(ask) => receipt::show(&ask),
        Command::Burn(burn) => receipt::burn(&burn),
        Command::Verify(verify) => verify::run(&verify),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "ikrypt", &mut script);
            print(&script)
        }
        Command::Man => {
            let mut pages = Vec::new();
            manual(&Cli::command().disable_help_subcommand(true), &mut pages)
                .map_err(|error| Failure::output(&error))?;
            print(&pages)
        }
    }
}

fn print(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = std::io::stdout();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(|error| Failure::output(&error))
}

/// One page for all: the program's own, and the options of each command behind it.
fn manual(command: &clap::Command, out: &mut Vec<u8>) -> std::io::Result<()> {
    clap_mangen::Man::new(command.clone()).render(out)?;
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        let man = clap_mangen::Man::new(sub.clone().bin_name(format!("ikrypt {}", sub.get_name())));
        writeln!(out, ".SH \"IKRYPT {}\"", sub.get_name().to_uppercase())?;
        man.render_description_section(out)?;
        man.render_options_section(out)?;
    }
    Ok(())
}
