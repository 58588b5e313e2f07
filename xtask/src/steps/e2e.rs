//! The end-to-end tests: the product in a browser and in a terminal.

use std::process::Command;

use anyhow::{Result, bail};

use super::npm;
use crate::context::StepContext;
use crate::process::{command, run};
use crate::{tools, workspace};

/// Runs Playwright against the built product, with a PostgreSQL for the tests.
pub(super) fn run_tests(context: &mut StepContext) -> Result<()> {
    let database_url = context.database_url()?;
    run(playwright(&database_url)?.args(&context.playwright_args))
}

/// Returns a `playwright test` that tests the built product.
///
/// Its environment has `IKRYPT_SERVER_BIN`, `IKRYPT_BIN`, `IKRYPT_PYTHON` (a folder), `NGINX`, `CADDY`, `HAPROXY`,
/// `DATABASE_URL`, and `CHROMIUM` if the system has a browser. Otherwise Playwright downloads its own.
pub(crate) fn playwright(database_url: &str) -> Result<Command> {
    let server = workspace::server_binary();
    if !server.exists() {
        bail!("{} is missing: run `cargo xtask build` first", server.display());
    }
    npm::install()?;
    let end2end = workspace::end2end_dir();
    let program = end2end.join("node_modules/.bin/playwright");

    let mut playwright = command(&program);
    playwright
        .arg("test")
        .current_dir(&end2end)
        .env("IKRYPT_SERVER_BIN", server)
        .env("IKRYPT_BIN", workspace::cli_binary())
        .env("IKRYPT_PYTHON", tools::python_programs())
        .env("DATABASE_URL", database_url);
    for proxy in &tools::REVERSE_PROXIES {
        playwright.env(proxy.variable, proxy.path().unwrap_or_default());
    }
    if let Some(browser) = tools::browser() {
        playwright.env("CHROMIUM", browser);
    } else {
        eprintln!("no Chromium found: Playwright installs its own");
        run(command(&program).args(["install", "chromium"]).current_dir(&end2end))?;
    }
    Ok(playwright)
}
