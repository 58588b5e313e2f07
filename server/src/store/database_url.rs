//! Reads `DATABASE_URL`, and decides which parts of it may be shown: never a part of a password.
//!
//! A password that contains `/`, `?`, `#` or `@` splits a URL at the wrong position: its end becomes a path, a query or a
//! database name. Such a URL is refused, and nothing after its scheme is shown.

use sqlx::postgres::PgConnectOptions;
use url::Url;

use super::ConnectError;

/// Replaces a text that may contain a part of a password.
const NOT_SHOWN: &str = "(not shown)";

/// The database systems that a URL may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Backend {
    Postgres,
    Sqlite,
}

/// Returns the database system that the URL's scheme names.
pub(super) fn backend(database_url: &str) -> Result<Backend, ConnectError> {
    match scheme(database_url) {
        Some("postgres" | "postgresql") => Ok(Backend::Postgres),
        Some("sqlite") => Ok(Backend::Sqlite),
        _ => Err(ConnectError::Scheme),
    }
}

/// Parses a `postgres://` URL, and refuses one that can be read in two ways. No error contains a part of the URL.
pub(super) fn postgres_options(database_url: &str) -> Result<PgConnectOptions, ConnectError> {
    let text = database_url.trim();
    let (_, rest) = text.split_once("://").ok_or(ConnectError::Url)?;
    let (_, tail) = split(rest);
    if rest.contains('#') || tail.contains('@') || rest.chars().any(char::is_control) {
        return Err(ConnectError::Url);
    }
    Url::parse(text).map_err(|_| ConnectError::Url)?;
    let options: PgConnectOptions = text.parse().map_err(|_| ConnectError::Parameter)?;
    Ok(options)
}

/// Returns the parts of the URL that may be shown: scheme, host and database name if RFC 3986 allows every character at
/// its position, otherwise the scheme alone.
pub fn describe(database_url: &str) -> String {
    match scheme(database_url) {
        Some(scheme @ ("postgres" | "postgresql")) => {
            let target = target(database_url);
            format!("{scheme}://{}", target.as_deref().unwrap_or(NOT_SHOWN))
        }
        Some("sqlite") => {
            let path = database_url.trim().strip_prefix("sqlite:").and_then(|path| path.split('?').next());
            let path = path.filter(|path| !may_hold_password(path));
            format!("sqlite:{}", path.unwrap_or(NOT_SHOWN))
        }
        _ => "an unknown database".to_owned(),
    }
}

/// Returns whether the text may contain a URL with a password.
pub(crate) fn may_hold_password(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let has_userinfo = text.split_once(':').is_some_and(|(_, rest)| rest.contains('@'));
    has_userinfo || text.contains("postgres") || text.contains("password")
}

/// Returns whether host and database name can be told from the password for certain.
pub(super) fn is_strict(database_url: &str) -> bool {
    let Some((_, rest)) = database_url.trim().split_once("://") else { return false };
    let (authority, tail) = split(rest);
    let (userinfo, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    has_only(userinfo, ":") && has_only(host, ":[]") && !host.ends_with(':') && has_only(tail, ":/?[]")
}

fn scheme(database_url: &str) -> Option<&str> {
    database_url.trim().split_once(':').map(|(scheme, _)| scheme)
}

/// Returns host and database name, as a connection would use them.
fn target(database_url: &str) -> Option<String> {
    let options = postgres_options(database_url).ok().filter(|_| is_strict(database_url))?;
    let is_socket = options.get_socket().is_some() || options.get_host().starts_with('/');
    let host = if is_socket { "(socket)" } else { options.get_host() };
    Some(format!("{host}/{}", options.get_database().unwrap_or_default()))
}

/// Splits the text after `://` at the end of the authority.
fn split(rest: &str) -> (&str, &str) {
    rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()))
}

/// Returns whether the text has only unreserved characters, sub-delimiters, percent-encoded bytes and those in `more`.
fn has_only(text: &str, more: &str) -> bool {
    let encoded = |at: usize| {
        let digits = text.as_bytes().get(at + 1..at + 3);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    text.char_indices().all(|(at, c)| match c {
        '%' => encoded(at),
        _ => c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=".contains(c) || more.contains(c),
    })
}

#[cfg(test)]
mod tests;
