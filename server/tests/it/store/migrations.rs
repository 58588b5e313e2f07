//! Servers that start together, and tables from before.

use server::store::{ConnectError, connect_existing};
use sqlx::migrate::Migrator;
use vault::RevealOutcome;

use crate::support::{Bed, Database as _, Sample, Sqlite};

suite! {
    servers_that_start_together_on_a_fresh_database_all_come_up,
    tables_from_before_are_left_alone_and_said_so;
    sqlite: what_was_stored_before_is_as_it_was
}

async fn servers_that_start_together_on_a_fresh_database_all_come_up(bed: &Bed) {
    for _ in 0..10 {
        let database = bed.database.another().await;
        let (one, two) = tokio::join!(database.connect(), database.connect());
        let sample = Sample::new(1);
        one.create(sample.request()).await.unwrap();
        assert_eq!(two.reveal(sample.attempt()).await.unwrap(), sample.granted(0));
        one.close().await;
        two.close().await;
        database.remove().await;
    }
}

async fn tables_from_before_are_left_alone_and_said_so(bed: &Bed) {
    let latest = "SELECT max(version) FROM _ikrypt_migrations";
    connect_existing(&bed.database.url()).await.unwrap().close().await;
    let version = bed.database.number(latest.to_owned()).await;
    bed.change(format!("UPDATE _ikrypt_migrations SET version = 99 WHERE version = {version}")).await;
    assert!(matches!(connect_existing(&bed.database.url()).await, Err(ConnectError::SchemaOutdated)));
    bed.change(format!("UPDATE _ikrypt_migrations SET version = {version} WHERE version = 99")).await;

    let empty = bed.database.another().await;
    assert!(matches!(
        connect_existing(&empty.url()).await,
        Err(ConnectError::SchemaOutdated | ConnectError::DatabaseMissing)
    ));
    assert!(empty.execute("SELECT version FROM _ikrypt_migrations".to_owned()).await.is_err());
    empty.remove().await;
}

async fn what_was_stored_before_is_as_it_was(_: &Bed<Sqlite>) {
    let database = Sqlite::fresh();
    std::fs::File::create(database.folder.path().join("ikrypt.db")).unwrap();
    assert!(matches!(connect_existing(&database.url()).await, Err(ConnectError::SchemaOutdated)));
    let first = sqlx::migrate!("migrations/sqlite").iter().next().unwrap().clone();
    Migrator::with_migrations(vec![first]).run(&database.raw).await.unwrap();
    assert!(matches!(connect_existing(&database.url()).await, Err(ConnectError::SchemaOutdated)));

    let [live, tried, viewed] = [3, 3, 1].map(Sample::new);
    let (mut samples, claimed) = (Vec::new(), viewed.attempt());
    for (sample, bad_tries) in [(&live, 0), (&tried, 3)] {
        samples.push((sample.request(), bad_tries));
    }
    let x = |bytes: &[u8]| database.bytes(bytes);
    let (now, later) = (database.moment(0), database.moment(3_600_000));
    for sample in [&viewed, &live, &tried] {
        let new = sample.request();
        let (id, access) = (x(new.id.as_bytes()), x(&new.access_hash));
        let (receipt, request) = (x(&new.receipt_hash), x(&new.request_hash));
        let views = new.max_views;
        let sql = format!(
            "INSERT INTO receipts (id, access_hash, receipt_hash, request_hash, max_views, created_at, expires_at)
             VALUES ({id}, {access}, {receipt}, {request}, {views}, {now}, {later})"
        );
        database.execute(sql).await.unwrap();
    }
    for (new, bad_tries) in samples {
        let (id, access, reveal) = (x(new.id.as_bytes()), x(&new.access_hash), x(&new.reveal_hash));
        let (share, envelope) = (x(new.share.as_bytes()), x(&new.envelope));
        let sql = format!(
            "INSERT INTO secrets (id, access_hash, reveal_hash, share, envelope, views_left, bad_tries, expires_at)
             VALUES ({id}, {access}, {reveal}, {share}, {envelope}, 3, {bad_tries}, {later})"
        );
        database.execute(sql).await.unwrap();
    }
    let (id, hash, share) = (x(viewed.id.as_bytes()), x(&claimed.claim_hash), x(viewed.share.as_bytes()));
    for sql in [
        format!("INSERT INTO claims (claim_hash, share, views_left, expires_at) VALUES ({hash}, {share}, 0, {later})"),
        format!(
            "UPDATE receipts SET state = 'viewed', views_used = 1, viewed_at = '[' || {now} || ']', ended_at = {now}
              WHERE id = {id}"
        ),
    ] {
        database.execute(sql).await.unwrap();
    }

    let bed = Bed::make(database).await;
    // A claim from before is known, and has the share that it had.
    assert_eq!(bed.reveal(claimed).await, viewed.granted(0));
    assert!(matches!(bed.reveal(viewed.attempt()).await, RevealOutcome::Gone(_)));
    assert_eq!(bed.reveal(tried.wrong()).await, RevealOutcome::WrongPassphrase { tries_left: 1, wait: None });
    assert_eq!(bed.reveal(live.attempt()).await, live.granted(2));
    let again = live.attempt();
    assert_eq!(bed.reveal(again.clone()).await, live.granted(1));
    assert_eq!(bed.reveal(again).await, live.granted(1));
    let opened = bed.store.open(&live.id, &live.access_hash()).await.unwrap();
    assert!(matches!(opened, Some(vault::OpenOutcome::Live { envelope, .. }) if envelope == live.envelope));
    bed.burn(&tried).await;
    assert_eq!(bed.receipt(&live).await.viewed_at.len(), 2);
    let new = bed.secret(1).await;
    assert_eq!(bed.reveal(new.attempt()).await, new.granted(0));
    bed.close().await;
}
