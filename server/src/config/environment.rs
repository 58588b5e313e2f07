//! What is wrong with a setting, where it comes from an environment variable: clap names the flag only.

use std::env;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, Error};

/// All of ours begin with it.
const PREFIX: &str = "IKRYPT_";
/// So many letters too many, too few or swapped are a slip.
const SLIP: usize = 2;

/// Variables that are set, are none of ours, and are nearly one: whoever set them believes that they hold.
pub(super) fn misspelt(command: &Command) -> Option<Error> {
    let known: Vec<String> = command
        .get_arguments()
        .filter_map(|arg| Some(arg.get_env()?.to_string_lossy().into_owned()))
        .collect();
    let set = env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    set.filter(|name| name.starts_with(PREFIX) && !known.contains(name)).find_map(|wrong| {
        let right = near(&wrong, &known)?;
        let said = format!("the environment variable {wrong} is no setting: is it meant to be {right}?\n");
        Some(Error::raw(ErrorKind::UnknownArgument, said))
    })
}

fn near<'a>(name: &str, known: &'a [String]) -> Option<&'a String> {
    known.iter().find(|known| strsim::osa_distance(name, known) <= SLIP)
}

/// The same error, and which variable the value came from, where it came from one.
pub(super) fn named(command: &Command, error: Error) -> Error {
    let Some(ContextValue::String(shown)) = error.get(ContextKind::InvalidArg) else { return error };
    let flag = shown.trim_start_matches('-').split_whitespace().next().unwrap_or_default();
    let on_command_line =
        env::args().any(|arg| arg.strip_prefix("--").is_some_and(|arg| arg.split('=').next() == Some(flag)));
    let variable = command
        .get_arguments()
        .find(|arg| arg.get_long() == Some(flag))
        .and_then(|arg| arg.get_env()?.to_str())
        .filter(|name| !on_command_line && env::var_os(name).is_some());
    match variable {
        Some(name) => Error::raw(
            error.kind(),
            format!("{error}\nThe value comes from the environment variable {name}.\n"),
        ),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_told_from_another_programs_variable() {
        let known = ["IKRYPT_MAX_VIEWS", "IKRYPT_LISTEN"].map(str::to_owned);
        assert_eq!(near("IKRYPT_MAX_VEIWS", &known), Some(&known[0]));
        assert_eq!(near("IKRYPT_LISTENS", &known), Some(&known[1]));
        assert_eq!(near("IKRYPT_SERVER_BIN", &known), None);
        assert_eq!(near("IKRYPT_TOKEN", &known), None);
    }
}
