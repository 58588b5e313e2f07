//! A proxy before PostgreSQL, which can be switched off, or cut at the very commit.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use server::store::PostgresStore;
use sqlx::postgres::PgPoolOptions;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::Postgres;

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
}

/// A proxy on a port of its own.
pub(crate) struct Proxy {
    port: u16,
    line: Arc<AtomicU8>,
    accepting: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Proxy {
    pub(crate) async fn before(database: &Postgres) -> Self {
        let (host, upstream) = (database.options.get_host().to_owned(), database.options.get_port());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let line = Arc::new(AtomicU8::new(Line::Open as u8));
        let lines = Arc::clone(&line);
        let accepting = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                if lines.load(Ordering::SeqCst) == Line::Dead as u8 {
                    continue;
                }
                let server = TcpStream::connect((&*host, upstream)).await.unwrap();
                tokio::spawn(relay(client, server, Arc::clone(&lines)));
            }
        });
        Self { port, line, accepting }
    }

    pub(crate) fn set(&self, line: Line) {
        self.line.store(line as u8, Ordering::SeqCst);
    }

    /// A store that reaches its database through this.
    pub(crate) async fn store(&self, database: &Postgres) -> PostgresStore {
        let options = database.options.clone().host("127.0.0.1").port(self.port);
        PostgresStore::connect_with(options, PgPoolOptions::new().max_connections(5)).await.unwrap()
    }
}

async fn relay(client: TcpStream, server: TcpStream, line: Arc<AtomicU8>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let dead = async {
        while line.load(Ordering::SeqCst) != Line::Dead as u8 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    // Whichever ends first ends all of it.
    tokio::select! {
        () = upstream(&mut from_client, &mut to_server, &line) => {}
        () = copy(&mut from_server, &mut to_client) => {}
        () = dead => {}
    }
}

/// From the client, up to a commit where that is what cuts the line.
async fn upstream(from: &mut (impl AsyncRead + Unpin), to: &mut (impl AsyncWrite + Unpin), line: &AtomicU8) {
    let mut bytes = vec![0; 1 << 16];
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        let is_commit = bytes[..length].windows(6).any(|word| word == b"COMMIT");
        let cut = line.load(Ordering::SeqCst);
        if is_commit && cut == Line::CutBeforeCommit as u8 {
            return;
        }
        if to.write_all(&bytes[..length]).await.is_err() {
            return;
        }
        if is_commit && cut == Line::CutAfterCommit as u8 {
            return;
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
