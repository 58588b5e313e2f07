//! What the steps of one run share.

use std::ffi::OsString;

use anyhow::Result;

use crate::postgres::Postgres;

/// State and arguments that live as long as the run.
#[derive(Default)]
pub(crate) struct StepContext {
    /// Started by the first step that asks for a database.
    postgres: Option<Postgres>,
    /// Arguments from the command line that are passed on to Playwright.
    pub(crate) playwright_args: Vec<OsString>,
}

impl StepContext {
    /// Returns the URL of a PostgreSQL in which tests may create and drop databases. Starts it on the first call.
    pub(crate) fn database_url(&mut self) -> Result<String> {
        let postgres = match self.postgres.take() {
            Some(postgres) => postgres,
            None => Postgres::from_env_or_start()?,
        };
        Ok(self.postgres.insert(postgres).url().to_owned())
    }
}
