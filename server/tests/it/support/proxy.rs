//! A proxy before PostgreSQL, which can be switched off, or cut at the very commit.

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

/// What happens to what passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Line {
    /// It passes.
    Open,
    /// Nobody gets through, and whoever was through is cut off: as if the server had stopped.
    Dead,
    /// A connection ends when it is about to commit: the commit never arrives.
    CutBeforeCommit,
    /// A connection ends once it has committed: the commit arrives, and its confirmation does not.
    CutAfterCommit,
    /// Nothing passes any more, and nobody is told: as if a cable had been pulled.
    Silent,
}

/// What statements have in them that change something.
const ANY_CHANGE: &str = "INSERT INTO ";

/// A proxy on a port of its own.
pub(crate) struct Proxy {
    port: u16,
    line: Arc<AtomicU8>,
    /// Connections that are not cut off yet.
    relayed: Arc<AtomicUsize>,
    accepting: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Proxy {
    pub(crate) async fn before(database: &Postgres) -> Self {
        Self::before_some(database, ANY_CHANGE).await
    }

    /// One for which only statements with this in them commit by themselves.
    pub(crate) async fn before_some(database: &Postgres, changes: &'static str) -> Self {
        let (host, upstream) = (database.options.get_host().to_owned(), database.options.get_port());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let line = Arc::new(AtomicU8::new(Line::Open as u8));
        let relayed = Arc::new(AtomicUsize::new(0));
        let (lines, count) = (Arc::clone(&line), Arc::clone(&relayed));
        let accepting = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                if lines.load(Ordering::SeqCst) == Line::Dead as u8 {
                    continue;
                }
                count.fetch_add(1, Ordering::SeqCst);
                let server = TcpStream::connect((&*host, upstream)).await.unwrap();
                let (line, count) = (Arc::clone(&lines), Arc::clone(&count));
                tokio::spawn(async move {
                    relay(client, server, line, changes).await;
                    count.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self { port, line, relayed, accepting }
    }

    pub(crate) fn set(&self, line: Line) {
        self.line.store(line as u8, Ordering::SeqCst);
    }

    /// Sets the line to [`Line::Dead`], and returns when the last connection is cut off.
    pub(crate) async fn cut(&self) {
        self.set(Line::Dead);
        eventually(|| async { self.relayed.load(Ordering::SeqCst) == 0 }).await;
    }

    /// A store that reaches its database through this.
    pub(crate) async fn store(&self, database: &Postgres) -> PostgresStore {
        let options = database.options.clone().host("127.0.0.1").port(self.port);
        PostgresStore::connect_with(options, PgPoolOptions::new().max_connections(5)).await.unwrap()
    }
}

async fn relay(client: TcpStream, server: TcpStream, line: Arc<AtomicU8>, changes: &'static str) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let dead = async {
        while line.load(Ordering::SeqCst) != Line::Dead as u8 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    // Whichever ends first ends all of it.
    tokio::select! {
        () = upstream(&mut from_client, &mut to_server, &line, changes) => {}
        () = copy(&mut from_server, &mut to_client) => {}
        () = dead => {}
    }
}

/// From the client, up to a commit where that is what cuts the line.
async fn upstream(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    line: &AtomicU8,
    changes: &'static str,
) {
    let mut bytes = vec![0; 1 << 16];
    let mut messages = Messages { changes, ..Messages::default() };
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        let is_commit = messages.commit(&bytes[..length]);
        let now = line.load(Ordering::SeqCst);
        if is_commit && now == Line::CutBeforeCommit as u8 {
            return;
        }
        if now == Line::Silent as u8 {
            return std::future::pending().await;
        }
        if to.write_all(&bytes[..length]).await.is_err() {
            return;
        }
        if is_commit && now == Line::CutAfterCommit as u8 {
            return;
        }
    }
}

/// What a client of PostgreSQL says, message by message.
#[derive(Default)]
struct Messages {
    changes: &'static str,
    rest: Vec<u8>,
    /// Prepared statements that change something.
    writing: HashSet<Vec<u8>>,
    in_transaction: bool,
}

impl Messages {
    /// Whether something of these bytes commits: COMMIT itself, or, by itself, a statement that changes something.
    fn commit(&mut self, bytes: &[u8]) -> bool {
        self.rest.extend_from_slice(bytes);
        let mut is_commit = false;
        loop {
            // A connection begins with messages that have no kind.
            let kind = self.rest.first().copied().filter(|kind| *kind != 0);
            let start = usize::from(kind.is_some());
            let Some(length) = self.rest.get(start..start + 4) else { return is_commit };
            let end = start + usize::try_from(u32::from_be_bytes(length.try_into().unwrap())).unwrap();
            if self.rest.len() < end {
                return is_commit;
            }
            let message: Vec<u8> = self.rest.drain(..end).skip(start + 4).collect();
            let mut words = message.split(|byte| *byte == 0);
            match kind {
                // Parse: a name, and the text.
                Some(b'P') => {
                    let (name, text) = (words.next().unwrap().to_vec(), words.next().unwrap());
                    if text.windows(self.changes.len()).any(|word| word == self.changes.as_bytes()) {
                        self.writing.insert(name);
                    }
                }
                // Bind: a portal, and the name of what was parsed.
                Some(b'B') => {
                    is_commit |= !self.in_transaction && self.writing.contains(words.nth(1).unwrap());
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

async fn copy(from: &mut (impl AsyncRead + Unpin), to: &mut (impl AsyncWrite + Unpin)) {
    let mut bytes = vec![0; 1 << 16];
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        if to.write_all(&bytes[..length]).await.is_err() {
            return;
        }
    }
}
