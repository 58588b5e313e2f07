//! Starts PgBouncer in front of the PostgreSQL server of the tests.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::Stdio;

use server::store::PostgresStore;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

use super::{Postgres, eventually};

/// Path of the program on Debian, which is not in the `PATH` of ordinary users.
const DEBIAN_PATH: &str = "/usr/sbin/pgbouncer";

/// A running PgBouncer on a free port.
pub(crate) struct PgBouncer {
    port: u16,
    _process: Child,
    _folder: TempDir,
}

impl PgBouncer {
    /// Starts it with the `pool_mode` `mode` and at most `sessions` sessions for one database. Other settings are the
    /// defaults of PgBouncer.
    pub(crate) async fn start(database: &Postgres, mode: &str, sessions: u32) -> Self {
        Self::start_with(database, &format!("pool_mode = {mode}\ndefault_pool_size = {sessions}")).await
    }

    /// Starts it with these lines in its configuration file.
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
            process.expect("PgBouncer must be installed; `cargo xtask test` does it or says what is missing");
        eventually(|| async { TcpStream::connect(("127.0.0.1", port)).await.is_ok() }).await;
        Self { port, _process: process, _folder: folder }
    }

    /// Returns how a client connects to the database through the pooler.
    pub(crate) fn options(&self, database: &Postgres) -> PgConnectOptions {
        let options = database.options.clone().host("127.0.0.1").port(self.port);
        // Without the startup parameter that sqlx adds by default, like other programs.
        options.extra_float_digits(None)
    }

    /// Returns the URL for a server.
    pub(crate) fn url(&self, database: &Postgres) -> String {
        let name = database.options.get_database().unwrap();
        format!("postgres://{}@127.0.0.1:{}/{name}", database.options.get_username(), self.port)
    }

    /// Connects a store with as many connections as a server has.
    pub(crate) async fn store(&self, database: &Postgres) -> PostgresStore {
        let options = self.options(database).extra_float_digits(2);
        PostgresStore::connect_with(options, PgPoolOptions::new().max_connections(16)).await.unwrap()
    }
}

/// Returns the command. PgBouncer refuses to run as root, so root starts it as `nobody`.
fn command(folder: &Path) -> Command {
    let is_debian = Path::new(DEBIAN_PATH).exists();
    let mut command = Command::new(if is_debian { DEBIAN_PATH } else { "pgbouncer" });
    if std::fs::metadata(folder).unwrap().uid() == 0 {
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).unwrap();
        command.args(["-u", "nobody"]);
    }
    command.arg("--quiet").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}
