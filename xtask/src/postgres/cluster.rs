//! A PostgreSQL server of our own, for as long as a value lives.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use anyhow::{Context as _, Result};

use super::folder::{self, Owner};
use super::settings::{GUARD, postgresql_conf};
use crate::process;

/// How often another port is tried: between choosing one and using it somebody may be quicker.
const ATTEMPTS: u32 = 3;

/// A running server with all its data in a temporary folder.
pub(super) struct Cluster {
    folder: PathBuf,
    port: u16,
    guard: Child,
    /// The guard waits for the end of this.
    lifeline: Option<ChildStdin>,
}

impl Cluster {
    /// Creates a cluster with the programs in that folder and starts it.
    pub(super) fn start(programs: &Path, durable: bool) -> Result<Self> {
        let owner = Owner::find()?;
        let folder = folder::create(owner.as_ref())?;
        let program = |name: &str| {
            let mut command = process::command(programs.join(name));
            prepare(&mut command, &folder, owner.as_ref());
            command
        };
        let (guard, lifeline) = start_guard(&programs.join("pg_ctl"), &folder, owner.as_ref())?;
        let mut cluster = Self { folder: folder.clone(), port: 0, guard, lifeline };

        process::capture(
            program("initdb")
                .args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-locale"])
                .args(["--no-sync", "--pgdata"])
                .arg(folder.join("data")),
        )?;
        let mut started = Ok(String::new());
        for _ in 0..ATTEMPTS {
            cluster.port = free_port()?;
            append(&folder.join("data/postgresql.conf"), &postgresql_conf(cluster.port, durable))?;
            started = process::capture(
                program("pg_ctl")
                    .args(["start", "--wait", "--timeout=60", "--silent", "--pgdata"])
                    .arg(folder.join("data"))
                    .arg("--log")
                    .arg(folder.join("log")),
            );
            if started.is_ok() {
                break;
            }
        }
        started.with_context(|| fs::read_to_string(folder.join("log")).unwrap_or_default())?;
        eprintln!("PostgreSQL: {} (throw-away, in {})", cluster.url(), folder.display());
        Ok(cluster)
    }

    /// The superuser's address.
    pub(super) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        self.guard.wait().ok();
        // The guard may lack the right to remove the folder itself from the one it is in.
        fs::remove_dir_all(&self.folder).ok();
    }
}

/// Starts the shell that cleans up after us. It has a process group of its own, so that Ctrl-C in
/// the terminal reaches us and not it.
fn start_guard(pg_ctl: &Path, folder: &Path, owner: Option<&Owner>) -> Result<(Child, Option<ChildStdin>)> {
    let mut command = process::command("sh");
    command.args(["-c", GUARD, "postgres-guard"]).arg(pg_ctl).arg(folder).process_group(0);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    prepare(&mut command, Path::new("/"), owner);
    let mut guard = command.spawn().context("cannot start sh")?;
    let lifeline = guard.stdin.take();
    Ok((guard, lifeline))
}

fn prepare(command: &mut Command, current_dir: &Path, owner: Option<&Owner>) {
    command.current_dir(current_dir);
    if let Some(owner) = owner {
        command.uid(owner.uid).gid(owner.gid).env("HOME", current_dir);
    }
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port is free")?;
    Ok(listener.local_addr()?.port())
}

fn append(path: &Path, text: &str) -> Result<()> {
    let mut file = OpenOptions::new()
        .append(true)
        .open(path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(file.write_all(text.as_bytes())?)
}
