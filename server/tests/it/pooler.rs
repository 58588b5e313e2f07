//! PgBouncer with its default settings: session pooling works, and a start behind another pool mode is refused.

use std::sync::Arc;

use server::commands::check::{Severity, check};
use server::config::Config;
use server::store::{ConnectError, PostgresStore, connect, connect_existing};
use sqlx::postgres::{PgConnection, PgPoolOptions};
use sqlx::{Connection as _, Row as _};

use crate::http::{TestServer, create_body, open_body, receipt_body, reveal_body, sealed_secret};
use crate::support::{LONGEST_WAIT, PgBouncer, Postgres, TestStore, eventually_some, run_concurrently};

/// Number of sessions that `docs/configure.md` asks for.
const SESSIONS: u32 = 25;

/// Runs tests of the store through PgBouncer.
macro_rules! through_pgbouncer {
    ($($module:ident::$test:ident),+ $(,)?) => {
        mod session_pooling {
            use super::*;
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $test() {
                    let database = Postgres::create().await;
                    let pooler = PgBouncer::start(&database, "session", SESSIONS).await;
                    let test = TestStore { store: Arc::new(pooler.store(&database).await), database };
                    crate::store::$module::$test(&test).await;
                    test.close().await;
                }
            )+
        }
    };
}

through_pgbouncer! {
    create::concurrent_identical_creates_make_one_row,
    open::largest_envelope_is_returned_unchanged,
    reveal::last_view_deletes_the_secret,
    reveal::views_left_decreases_with_each_reveal,
    claims::fifty_concurrent_copies_of_one_claim_use_one_view,
    brute_force::sixty_concurrent_wrong_passphrases_count_as_five_tries,
    races::two_hundred_readers_of_a_hundred_views_get_a_hundred_views,
    burn::burn_deletes_the_secret,
    cleanup::delete_expired_removes_only_expired_rows,
}

suite! {
    postgres: requests_are_served_through_session_pooling,
    pooled_session_keeps_no_state_of_a_stopped_server,
    transaction_pooling_is_refused_at_start_and_by_check,
    transaction_pooling_is_detected_in_a_busy_pool,
    pool_with_one_session_is_refused,
    pool_that_does_not_reset_sessions_is_refused,
}

async fn requests_are_served_through_session_pooling(test: &TestStore<Postgres>) {
    let pooler = PgBouncer::start(&test.database, "session", SESSIONS).await;
    // The URL has no parameter for the pooler, as operators write it.
    let store = connect(&pooler.url(&test.database)).await.unwrap();
    let server = Arc::new(TestServer::with_store(Arc::clone(&store)).await);
    run_concurrently(40, |at| {
        let server = Arc::clone(&server);
        async move {
            let secret = sealed_secret();
            let created = server.call("create", &create_body(&secret, 2)).await;
            assert_eq!(created.status, 201, "{}", created.body);
            let id = created.json()["id"].as_str().unwrap().to_owned();
            assert_eq!(server.call("open", &open_body(&secret, &id)).await.status, 200);
            assert_eq!(server.call("reveal", &reveal_body(&secret, &id)).await.status, 200);
            let call = if at % 2 == 0 { "burn" } else { "receipt" };
            let receipt = server.call(call, &receipt_body(&secret)).await;
            assert_eq!(receipt.status, 200, "{}", receipt.body);
        }
    })
    .await;
    Arc::into_inner(server).unwrap().stop().await.unwrap();
}

async fn pooled_session_keeps_no_state_of_a_stopped_server(test: &TestStore<Postgres>) {
    let pooler = PgBouncer::start(&test.database, "session", SESSIONS).await;
    let store = pooler.store(&test.database).await;
    let secrets: Vec<_> = (0..20).map(|_| crate::support::TestSecret::new(1)).collect();
    for secret in &secrets {
        vault::SecretStore::create(&store, secret.create_request()).await.unwrap();
        vault::SecretStore::reveal(&store, secret.attempt()).await.unwrap();
    }
    vault::SecretStore::close(&store).await;
    // Connects to all sessions that the pooler keeps, at the same time.
    let mut sessions = Vec::new();
    for _ in 0..SESSIONS {
        sessions.push(PgConnection::connect_with(&pooler.options(&test.database)).await.unwrap());
    }
    for session in &mut sessions {
        let row = sqlx::raw_sql(
            "SELECT current_setting('statement_timeout') || current_setting('lock_timeout')
                    || current_setting('enable_seqscan') || current_setting('jit')
                    || (SELECT count(*) FROM pg_prepared_statements) || (SELECT count(*) FROM pg_locks
                         WHERE locktype = 'advisory' AND pid = pg_backend_pid())",
        );
        let state: String = row.fetch_one(session).await.unwrap().get(0);
        assert_eq!(state, "00onon00");
    }
}

