//! A TCP proxy in front of PostgreSQL that simulates outages and cuts connections at a commit.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::time::Duration;

use server::store::PostgresStore;
use sqlx::postgres::PgPoolOptions;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::{Postgres, eventually};

/// What the proxy does with connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum ProxyMode {
    /// Forwards everything.
    Forward,
    /// Closes all connections and accepts none, as if the server had stopped.
    Closed,
    /// Closes a connection when it is about to commit, so that the commit does not arrive.
    CutBeforeCommit,
    /// Closes a connection after its commit, so that the commit arrives and its confirmation does not.
    CutAfterCommit,
    /// Forwards nothing from the client and keeps connections open, as if a cable had been pulled.
    Stalled,
}

/// Text that every statement with a change contains.
const WRITE_MARKER: &str = "INSERT INTO ";

/// A running proxy on a free port.
pub(crate) struct Proxy {
    port: u16,
    mode: Arc<AtomicU8>,
    /// Number of open connections.
    connections: Arc<AtomicUsize>,
    accept_task: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accept_task.abort();
    }
}

impl Proxy {
    /// Starts a proxy in front of the server of this database.
    pub(crate) async fn start(database: &Postgres) -> Self {
        Self::start_with_marker(database, WRITE_MARKER).await
    }

    /// Starts a proxy that takes statements outside transactions for commits only if they contain `write_marker`.
    pub(crate) async fn start_with_marker(database: &Postgres, write_marker: &'static str) -> Self {
        let (host, upstream) = (database.options.get_host().to_owned(), database.options.get_port());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mode = Arc::new(AtomicU8::new(ProxyMode::Forward as u8));
        let connections = Arc::new(AtomicUsize::new(0));
        let (shared_mode, count) = (Arc::clone(&mode), Arc::clone(&connections));
        let accept_task = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                if shared_mode.load(Ordering::SeqCst) == ProxyMode::Closed as u8 {
                    continue;
                }
                count.fetch_add(1, Ordering::SeqCst);
                let server = TcpStream::connect((&*host, upstream)).await.unwrap();
                let (mode, count) = (Arc::clone(&shared_mode), Arc::clone(&count));
                tokio::spawn(async move {
                    relay(client, server, mode, write_marker).await;
                    count.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self { port, mode, connections, accept_task }
    }

    pub(crate) fn set_mode(&self, mode: ProxyMode) {
        self.mode.store(mode as u8, Ordering::SeqCst);
    }

    /// Switches to [`ProxyMode::Closed`] and waits until the last connection is closed.
    pub(crate) async fn close_all(&self) {
        self.set_mode(ProxyMode::Closed);
        eventually(|| async { self.connections.load(Ordering::SeqCst) == 0 }).await;
    }

    /// Connects a store to the database through the proxy.
    pub(crate) async fn store(&self, database: &Postgres) -> PostgresStore {
        let options = database.options.clone().host("127.0.0.1").port(self.port);
        PostgresStore::connect_with(options, PgPoolOptions::new().max_connections(5)).await.unwrap()
    }
}

async fn relay(client: TcpStream, server: TcpStream, mode: Arc<AtomicU8>, write_marker: &'static str) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let closed = async {
        while mode.load(Ordering::SeqCst) != ProxyMode::Closed as u8 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    // The direction that ends first ends the connection.
    tokio::select! {
        () = forward_client(&mut from_client, &mut to_server, &mode, write_marker) => {}
        () = forward_server(&mut from_server, &mut to_client) => {}
        () = closed => {}
    }
}

/// Forwards what the client sends, up to the point at which the mode closes or stalls the connection.
async fn forward_client(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    mode: &AtomicU8,
    write_marker: &'static str,
) {
    let mut bytes = vec![0; 1 << 16];
    let mut parser = MessageParser { write_marker, ..MessageParser::default() };
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        let is_commit = parser.contains_commit(&bytes[..length]);
        let now = mode.load(Ordering::SeqCst);
        if is_commit && now == ProxyMode::CutBeforeCommit as u8 {
            return;
        }
        if now == ProxyMode::Stalled as u8 {
            return std::future::pending().await;
        }
        if to.write_all(&bytes[..length]).await.is_err() {
            return;
        }
        if is_commit && now == ProxyMode::CutAfterCommit as u8 {
            return;
        }
    }
}

/// Parses the messages of a PostgreSQL client and recognises commits.
#[derive(Default)]
struct MessageParser {
    write_marker: &'static str,
    /// The beginning of a message whose end has not arrived.
    rest: Vec<u8>,
    /// Names of the prepared statements that contain the marker.
    write_statements: HashSet<Vec<u8>>,
    in_transaction: bool,
}

impl MessageParser {
    /// Returns whether these bytes contain a commit: `COMMIT`, or a statement with the marker outside a transaction.
    fn contains_commit(&mut self, bytes: &[u8]) -> bool {
        self.rest.extend_from_slice(bytes);
        let mut is_commit = false;
        loop {
            // The first messages of a connection have no type byte.
            let kind = self.rest.first().copied().filter(|kind| *kind != 0);
            let start = usize::from(kind.is_some());
            let Some(length) = self.rest.get(start..start + 4) else { return is_commit };
            let end = start + usize::try_from(u32::from_be_bytes(length.try_into().unwrap())).unwrap();
            if self.rest.len() < end {
                return is_commit;
            }
            let message: Vec<u8> = self.rest.drain(..end).skip(start + 4).collect();
            let mut fields = message.split(|byte| *byte == 0);
            match kind {
                // Parse: the name of the statement, and its text.
                Some(b'P') => {
                    let (name, text) = (fields.next().unwrap().to_vec(), fields.next().unwrap());
                    if text.windows(self.write_marker.len()).any(|word| word == self.write_marker.as_bytes())
                    {
                        self.write_statements.insert(name);
                    }
                }
                // Bind: the name of the portal, and that of the statement.
                Some(b'B') => {
                    is_commit |=
                        !self.in_transaction && self.write_statements.contains(fields.nth(1).unwrap());
                }
                Some(b'Q') => {
                    is_commit |= message.starts_with(b"COMMIT");
                    self.in_transaction = message.starts_with(b"BEGIN");
                }
                _ => {}
            }
        }
    }
}

async fn forward_server(from: &mut (impl AsyncRead + Unpin), to: &mut (impl AsyncWrite + Unpin)) {
    let mut bytes = vec![0; 1 << 16];
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        if to.write_all(&bytes[..length]).await.is_err() {
            return;
        }
    }
}
