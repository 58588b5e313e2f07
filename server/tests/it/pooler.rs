//! ACCEPTANCE 60: behind PgBouncer with its default settings. Session pooling works; where clients share a session of
//! PostgreSQL, the start is refused.

use std::sync::Arc;

use server::commands::check::{Verdict, check};
use server::config::Config;
use server::store::{ConnectError, PostgresStore, connect, connect_existing};
use sqlx::postgres::{PgConnection, PgPoolOptions};
use sqlx::{Connection as _, Row as _};

use crate::http::{Site, create_body, open_body, receipt_body, reveal_body, sealed};
use crate::support::{Bed, LONGEST_WAIT, PgBouncer, Postgres, eventually_some, inline_repoll};

/// As many sessions as `docs/configure.md` asks for.
const SESSIONS: u32 = 25;

/// Runs tests of the store with every connection through PgBouncer.
macro_rules! through_pgbouncer {
    ($($module:ident::$test:ident),+ $(,)?) => {
        mod session_pooling {
            use super::*;
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $test() {
                    let database = Postgres::fresh().await;
                    let pooler = PgBouncer::start(&database, "session", SESSIONS).await;
                    let bed = Bed { store: Arc::new(pooler.store(&database).await), database };
                    crate::store::$module::$test(&bed).await;
                    bed.close().await;
                }
            )+
        }
    };
}

through_pgbouncer! {
    create::twins_at_one_moment_make_one_row,
    open::the_largest_envelope_comes_back_as_sent,
    reveal::the_last_view_deletes_the_secret,
    reveal::views_count_down,
    claims::fifty_copies_of_one_claim_use_one_view,
    guessing::of_sixty_at_one_moment_five_are_evaluated,
    races::of_two_hundred_readers_a_hundred_get_a_hundred_views,
    burn::burning_deletes_the_secret,
    cleanup::what_has_expired_goes_and_the_rest_stays,
}

suite! {
    postgres: requests_are_served_through_session_pooling,
    a_pooled_session_keeps_nothing_of_a_server_that_has_ended,
    transaction_pooling_is_refused_at_start_and_by_check,
    transaction_pooling_is_recognised_while_others_use_the_pool,
    a_pool_without_a_second_session_is_refused,
    a_pool_that_does_not_reset_sessions_is_refused,
}

async fn requests_are_served_through_session_pooling(bed: &Bed<Postgres>) {
    let pooler = PgBouncer::start(&bed.database, "session", SESSIONS).await;
    // As an operator writes it: without a parameter for the pooler.
    let store = connect(&pooler.url(&bed.database)).await.unwrap();
    let site = Arc::new(Site::over(Arc::clone(&store)).await);
    inline_repoll(40, |at| {
        let site = Arc::clone(&site);
        async move {
            let secret = sealed();
            let created = site.call("create", &create_body(&secret, 2)).await;
            assert_eq!(created.status, 201, "{}", created.body);
            let id = created.json()["id"].as_str().unwrap().to_owned();
            assert_eq!(site.call("open", &open_body(&secret, &id)).await.status, 200);
            assert_eq!(site.call("reveal", &reveal_body(&secret, &id)).await.status, 200);
            let call = if at % 2 == 0 { "burn" } else { "receipt" };
            let ended = site.call(call, &receipt_body(&secret)).await;
            assert_eq!(ended.status, 200, "{}", ended.body);
        }
    })
    .await;
    Arc::into_inner(site).unwrap().stop().await.unwrap();
}

async fn a_pooled_session_keeps_nothing_of_a_server_that_has_ended(bed: &Bed<Postgres>) {
    let pooler = PgBouncer::start(&bed.database, "session", SESSIONS).await;
    let store = pooler.store(&bed.database).await;
    let secrets: Vec<_> = (0..20).map(|_| crate::support::Sample::new(1)).collect();
    for secret in &secrets {
        vault::SecretStore::create(&store, secret.request()).await.unwrap();
        vault::SecretStore::reveal(&store, secret.attempt()).await.unwrap();
    }
    vault::SecretStore::close(&store).await;
    // All sessions that the pooler has kept, at the same time.
    let mut sessions = Vec::new();
    for _ in 0..SESSIONS {
        sessions.push(PgConnection::connect_with(&pooler.options(&bed.database)).await.unwrap());
    }
    for session in &mut sessions {
        let row = sqlx::raw_sql(
            "SELECT current_setting('statement_timeout') || current_setting('lock_timeout')
                    || current_setting('enable_seqscan') || current_setting('jit')
                    || (SELECT count(*) FROM pg_prepared_statements) || (SELECT count(*) FROM pg_locks
                         WHERE locktype = 'advisory' AND pid = pg_backend_pid())",
        );
        let kept: String = row.fetch_one(session).await.unwrap().get(0);
        assert_eq!(kept, "00onon00");
    }
}

