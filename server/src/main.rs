//! `ikrypt-server`: reads the configuration, connects, serves.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "ready and refused are said to whoever started it"
)]

use std::process::ExitCode;
use std::sync::Arc;

use app::site::Assets;
use chrono::{DateTime, Utc};
use server::commands::check::{Finding, Verdict};
use server::commands::health::probe;
use server::commands::manifest::manifest;
use server::commands::{admin, check, serve};
use server::config::{Admin, Command, Config, unknown_variables};
use server::http::handlers::assets;
use server::http::shutdown::{Phase, Signals};
use server::store::ConnectError;
use server::{store, telemetry};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use vault::SecretStore;

fn main() -> ExitCode {
    let config = Config::read();
    let runtime = match Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return refused(&format!("the system refuses threads: {error}")),
    };
    let ended = runtime.block_on(end(&config));
    // A look-up of a name may still wait for an answer, and cannot be cancelled.
    runtime.shutdown_background();
    ended
}

async fn end(config: &Config) -> ExitCode {
    let telemetry = match telemetry::init(config) {
        Ok(telemetry) => telemetry,
        Err(error) => {
            return refused(&format!(
                "traces cannot be sent (--otlp-endpoint, IKRYPT_OTLP_ENDPOINT): {error}"
            ));
        }
    };
    let ended = match run(config).await {
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
    // From now on they end the program here, also where it is the first process of a container.
    let mut signals = Signals::new().map_err(|error| error.to_string())?;
    let Some(command) = &config.command else {
        return serve(config, signals).await.map(|()| ExitCode::SUCCESS);
    };
    tokio::select! {
        ended = operate(config, command) => ended,
        () = signals.stop() => Err("stopped before it was done".to_owned()),
    }
}

/// Does what is asked for instead of serving.
async fn operate(config: &Config, command: &Command) -> Result<ExitCode, String> {
    match command {
        Command::Manifest => {
            print!("{}", manifest(&built()?));
            Ok(ExitCode::SUCCESS)
        }
        Command::Check => Ok(checked(&check::check(config, assets::built().as_ref(), clock()).await)),
        Command::Health { live } => {
            let (listen, live) = (config.listen, *live);
            let asked = tokio::task::spawn_blocking(move || probe(listen, live)).await;
            println!("{}", asked.map_err(|error| error.to_string())??);
            Ok(ExitCode::SUCCESS)
        }
        Command::Admin(command) => {
            // Only what says so makes or changes a table: a misplaced path is an error, and no empty database.
            let store = if *command == Admin::Migrate {
                connect(config).await?
            } else {
                connect_existing(config).await?
            };
            let said = admin::run(&*store, command).await;
            store.close().await;
            println!("{}", said.map_err(|error| error.to_string())?);
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn built() -> Result<Assets, String> {
    assets::built().ok_or_else(|| assets::MISSING.to_owned())
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

async fn connect_existing(config: &Config) -> Result<Arc<dyn SecretStore>, String> {
    store::connect_existing(&config.database_url).await.map_err(|error| of_database(config, &error))
}

fn of_database(config: &Config, error: &ConnectError) -> String {
    format!("{} (--database-url, DATABASE_URL): {error}", store::describe(&config.database_url))
}

async fn serve(config: &Config, mut signals: Signals) -> Result<(), String> {
    tracing::info!("starting: SIGTERM and SIGINT stop the server from now on");
    let unknown = unknown_variables();
    if !unknown.is_empty() {
        tracing::warn!(variables = ?unknown, "these environment variables are not settings of this server");
    }
    let store = tokio::select! {
        store = connect(config) => store?,
        () = signals.stop() => {
            tracing::info!("stopping before anything was served");
            return Ok(());
        }
    };
    let assets = built()?;
    tracing::info!(database = store::describe(&config.database_url), "secrets are kept here");
    let listener = serve::bind(config.listen)
        .map_err(|error| format!("cannot listen on {} (--listen, IKRYPT_LISTEN): {error}", config.listen))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    println!("listening on http://{address}");
    let (phase, phases) = watch::channel(Phase::Serving);
    tokio::spawn(signals.follow(config.http.drain_delay(), phase));
    serve::serve(listener, config, store, assets, phases).await.map_err(|error| error.to_string())
}
