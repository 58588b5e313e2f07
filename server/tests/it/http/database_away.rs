//! ACCEPTANCE 18: the database goes away and comes back, and the connection to it is cut at the very commit.

use std::sync::Arc;
use std::time::Instant;

use super::{Site, create_body, open_body, receipt_body, reveal_body, sealed};
use crate::support::{Bed, LONGEST_WAIT, Line, Postgres, Proxy, eventually};

suite! {
    postgres: while_the_database_is_away_the_server_says_so_and_afterwards_it_goes_on,
    a_connection_cut_at_the_commit_releases_nothing_and_loses_nothing,
    a_line_that_goes_dead_without_a_word_is_given_up
}

async fn while_the_database_is_away_the_server_says_so_and_afterwards_it_goes_on(bed: &Bed<Postgres>) {
    let proxy = Proxy::before(&bed.database).await;
    let site = Site::over(Arc::new(proxy.store(&bed.database).await)).await;
    let (secret, id) = site.secret(1).await;
    let get = |path: &str| site.send(site.client.get(format!("{}{path}", site.url)));
    assert_eq!(get("/health/ready").await.status, 200);

    proxy.cut().await;
    for (call, body) in [
        ("create", create_body(&sealed(), 1)),
        ("reveal", reveal_body(&secret, &id)),
        ("receipt", receipt_body(&secret)),
    ] {
        let answer = site.call(call, &body).await;
        assert_eq!((answer.status, &*answer.body), (503, r#"{"error":"try_later"}"#), "{call}");
        assert!(answer.headers.contains_key("retry-after"), "{call}");
    }
    assert_eq!(get("/health/live").await.status, 200);
    // The result of a moment ago may be used again.
    eventually(|| async { get("/health/ready").await.status == 503 }).await;
    assert_eq!(get("/").await.status, 200);

    proxy.set(Line::Open);
    eventually(|| async { get("/health/ready").await.status == 200 }).await;
    assert_eq!(site.call("reveal", &reveal_body(&secret, &id)).await.status, 200);
}

async fn a_connection_cut_at_the_commit_releases_nothing_and_loses_nothing(bed: &Bed<Postgres>) {
    let proxy = Proxy::before(&bed.database).await;
    let site = Site::over(Arc::new(proxy.store(&bed.database).await)).await;
    for cut in [Line::CutBeforeCommit, Line::CutAfterCommit] {
        let (secret, id) = site.secret(1).await;
        let body = reveal_body(&secret, &id);
        proxy.set(cut);
        let answer = site.call("reveal", &body).await;
        assert_eq!((answer.status, &*answer.body), (503, r#"{"error":"try_later"}"#), "{cut:?}");
        proxy.set(Line::Open);
        // Whatever became of the commit: the same claim gets the view, and it is one view.
        let answer = site.call("reveal", &body).await;
        assert_eq!(answer.status, 200, "{cut:?}");
        assert_eq!(site.call("reveal", &body).await, answer, "{cut:?}");
        let receipt = site.call("receipt", &receipt_body(&secret)).await.json();
        assert_eq!(receipt["viewed_at"].as_array().unwrap().len(), 1, "{cut:?}");
    }
}

async fn a_line_that_goes_dead_without_a_word_is_given_up(bed: &Bed<Postgres>) {
    let proxy = Proxy::before(&bed.database).await;
    let site = Site::over(Arc::new(proxy.store(&bed.database).await)).await;
    let (secret, id) = site.secret(2).await;
    let (open, reveal) = (open_body(&secret, &id), reveal_body(&secret, &id));
    // A connection is there for each of them, and was used a moment ago.
    assert_eq!(
        (site.call("reveal", &reveal).await.status, site.call("open", &open).await.status),
        (200, 200)
    );

    proxy.set(Line::Silent);
    let asked = Instant::now();
    let create = create_body(&sealed(), 1);
    let answers =
        futures::join!(site.call("create", &create), site.call("open", &open), site.call("reveal", &reveal),);
    for answer in [answers.0, answers.1, answers.2] {
        assert_eq!((answer.status, &*answer.body), (503, r#"{"error":"try_later"}"#));
    }
    assert!(asked.elapsed() < LONGEST_WAIT, "{:?}", asked.elapsed());
    // Nobody waits for the connections that are left: each is asked for a sign of life.
    proxy.set(Line::Open);
    let back = Instant::now();
    assert_eq!(
        (site.call("reveal", &reveal).await.status, site.call("open", &open).await.status),
        (200, 200)
    );
    assert_eq!(site.call("create", &create).await.status, 201);
    assert!(back.elapsed() < LONGEST_WAIT, "{:?}", back.elapsed());
}
