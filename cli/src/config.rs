//! Selects the server and the creation token: from the command line, the environment or the configuration file.

use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::args::Send;
use crate::client::Client;
use crate::error::CommandError;
use crate::input;
use crate::terminal::notice;

/// The content of the configuration file.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfigFile {
    server: Option<String>,
    token: Option<String>,
}

/// Returns a client for the server that is named on the command line or in the environment, else in the configuration
/// file.
pub(crate) fn client(url: Option<&str>) -> Result<Client, CommandError> {
    if let Some(url) = url.filter(|url| !url.is_empty()) {
        return Client::new(url);
    }
    let path = path().map_or_else(|| "the configuration file".to_owned(), |path| path.display().to_string());
    match read()?.server {
        Some(url) => Client::new(&url).map_err(|error| CommandError::Usage(format!("{path}: {error}"))),
        None => Err(CommandError::Usage(format!(
            "no server is set: give --server https://..., set IKRYPT_SERVER, or write server = \"https://...\" into {path}"
        ))),
    }
}

/// Returns a client for the server that a link names. A link without an address belongs to the configured server.
pub(crate) fn client_for_link(origin: &str) -> Result<Client, CommandError> {
    match origin {
        "" => client(variable("IKRYPT_SERVER").as_deref()),
        _ if origin.contains("://") => Client::new(origin),
        // People write addresses without a scheme.
        _ => {
            let client = Client::new(&format!("https://{origin}"))?;
            notice!("The link has no https://. Using the server {}.", client.origin());
            Ok(client)
        }
    }
}

/// Returns the creation token for the client's server: from the file on the command line, from the environment, or from
/// the configuration file if that names the same server.
pub(crate) fn token(args: &Send, client: &Client) -> Result<Option<Zeroizing<String>>, CommandError> {
    let token = find_token(args, client)?.map(|token| input::strip_line(&token));
    if token.as_ref().is_some_and(|token| !token.bytes().all(|byte| byte.is_ascii_graphic())) {
        return Err(CommandError::Usage(
            "the token contains invalid characters: it may contain only ASCII letters, digits and punctuation".to_owned(),
        ));
    }
    Ok(token)
}

fn find_token(args: &Send, client: &Client) -> Result<Option<Zeroizing<String>>, CommandError> {
    if let Some(path) = &args.token_file {
        return input::read_line(path).map(Some);
    }
    match (variable("IKRYPT_TOKEN"), variable("IKRYPT_TOKEN_FILE")) {
        (Some(_), Some(_)) => {
            let message = "IKRYPT_TOKEN and IKRYPT_TOKEN_FILE are both set: unset one of them";
            return Err(CommandError::Usage(message.to_owned()));
        }
        (Some(token), None) => return Ok(Some(Zeroizing::new(token))),
        (None, Some(path)) => return input::read_line(Path::new(&path)).map(Some),
        (None, None) => {}
    }
    let ConfigFile { server: Some(configured), token: Some(token) } = read()? else { return Ok(None) };
    let is_same_server =
        Client::new(&configured).is_ok_and(|configured| configured.origin() == client.origin());
    Ok(is_same_server.then(|| Zeroizing::new(token)))
}

/// Returns the value of an environment variable. An empty value counts as unset.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn path() -> Option<PathBuf> {
    let folder = etcetera::choose_base_strategy().ok()?.config_dir();
    Some(folder.join("ikrypt/config.toml"))
}

fn read() -> Result<ConfigFile, CommandError> {
    let Some(path) = path() else { return Ok(ConfigFile::default()) };
    let invalid = |error: &dyn Display| CommandError::Usage(format!("{}: {error}", path.display()));
    match std::fs::read(&path).map(Zeroizing::new) {
        Ok(bytes) => {
            let text = input::decode_text(bytes, &path.display().to_string())?;
            toml::from_str(&text).map_err(|error| invalid(&error))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(ConfigFile::default()),
        Err(error) => Err(CommandError::file("read", &path, &error)),
    }
}
