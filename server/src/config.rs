//! The configuration: every flag has an environment variable, and this text is the manual.

mod environment;
mod http;
mod operator;
mod protection;
mod refusal;
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
pub use protection::{ProtectionSettings, Switch};
pub use tokens::CreationTokens;
pub(crate) use tokens::{Presented, TokenId};

/// Where secrets are kept when nobody says otherwise.
const DEFAULT_DATABASE: &str = "sqlite:data/ikrypt.sqlite";

/// iKrypt's server: one-time secret links, encrypted in the browser.
#[derive(Clone, Parser)]
#[command(name = "ikrypt-server", version)]
pub struct Config {
    /// Address and port to listen on; port 0 picks a free one.
    #[arg(long, env = "IKRYPT_LISTEN", default_value = "127.0.0.1:3000")]
    pub listen: SocketAddr,

    /// Address and port for Prometheus to ask for `/metrics`; without it nobody can.
    #[arg(long, env = "IKRYPT_METRICS_LISTEN")]
    pub metrics_listen: Option<SocketAddr>,

    /// Where secrets are kept: `postgres://...`, or `sqlite:PATH`, which is made if it is missing. `DATABASE_URL_FILE`
    /// names a file that holds it. A password in it must be percent-encoded.
    #[arg(long, env = "DATABASE_URL", default_value = DEFAULT_DATABASE, hide_env_values = true)]
    pub database_url: String,

    /// How this server is reached.
    #[command(flatten)]
    pub http: HttpSettings,

    /// What the operator says of this site.
    #[command(flatten)]
    pub operator: OperatorSettings,

    /// What holds back those who ask too much.
    #[command(flatten)]
    pub protection: ProtectionSettings,

    /// Most bytes of a secret: its text, or its files together.
    #[arg(long, env = "IKRYPT_MAX_SECRET_BYTES", default_value_t = 1_048_576, value_parser = clap::value_parser!(u32).range(1..=67_108_864))]
    pub max_secret_bytes: u32,

    /// Longest life of a secret, in seconds.
    #[arg(long, env = "IKRYPT_MAX_TTL", default_value_t = 2_592_000, value_parser = clap::value_parser!(u32).range(60..=31_536_000))]
    pub max_ttl: u32,

    /// Most views of a secret.
    #[arg(long, env = "IKRYPT_MAX_VIEWS", default_value_t = 100, value_parser = clap::value_parser!(u8).range(1..=255))]
    pub max_views: u8,

    /// Seconds between two sweeps for what has expired; 0 switches the sweeper off, which delays
    /// deletion but never the expiry.
    #[arg(long, env = "IKRYPT_SWEEP_INTERVAL", default_value_t = 2)]
    pub sweep_interval: u64,

    /// What is logged, to standard error: `error`, `warn`, `info`, `debug` or `trace`.
    #[arg(long, env = "IKRYPT_LOG", default_value = "info")]
    pub log: tracing_subscriber::filter::LevelFilter,

    /// How it is logged.
    #[arg(long, env = "IKRYPT_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,

    /// Where traces are sent over HTTP, like `http://127.0.0.1:4318`: an OpenTelemetry collector. A trace
    /// holds what a line of the log holds.
    #[arg(long, env = "IKRYPT_OTLP_ENDPOINT", value_name = "URL", value_parser = collector)]
    pub otlp_endpoint: Option<String>,

    /// What to do instead of serving.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What else this program does. Options stand before the command.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Say what is wrong with this deployment: configuration, database, clock, public address, https, proxies
    Check,
    /// Look after what is stored
    #[command(subcommand)]
    Admin(Admin),
    /// Ask the server that listens on `--listen` whether it is ready, for container health checks: ends with 0 or 1
    Health {
        /// Ask only whether it answers, and not whether its database does
        #[arg(long)]
        live: bool,
    },
    /// Print what this binary serves, as `/.well-known/ikrypt.json` has it: hashes of files, templates of pages
    Manifest,
}

/// For operators; none of it shows or opens a secret.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Admin {
    /// Bring the tables up to date, as every start does
    Migrate,
    /// Say how much is stored
    Stats,
    /// Delete what was created before a moment, and end it as burned: run it on a restored backup before the
    /// server listens, since the backup has brought back what was viewed after it
    Purge {
        /// The moment, like `2026-11-22T14:00:00Z`: when the backup was restored, or a little later
        #[arg(long, value_name = "TIME")]
        created_before: DateTime<Utc>,
    },
    /// Burn one secret, of which somebody has reported abuse
    Burn {
        /// The 16 characters of its link between `/s/` and `#`
        #[arg(allow_hyphen_values = true, value_parser = |id: &str| SecretId::decode(id).map(|_| id.to_owned()))]
        id: String,
    },
}

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Returns the names of environment variables that begin with `IKRYPT_` and are not settings of this version.
pub fn unknown_variables() -> Vec<String> {
    environment::unknown(&Config::command())
}

impl Config {
    /// The defaults, on a free port, with a database of the test's own.
    pub fn for_testing(database_url: &str) -> Self {
        Self::parse_from(["ikrypt-server", "--listen", "127.0.0.1:0", "--database-url", database_url])
    }

    /// Reads flags, environment and the files of secrets. Prints what is wrong, without a secret, and ends the process.
    pub fn read() -> Self {
        Self::try_read(env::args_os().collect()).unwrap_or_else(|error| error.exit())
    }

    fn try_read(mut arguments: Vec<OsString>) -> Result<Self, clap::Error> {
        let command = Self::command();
        let given = arguments.clone();
        secret_file::insert(&command, &mut arguments)?;
        let matches = environment::without_empty(command.clone()).try_get_matches_from(arguments);
        let matches = matches.map_err(|error| refusal::explain(&command, &given, error))?;
        let names_database = matches.value_source("database_url") != Some(ValueSource::DefaultValue);
        environment::refuse_misspelt(&command, names_database)?;
        Self::from_arg_matches(&matches)
    }

    /// What the operator allows.
    pub fn limits(&self) -> SecretLimits {
        SecretLimits {
            max_secret_bytes: usize::try_from(self.max_secret_bytes).unwrap_or(usize::MAX),
            max_ttl: self.max_ttl,
            max_views: self.max_views,
        }
    }

    /// How often the sweeper comes by, if at all.
    pub fn sweep_every(&self) -> Option<Duration> {
        (self.sweep_interval > 0).then(|| Duration::from_secs(self.sweep_interval))
    }
}

/// Names no password: the database's URL holds one.
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

/// An address without TLS: collectors stand beside the server, and speak TLS from there.
fn collector(text: &str) -> Result<String, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    if url.scheme() != "http" || url.host_str().is_none() {
        return Err("begin with http://, and name a host: run a collector beside the server, and let it speak https from there".to_owned());
    }
    Ok(text.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_may_begin_with_a_hyphen() {
        for id in ["-h34567890123456", "--34567890123456", "vY-Yw_yXq_ZfvbE5"] {
            let config = Config::try_parse_from(["ikrypt-server", "admin", "burn", id]).unwrap();
            assert_eq!(config.command, Some(Command::Admin(Admin::Burn { id: id.to_owned() })));
        }
    }

    #[test]
    fn debug_names_no_password() {
        let config = Config::for_testing("postgres://somebody:hunter2@db.example/secrets?password=hunter2");
        let said = format!("{config:?}");
        assert!(said.contains("postgres://db.example/secrets") && !said.contains("hunter2"), "{said}");
    }
}
