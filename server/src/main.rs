//! `ikrypt-server`: reads the configuration, connects, serves.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "ready and refused are said to whoever started it"
)]

use std::process::ExitCode;

use clap::Parser;
use server::config::{Command, Config};
use server::manifest::manifest;
use server::{assets, serve, store, telemetry};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> ExitCode {
    let config = Config::parse();
    telemetry::init(&config);
    match run(&config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ikrypt-server: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(config: &Config) -> Result<(), String> {
    let assets = assets::built()
        .ok_or("this binary was built without its pages: build it with `cargo xtask build`")?;
    if config.command == Some(Command::Manifest) {
        print!("{}", manifest(&assets));
        return Ok(());
    }
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| error.to_string())?;
    let store = store::connect(&config.database_url).await.map_err(|error| error.to_string())?;
    tracing::info!(database = store::describe(&config.database_url), "secrets are kept here");
    let listener = TcpListener::bind(config.listen)
        .await
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
