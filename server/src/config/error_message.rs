//! Error messages for invalid arguments and environment variables. Unlike clap's own, they contain no part of a
//! database password, and name the environment variable that a value comes from.

use std::env;
use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, Error};

use super::environment::{file_variable, value};
use super::secret_file::has_flag;
use crate::store::may_hold_password;

/// Turns clap's error into one that contains no secret.
pub(super) fn explain(command: &Command, arguments: &[OsString], error: Error) -> Error {
    match error.kind() {
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => error,
        ErrorKind::InvalidUtf8 => Error::raw(ErrorKind::InvalidUtf8, not_utf8(command)),
        ErrorKind::ValueValidation | ErrorKind::InvalidValue => invalid_value(command, arguments, error),
        // The part of a password after a space is an argument of its own, which clap would show.
        kind if arguments.iter().skip(1).any(may_hold_database_url) => Error::raw(
            kind,
            "the arguments are invalid, and are not shown because they may contain a part of a database password. \
             A password in a URL must be percent-encoded: a space is %20. See --help\n",
        ),
        _ => error,
    }
}

/// Reports whether an argument may be a part of a database URL.
fn may_hold_database_url(argument: &OsString) -> bool {
    let text = argument.to_string_lossy().to_ascii_lowercase();
    text.contains("database") || text.contains('@') || may_hold_password(&text)
}

fn not_utf8(command: &Command) -> String {
    let is_wrong = |name: &str| env::var_os(name).is_some_and(|value| value.to_str().is_none());
    let wrong = command.get_arguments().filter_map(|arg| arg.get_env()?.to_str()).find(|name| is_wrong(name));
    let source = wrong.map_or("an argument".to_owned(), |name| format!("the environment variable {name}"));
    format!("{source} is not UTF-8. In a URL, percent-encode such bytes\n")
}

/// Hides a value that may be a secret, and names the variable that it comes from.
fn invalid_value(command: &Command, arguments: &[OsString], mut error: Error) -> Error {
    let arg = argument(command, &error);
    let is_secret = arg.is_some_and(Arg::is_hide_env_values_set);
    if let Some(ContextValue::String(shown)) = error.get(ContextKind::InvalidValue)
        && (is_secret || may_hold_password(shown))
    {
        error.insert(ContextKind::InvalidValue, ContextValue::String("(not shown)".to_owned()));
    }
    let variable = arg.and_then(|arg| {
        let (flag, name) = arg.get_long().zip(arg.get_env()?.to_str())?;
        let file = Some(file_variable(name)).filter(|_| is_secret);
        let names = [Some(name.to_owned()), file];
        let set = names.into_iter().flatten().find(|name| value(name).is_some());
        set.filter(|_| !has_flag(arguments, flag))
    });
    match variable {
        Some(name) => Error::raw(
            error.kind(),
            format!("{error}\nThe value comes from the environment variable {name}.\n"),
        ),
        None => error,
    }
}

/// Returns the argument that the error is about.
fn argument<'a>(command: &'a Command, error: &Error) -> Option<&'a Arg> {
    let Some(ContextValue::String(shown)) = error.get(ContextKind::InvalidArg) else { return None };
    let flag = shown.trim_start_matches('-').split_whitespace().next()?;
    command.get_arguments().find(|arg| arg.get_long() == Some(flag))
}