/// Starts again, a few times, while the error is [`ConnectError::NoSecondSession`], which a slow pooler causes too.
async fn start_with_retries<T, F: Future<Output = Result<T, ConnectError>>>(
    start: impl Fn() -> F,
) -> Result<T, ConnectError> {
    for _ in 0..5 {
        let started = start().await;
        if !matches!(started, Err(ConnectError::NoSecondSession)) {
            return started;
        }
    }
    start().await
}

/// Asserts that the start was refused because of transaction pooling.
#[track_caller]
fn assert_refused<T>(started: Result<T, ConnectError>) {
    let Err(error) = started else { panic!("the server must not start behind transaction pooling") };
    assert!(matches!(error, ConnectError::TransactionPooling), "{error}");
    let message = error.to_string();
    assert!(message.contains("transaction pooling") && message.contains("pool_mode = session"), "{message}");
}

async fn transaction_pooling_is_refused_at_start_and_by_check(test: &TestStore<Postgres>) {
    for (mode, sessions) in [("transaction", SESSIONS), ("transaction", 1), ("statement", SESSIONS)] {
        let pooler = PgBouncer::start(&test.database, mode, sessions).await;
        let url = pooler.url(&test.database);
        assert_refused(start_with_retries(|| connect(&url)).await);
        assert_refused(start_with_retries(|| connect_existing(&url)).await);
        let config = Config::for_testing(&url);
        let (verdict, findings) = eventually_some(|| async {
            let findings = check(&config, None, test.store.database_info().await.unwrap().now).await;
            let bad = findings.iter().find(|finding| finding.text.contains("transaction pooling"))?;
            Some((bad.severity, findings))
        })
        .await;
        assert_eq!(verdict, Severity::Error, "{findings:?}");
        // The session that the check used has its original settings.
        let mut other = PgConnection::connect_with(&pooler.options(&test.database)).await.unwrap();
        let setting = sqlx::raw_sql("SELECT current_setting('lock_timeout')").fetch_one(&mut other).await;
        assert_eq!(setting.unwrap().get::<String, _>(0), "0", "{mode}");
    }
}

async fn transaction_pooling_is_detected_in_a_busy_pool(test: &TestStore<Postgres>) {
    let pooler = PgBouncer::start(&test.database, "transaction", SESSIONS).await;
    let others: Vec<_> = (0..8)
        .map(|_| {
            let options = pooler.options(&test.database);
            tokio::spawn(async move {
                let mut other = PgConnection::connect_with(&options).await.unwrap();
                while sqlx::raw_sql("SELECT pg_sleep(0.001)").execute(&mut other).await.is_ok() {}
            })
        })
        .collect();
    let url = pooler.url(&test.database);
    for _ in 0..10 {
        assert_refused(start_with_retries(|| connect(&url)).await);
    }
    for other in others {
        other.abort();
    }
}

async fn pool_with_one_session_is_refused(test: &TestStore<Postgres>) {
    let pooler = PgBouncer::start(&test.database, "session", 1).await;
    let options = pooler.options(&test.database);
    let started = PostgresStore::connect_with(options, PgPoolOptions::new());
    let started = tokio::select! {
        started = started => started,
        () = tokio::time::sleep(LONGEST_WAIT) => panic!("the start must not wait for a session"),
    };
    let Err(error) = started else { panic!("one session must be refused") };
    assert!(matches!(error, ConnectError::NoSecondSession), "{error}");
}

async fn pool_that_does_not_reset_sessions_is_refused(test: &TestStore<Postgres>) {
    let pooler = PgBouncer::start_with(&test.database, "pool_mode = session\nserver_reset_query =").await;
    let url = pooler.url(&test.database);
    for _ in 0..3 {
        for outcome in
            [start_with_retries(|| connect(&url)).await, start_with_retries(|| connect_existing(&url)).await]
        {
            let Err(error) = outcome else { panic!("settings of this server would remain in the session") };
            assert!(matches!(error, ConnectError::SessionNotReset), "{error}");
            assert!(error.to_string().contains("DISCARD ALL"), "{error}");
        }
    }
}