/// Starts until the error is another than [`ConnectError::NoSecondSession`], which a pooler that answers too late gets as well,
/// or for a few times.
async fn started<T, F: Future<Output = Result<T, ConnectError>>>(
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

#[track_caller]
fn assert_refused<T>(started: Result<T, ConnectError>) {
    let Err(error) = started else { panic!("the server started behind transaction pooling") };
    assert!(matches!(error, ConnectError::TransactionPooling), "{error}");
    let said = error.to_string();
    assert!(said.contains("transaction pooling") && said.contains("pool_mode = session"), "{said}");
}

async fn transaction_pooling_is_refused_at_start_and_by_check(bed: &Bed<Postgres>) {
    for (mode, sessions) in [("transaction", SESSIONS), ("transaction", 1), ("statement", SESSIONS)] {
        let pooler = PgBouncer::start(&bed.database, mode, sessions).await;
        let url = pooler.url(&bed.database);
        assert_refused(started(|| connect(&url)).await);
        assert_refused(started(|| connect_existing(&url)).await);
        let config = Config::for_testing(&url);
        let (found, findings) = eventually_some(|| async {
            let findings = check(&config, None, bed.store.database_info().await.unwrap().now).await;
            let bad = findings.iter().find(|finding| finding.text.contains("transaction pooling"))?;
            Some((bad.verdict, findings))
        })
        .await;
        assert_eq!(found, Verdict::Bad, "{findings:?}");
        // The session that it was tried on is as it was.
        let mut other = PgConnection::connect_with(&pooler.options(&bed.database)).await.unwrap();
        let setting = sqlx::raw_sql("SELECT current_setting('lock_timeout')").fetch_one(&mut other).await;
        assert_eq!(setting.unwrap().get::<String, _>(0), "0", "{mode}");
    }
}

async fn transaction_pooling_is_recognised_while_others_use_the_pool(bed: &Bed<Postgres>) {
    let pooler = PgBouncer::start(&bed.database, "transaction", SESSIONS).await;
    let others: Vec<_> = (0..8)
        .map(|_| {
            let options = pooler.options(&bed.database);
            tokio::spawn(async move {
                let mut other = PgConnection::connect_with(&options).await.unwrap();
                while sqlx::raw_sql("SELECT pg_sleep(0.001)").execute(&mut other).await.is_ok() {}
            })
        })
        .collect();
    let url = pooler.url(&bed.database);
    for _ in 0..10 {
        assert_refused(started(|| connect(&url)).await);
    }
    for other in others {
        other.abort();
    }
}

async fn a_pool_without_a_second_session_is_refused(bed: &Bed<Postgres>) {
    let pooler = PgBouncer::start(&bed.database, "session", 1).await;
    let options = pooler.options(&bed.database);
    let started = PostgresStore::connect_with(options, PgPoolOptions::new());
    let started = tokio::select! {
        started = started => started,
        () = tokio::time::sleep(LONGEST_WAIT) => panic!("it waits for a session"),
    };
    let Err(error) = started else { panic!("one session is too few") };
    assert!(matches!(error, ConnectError::NoSecondSession), "{error}");
}

async fn a_pool_that_does_not_reset_sessions_is_refused(bed: &Bed<Postgres>) {
    let pooler = PgBouncer::start_with(&bed.database, "pool_mode = session\nserver_reset_query =").await;
    let url = pooler.url(&bed.database);
    for _ in 0..3 {
        for outcome in [started(|| connect(&url)).await, started(|| connect_existing(&url)).await] {
            let Err(error) = outcome else { panic!("settings of this server would leak") };
            assert!(matches!(error, ConnectError::SessionNotReset), "{error}");
            assert!(error.to_string().contains("DISCARD ALL"), "{error}");
        }
    }
}
