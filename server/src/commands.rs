//! The commands of `ikrypt-server`, one module each. Without a command the program serves.

pub mod admin;
pub mod check;
pub mod health;
pub mod manifest;
pub mod serve;

use std::process::ExitCode;
use std::sync::Arc;

use vault::SecretStore;

use crate::config::{Command, Config};
use crate::http::shutdown::Signals;
use crate::store::{self, ConnectError};

/// What a command prints when it ends, and the exit code of the program.
pub struct Output {
    /// Text for standard output, with its line ends.
    pub text: String,
    /// Whether the command found everything in order.
    pub exit_code: ExitCode,
}

impl Output {
    fn success(text: String) -> Self {
        Self { text, exit_code: ExitCode::SUCCESS }
    }
}

/// Runs the command of the configuration, or serves. A signal stops either.
///
/// Returns the reason if the command cannot be carried out.
pub async fn run(config: &Config) -> Result<Output, String> {
    // Takes over the signals first: the first process of a container has no default handlers for them.
    let mut signals = Signals::new().map_err(|error| error.to_string())?;
    let Some(command) = &config.command else {
        return serve::run(config, signals).await.map(|()| Output::success(String::new()));
    };
    tokio::select! {
        result = run_command(config, command) => result,
        () = signals.stop() => Err("stopped by a signal before the command had finished".to_owned()),
    }
}

async fn run_command(config: &Config, command: &Command) -> Result<Output, String> {
    match command {
        Command::Manifest => manifest::run().map(Output::success),
        Command::Check => Ok(check::run(config).await),
        Command::Health { live } => health::run(config.listen, *live).await.map(Output::success),
        Command::Admin(command) => admin::run(config, command).await.map(Output::success),
    }
}

/// Connects to the database, and creates or migrates its schema.
async fn connect(config: &Config) -> Result<Arc<dyn SecretStore>, String> {
    store::connect(&config.database_url).await.map_err(|error| connect_error(config, &error))
}

/// Connects to a database whose schema exists and is up to date.
async fn connect_existing(config: &Config) -> Result<Arc<dyn SecretStore>, String> {
    store::connect_existing(&config.database_url).await.map_err(|error| connect_error(config, &error))
}

fn connect_error(config: &Config, error: &ConnectError) -> String {
    format!("{} (--database-url, DATABASE_URL): {error}", store::describe(&config.database_url))
}
