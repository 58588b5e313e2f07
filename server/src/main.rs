//! `ikrypt-server`: reads the configuration, starts logging and traces, and runs a command.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "results and errors belong in the terminal")]

use std::process::ExitCode;

use server::config::Config;
use server::{commands, telemetry};
use tokio::runtime::Runtime;

fn main() -> ExitCode {
    let config = Config::read();
    let runtime = match Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("the operating system refuses to start threads: {error}")),
    };
    let exit_code = runtime.block_on(run(&config));
    // Dropping the runtime would wait for DNS look-ups that are under way, which cannot be cancelled.
    runtime.shutdown_background();
    exit_code
}

async fn run(config: &Config) -> ExitCode {
    let telemetry = match telemetry::init(config) {
        Ok(telemetry) => telemetry,
        Err(error) => {
            return fail(&format!("traces cannot be sent (--otlp-endpoint, IKRYPT_OTLP_ENDPOINT): {error}"));
        }
    };
    let exit_code = match commands::run(config).await {
        Ok(output) => {
            print!("{}", output.text);
            output.exit_code
        }
        Err(error) => fail(&error),
    };
    // Sends the remaining traces, which blocks on the network.
    drop(tokio::task::spawn_blocking(move || drop(telemetry)).await);
    exit_code
}

fn fail(error: &str) -> ExitCode {
    eprintln!("ikrypt-server: {error}");
    ExitCode::FAILURE
}
