//! The configuration file: which server, and the token for it.

use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::args::Send;
use crate::failure::Failure;
use crate::input;
use crate::server::Server;

/// What stands in it.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    server: Option<String>,
    token: Option<String>,
}

/// Returns what an environment variable is set to; an empty value counts as unset.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The server on the command line or in the environment, else the one in the file.
pub(crate) fn server(given: Option<&str>) -> Result<Server, Failure> {
    if let Some(url) = given.filter(|url| !url.is_empty()) {
        return Server::at(url);
    }
    let path = path().map_or_else(|| "the configuration file".to_owned(), |path| path.display().to_string());
    match read()?.server {
        Some(url) => Server::at(&url).map_err(|failure| Failure::Usage(format!("{path}: {failure}"))),
        None => Err(Failure::Usage(format!(
            "which server? Give --server https://..., set IKRYPT_SERVER, or write server = \"https://...\" into {path}"
        ))),
    }
}

/// The token that is shown to it: a file's, the environment's, or the one that stands beside this very server in
/// the configuration.
pub(crate) fn token(args: &Send, server: &Server) -> Result<Option<Zeroizing<String>>, Failure> {
    let token = found(args, server)?.map(|token| input::line(&token));
    if token.as_ref().is_some_and(|token| !token.bytes().all(|byte| byte.is_ascii_graphic())) {
        return Err(Failure::Usage("a token has letters, digits and marks, and nothing else".to_owned()));
    }
    Ok(token)
}

fn found(args: &Send, server: &Server) -> Result<Option<Zeroizing<String>>, Failure> {
    if let Some(path) = &args.token_file {
        return input::line_of(path).map(Some);
    }
    match (variable("IKRYPT_TOKEN"), variable("IKRYPT_TOKEN_FILE")) {
        (Some(_), Some(_)) => {
            let text = "IKRYPT_TOKEN and IKRYPT_TOKEN_FILE are both set: unset one of them";
            return Err(Failure::Usage(text.to_owned()));
        }
        (Some(token), None) => return Ok(Some(Zeroizing::new(token))),
        (None, Some(path)) => return input::line_of(Path::new(&path)).map(Some),
        (None, None) => {}
    }
    let Config { server: Some(own), token: Some(token) } = read()? else { return Ok(None) };
    let is_its_own = Server::at(&own).is_ok_and(|own| own.origin() == server.origin());
    Ok(is_its_own.then(|| Zeroizing::new(token)))
}

fn path() -> Option<PathBuf> {
    let folder = etcetera::choose_base_strategy().ok()?.config_dir();
    Some(folder.join("ikrypt/config.toml"))
}

fn read() -> Result<Config, Failure> {
    let Some(path) = path() else { return Ok(Config::default()) };
    let wrong = |what: &dyn Display| Failure::Usage(format!("{}: {what}", path.display()));
    match std::fs::read(&path).map(Zeroizing::new) {
        Ok(bytes) => {
            let text = input::text(bytes, &path.display().to_string())?;
            toml::from_str(&text).map_err(|error| wrong(&error))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Config::default()),
        Err(error) => Err(Failure::file("read", &path, &error)),
    }
}
