//! A slow PostgreSQL is not mistaken for transaction pooling.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use server::store::{ConnectError, PostgresStore};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::RwLock;

use crate::support::{Postgres, TestStore};

suite! { postgres: database_pause_during_start_is_not_mistaken_for_transaction_pooling }

/// Text of the query with which a start compares sessions.
const SESSION_QUERY: &[u8] = b"pg_backend_pid";

/// Starts a proxy that forwards nothing from the database for `pause` after the session query number `pause_at`.
async fn start_pausing_proxy(database: &Postgres, pause_at: usize, pause: Duration) -> PgConnectOptions {
    let (host, port) = (database.options.get_host().to_owned(), database.options.get_port());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let options = database.options.clone().host("127.0.0.1").port(listener.local_addr().unwrap().port());
    let (count, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(RwLock::new(())));
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (mut from_client, mut to_client) = client.into_split();
            let (mut from_server, mut to_server) =
                TcpStream::connect((&*host, port)).await.unwrap().into_split();
            let (count, closing, reading) = (Arc::clone(&count), Arc::clone(&gate), Arc::clone(&gate));
            tokio::spawn(async move {
                let mut bytes = vec![0; 1 << 16];
                while let Ok(length @ 1..) = from_client.read(&mut bytes).await {
                    let is_session_query =
                        bytes[..length].windows(SESSION_QUERY.len()).any(|word| word == SESSION_QUERY);
                    if is_session_query && count.fetch_add(1, Ordering::SeqCst) + 1 == pause_at {
                        let closed = Arc::clone(&closing).write_owned().await;
                        tokio::spawn(async move {
                            tokio::time::sleep(pause).await;
                            drop(closed);
                        });
                    }
                    if to_server.write_all(&bytes[..length]).await.is_err() {
                        return;
                    }
                }
            });
            tokio::spawn(async move {
                let mut bytes = vec![0; 1 << 16];
                while let Ok(length @ 1..) = from_server.read(&mut bytes).await {
                    let _open = reading.read().await;
                    if to_client.write_all(&bytes[..length]).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    options
}

async fn database_pause_during_start_is_not_mistaken_for_transaction_pooling(test: &TestStore<Postgres>) {
    // The third session query is sent while the other connection is in a transaction.
    for (pause_at, seconds) in [(3, 4), (5, 4), (3, 60)] {
        let options = start_pausing_proxy(&test.database, pause_at, Duration::from_secs(seconds)).await;
        match PostgresStore::connect_with(options, PgPoolOptions::new()).await {
            Ok(store) => vault::SecretStore::close(&store).await,
            Err(error) => {
                assert!(
                    !matches!(error, ConnectError::TransactionPooling),
                    "{pause_at}, {seconds} s: {error}"
                );
                assert!(seconds > 10, "{pause_at}, {seconds} s: {error}");
            }
        }
    }
}
