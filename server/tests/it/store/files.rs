//! SQLite: six seconds after a secret's end, and after its claims' end, nothing of it is in any file.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::join_all;
use server::store::SqliteStore;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use vault::{RevealOutcome, SecretStore};

use crate::support::{Bed, Sample, Sqlite, eventually, random};

suite! {
    sqlite: after_six_seconds_nothing_is_left_of_a_secret,
    after_six_seconds_nothing_is_left_of_a_claim,
    after_six_seconds_nothing_is_left_among_many,
    after_six_seconds_nothing_is_left_of_a_view_whose_reader_hung_up,
    after_a_crash_the_next_start_removes_what_was_left,
    a_clean_stop_leaves_nothing,
    clean_stop_leaves_only_the_database_file,
    what_another_process_burns_is_gone_when_that_ends,
    a_backup_that_keeps_the_log_from_being_emptied_holds_up_nobody,
    a_long_log_is_written_over_from_its_beginning,
    without_secure_delete_something_is_left,
}

async fn store(options: SqliteConnectOptions) -> Arc<dyn SecretStore> {
    Arc::new(SqliteStore::connect_with(options, SqlitePoolOptions::new()).await.unwrap())
}

/// How many of these pieces are in the files of a folder.
fn found<'a>(folder: &Path, pieces: impl IntoIterator<Item = &'a [u8]>) -> usize {
    let mut by_start = vec![Vec::new(); 1 << 16];
    for piece in pieces {
        by_start[start(piece)].push(piece);
    }
    let mut found: HashSet<&[u8]> = HashSet::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let content = std::fs::read(file.unwrap().path()).unwrap();
        for at in 0..content.len().saturating_sub(1) {
            let here = &content[at..];
            found.extend(by_start[start(here)].iter().copied().filter(|piece| here.starts_with(piece)));
        }
    }
    found.len()
}

fn start(bytes: &[u8]) -> usize {
    usize::from(u16::from_be_bytes([bytes[0], bytes[1]]))
}

/// The piece of the ciphertext that the protocol names.
fn head(sample: &Sample) -> [&[u8]; 1] {
    [&sample.envelope[..64]]
}

fn share(sample: &Sample) -> [&[u8]; 1] {
    [sample.share.as_bytes()]
}

/// What may not be left of a secret that has ended, and of its claims.
fn pieces(sample: &Sample) -> Vec<&[u8]> {
    sample.envelope.chunks_exact(64).chain(share(sample)).collect()
}

