//! Placement in SQLite files: shares are stored in overflow pages, which are overwritten when their row is deleted.

use server::store::SqliteStore;
use sqlx::sqlite::SqlitePoolOptions;
use vault::SecretStore as _;

use crate::support::{Database as _, Sqlite, TestSecret, TestStore, random};

suite! { sqlite: shares_of_secrets_of_any_length_are_stored_in_overflow_pages }

/// The first byte of a B-tree page is its type; an overflow page begins with the number of the next one. A file keeps the
/// page size that it was created with.
async fn shares_of_secrets_of_any_length_are_stored_in_overflow_pages(_: &TestStore<Sqlite>) {
    for page_size in [512, 1024, 2048, 4096] {
        let database = Sqlite::create();
        let options = database.options().page_size(page_size);
        SqliteStore::connect_with(options, SqlitePoolOptions::new()).await.unwrap().close().await;
        let test = TestStore::connect(database).await;
        let secrets = create_secrets_of_many_lengths(&test, page_size as usize).await;
        test.store.close().await;
        let content = std::fs::read(test.database.folder.path().join("ikrypt.db")).unwrap();
        assert_eq!(u32::from(u16::from_be_bytes([content[16], content[17]])), page_size);
        let pages: Vec<&[u8]> = content.chunks_exact(page_size as usize).collect();
        let (trees, overflow): (Vec<&[u8]>, Vec<&[u8]>) =
            pages.iter().copied().partition(|page| matches!(page[0], 2 | 5 | 10 | 13));
        let next = |page: &[u8]| u32::from_be_bytes(page[..4].try_into().unwrap()) as usize;
        for secret in &secrets {
            let share = secret.share.as_bytes().as_slice();
            // The share may be split between two pages. Its rest then follows the page number of the second.
            let is_split_at = |page: &[u8], part| {
                let next = next(page).checked_sub(1).and_then(|next| pages.get(next));
                page.ends_with(&share[..part])
                    && next.is_some_and(|next| next[4..].starts_with(&share[part..]))
            };
            let contains_share = |page: &&[u8]| page.windows(share.len()).any(|piece| piece == share);
            let is_in_overflow = overflow.iter().any(contains_share)
                || (1..share.len()).any(|part| overflow.iter().any(|page| is_split_at(page, part)));
            let is_in_tree = trees.iter().any(|page| page.windows(8).any(|piece| piece == &share[..8]));
            assert!(is_in_overflow && !is_in_tree, "{} bytes in pages of {page_size}", secret.envelope.len());
        }
        test.close().await;
    }
}

/// Creates secrets with envelopes of many lengths, and changes half of the rows.
async fn create_secrets_of_many_lengths(test: &TestStore<Sqlite>, page_size: usize) -> Vec<TestSecret> {
    // The length with which share and envelope fill their overflow pages exactly, for lengths around it.
    let full = 1200_usize.next_multiple_of(page_size - 4) - 32;
    let lengths = (1056..5256).step_by(60).chain(full - 24..full + 4).chain([1 << 18]);
    let mut secrets = Vec::new();
    for (length, changed) in lengths.flat_map(|length| [(length, false), (length, true)]) {
        let mut secret = TestSecret::new(2);
        secret.envelope = (0..length).map(|_| u8::try_from(random(256)).unwrap()).collect();
        test.store.create(secret.create_request()).await.unwrap();
        if changed {
            // Sets the columns that change the length of a row.
            test.store.reveal(secret.wrong_attempt()).await.unwrap();
            let (id, later) = (test.id(&secret), test.database.sql_time(3_600_000));
            let sql = "UPDATE secrets SET bad_tries = 2000000000, locked_until =";
            test.change(format!("{sql} {later} WHERE id = {id}")).await;
        }
        secrets.push(secret);
    }
    secrets
}
