//! The configuration of the throw-away server.

/// Whether a commit waits for the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Durability {
    /// Commits do not wait: the data is deleted with the server anyway. Transactions behave as usual otherwise.
    None,
    /// Commits wait, as on a production server: for measurements.
    Fsync,
}

/// Returns what is appended to `postgresql.conf`. Many tests run in parallel, each with its own connections.
pub(super) fn postgresql_conf(port: u16, durability: Durability) -> String {
    let disk = match durability {
        Durability::None => "fsync = off\nfull_page_writes = off\n",
        Durability::Fsync => "",
    };
    format!(
        "\
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
max_connections = 400
{disk}"
    )
}

/// A shell script that waits for the end of its standard input, stops the server and deletes its folder. The input ends
/// when the process that holds the other end closes it or dies for any reason.
pub(super) const GUARD: &str = r#"
read -r _
"$1" stop --pgdata "$2/data" --mode immediate --silent
rm -rf "$2"
"#;
