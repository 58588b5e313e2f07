//! Environment variables: recognises settings, misspelt settings and unknown variables.

use std::env;
use std::ffi::OsString;

use clap::builder::Resettable;
use clap::error::ErrorKind;
use clap::{Command, Error};

/// Prefix of all settings except [`DATABASE_URL`].
const PREFIX: &str = "IKRYPT_";
/// Has no prefix, because libraries and hosting platforms use this name.
const DATABASE_URL: &str = "DATABASE_URL";
/// Maximum edit distance between a misspelt name and the setting.
const MAX_TYPOS: usize = 2;
/// Letters without prefix for each tolerated typo: `IKRYPT_TAG` is not a misspelt `IKRYPT_LOG`. One typo is always
/// tolerated.
const LETTERS_PER_TYPO: usize = 4;
/// Variables of the command line `ikrypt`, which may run in the same environment.
const CLI_VARIABLES: [&str; 3] = ["IKRYPT_SERVER", "IKRYPT_TOKEN", "IKRYPT_TOKEN_FILE"];

/// How a variable relates to this program.
#[derive(Debug, PartialEq, Eq)]
enum VariableKind {
    Setting,
    /// Probably meant to be the setting of this name.
    Misspelt(String),
    /// Has the prefix, and is neither a setting nor misspelt.
    Unknown,
    /// Belongs to another program.
    Foreign,
}

/// The names of all settings.
struct SettingNames(Vec<String>);

impl SettingNames {
    fn from_command(command: &Command) -> Self {
        let names = command.get_arguments().filter_map(|arg| {
            let name = arg.get_env()?.to_str()?;
            let file = arg.is_hide_env_values_set().then(|| file_variable(name));
            Some([Some(name.to_owned()), file])
        });
        Self(names.flatten().flatten().collect())
    }

    fn kind(&self, name: &str, value: &str) -> VariableKind {
        if self.0.iter().any(|known| known == name) {
            return VariableKind::Setting;
        }
        if CLI_VARIABLES.contains(&name) || is_injected(name, value) {
            return VariableKind::Foreign;
        }
        match self.nearest(name) {
            Some(known) => VariableKind::Misspelt(known.clone()),
            None if name.starts_with(PREFIX) => VariableKind::Unknown,
            None => VariableKind::Foreign,
        }
    }

    /// Returns the setting that a misspelt name is meant to be. The prefix may be missing or doubled.
    fn nearest(&self, name: &str) -> Option<&String> {
        let name = name.to_ascii_uppercase().replace('-', "_");
        let distance = |known: &String| {
            let plain = strsim::osa_distance(&name, known);
            let prefixed = strsim::osa_distance(&name, &format!("{PREFIX}{known}"));
            plain.min(prefixed)
        };
        let nearest =
            self.0.iter().map(|known| (distance(known), known)).min_by_key(|(distance, _)| *distance);
        let max_typos =
            |known: &str| (known.trim_start_matches(PREFIX).len() / LETTERS_PER_TYPO).clamp(1, MAX_TYPOS);
        nearest.filter(|(distance, known)| *distance <= max_typos(known)).map(|(_, known)| known)
    }
}

/// Reports whether Kubernetes has set this variable. It sets several in every container for each service of the
/// namespace, and a service may be named `ikrypt` or `ikrypt-web`.
fn is_injected(name: &str, value: &str) -> bool {
    let Some(name) = name.strip_prefix("IKRYPT") else { return false };
    let port_of = |name: &str| {
        name.split_once("_PORT_").is_some_and(|(_, port)| port.starts_with(|c: char| c.is_ascii_digit()))
    };
    name.ends_with("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT")
        || port_of(name)
        || (name.ends_with("_PORT") && value.contains("://"))
}

/// Returns an error if a variable is a misspelt setting, which would have no effect. A misspelt `DATABASE_URL` may
/// belong to another program, and is an error only if no database is configured (`has_database`).
pub(super) fn reject_misspelt(command: &Command, has_database: bool) -> Result<(), Error> {
    let names = SettingNames::from_command(command);
    for (name, value) in variables() {
        if let VariableKind::Misspelt(correct) = names.kind(&name, &value)
            && (name.starts_with(PREFIX) || !correct.starts_with(DATABASE_URL) || !has_database)
        {
            let text = format!(
                "the environment variable {name:?} is not a setting: the correct name is {correct}; rename or unset it\n"
            );
            return Err(Error::raw(ErrorKind::UnknownArgument, text));
        }
    }
    Ok(())
}

/// Returns the names of variables that have the prefix of settings and are no settings.
pub(super) fn unknown(command: &Command) -> Vec<String> {
    let names = SettingNames::from_command(command);
    let unknown = variables().filter(|(name, value)| names.kind(name, value) == VariableKind::Unknown);
    let mut unknown: Vec<_> = unknown.map(|(name, _)| name).collect();
    unknown.sort();
    unknown
}