/// Returns when nothing of these is left, which the protocol promises after six seconds.
async fn gone_within_six_seconds(bed: &Bed<Sqlite>, pieces: Vec<&[u8]>) {
    // The time is counted in pauses, so that a machine that is late with everything is not late for this.
    for pause in 0.. {
        let left = found(bed.database.folder.path(), pieces.iter().copied());
        if left == 0 {
            return;
        }
        assert!(pause < 60, "{left} pieces are left");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Returns when the log is empty: what was done before is not what empties it the next time.
async fn log_is_empty(bed: &Bed<Sqlite>) {
    let log = bed.database.folder.path().join("ikrypt.db-wal");
    eventually(|| async { std::fs::metadata(&log).unwrap().len() == 0 }).await;
}

/// Lets a secret end in every way there is.
async fn endings(bed: &Bed<Sqlite>, store: &dyn SecretStore) -> [Sample; 4] {
    let large: Vec<u8> = (0..40).flat_map(|_| Sample::new(1).envelope).collect();
    let large = Sample { envelope: large, ..Sample::new(1) };
    let samples = [Sample::new(1), large, Sample::new(3), Sample::new(3)];
    for sample in &samples {
        store.create(sample.request()).await.unwrap();
        assert_eq!(found(bed.database.folder.path(), head(sample)), 1);
        store.reveal(sample.attempt()).await.unwrap();
    }
    let [_, _, burned, expired] = &samples;
    store.burn(&burned.receipt_hash()).await.unwrap();
    bed.expire(expired).await;
    bed.expire_claims().await;
    store.delete_expired().await.unwrap();
    assert_eq!((bed.rows("secrets").await, bed.rows("claims").await), (0, 0));
    samples
}

async fn after_six_seconds_nothing_is_left_of_a_secret(bed: &Bed<Sqlite>) {
    log_is_empty(bed).await;
    let samples = endings(bed, &*bed.store).await;
    // Others go on.
    let (store, other) = (bed.store.clone(), bed.secret(100).await);
    let traffic = tokio::spawn(async move {
        loop {
            store.create(Sample::new(1).request()).await.unwrap();
            store.open(&other.id, &other.access_hash()).await.unwrap();
            store.reveal(other.attempt()).await.unwrap();
        }
    });
    gone_within_six_seconds(bed, samples.iter().flat_map(pieces).collect()).await;
    traffic.abort();
}

/// A claim is kept for five minutes, and under a veil that is nowhere: the share itself is gone with the secret.
async fn after_six_seconds_nothing_is_left_of_a_claim(bed: &Bed<Sqlite>) {
    log_is_empty(bed).await;
    let (sample, folder) = (bed.secret(1).await, bed.database.folder.path());
    let attempt = sample.attempt();
    let masked = sample.share.masked(&attempt.claim_mask);
    bed.reveal(attempt.clone()).await;
    gone_within_six_seconds(bed, pieces(&sample)).await;
    log_is_empty(bed).await;
    assert_eq!(found(folder, [masked.as_bytes().as_slice()]), 1);
    assert_eq!(found(folder, [attempt.claim_mask.as_bytes().as_slice()]), 0);
    assert_eq!(bed.reveal(attempt).await, sample.granted(0));
    bed.expire_claims().await;
    bed.store.delete_expired().await.unwrap();
    gone_within_six_seconds(bed, vec![masked.as_bytes()]).await;
}

/// Shows that the tests above can fail.
async fn without_secure_delete_something_is_left(bed: &Bed<Sqlite>) {
    let lax = store(bed.database.options().pragma("secure_delete", "OFF")).await;
    log_is_empty(bed).await;
    let samples = endings(bed, &*lax).await;
    log_is_empty(bed).await;
    assert!(found(bed.database.folder.path(), samples.iter().flat_map(pieces)) > 0);
    lax.close().await;
}

/// Rows move between pages as others come and go, and `secure_delete` forgets the places where they were.
async fn after_six_seconds_nothing_is_left_among_many(bed: &Bed<Sqlite>) {
    let samples: Vec<_> = (0..1500).map(|_| Sample::new(1)).collect();
    join_all(samples.iter().map(|sample| bed.store.create(sample.request()))).await;
    // Four of five end here and there, until nobody has an old neighbour any more.
    let (over, kept): (Vec<&Sample>, Vec<&Sample>) = samples.iter().partition(|_| random(5) > 0);
    for sample in &over {
        let id = bed.id(sample);
        bed.change(format!("UPDATE secrets SET expires_at = 0 WHERE id = {id}")).await;
    }
    bed.delete_expired().await;
    gone_within_six_seconds(bed, over.into_iter().flat_map(pieces).collect()).await;
    let folder = bed.database.folder.path();
    assert_eq!(found(folder, kept.iter().copied().flat_map(share)), kept.len());
}

async fn after_six_seconds_nothing_is_left_of_a_view_whose_reader_hung_up(bed: &Bed<Sqlite>) {
    let sample = bed.secret(1).await;
    log_is_empty(bed).await;
    let reading = bed.store.reveal(sample.attempt());
    // Polled once: the unit of work is under way, and nobody waits for it any more.
    assert!(futures::FutureExt::now_or_never(reading).is_none());
    gone_within_six_seconds(bed, head(&sample).to_vec()).await;
    assert!(!bed.holds(&sample).await);
}

async fn after_a_crash_the_next_start_removes_what_was_left(bed: &Bed<Sqlite>) {
    let sample = bed.secret(1).await;
    log_is_empty(bed).await;
    bed.reveal(sample.attempt()).await;
    // What a killed process leaves behind: the files as they are before the log has been emptied.
    let after = Sqlite::fresh();
    for file in bed.database.files() {
        let name = file.file_name().unwrap();
        if !name.to_str().unwrap().ends_with("-shm") {
            std::fs::copy(&file, after.folder.path().join(name)).unwrap();
        }
    }
    assert_eq!(found(after.folder.path(), head(&sample)), 1);
    let after = Bed::make(after).await;
    gone_within_six_seconds(&after, head(&sample).to_vec()).await;
    assert_eq!(after.receipt(&sample).await.viewed_at.len(), 1);
    after.close().await;
}

async fn a_clean_stop_leaves_nothing(_: &Bed<Sqlite>) {
    let fresh = Sqlite::fresh();
    let (store, sample) = (store(fresh.options()).await, Sample::new(1));
    store.create(sample.request()).await.unwrap();
    store.reveal(sample.attempt()).await.unwrap();
    assert_eq!(found(fresh.folder.path(), head(&sample)), 1);
    store.close().await;
    assert_eq!(found(fresh.folder.path(), head(&sample)), 0);
}

async fn clean_stop_leaves_only_the_database_file(_: &Bed<Sqlite>) {
    let fresh = Sqlite::fresh();
    let store = store(fresh.options()).await;
    let log = fresh.folder.path().join("ikrypt.db-wal");
    // The connection that empties the log is open from here on.
    let sample = Sample::new(1);
    store.create(sample.request()).await.unwrap();
    store.reveal(sample.attempt()).await.unwrap();
    eventually(|| async { std::fs::metadata(&log).unwrap().len() == 0 }).await;
    store.create(Sample::new(1).request()).await.unwrap();
    store.close().await;
    assert_eq!(fresh.files(), [fresh.folder.path().join("ikrypt.db")]);
}

async fn what_another_process_burns_is_gone_when_that_ends(bed: &Bed<Sqlite>) {
    let sample = bed.secret(1).await;
    log_is_empty(bed).await;
    let other = store(bed.database.options()).await;
    other.burn_by_id(&sample.id).await.unwrap().unwrap();
    assert_eq!(found(bed.database.folder.path(), head(&sample)), 1);
    other.close().await;
    assert_eq!(found(bed.database.folder.path(), head(&sample)), 0);
}

async fn a_backup_that_keeps_the_log_from_being_emptied_holds_up_nobody(bed: &Bed<Sqlite>) {
    let (sample, other) = (bed.secret(1).await, bed.secret(100).await);
    log_is_empty(bed).await;
    let mut backup = bed.database.raw.begin().await.unwrap();
    sqlx::query("SELECT count(*) FROM secrets").fetch_one(&mut *backup).await.unwrap();
    bed.reveal(sample.attempt()).await;
    // A busy machine delays some calls. What the backup holds up is held up each time that the log is to be emptied.
    let mut longest = Vec::new();
    while longest.len() < 3 && longest.last().is_none_or(|longest| *longest >= Duration::from_secs(1)) {
        longest.push(Duration::ZERO);
        for _ in 0..30 {
            let asked = Instant::now();
            assert!(matches!(bed.reveal(other.attempt()).await, RevealOutcome::Granted { .. }));
            *longest.last_mut().unwrap() = asked.elapsed().max(*longest.last().unwrap());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    assert!(longest.last().is_some_and(|longest| *longest < Duration::from_secs(1)), "{longest:?}");
    backup.rollback().await.unwrap();
    gone_within_six_seconds(bed, head(&sample).to_vec()).await;
}

async fn a_long_log_is_written_over_from_its_beginning(bed: &Bed<Sqlite>) {
    log_is_empty(bed).await;
    let log = bed.database.folder.path().join("ikrypt.db-wal");
    let length = || std::fs::metadata(&log).unwrap().len();
    let pages = || async {
        let look = sqlx::query_as("PRAGMA wal_checkpoint(NOOP)").fetch_one(&bed.database.raw);
        let (_, pages, copied): (i64, i64, i64) = look.await.unwrap();
        (pages, copied)
    };
    while pages().await.0 * 2048 < 64 << 20 {
        let large = Sample { envelope: vec![1; 1 << 20], ..Sample::new(1) };
        bed.store.create(large.request()).await.unwrap();
    }
    let whole = length();
    eventually(|| async { pages().await.0 == pages().await.1 }).await;
    let sample = bed.secret(1).await;
    assert!((1..100).contains(&pages().await.0), "it goes on");
    assert_eq!(length(), whole, "it was taken anew");
    // What was deleted is still gone.
    bed.reveal(sample.attempt()).await;
    gone_within_six_seconds(bed, pieces(&sample)).await;
}
