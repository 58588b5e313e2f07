//! Erasure in SQLite: within six seconds after a secret ended, or its claims expired, no file contains bytes of it.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::join_all;
use server::store::SqliteStore;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use vault::{RevealOutcome, SecretStore};

use crate::support::{Sqlite, TestSecret, TestStore, eventually, random};

suite! {
    sqlite: ended_secret_leaves_no_bytes_in_any_file,
    expired_claim_leaves_no_bytes_in_any_file,
    expired_secrets_among_many_leave_no_bytes_in_any_file,
    view_of_a_disconnected_reader_leaves_no_bytes_in_any_file,
    start_after_a_crash_erases_leftover_bytes,
    clean_stop_leaves_no_bytes_of_ended_secrets,
    clean_stop_leaves_only_the_database_file,
    secret_burned_by_another_process_is_erased_when_that_process_ends,
    backup_that_blocks_the_checkpoint_delays_no_reveal,
    long_wal_is_restarted_from_its_beginning,
    without_secure_delete_bytes_of_ended_secrets_remain,
}

/// Connects another store to the file.
async fn store(options: SqliteConnectOptions) -> Arc<dyn SecretStore> {
    Arc::new(SqliteStore::connect_with(options, SqlitePoolOptions::new()).await.unwrap())
}

/// Counts how many of these byte strings are in the files of a folder.
fn count_found<'a>(folder: &Path, pieces: impl IntoIterator<Item = &'a [u8]>) -> usize {
    let mut by_start = vec![Vec::new(); 1 << 16];
    for piece in pieces {
        by_start[first_two(piece)].push(piece);
    }
    let mut found: HashSet<&[u8]> = HashSet::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let content = std::fs::read(file.unwrap().path()).unwrap();
        for at in 0..content.len().saturating_sub(1) {
            let here = &content[at..];
            found.extend(by_start[first_two(here)].iter().copied().filter(|piece| here.starts_with(piece)));
        }
    }
    found.len()
}

/// Returns the first two bytes as an index.
fn first_two(bytes: &[u8]) -> usize {
    usize::from(u16::from_be_bytes([bytes[0], bytes[1]]))
}

/// Returns the first 64 bytes of the ciphertext, which the protocol says must be erased.
fn head(secret: &TestSecret) -> [&[u8]; 1] {
    [&secret.envelope[..64]]
}

fn share(secret: &TestSecret) -> [&[u8]; 1] {
    [secret.share.as_bytes()]
}

/// Returns all byte strings that must be erased when a secret ends.
fn pieces(secret: &TestSecret) -> Vec<&[u8]> {
    secret.envelope.chunks_exact(64).chain(share(secret)).collect()
}

