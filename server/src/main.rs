//! `ikrypt-server`: reads the configuration, connects, serves.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "ready and refused are said to whoever started it"
)]

use std::process::ExitCode;
use std::sync::Arc;

use app::shell::Assets;
use app::store::SecretStore;
use chrono::{DateTime, Utc};
use server::check::{Finding, Verdict};
use server::config::{Admin, Command, Config};
use server::manifest::manifest;
use server::store::ConnectError;
use server::{admin, assets, check, serve, store, telemetry};
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> ExitCode {
    let config = Config::read();
    let telemetry = match telemetry::init(&config) {
        Ok(telemetry) => telemetry,
        Err(error) => {
            return refused(&format!(
                "traces cannot be sent (--otlp-endpoint, IKRYPT_OTLP_ENDPOINT): {error}"
            ));
        }
    };
    let ended = match run(&config).await {
        Ok(code) => code,
        Err(error) => refused(&error),
    };
    // Sends what is left, which waits for the network.
    drop(tokio::task::spawn_blocking(move || drop(telemetry)).await);
    ended
}

fn refused(error: &str) -> ExitCode {
    eprintln!("ikrypt-server: {error}");
    ExitCode::FAILURE
}

async fn run(config: &Config) -> Result<ExitCode, String> {
    let assets = assets::built()
        .ok_or("this binary was built without its pages: build it with `cargo xtask build`")?;
    match &config.command {
        None => serve(config, assets).await.map(|()| ExitCode::SUCCESS),
        Some(Command::Manifest) => {
            print!("{}", manifest(&assets));
            Ok(ExitCode::SUCCESS)
        }
        Some(Command::Check) => Ok(checked(&check::check(config, &assets, clock()).await)),
        Some(Command::Admin(command)) => {
            // Only what says so makes or changes a table: a misplaced path is an error, and no empty database.
            let store =
                if *command == Admin::Migrate { connect(config).await? } else { attach(config).await? };
            let said = admin::run(&*store, command).await;
            store.close().await;
            println!("{}", said.map_err(|error| error.to_string())?);
            Ok(ExitCode::SUCCESS)
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "it is compared with the database's, and decides about nothing"
)]
fn clock() -> DateTime<Utc> {
    std::time::SystemTime::now().into()
}

fn checked(findings: &[Finding]) -> ExitCode {
    for finding in findings {
        println!("{finding}");
    }
    let bad = findings.iter().any(|finding| finding.verdict == Verdict::Bad);
    if bad { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

async fn connect(config: &Config) -> Result<Arc<dyn SecretStore>, String> {
    store::connect(&config.database_url).await.map_err(|error| of_database(config, &error))
}

async fn attach(config: &Config) -> Result<Arc<dyn SecretStore>, String> {
    store::attach(&config.database_url).await.map_err(|error| of_database(config, &error))
}

fn of_database(config: &Config, error: &ConnectError) -> String {
    format!("{} (--database-url, DATABASE_URL): {error}", store::describe(&config.database_url))
}

async fn serve(config: &Config, assets: Assets) -> Result<(), String> {
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| error.to_string())?;
    let store = connect(config).await?;
    tracing::info!(database = store::describe(&config.database_url), "secrets are kept here");
    let listener = serve::bind(config.listen)
        .map_err(|error| format!("cannot listen on {} (--listen, IKRYPT_LISTEN): {error}", config.listen))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    println!("listening on http://{address}");
    let stop = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: requests in flight are finished first");
    };
    serve::serve(listener, config, store, assets, stop).await.map_err(|error| error.to_string())
}
