//! The product in a browser.

use std::process::Command;

use anyhow::{Result, bail};

use super::npm;
use crate::pipeline::Shared;
use crate::process::{command, run};
use crate::{tee, tools, workspace};

/// Runs Playwright on the product that was built, with a PostgreSQL for the asking.
///
/// The tests get `IKRYPT_SERVER_BIN`, `IKRYPT_BIN`, `IKRYPT_PYTHON` (a folder), `NGINX`, `CADDY`, `HAPROXY`, `DATABASE_URL`, and `CHROMIUM` if the system has a browser;
/// without it they use the one Playwright brings along.
pub(super) fn tests(shared: &mut Shared) -> Result<()> {
    let database_url = shared.database_url()?;
    let mut playwright = playwright(&database_url)?;
    tee::run(playwright.args(&shared.playwright_args), &mut shared.closing_lines)
}

/// Playwright, ready to test what was built.
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
        eprintln!("no Chromium here: Playwright installs its own");
        run(command(&program).args(["install", "chromium"]).current_dir(&end2end))?;
    }
    Ok(playwright)
}
