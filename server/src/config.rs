//! The configuration. Every flag has an environment variable. The doc comments of the fields are the manual (`--help`).

mod environment;
mod error_message;
mod http;
mod operator;
mod protection;
mod secret_file;
mod tokens;

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::parser::ValueSource;
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};
use shared_crypto::SecretId;
use url::Url;
use vault::SecretLimits;

pub(crate) use http::parse_origin;
pub use http::{Hsts, HttpSettings};
pub use operator::OperatorSettings;
pub(crate) use protection::to_usize;
pub use protection::{ProtectionSettings, RateLimiting};
pub use tokens::CreationTokens;
pub(crate) use tokens::{PresentedToken, TokenId};

/// The database that is used if none is configured.
const DEFAULT_DATABASE_URL: &str = "sqlite:data/ikrypt.sqlite";

/// iKrypt's server: one-time secret links, encrypted in the browser.
#[derive(Clone, Parser)]
#[command(name = "ikrypt-server", version)]
pub struct Config {
    /// Address and port to listen on; port 0 picks a free one.
    #[arg(long, env = "IKRYPT_LISTEN", default_value = "127.0.0.1:3000")]
    pub listen: SocketAddr,

    /// Address and port to serve `/metrics` on, for Prometheus. Not set: metrics are not served.
    #[arg(long, env = "IKRYPT_METRICS_LISTEN")]
    pub metrics_listen: Option<SocketAddr>,

    /// Database of the secrets: `postgres://...`, or `sqlite:PATH`, which is created if it does not exist.
    /// `DATABASE_URL_FILE` names a file that contains this URL. A password in it must be percent-encoded.
    #[arg(long, env = "DATABASE_URL", default_value = DEFAULT_DATABASE_URL, hide_env_values = true)]
    pub database_url: String,

    /// Public URLs, HSTS and the drain before a stop.
    #[command(flatten)]
    pub http: HttpSettings,

    /// Name, operator and legal texts of the site.
    #[command(flatten)]
    pub operator: OperatorSettings,

    /// Connection limits, rate limits and quotas.
    #[command(flatten)]
    pub protection: ProtectionSettings,

    /// Maximum size of a secret in bytes: of its text, or of its files together.
    #[arg(long, env = "IKRYPT_MAX_SECRET_BYTES", default_value_t = 1_048_576, value_parser = clap::value_parser!(u32).range(1..=67_108_864))]
    pub max_secret_bytes: u32,

    /// Maximum lifetime of a secret, in seconds.
    #[arg(long, env = "IKRYPT_MAX_TTL", default_value_t = 2_592_000, value_parser = clap::value_parser!(u32).range(60..=31_536_000))]
    pub max_ttl: u32,

    /// Maximum number of views of a secret.
    #[arg(long, env = "IKRYPT_MAX_VIEWS", default_value_t = 100, value_parser = clap::value_parser!(u8).range(1..=255))]
    pub max_views: u8,

    /// Seconds between two runs that delete expired secrets. 0 turns them off: secrets still expire at their time, and
    /// their rows stay in the database.
    #[arg(long, env = "IKRYPT_SWEEP_INTERVAL", default_value_t = 2)]
    pub sweep_interval: u64,

    /// Log level: `error`, `warn`, `info`, `debug` or `trace`. The log goes to standard error.
    #[arg(long, env = "IKRYPT_LOG", default_value = "info")]
    pub log: tracing_subscriber::filter::LevelFilter,

    /// Format of the log.
    #[arg(long, env = "IKRYPT_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,

    /// URL of an OpenTelemetry collector that traces are sent to over HTTP, such as `http://127.0.0.1:4318`. A trace
    /// contains the fields of a log line.
    #[arg(long, env = "IKRYPT_OTLP_ENDPOINT", value_name = "URL", value_parser = parse_collector_url)]
    pub otlp_endpoint: Option<String>,

    /// The command to run. Without one, the program serves.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The commands. Options precede the command on the command line.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Check this deployment: configuration, database, clock, public address, https and proxies. Fails on an error
    Check,
    /// Manage the database
    #[command(subcommand)]
    Admin(AdminCommand),
    /// Check whether the server that listens on `--listen` is ready, for container health checks: exits with 0 or 1
    Health {
        /// Check only whether the server responds, and not its database
        #[arg(long)]
        live: bool,
    },
    /// Print the hashes of files and the templates of pages in this binary, as `/.well-known/ikrypt.json` serves them
    Manifest,
}

