//! A PgBouncer before the PostgreSQL that the tests use.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::Stdio;

use server::store::PostgresStore;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

use super::{Postgres, eventually};

/// Debian puts it where ordinary users do not look.
const ELSEWHERE: &str = "/usr/sbin/pgbouncer";

/// A running PgBouncer on a port of its own.
pub(crate) struct PgBouncer {
    port: u16,
    _process: Child,
    _folder: TempDir,
}

impl PgBouncer {
    /// `mode` is its `pool_mode`, `sessions` the most that one database gets. All other settings are its defaults.
    pub(crate) async fn start(database: &Postgres, mode: &str, sessions: u32) -> Self {
        Self::start_with(database, &format!("pool_mode = {mode}\ndefault_pool_size = {sessions}")).await
    }

    /// With lines of its configuration file.
    pub(crate) async fn start_with(database: &Postgres, settings: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
        let (host, upstream, user) =
            (database.options.get_host(), database.options.get_port(), database.options.get_username());
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pgbouncer.ini");
        let password =
            Postgres::password().map_or(String::new(), |password| format!(" password='{password}'"));
        let settings = format!(
            "[databases]\n\
             * = host={host} port={upstream} user={user}{password}\n\
             [pgbouncer]\n\
             listen_addr = 127.0.0.1\n\
             listen_port = {port}\n\
             unix_socket_dir =\n\
             auth_type = any\n\
             {settings}\n"
        );
        std::fs::write(&file, settings).unwrap();
        let process = command(folder.path()).arg(&file).kill_on_drop(true).spawn();
        let process =
            process.expect("PgBouncer is installed: `cargo xtask test` does so, or says what is missing");
        eventually(|| async { TcpStream::connect(("127.0.0.1", port)).await.is_ok() }).await;
        Self { port, _process: process, _folder: folder }
    }

    /// How a client reaches the same database through it.
    pub(crate) fn options(&self, database: &Postgres) -> PgConnectOptions {
        let options = database.options.clone().host("127.0.0.1").port(self.port);
        // As of any other program that knows the pooler.
        options.extra_float_digits(None)
    }

    /// What a server is told.
    pub(crate) fn url(&self, database: &Postgres) -> String {
        let name = database.options.get_database().unwrap();
        format!("postgres://{}@127.0.0.1:{}/{name}", database.options.get_username(), self.port)
    }

    /// A store with as many connections as a server has.
    pub(crate) async fn store(&self, database: &Postgres) -> PostgresStore {
        let options = self.options(database).extra_float_digits(2);
        PostgresStore::connect_with(options, PgPoolOptions::new().max_connections(16)).await.unwrap()
    }
}

/// It refuses to run as root, and becomes another user then.
fn command(folder: &Path) -> Command {
    let is_there = Path::new(ELSEWHERE).exists();
    let mut command = Command::new(if is_there { ELSEWHERE } else { "pgbouncer" });
    if std::fs::metadata(folder).unwrap().uid() == 0 {
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).unwrap();
        command.args(["-u", "nobody"]);
    }
    command.arg("--quiet").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}
