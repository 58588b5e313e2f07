//! How the throw-away server is set up.

/// What is added to its `postgresql.conf`.
///
/// Many tests run side by side, each with connections of its own. Nothing in here survives the
/// server, so it need not reach the disk, unless that is what is measured; what a test sees of
/// transactions stays as it is.
pub(super) fn postgresql_conf(port: u16, durable: bool) -> String {
    let disk = if durable { "" } else { "fsync = off\nfull_page_writes = off\n" };
    format!(
        "\
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
max_connections = 400
{disk}"
    )
}

/// Stops the server and removes its folder when its standard input ends, which is when the
/// process that holds the other end drops it, or dies: whatever it dies of.
pub(super) const GUARD: &str = r#"
read -r _
"$1" stop --pgdata "$2/data" --mode immediate --silent
rm -rf "$2"
"#;
