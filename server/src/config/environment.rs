//! The names of environment variables: which are settings, which are nearly one, which are unknown.

use std::env;
use std::ffi::OsString;

use clap::builder::Resettable;
use clap::error::ErrorKind;
use clap::{Command, Error};

use super::secret_file;

/// The names of all settings begin with it, but for [`DATABASE_URL`].
const PREFIX: &str = "IKRYPT_";
/// Libraries and hosters know this name, so that it has no prefix.
const DATABASE_URL: &str = "DATABASE_URL";
/// The most letters that a misspelt name has too many, too few or swapped.
const SLIP: usize = 2;
/// One slip for so many letters, and one in any case: `IKRYPT_TAG` is not a slip of `IKRYPT_LOG`.
const LETTERS_PER_SLIP: usize = 4;
/// What the command line reads, which may run in the same environment.
const OF_THE_CLI: [&str; 3] = ["IKRYPT_SERVER", "IKRYPT_TOKEN", "IKRYPT_TOKEN_FILE"];

/// What a variable is to this program.
#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Setting,
    /// Not a setting, but nearly this one.
    Misspelt(String),
    /// Has the prefix, and is neither.
    Unknown,
    /// Another program's.
    Foreign,
}

/// The names of all settings.
struct Names(Vec<String>);

impl Names {
    fn of(command: &Command) -> Self {
        let names = command.get_arguments().filter_map(|arg| {
            let name = arg.get_env()?.to_str()?;
            let file = arg.is_hide_env_values_set().then(|| secret_file::variable(name));
            Some([Some(name.to_owned()), file])
        });
        Self(names.flatten().flatten().collect())
    }

    fn kind(&self, name: &str, value: &str) -> Kind {
        if self.0.iter().any(|known| known == name) {
            return Kind::Setting;
        }
        if OF_THE_CLI.contains(&name) || is_injected(name, value) {
            return Kind::Foreign;
        }
        match self.nearest(name) {
            Some(known) => Kind::Misspelt(known.clone()),
            None if name.starts_with(PREFIX) => Kind::Unknown,
            None => Kind::Foreign,
        }
    }

    /// The setting that the name is a slip of, with or without the prefix.
    fn nearest(&self, name: &str) -> Option<&String> {
        let name = name.to_ascii_uppercase().replace('-', "_");
        let distance = |known: &String| {
            let plain = strsim::osa_distance(&name, known);
            let prefixed = strsim::osa_distance(&name, &format!("{PREFIX}{known}"));
            plain.min(prefixed)
        };
        let nearest =
            self.0.iter().map(|known| (distance(known), known)).min_by_key(|(distance, _)| *distance);
        let slips = |known: &str| (known.trim_start_matches(PREFIX).len() / LETTERS_PER_SLIP).clamp(1, SLIP);
        nearest.filter(|(distance, known)| *distance <= slips(known)).map(|(_, known)| known)
    }
}

/// Whether Kubernetes sets this variable: it does so in every container for each service of the namespace, and a service
/// may be named `ikrypt` or `ikrypt-web`.
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

/// Returns an error if a variable is nearly a setting: the operator believes that it holds. A slip of `DATABASE_URL` may
/// be another program's variable, and is refused only where no database is named otherwise.
pub(super) fn refuse_misspelt(command: &Command, names_database: bool) -> Result<(), Error> {
    let names = Names::of(command);
    for (name, value) in variables() {
        if let Kind::Misspelt(right) = names.kind(&name, &value)
            && (name.starts_with(PREFIX) || !right.starts_with(DATABASE_URL) || !names_database)
        {
            let text = format!(
                "the environment variable {name:?} is not a setting: the correct name is {right}, or unset it\n"
            );
            return Err(Error::raw(ErrorKind::UnknownArgument, text));
        }
    }
    Ok(())
}

/// Returns the names of variables that begin like a setting and are none.
pub(super) fn unknown(command: &Command) -> Vec<String> {
    let names = Names::of(command);
    let unknown = variables().filter(|(name, value)| names.kind(name, value) == Kind::Unknown);
    let mut unknown: Vec<_> = unknown.map(|(name, _)| name).collect();
    unknown.sort();
    unknown
}

/// Makes the command ignore variables that are set to nothing: they count as unset.
pub(super) fn without_empty(command: Command) -> Command {
    command.mut_args(|arg| {
        let is_empty = arg.get_env().and_then(env::var_os).is_some_and(|value| value.is_empty());
        if is_empty { arg.env(Resettable::Reset) } else { arg }
    })
}

/// Returns what a variable is set to; an empty value counts as unset.
pub(super) fn value(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

fn variables() -> impl Iterator<Item = (String, String)> {
    let set = env::vars_os().filter(|(_, value)| !value.is_empty());
    set.filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(name: &str, value: &str) -> Kind {
        let names = [
            "IKRYPT_MAX_VIEWS",
            "IKRYPT_MAX_TTL",
            "IKRYPT_LISTEN",
            "IKRYPT_LOG",
            DATABASE_URL,
            "DATABASE_URL_FILE",
        ];
        Names(names.map(str::to_owned).to_vec()).kind(name, value)
    }

    #[test]
    fn misspelt_variable_is_recognised_with_its_correct_name() {
        for (name, right) in [
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
            assert_eq!(kind(name, "x"), Kind::Misspelt(right.to_owned()), "{name}");
        }
    }

    #[test]
    fn unknown_variable_is_told_from_settings_and_from_other_programs() {
        for name in ["IKRYPT_MAX_VIEWS", "DATABASE_URL", "DATABASE_URL_FILE"] {
            assert_eq!(kind(name, "x"), Kind::Setting, "{name}");
        }
        for name in ["SERVER_BIN", "HOST", "DB", "NEW_SETTING", "FOO", "TAG", "LANG", "MIN_TTL"] {
            assert_eq!(kind(&format!("{PREFIX}{name}"), "x"), Kind::Unknown, "{name}");
        }
        for name in ["IKRYPT_TOKEN", "PATH", "MY_DATABASE", "DB_URL", "LISTEN"] {
            assert_eq!(kind(name, "x"), Kind::Foreign, "{name}");
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
            assert_eq!(kind(name, value), Kind::Foreign, "{name}");
        }
        // An operator who sets the port this way is told so.
        assert_eq!(kind("IKRYPT_PORT", "8080"), Kind::Unknown);
    }
}
