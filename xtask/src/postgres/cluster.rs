//! A PostgreSQL server that is stopped and deleted when a value is dropped.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use anyhow::{Context as _, Result};

use super::folder::{self, Owner};
use super::settings::{Durability, GUARD, postgresql_conf};
use crate::process;

/// How many ports are tried: another process may take a free port before the server uses it.
const PORT_ATTEMPTS: u32 = 3;

/// A running server whose data is in a temporary folder.
pub(super) struct Cluster {
    folder: PathBuf,
    port: u16,
    guard: Child,
    /// The guard's standard input. Closing it makes the guard stop the server.
    guard_stdin: Option<ChildStdin>,
}

impl Cluster {
    /// Creates a cluster with the programs in this folder, and starts it.
    pub(super) fn start(programs: &Path, durability: Durability) -> Result<Self> {
        let owner = Owner::find()?;
        let folder = folder::create(owner.as_ref())?;
        let program = |name: &str| {
            let mut command = process::command(programs.join(name));
            prepare(&mut command, &folder, owner.as_ref());
            command
        };
        let (guard, guard_stdin) = start_guard(&programs.join("pg_ctl"), &folder, owner.as_ref())?;
        let mut cluster = Self { folder: folder.clone(), port: 0, guard, guard_stdin };

        process::capture(
            program("initdb")
                .args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-locale"])
                .args(["--no-sync", "--pgdata"])
                .arg(folder.join("data")),
        )?;
        let mut started = Ok(String::new());
        for _ in 0..PORT_ATTEMPTS {
            cluster.port = free_port()?;
            append(&folder.join("data/postgresql.conf"), &postgresql_conf(cluster.port, durability))?;
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

    /// Returns the address, with the superuser's name.
    pub(super) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.guard_stdin.take());
        self.guard.wait().ok();
        // The guard may not have permission to remove the folder from its parent.
        fs::remove_dir_all(&self.folder).ok();
    }
}

/// Starts the shell that stops the server and deletes its folder. It has its own process group, so that Ctrl-C in the
/// terminal does not reach it.
fn start_guard(pg_ctl: &Path, folder: &Path, owner: Option<&Owner>) -> Result<(Child, Option<ChildStdin>)> {
    let mut command = process::command("sh");
    command.args(["-c", GUARD, "postgres-guard"]).arg(pg_ctl).arg(folder).process_group(0);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    prepare(&mut command, Path::new("/"), owner);
    let mut guard = command.spawn().context("cannot start sh")?;
    let guard_stdin = guard.stdin.take();
    Ok((guard, guard_stdin))
}

/// Sets the folder and the user of a command.
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
