//! The server, as it is released, with nothing switched off but its limits.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context as _, Result};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

pub(crate) struct Server {
    process: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    pub(crate) async fn start(program: &Path, database_url: &str, options: &[&str]) -> Result<Self> {
        let mut process = Command::new(program)
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
            .args(options)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let stdout = process.stdout.take().context("it has no standard output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).await?;
        let address =
            line.trim().strip_prefix("listening on http://").context("the server does not listen")?;
        Ok(Self { address: address.parse()?, process })
    }

    /// Bytes of memory that it holds now.
    pub(crate) fn resident(&self) -> Result<u64> {
        self.status("VmRSS:")
    }

    /// Bytes that it held at most, since [`Self::forget_peak`].
    pub(crate) fn peak(&self) -> Result<u64> {
        self.status("VmHWM:")
    }

    pub(crate) fn forget_peak(&self) -> Result<()> {
        fs::write(self.proc("clear_refs")?, "5").context("the peak of memory cannot be set back")
    }

    fn status(&self, name: &str) -> Result<u64> {
        let text = fs::read_to_string(self.proc("status")?)?;
        let line =
            text.lines().find_map(|line| line.strip_prefix(name)).with_context(|| format!("no {name}"))?;
        let kibibytes: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kibibytes * 1024)
    }

    fn proc(&self, file: &str) -> Result<String> {
        Ok(format!("/proc/{}/{file}", self.process.id().context("it has ended")?))
    }

    pub(crate) async fn stop(mut self) -> Result<()> {
        self.process.kill().await.context("it cannot be stopped")
    }
}