/// Waits until no file contains these byte strings. The protocol allows six seconds.
async fn assert_erased_within_six_seconds(test: &TestStore<Sqlite>, pieces: Vec<&[u8]>) {
    // Counts pauses instead of elapsed time, so that a busy machine does not fail the test.
    for pause in 0.. {
        let left = count_found(test.database.folder.path(), pieces.iter().copied());
        if left == 0 {
            return;
        }
        assert!(pause < 60, "{left} pieces are left");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Waits until the write-ahead log is empty, so that the next checkpoint is for later changes only.
async fn wait_for_empty_log(test: &TestStore<Sqlite>) {
    let log = test.database.folder.path().join("ikrypt.db-wal");
    eventually(|| async { std::fs::metadata(&log).unwrap().len() == 0 }).await;
}

/// Creates four secrets, and ends each in another way: viewed, viewed with a large envelope, burned, expired.
async fn end_secrets(test: &TestStore<Sqlite>, store: &dyn SecretStore) -> [TestSecret; 4] {
    let large: Vec<u8> = (0..40).flat_map(|_| TestSecret::new(1).envelope).collect();
    let large = TestSecret { envelope: large, ..TestSecret::new(1) };
    let secrets = [TestSecret::new(1), large, TestSecret::new(3), TestSecret::new(3)];
    for secret in &secrets {
        store.create(secret.create_request()).await.unwrap();
        assert_eq!(count_found(test.database.folder.path(), head(secret)), 1);
        store.reveal(secret.attempt()).await.unwrap();
    }
    let [_, _, burned, expired] = &secrets;
    store.burn(&burned.receipt_hash()).await.unwrap();
    test.expire(expired).await;
    test.expire_claims().await;
    store.delete_expired().await.unwrap();
    assert_eq!((test.rows("secrets").await, test.rows("claims").await), (0, 0));
    secrets
}

async fn ended_secret_leaves_no_bytes_in_any_file(test: &TestStore<Sqlite>) {
    wait_for_empty_log(test).await;
    let secrets = end_secrets(test, &*test.store).await;
    // Other calls continue meanwhile.
    let (store, other) = (test.store.clone(), test.secret(100).await);
    let traffic = tokio::spawn(async move {
        loop {
            store.create(TestSecret::new(1).create_request()).await.unwrap();
            store.open(&other.id, &other.access_hash()).await.unwrap();
            store.reveal(other.attempt()).await.unwrap();
        }
    });
    assert_erased_within_six_seconds(test, secrets.iter().flat_map(pieces).collect()).await;
    traffic.abort();
}

/// A claim keeps the share for five minutes, masked. The mask is not stored, so the share itself is erased with the secret.
async fn expired_claim_leaves_no_bytes_in_any_file(test: &TestStore<Sqlite>) {
    wait_for_empty_log(test).await;
    let (secret, folder) = (test.secret(1).await, test.database.folder.path());
    let attempt = secret.attempt();
    let masked = secret.share.masked(&attempt.claim_mask);
    test.reveal(attempt.clone()).await;
    assert_erased_within_six_seconds(test, pieces(&secret)).await;
    wait_for_empty_log(test).await;
    assert_eq!(count_found(folder, [masked.as_bytes().as_slice()]), 1);
    assert_eq!(count_found(folder, [attempt.claim_mask.as_bytes().as_slice()]), 0);
    assert_eq!(test.reveal(attempt).await, secret.granted(0));
    test.expire_claims().await;
    test.store.delete_expired().await.unwrap();
    assert_erased_within_six_seconds(test, vec![masked.as_bytes()]).await;
}

/// Shows that the other tests can fail.
async fn without_secure_delete_bytes_of_ended_secrets_remain(test: &TestStore<Sqlite>) {
    let lax = store(test.database.options().pragma("secure_delete", "OFF")).await;
    wait_for_empty_log(test).await;
    let secrets = end_secrets(test, &*lax).await;
    wait_for_empty_log(test).await;
    assert!(count_found(test.database.folder.path(), secrets.iter().flat_map(pieces)) > 0);
    lax.close().await;
}

/// Rows move between pages when others are inserted and deleted. `secure_delete` does not overwrite their former places.
async fn expired_secrets_among_many_leave_no_bytes_in_any_file(test: &TestStore<Sqlite>) {
    let secrets: Vec<_> = (0..1500).map(|_| TestSecret::new(1)).collect();
    join_all(secrets.iter().map(|secret| test.store.create(secret.create_request()))).await;
    // Four of five secrets expire, spread over all pages.
    let (expired, kept): (Vec<&TestSecret>, Vec<&TestSecret>) = secrets.iter().partition(|_| random(5) > 0);
    for secret in &expired {
        let id = test.id(secret);
        test.change(format!("UPDATE secrets SET expires_at = 0 WHERE id = {id}")).await;
    }
    test.delete_expired().await;
    assert_erased_within_six_seconds(test, expired.into_iter().flat_map(pieces).collect()).await;
    let folder = test.database.folder.path();
    assert_eq!(count_found(folder, kept.iter().copied().flat_map(share)), kept.len());
}

async fn view_of_a_disconnected_reader_leaves_no_bytes_in_any_file(test: &TestStore<Sqlite>) {
    let secret = test.secret(1).await;
    wait_for_empty_log(test).await;
    let reveal = test.store.reveal(secret.attempt());
    // Polled once: the transaction has started, and its caller is gone.
    assert!(futures::FutureExt::now_or_never(reveal).is_none());
    assert_erased_within_six_seconds(test, head(&secret).to_vec()).await;
    assert!(!test.holds(&secret).await);
}

async fn start_after_a_crash_erases_leftover_bytes(test: &TestStore<Sqlite>) {
    let secret = test.secret(1).await;
    wait_for_empty_log(test).await;
    test.reveal(secret.attempt()).await;
    // A killed process leaves the files as they are before the checkpoint.
    let copy = Sqlite::create();
    for file in test.database.files() {
        let name = file.file_name().unwrap();
        if !name.to_str().unwrap().ends_with("-shm") {
            std::fs::copy(&file, copy.folder.path().join(name)).unwrap();
        }
    }
    assert_eq!(count_found(copy.folder.path(), head(&secret)), 1);
    let restarted = TestStore::connect(copy).await;
    assert_erased_within_six_seconds(&restarted, head(&secret).to_vec()).await;
    assert_eq!(restarted.receipt(&secret).await.viewed_at.len(), 1);
    restarted.close().await;
}

async fn clean_stop_leaves_no_bytes_of_ended_secrets(_: &TestStore<Sqlite>) {
    let database = Sqlite::create();
    let (store, secret) = (store(database.options()).await, TestSecret::new(1));
    store.create(secret.create_request()).await.unwrap();
    store.reveal(secret.attempt()).await.unwrap();
    assert_eq!(count_found(database.folder.path(), head(&secret)), 1);
    store.close().await;
    assert_eq!(count_found(database.folder.path(), head(&secret)), 0);
}

async fn clean_stop_leaves_only_the_database_file(_: &TestStore<Sqlite>) {
    let database = Sqlite::create();
    let store = store(database.options()).await;
    let log = database.folder.path().join("ikrypt.db-wal");
    // The connection that runs checkpoints is open from here on.
    let secret = TestSecret::new(1);
    store.create(secret.create_request()).await.unwrap();
    store.reveal(secret.attempt()).await.unwrap();
    eventually(|| async { std::fs::metadata(&log).unwrap().len() == 0 }).await;
    store.create(TestSecret::new(1).create_request()).await.unwrap();
    store.close().await;
    assert_eq!(database.files(), [database.folder.path().join("ikrypt.db")]);
}

async fn secret_burned_by_another_process_is_erased_when_that_process_ends(test: &TestStore<Sqlite>) {
    let secret = test.secret(1).await;
    wait_for_empty_log(test).await;
    let other = store(test.database.options()).await;
    other.burn_by_id(&secret.id).await.unwrap().unwrap();
    assert_eq!(count_found(test.database.folder.path(), head(&secret)), 1);
    other.close().await;
    assert_eq!(count_found(test.database.folder.path(), head(&secret)), 0);
}

async fn backup_that_blocks_the_checkpoint_delays_no_reveal(test: &TestStore<Sqlite>) {
    let (secret, other) = (test.secret(1).await, test.secret(100).await);
    wait_for_empty_log(test).await;
    let mut backup = test.database.pool.begin().await.unwrap();
    sqlx::query("SELECT count(*) FROM secrets").fetch_one(&mut *backup).await.unwrap();
    test.reveal(secret.attempt()).await;
    // A busy machine delays some calls. A backup that blocked calls would delay them at each attempt of a checkpoint.
    let mut longest = Vec::new();
    while longest.len() < 3 && longest.last().is_none_or(|longest| *longest >= Duration::from_secs(1)) {
        longest.push(Duration::ZERO);
        for _ in 0..30 {
            let started = Instant::now();
            assert!(matches!(test.reveal(other.attempt()).await, RevealOutcome::Granted { .. }));
            *longest.last_mut().unwrap() = started.elapsed().max(*longest.last().unwrap());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    assert!(longest.last().is_some_and(|longest| *longest < Duration::from_secs(1)), "{longest:?}");
    backup.rollback().await.unwrap();
    assert_erased_within_six_seconds(test, head(&secret).to_vec()).await;
}

async fn long_wal_is_restarted_from_its_beginning(test: &TestStore<Sqlite>) {
    wait_for_empty_log(test).await;
    let log = test.database.folder.path().join("ikrypt.db-wal");
    let length = || std::fs::metadata(&log).unwrap().len();
    let pages = || async {
        let checkpoint = sqlx::query_as("PRAGMA wal_checkpoint(NOOP)").fetch_one(&test.database.pool);
        let (_, pages, copied): (i64, i64, i64) = checkpoint.await.unwrap();
        (pages, copied)
    };
    while pages().await.0 * 2048 < 64 << 20 {
        let large = TestSecret { envelope: vec![1; 1 << 20], ..TestSecret::new(1) };
        test.store.create(large.create_request()).await.unwrap();
    }
    let full_length = length();
    eventually(|| async { pages().await.0 == pages().await.1 }).await;
    let secret = test.secret(1).await;
    assert!((1..100).contains(&pages().await.0), "the log was not restarted");
    assert_eq!(length(), full_length, "the log was truncated");
    // Deleted bytes are still erased.
    test.reveal(secret.attempt()).await;
    assert_erased_within_six_seconds(test, pieces(&secret)).await;
}
