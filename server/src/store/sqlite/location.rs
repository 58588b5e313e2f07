//! Reads the path of the database from a `sqlite:` URL.

use std::str::FromStr as _;

use sqlx::sqlite::SqliteConnectOptions;
use url::form_urlencoded;

use crate::store::ConnectError;

const IN_MEMORY: ConnectError = ConnectError::NotAFile(
    "a database in memory loses every secret when the server stops, and each connection would have a database of its own",
);
const NO_PATH: ConnectError =
    ConnectError::NotAFile("the URL has no path, and SQLite would keep the secrets in a temporary file");
const URI: ConnectError = ConnectError::NotAFile("the path must not begin with `file:`");

/// Parses the URL, and refuses one that names no permanent file.
pub(super) fn parse(url: &str) -> Result<SqliteConnectOptions, ConnectError> {
    let rest = url.trim_start_matches("sqlite://").trim_start_matches("sqlite:");
    let (path, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    for (name, value) in form_urlencoded::parse(parameters.as_bytes()) {
        match (&*name, &*value) {
            // The defaults of SQLite.
            ("mode", "rw" | "rwc") | ("cache", "private") => {}
            ("mode", "memory") | ("vfs", "memdb") => return Err(IN_MEMORY),
            _ => return Err(ConnectError::UrlParameter(name.into_owned())),
        }
    }
    if path == ":memory:" {
        return Err(IN_MEMORY);
    }
    let options = SqliteConnectOptions::from_str(url)?;
    // The path after percent-decoding, as SQLite gets it.
    let file = options.get_filename().as_os_str().as_encoded_bytes();
    match file {
        [] => Err(NO_PATH),
        b":memory:" => Err(IN_MEMORY),
        _ if file.starts_with(b"file::memory:") => Err(IN_MEMORY),
        _ if file.starts_with(b"file:") => Err(URI),
        _ => Ok(options),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn url_without_a_permanent_file_is_refused_with_the_reason() {
        for (url, reason) in [
            ("sqlite::memory:", "in memory"),
            ("sqlite://:memory:", "in memory"),
            ("sqlite:%3Amemory%3A", "in memory"),
            ("sqlite:data/x.sqlite?mode=memory", "in memory"),
            ("sqlite://data/x.sqlite?mode=rwc&mode=memory", "in memory"),
            ("sqlite:x?vfs=memdb", "in memory"),
            ("sqlite:file::memory:", "in memory"),
            ("sqlite:file:x.sqlite", "`file:`"),
            ("sqlite:", "no path"),
            ("sqlite://", "no path"),
            ("sqlite:?mode=rwc", "no path"),
            ("sqlite:x.sqlite?mode=ro", "`mode`"),
            ("sqlite:x.sqlite?immutable=1", "`immutable`"),
            ("sqlite:x.sqlite?vfs=unix-none", "`vfs`"),
            ("sqlite:x.sqlite?cache=shared", "`cache`"),
        ] {
            let error = parse(url).map(|_| ()).unwrap_err().to_string();
            assert!(error.contains(reason), "{url}: {error}");
        }
    }

    #[test]
    fn path_of_a_file_is_not_changed() {
        for (url, path) in [
            ("sqlite:data/ikrypt.sqlite", "data/ikrypt.sqlite"),
            ("sqlite:///var/lib/ikrypt.sqlite", "/var/lib/ikrypt.sqlite"),
            ("sqlite://data/x.sqlite?mode=rwc&cache=private", "data/x.sqlite"),
            ("sqlite:a%20b.sqlite", "a b.sqlite"),
            ("sqlite:./memory", "./memory"),
        ] {
            assert_eq!(parse(url).unwrap().get_filename().to_str(), Some(path), "{url}");
        }
    }
}
