//! The words in which a command line or an environment is refused. They hold no part of a database password, and name
//! the environment variable that a value comes from, where clap names the flag only.

use std::env;
use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, Error};

use super::environment::value;
use super::secret_file;
use crate::store::may_hold_password;

/// Turns clap's error into one that may be shown.
pub(super) fn explain(command: &Command, arguments: &[OsString], error: Error) -> Error {
    match error.kind() {
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => error,
        ErrorKind::InvalidUtf8 => Error::raw(ErrorKind::InvalidUtf8, not_utf8(command)),
        ErrorKind::ValueValidation | ErrorKind::InvalidValue => of_value(command, arguments, error),
        // A password with a space in it ends up as an argument of its own, and clap would show that.
        kind if arguments.iter().skip(1).any(may_belong_to_database) => Error::raw(
            kind,
            "the command line cannot be understood, and is not shown, since it may hold a part of a database \
             password. A password in a URL must be percent-encoded: a space is %20. See --help\n",
        ),
        _ => error,
    }
}

fn may_belong_to_database(argument: &OsString) -> bool {
    let text = argument.to_string_lossy().to_ascii_lowercase();
    text.contains("database") || text.contains('@') || may_hold_password(&text)
}

fn not_utf8(command: &Command) -> String {
    let is_wrong = |name: &str| env::var_os(name).is_some_and(|value| value.to_str().is_none());
    let wrong = command.get_arguments().filter_map(|arg| arg.get_env()?.to_str()).find(|name| is_wrong(name));
    let what = wrong.map_or("an argument".to_owned(), |name| format!("the environment variable {name}"));
    format!("{what} is not UTF-8. Percent-encode such bytes where a URL holds them\n")
}

/// Hides a value that may be a secret, and names the variable that it comes from.
fn of_value(command: &Command, arguments: &[OsString], mut error: Error) -> Error {
    let arg = argument(command, &error);
    let is_secret = arg.is_some_and(Arg::is_hide_env_values_set);
    if let Some(ContextValue::String(shown)) = error.get(ContextKind::InvalidValue)
        && (is_secret || may_hold_password(shown))
    {
        error.insert(ContextKind::InvalidValue, ContextValue::String("(not shown)".to_owned()));
    }
    let variable = arg.and_then(|arg| {
        let (flag, name) = arg.get_long().zip(arg.get_env()?.to_str())?;
        let file = Some(secret_file::variable(name)).filter(|_| is_secret);
        let names = [Some(name.to_owned()), file];
        let set = names.into_iter().flatten().find(|name| value(name).is_some());
        set.filter(|_| !secret_file::is_given(arguments, flag))
    });
    match variable {
        Some(name) => Error::raw(
            error.kind(),
            format!("{error}\nThe value comes from the environment variable {name}.\n"),
        ),
        None => error,
    }
}

/// The argument that the error is about.
fn argument<'a>(command: &'a Command, error: &Error) -> Option<&'a Arg> {
    let Some(ContextValue::String(shown)) = error.get(ContextKind::InvalidArg) else { return None };
    let flag = shown.trim_start_matches('-').split_whitespace().next()?;
    command.get_arguments().find(|arg| arg.get_long() == Some(flag))
}
