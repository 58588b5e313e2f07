//! Reads `DATABASE_URL`, and decides what of it may be shown: never a part of a password.
//!
//! A password with `/`, `?`, `#` or `@` in it splits a URL at the wrong place: its tail becomes a path, a query or a
//! database name. Such a URL is refused, and nothing behind its scheme is shown.

use sqlx::postgres::PgConnectOptions;
use url::Url;

use super::ConnectError;

/// Stands in place of what may hold a part of a password.
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

/// Parses a `postgres://` URL, and refuses one that can be read in two ways. No error holds a part of the URL.
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

/// Returns what may be shown of the URL: scheme, host and database name where every character of it stands where
/// RFC 3986 allows it, else the scheme alone.
pub fn describe(database_url: &str) -> String {
    match scheme(database_url) {
        Some(scheme @ ("postgres" | "postgresql")) => {
            let place = place(database_url);
            format!("{scheme}://{}", place.as_deref().unwrap_or(NOT_SHOWN))
        }
        Some("sqlite") => {
            let path = database_url.trim().strip_prefix("sqlite:").and_then(|path| path.split('?').next());
            let path = path.filter(|path| !may_hold_password(path));
            format!("sqlite:{}", path.unwrap_or(NOT_SHOWN))
        }
        _ => "an unknown database".to_owned(),
    }
}

/// Whether the text may be, or may hold, a URL with a password in it.
pub(crate) fn may_hold_password(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let has_userinfo = text.split_once(':').is_some_and(|(_, rest)| rest.contains('@'));
    has_userinfo || text.contains("postgres") || text.contains("password")
}

/// Whether host and database name can be told from the password for certain.
pub(super) fn is_strict(database_url: &str) -> bool {
    let Some((_, rest)) = database_url.trim().split_once("://") else { return false };
    let (authority, tail) = split(rest);
    let (userinfo, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    has_only(userinfo, ":") && has_only(host, ":[]") && !host.ends_with(':') && has_only(tail, ":/?[]")
}

fn scheme(database_url: &str) -> Option<&str> {
    database_url.trim().split_once(':').map(|(scheme, _)| scheme)
}

/// Host and database name, as a connection would use them.
fn place(database_url: &str) -> Option<String> {
    let options = postgres_options(database_url).ok().filter(|_| is_strict(database_url))?;
    let is_socket = options.get_socket().is_some() || options.get_host().starts_with('/');
    let host = if is_socket { "(socket)" } else { options.get_host() };
    Some(format!("{host}/{}", options.get_database().unwrap_or_default()))
}

/// Splits what follows `://` where the authority ends.
fn split(rest: &str) -> (&str, &str) {
    rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()))
}

/// Whether the text has only unreserved characters, sub-delimiters, percent-encoded bytes and `more`.
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
