//! Starts the server as released, with its defaults except for rate limits and logging.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context as _, Result};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// A running server. It is killed when the value is dropped.
pub(crate) struct Server {
    process: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts a server, and waits until it listens.
    pub(crate) async fn start(program: &Path, database_url: &str, options: &[&str]) -> Result<Self> {
        let mut command = Command::new(program);
        command.args(options);
        Self::spawn(command, database_url).await
    }

    /// Starts a server with these variables in its environment, and waits until it listens.
    pub(crate) async fn start_with_env(
        program: &Path,
        database_url: &str,
        environment: &[(String, String)],
    ) -> Result<Self> {
        let mut command = Command::new(program);
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        Self::spawn(command, database_url).await
    }

    async fn spawn(mut command: Command, database_url: &str) -> Result<Self> {
        let mut process = command
            .args([
                "--listen",
                "127.0.0.1:0",
                "--rate-limit",
                "off",
                "--log",
                "warn",
                "--database-url",
                database_url,
            ])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("cannot start the server")?;
        let stdout = process.stdout.take().context("the server has no standard output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).await?;
        let address =
            line.trim().strip_prefix("listening on http://").context("the server does not listen")?;
        Ok(Self { address: address.parse()?, process })
    }

    /// Returns the resident memory in bytes.
    pub(crate) fn resident_memory(&self) -> Result<u64> {
        self.status_bytes("VmRSS:")
    }

    /// Returns the peak of the resident memory in bytes, since [`Self::reset_peak_memory`].
    pub(crate) fn peak_memory(&self) -> Result<u64> {
        self.status_bytes("VmHWM:")
    }

    /// Resets the peak of the resident memory.
    pub(crate) fn reset_peak_memory(&self) -> Result<()> {
        fs::write(self.proc_path("clear_refs")?, "5").context("cannot reset the peak of the memory")
    }

    /// Reads a size from `/proc/<pid>/status`.
    fn status_bytes(&self, name: &str) -> Result<u64> {
        let text = fs::read_to_string(self.proc_path("status")?)?;
        let line =
            text.lines().find_map(|line| line.strip_prefix(name)).with_context(|| format!("no {name}"))?;
        let kibibytes: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kibibytes * 1024)
    }

    fn proc_path(&self, file: &str) -> Result<String> {
        Ok(format!("/proc/{}/{file}", self.process.id().context("the server has ended")?))
    }

    /// Kills the server, and waits for its end.
    pub(crate) async fn stop(mut self) -> Result<()> {
        self.process.kill().await.context("cannot stop the server")
    }
}