/// Makes the command ignore empty variables: they count as unset.
pub(super) fn without_empty(command: Command) -> Command {
    command.mut_args(|arg| {
        let is_empty = arg.get_env().and_then(env::var_os).is_some_and(|value| value.is_empty());
        if is_empty { arg.env(Resettable::Reset) } else { arg }
    })
}

/// Returns the name of the variable that names a file with the value of `name`.
pub(super) fn file_variable(name: &str) -> String {
    format!("{name}_FILE")
}

/// Returns the value of a variable. An empty value counts as unset.
pub(super) fn value(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

/// Returns the names and values of all variables that are not empty.
fn variables() -> impl Iterator<Item = (String, String)> {
    let set = env::vars_os().filter(|(_, value)| !value.is_empty());
    set.filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(name: &str, value: &str) -> VariableKind {
        let names = [
            "IKRYPT_MAX_VIEWS",
            "IKRYPT_MAX_TTL",
            "IKRYPT_LISTEN",
            "IKRYPT_LOG",
            DATABASE_URL,
            "DATABASE_URL_FILE",
        ];
        SettingNames(names.map(str::to_owned).to_vec()).kind(name, value)
    }

    #[test]
    fn misspelt_variable_is_recognised_with_its_correct_name() {
        for (name, correct) in [
            ("IKRYPT_MAX_VEIWS", "IKRYPT_MAX_VIEWS"),
            ("IKRYPT_LISTENS", "IKRYPT_LISTEN"),
            ("IKRIPT_LISTEN", "IKRYPT_LISTEN"),
            ("ikrypt_listen", "IKRYPT_LISTEN"),
            ("IKRYPT_MAX-VIEWS", "IKRYPT_MAX_VIEWS"),
            ("IKRYPT_IKRYPT_LOG", "IKRYPT_LOG"),
            ("IKRYPT_LGO", "IKRYPT_LOG"),
            ("IKRYPT_MAXVIEW", "IKRYPT_MAX_VIEWS"),
            ("IKRYPT_DATABASE_URL", DATABASE_URL),
            ("IKRYPT_DATABSE_URL", DATABASE_URL),
            ("IKRYPT_DATABASE_URL_FILE", "DATABASE_URL_FILE"),
            ("DATABSE_URL", DATABASE_URL),
            ("database_url", DATABASE_URL),
            ("DATABASE_URL_FLIE", "DATABASE_URL_FILE"),
        ] {
            assert_eq!(kind(name, "x"), VariableKind::Misspelt(correct.to_owned()), "{name}");
        }
    }

    #[test]
    fn unknown_variable_is_neither_a_setting_nor_another_programs() {
        for name in ["IKRYPT_MAX_VIEWS", "DATABASE_URL", "DATABASE_URL_FILE"] {
            assert_eq!(kind(name, "x"), VariableKind::Setting, "{name}");
        }
        for name in ["SERVER_BIN", "HOST", "DB", "NEW_SETTING", "FOO", "TAG", "LANG", "MIN_TTL"] {
            assert_eq!(kind(&format!("{PREFIX}{name}"), "x"), VariableKind::Unknown, "{name}");
        }
        for name in ["IKRYPT_TOKEN", "PATH", "MY_DATABASE", "DB_URL", "LISTEN"] {
            assert_eq!(kind(name, "x"), VariableKind::Foreign, "{name}");
        }
    }

    #[test]
    fn variables_that_kubernetes_injects_are_ignored() {
        for (name, value) in [
            ("IKRYPT_PORT", "tcp://10.0.0.1:3000"),
            ("IKRYPT_PORT_3000_TCP", "tcp://10.0.0.1:3000"),
            ("IKRYPT_PORT_3000_TCP_ADDR", "10.0.0.1"),
            ("IKRYPT_SERVICE_HOST", "10.0.0.1"),
            ("IKRYPT_SERVICE_PORT", "3000"),
            ("IKRYPT_SERVICE_PORT_HTTP", "3000"),
            ("IKRYPT_WEB_SERVICE_HOST", "10.0.0.1"),
            ("IKRYPT_WEB_PORT", "tcp://10.0.0.1:3000"),
            ("IKRYPT_WEB_PORT_9090_UDP_PROTO", "udp"),
        ] {
            assert_eq!(kind(name, value), VariableKind::Foreign, "{name}");
        }
        // Kubernetes sets a URL; a plain number is an operator's mistake.
        assert_eq!(kind("IKRYPT_PORT", "8080"), VariableKind::Unknown);
    }
}