/// The commands for operators. None of them shows or reveals a secret.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum AdminCommand {
    /// Bring the database schema up to date, as every start of the server does
    Migrate,
    /// Print how many secrets and bytes are stored
    Stats,
    /// Burn all secrets that were created before a given time. Run it on a restored backup before the server listens:
    /// the backup contains secrets that were viewed after it was made
    Purge {
        /// Time such as `2026-11-22T14:00:00Z`: when the backup was restored, or a little later
        #[arg(long, value_name = "TIME")]
        created_before: DateTime<Utc>,
    },
    /// Burn one secret, for example after a report of abuse
    Burn {
        /// The 16 characters between `/s/` and `#` in its link
        #[arg(allow_hyphen_values = true, value_parser = |id: &str| SecretId::decode(id).map(|_| id.to_owned()))]
        id: String,
    },
}

/// The format of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Text for people to read.
    Text,
    /// One JSON object a line.
    Json,
}

/// Returns the names of environment variables that begin with `IKRYPT_` and are not settings of this version.
pub fn unknown_variables() -> Vec<String> {
    environment::unknown(&Config::command())
}

impl Config {
    /// Returns the default configuration with a free port and the given database.
    pub fn for_testing(database_url: &str) -> Self {
        Self::parse_from(["ikrypt-server", "--listen", "127.0.0.1:0", "--database-url", database_url])
    }

    /// Reads flags, environment variables and secret files. On an error, prints it without secrets and exits.
    pub fn read() -> Self {
        Self::try_read(env::args_os().collect()).unwrap_or_else(|error| error.exit())
    }

    fn try_read(mut arguments: Vec<OsString>) -> Result<Self, clap::Error> {
        let command = Self::command();
        let original_arguments = arguments.clone();
        secret_file::insert_secrets(&command, &mut arguments)?;
        let matches = environment::without_empty(command.clone()).try_get_matches_from(arguments);
        let matches =
            matches.map_err(|error| error_message::explain(&command, &original_arguments, error))?;
        let names_database = matches.value_source("database_url") != Some(ValueSource::DefaultValue);
        environment::reject_misspelt(&command, names_database)?;
        Self::from_arg_matches(&matches)
    }

    /// Returns the limits on a secret.
    pub fn limits(&self) -> SecretLimits {
        SecretLimits {
            max_secret_bytes: usize::try_from(self.max_secret_bytes).unwrap_or(usize::MAX),
            max_ttl: self.max_ttl,
            max_views: self.max_views,
        }
    }

    /// Returns the time between two runs of the cleanup, or `None` if it is off.
    pub fn cleanup_interval(&self) -> Option<Duration> {
        (self.sweep_interval > 0).then(|| Duration::from_secs(self.sweep_interval))
    }
}

/// Shows no password: the URL of the database may contain one.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("listen", &self.listen)
            .field("database", &crate::store::describe(&self.database_url))
            .field("public_urls", &self.http.public_urls)
            .field("limits", &self.limits())
            .finish_non_exhaustive()
    }
}

/// Parses the URL of a collector. Only http is supported: run a collector on the same machine, and let it use TLS.
fn parse_collector_url(text: &str) -> Result<String, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    if url.scheme() != "http" || url.host_str().is_none() {
        return Err("begin with http:// and name a host: run a collector next to the server, and let the collector use https".to_owned());
    }
    Ok(text.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_id_may_begin_with_a_hyphen() {
        for id in ["-h34567890123456", "--34567890123456", "vY-Yw_yXq_ZfvbE5"] {
            let config = Config::try_parse_from(["ikrypt-server", "admin", "burn", id]).unwrap();
            assert_eq!(config.command, Some(Command::Admin(AdminCommand::Burn { id: id.to_owned() })));
        }
    }

    #[test]
    fn debug_output_contains_no_password() {
        let config = Config::for_testing("postgres://user:hunter2@db.example/secrets?password=hunter2");
        let debug = format!("{config:?}");
        assert!(debug.contains("postgres://db.example/secrets") && !debug.contains("hunter2"), "{debug}");
    }
}
