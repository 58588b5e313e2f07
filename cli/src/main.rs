//! `ikrypt`: one-time secret links in a terminal.
//!
//! Sends and opens the same links as the web page, with the same crypto crate, and runs no JavaScript from a server.
//! Standard output carries only the requested result, so that pipes work. Notices, prompts and errors go to standard
//! error or to the terminal itself.
//!
//! ```text
//! args      command line and its help text
//! config    configuration file: server and creation token
//! commands  one module per command
//! client    HTTP client of the API, with retries
//! terminal  output, prompts, progress bars, wording of values, clipboard, QR code
//! input     reads payloads, passphrases and links from files and standard input
//! link      parses links and explains damaged ones
//! save      writes received files
//! error     why a command failed, and its exit code
//! ```
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a terminal program writes to standard output and standard error"
)]

mod args;
mod client;
mod commands;
mod config;
mod error;
mod input;
mod link;
mod save;
mod terminal;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use args::{Cli, Command};
use error::CommandError;
use terminal::notice;

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The message may quote a server, and control characters in it could control the terminal.
            notice!("ikrypt: {}", *terminal::escape_control_characters(&error.to_string()));
            error.exit_code()
        }
    }
}

fn run(cli: Cli) -> Result<(), CommandError> {
    match cli.command {
        Command::Send(args) => commands::send::run(&args),
        Command::Open(args) => commands::open::run(&args),
        Command::Receipt(args) => commands::receipt::run(&args),
        Command::Burn(args) => commands::burn::run(&args),
        Command::Verify(args) => commands::verify::run(&args),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "ikrypt", &mut script);
            terminal::print(&script)
        }
        Command::Man => {
            let mut page = Vec::new();
            render_manual(&Cli::command().disable_help_subcommand(true), &mut page)
                .map_err(|error| CommandError::standard_output(&error))?;
            terminal::print(&page)
        }
    }
}

/// Renders one manual page: the program's own, followed by the options of each command.
fn render_manual(command: &clap::Command, out: &mut Vec<u8>) -> io::Result<()> {
    clap_mangen::Man::new(command.clone()).render(out)?;
    for subcommand in command.get_subcommands().filter(|subcommand| !subcommand.is_hide_set()) {
        let name = subcommand.get_name();
        let man = clap_mangen::Man::new(subcommand.clone().bin_name(format!("ikrypt {name}")));
        writeln!(out, ".SH \"IKRYPT {}\"", name.to_uppercase())?;
        man.render_description_section(out)?;
        man.render_options_section(out)?;
    }
    Ok(())
}
