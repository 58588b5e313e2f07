//! Migrations: servers that start concurrently, outdated schemas, and rows of earlier versions.

use server::store::{ConnectError, connect_existing};
use vault::RevealOutcome;

use crate::support::{Database as _, InitialSchema, Sqlite, TestSecret, TestStore};

suite! {
    servers_starting_concurrently_on_an_empty_database_all_start,
    connect_existing_refuses_an_outdated_schema_and_leaves_it_unchanged;
    sqlite: migration_from_the_initial_schema_keeps_secrets_claims_and_counters
}

async fn servers_starting_concurrently_on_an_empty_database_all_start(test: &TestStore) {
    for _ in 0..10 {
        let database = test.database.create_another().await;
        let (one, two) = tokio::join!(database.connect(), database.connect());
        let secret = TestSecret::new(1);
        one.create(secret.create_request()).await.unwrap();
        assert_eq!(two.reveal(secret.attempt()).await.unwrap(), secret.granted(0));
        one.close().await;
        two.close().await;
        database.remove().await;
    }
}

async fn connect_existing_refuses_an_outdated_schema_and_leaves_it_unchanged(test: &TestStore) {
    let latest = "SELECT max(version) FROM _ikrypt_migrations";
    connect_existing(&test.database.url()).await.unwrap().close().await;
    let version = test.database.query_number(latest.to_owned()).await;
    test.change(format!("UPDATE _ikrypt_migrations SET version = 99 WHERE version = {version}")).await;
    assert!(matches!(connect_existing(&test.database.url()).await, Err(ConnectError::SchemaOutdated)));
    test.change(format!("UPDATE _ikrypt_migrations SET version = {version} WHERE version = 99")).await;

    let empty = test.database.create_another().await;
    assert!(matches!(
        connect_existing(&empty.url()).await,
        Err(ConnectError::SchemaOutdated | ConnectError::DatabaseMissing)
    ));
    assert!(empty.execute("SELECT version FROM _ikrypt_migrations".to_owned()).await.is_err());
    empty.remove().await;
}

async fn migration_from_the_initial_schema_keeps_secrets_claims_and_counters(_: &TestStore<Sqlite>) {
    let empty = Sqlite::create();
    std::fs::File::create(empty.folder.path().join("ikrypt.db")).unwrap();
    assert!(matches!(connect_existing(&empty.url()).await, Err(ConnectError::SchemaOutdated)));
    let schema = InitialSchema::create().await;
    assert!(matches!(connect_existing(&schema.database.url()).await, Err(ConnectError::SchemaOutdated)));

    let [live, tried, viewed] = [3, 3, 1].map(TestSecret::new);
    for (secret, views_used) in [(&viewed, 1), (&live, 0), (&tried, 0)] {
        schema.insert(secret, views_used).await;
    }
    let id = schema.database.sql_bytes(tried.id.as_bytes());
    schema.database.execute(format!("UPDATE secrets SET bad_tries = 3 WHERE id = {id}")).await.unwrap();
    let claimed = viewed.attempt();
    schema.insert_claim(&claimed, &viewed.share, 0, 3_600_000).await;

    let test = TestStore::connect(schema.database).await;
    // The claim from before the migration returns its share.
    assert_eq!(test.reveal(claimed).await, viewed.granted(0));
    assert!(matches!(test.reveal(viewed.attempt()).await, RevealOutcome::Gone(_)));
    assert_eq!(
        test.reveal(tried.wrong_attempt()).await,
        RevealOutcome::WrongPassphrase { tries_left: 1, wait: None }
    );
    assert_eq!(test.reveal(live.attempt()).await, live.granted(2));
    let again = live.attempt();
    assert_eq!(test.reveal(again.clone()).await, live.granted(1));
    assert_eq!(test.reveal(again).await, live.granted(1));
    let opened = test.store.open(&live.id, &live.access_hash()).await.unwrap();
    assert!(matches!(opened, Some(vault::OpenOutcome::Live { envelope, .. }) if envelope == live.envelope));
    test.burn(&tried).await;
    assert_eq!(test.receipt(&live).await.viewed_at.len(), 2);
    let new = test.secret(1).await;
    assert_eq!(test.reveal(new.attempt()).await, new.granted(0));
    test.close().await;
}
