//! SQLite: what must be gone with its row is in no page of a tree.

use server::store::SqliteStore;
use sqlx::sqlite::SqlitePoolOptions;
use vault::SecretStore as _;

use crate::support::{Bed, Database as _, Sample, Sqlite, random};

suite! { sqlite: shares_of_secrets_of_every_length_are_in_overflow_pages }

/// Pages of a tree begin with their kind, overflow pages with the number of the next. A file keeps the pages it was made
/// with, whatever new ones have.
async fn shares_of_secrets_of_every_length_are_in_overflow_pages(_: &Bed<Sqlite>) {
    for page_size in [512, 1024, 2048, 4096] {
        let fresh = Sqlite::fresh();
        let options = fresh.options().page_size(page_size);
        SqliteStore::connect_with(options, SqlitePoolOptions::new()).await.unwrap().close().await;
        let bed = Bed::make(fresh).await;
        let samples = of_every_length(&bed, page_size as usize).await;
        bed.store.close().await;
        let content = std::fs::read(bed.database.folder.path().join("ikrypt.db")).unwrap();
        assert_eq!(u32::from(u16::from_be_bytes([content[16], content[17]])), page_size);
        let pages: Vec<&[u8]> = content.chunks_exact(page_size as usize).collect();
        let (trees, overflow): (Vec<&[u8]>, Vec<&[u8]>) =
            pages.iter().copied().partition(|page| matches!(page[0], 2 | 5 | 10 | 13));
        let next = |page: &[u8]| u32::from_be_bytes(page[..4].try_into().unwrap()) as usize;
        for sample in &samples {
            let share = sample.share.as_bytes().as_slice();
            // It may begin in one and end in the next, behind that one's number.
            let goes_on = |page: &[u8], part| {
                let next = next(page).checked_sub(1).and_then(|next| pages.get(next));
                page.ends_with(&share[..part])
                    && next.is_some_and(|next| next[4..].starts_with(&share[part..]))
            };
            let holds = |page: &&[u8]| page.windows(share.len()).any(|piece| piece == share);
            let is_there = overflow.iter().any(holds)
                || (1..share.len()).any(|part| overflow.iter().any(|page| goes_on(page, part)));
            let is_in_tree = trees.iter().any(|page| page.windows(8).any(|piece| piece == &share[..8]));
            assert!(is_there && !is_in_tree, "{} bytes in pages of {page_size}", sample.envelope.len());
        }
        bed.close().await;
    }
}

async fn of_every_length(bed: &Bed<Sqlite>, page_size: usize) -> Vec<Sample> {
    // Where share and envelope fill their overflow pages to the end, and around it.
    let full = 1200_usize.next_multiple_of(page_size - 4) - 32;
    let lengths = (1056..5256).step_by(60).chain(full - 24..full + 4).chain([1 << 18]);
    let mut samples = Vec::new();
    for (length, changed) in lengths.flat_map(|length| [(length, false), (length, true)]) {
        let mut sample = Sample::new(2);
        sample.envelope = (0..length).map(|_| u8::try_from(random(256)).unwrap()).collect();
        bed.store.create(sample.request()).await.unwrap();
        if changed {
            // Everything that changes a row's length.
            bed.store.reveal(sample.wrong()).await.unwrap();
            let (id, later) = (bed.id(&sample), bed.database.moment(3_600_000));
            let sql = "UPDATE secrets SET bad_tries = 2000000000, locked_until =";
            bed.change(format!("{sql} {later} WHERE id = {id}")).await;
        }
        samples.push(sample);
    }
    samples
}
