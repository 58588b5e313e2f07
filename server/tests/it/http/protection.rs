//! The limits of ACCEPTANCE 37 and 38, and the quota.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use futures::future::{Either, join_all, select};
use serde_json::json;
use shared_crypto::{Payload, SealingKeys, seal};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use vault::{SecretLimits, SecretService, StorageQuota};

use super::{Answer, Site, create_body, open_body, reveal_body, sealed, some_id};
use crate::support::{Bed, LONGEST_WAIT, Sqlite, eventually, inline_repoll};

suite! {
    a_full_quota_takes_nothing_new_and_goes_on_revealing,
    receipts_alone_fill_the_quota;
    sqlite: who_asks_too_often_is_told_how_long_to_wait,
    a_forged_address_dodges_no_limit,
    behind_a_configured_proxy_each_client_has_its_own_limit,
    all_together_may_create_so_much_and_no_more,
    five_hundred_slow_connections_end_in_time_and_disturb_nobody,
    connections_over_the_most_wait_for_their_turn,
    one_address_has_so_many_connections_and_a_proxy_as_many_as_it_wants,
    who_stores_too_much_is_told_how_long_to_wait
}

fn few(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap()
}

async fn look(site: &Site, forwarded: Option<&str>) -> Answer {
    let body = json!({ "id": some_id(), "access": "A" }).to_string();
    let request = site.post("open").header("content-type", "application/json").body(body);
    site.send(match forwarded {
        Some(addresses) => request.header("x-forwarded-for", addresses),
        None => request,
    })
    .await
}

fn assert_limited(answer: &Answer) {
    assert_eq!((answer.status, &*answer.body), (429, r#"{"error":"rate_limited"}"#));
    let wait: u32 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
}

async fn who_asks_too_often_is_told_how_long_to_wait(bed: &Bed<Sqlite>) {
    // As it comes: the limits are on.
    let site = Site::start_with(bed, |_| {}).await;
    let started = Instant::now();
    let (mut served, mut limited) = (0, Vec::new());
    while limited.is_empty() {
        let looks = (0..100).map(|_| look(&site, None));
        let answers: Vec<_> = futures::stream::iter(looks).buffer_unordered(100).collect().await;
        let (found, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 404);
        (served, limited) = (served + found.len() as u64, refused);
    }
    // 600 at once, and one more with each tenth of a second that passes.
    let most = 600 + started.elapsed().as_secs() * 10 + 10;
    assert!((600..=most).contains(&served), "{served} served");
    assert_limited(&limited[0]);
    // The calls are counted apart.
    let (secret, id) = site.secret(1).await;
    assert_eq!(site.call("reveal", &reveal_body(&secret, &id)).await.status, 200);
}

async fn a_forged_address_dodges_no_limit(bed: &Bed<Sqlite>) {
    let site = Site::start_with(bed, |config| config.protection.opens_per_minute = few(3)).await;
    for host in 0..3 {
        assert_eq!(look(&site, Some(&format!("203.0.113.{host}"))).await.status, 404);
    }
    assert_limited(&look(&site, Some("203.0.113.99")).await);
}

async fn behind_a_configured_proxy_each_client_has_its_own_limit(bed: &Bed<Sqlite>) {
    let site = Site::start_with(bed, |config| {
        config.protection.opens_per_minute = few(3);
        config.protection.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    for attempt in 0..3 {
        // What stands on the left is the client's own word.
        assert_eq!(look(&site, Some(&format!("198.51.100.{attempt}, 203.0.113.1"))).await.status, 404);
    }
    assert_limited(&look(&site, Some("198.51.100.77, 203.0.113.1")).await);
    assert_eq!(look(&site, Some("203.0.113.2")).await.status, 404);
    for host in 0..3 {
        assert_eq!(look(&site, Some(&format!("2001:db8:0:1::{host}"))).await.status, 404);
    }
    assert_limited(&look(&site, Some("2001:db8:0:1:ffff::1")).await);
    assert_eq!(look(&site, Some("2001:db8:0:2::1")).await.status, 404);
}

async fn all_together_may_create_so_much_and_no_more(bed: &Bed<Sqlite>) {
    let site = Site::start_with(bed, |config| {
        config.protection.creates_per_minute_in_all = few(3);
        config.protection.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    })
    .await;
    let mut last = None;
    for host in 0..4 {
        let request = site.post("create").header("x-forwarded-for", format!("203.0.113.{host}"));
        let body = create_body(&sealed(), 1).to_string();
        last = Some(site.send(request.header("content-type", "application/json").body(body)).await);
    }
    assert_limited(&last.unwrap());
    assert_eq!(bed.rows("receipts").await, 3);
}

async fn a_full_quota_takes_nothing_new_and_goes_on_revealing(bed: &Bed) {
    let secret = sealed();
    let unlimited =
        SecretService::new(bed.store.clone(), SecretLimits::default(), Arc::new(StorageQuota::new(0)));
    let id = unlimited.create(secret.to_request(3600, 2)).await.unwrap().id;

    let site = Site::start_with(bed, |config| config.protection.storage_quota = 1).await;
    let fresh = sealed();
    let full = site.call("create", &create_body(&fresh, 1)).await;
    assert_eq!((full.status, &*full.body), (507, r#"{"error":"storage_full"}"#));
    // It was stored before: that is no new secret.
    let again = site.call("create", &create_body(&secret, 2)).await;
    assert_eq!((again.status, again.json()["id"].as_str()), (201, Some(&*id)));
    assert_eq!(site.call("open", &open_body(&secret, &id)).await.status, 200);
    assert_eq!(site.call("reveal", &reveal_body(&secret, &id)).await.status, 200);
    assert_eq!(bed.store.receipt(&shared_crypto::sha256(&[fresh.receipt().as_bytes()])).await.unwrap(), None);
}

/// ACCEPTANCE 57, second half.
async fn receipts_alone_fill_the_quota(bed: &Bed) {
    let empty = bed.store.stats().await.unwrap().bytes;
    for (number, sample) in join_all((0..400).map(|_| bed.secret(1))).await.into_iter().enumerate() {
        match number % 2 {
            0 => drop(bed.burn(&sample).await),
            _ => drop(bed.reveal(sample.attempt()).await),
        }
    }
    assert_eq!(bed.rows("secrets").await, 0);
    // 400 receipts are far more than this, and an empty database with one secret is less.
    let site = Site::start_with(bed, |config| config.protection.storage_quota = empty + 50_000).await;
    // The first measurement is under way. The few secrets that are stored before it ends do not fill the quota.
    let mut answer = site.call("create", &create_body(&sealed(), 1)).await;
    for attempt in 0..20 {
        if answer.status == 507 {
            break;
        }
        // A busy machine takes longer.
        let pause = if attempt < 10 { 250 } else { 6000 };
        tokio::time::sleep(Duration::from_millis(pause)).await;
        answer = site.call("create", &create_body(&sealed(), 1)).await;
    }
    assert_eq!((answer.status, &*answer.body), (507, r#"{"error":"storage_full"}"#));
    // With room for them all it goes on.
    let used = bed.store.stats().await.unwrap().bytes;
    let site = Site::start_with(bed, |config| config.protection.storage_quota = used + 50_000).await;
    assert_eq!(site.call("create", &create_body(&sealed(), 1)).await.status, 201);
}

/// Whether the server has ended the connection by the end of the pause. An answer comes before that.
async fn hung_up(server: &mut TcpStream, pause: Duration) -> bool {
    let mut said = [0; 1024];
    let (read, pause) = (std::pin::pin!(server.read(&mut said)), std::pin::pin!(tokio::time::sleep(pause)));
    matches!(select(read, pause).await, Either::Left((Ok(0) | Err(_), _)))
}

/// Sends a byte every so often, and says after how long the server has had enough.
async fn dawdle(address: String, request: &str, pause: Duration) -> Duration {
    let mut server = TcpStream::connect(address).await.unwrap();
    let started = Instant::now();
    for byte in request.as_bytes() {
        if server.write_all(&[*byte]).await.is_err() || hung_up(&mut server, pause).await {
            break;
        }
    }
    started.elapsed()
}

async fn five_hundred_slow_connections_end_in_time_and_disturb_nobody(bed: &Bed<Sqlite>) {
    let site = Site::start(bed).await;
    let address = site.url.trim_start_matches("http://").to_owned();
    let head = "POST /api/v1/open HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n".to_owned();
    let ended = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&ended);
    let slow = tokio::spawn(inline_repoll(500, move |index| {
        let (address, head, ended) = (address.clone(), head.clone(), Arc::clone(&counter));
        let dawdling = async move {
            if index % 2 == 0 {
                return dawdle(address, &head, Duration::from_secs(5)).await;
            }
            // The head at once, and then a body of which nobody sees the end.
            let started = Instant::now();
            let mut server = TcpStream::connect(&address).await.unwrap();
            let head = format!("{head}content-length: 900\r\n\r\n");
            server.write_all(head.as_bytes()).await.unwrap();
            for _ in 0..20 {
                if server.write_all(b" ").await.is_err() || hung_up(&mut server, Duration::from_secs(5)).await
                {
                    break;
                }
            }
            started.elapsed()
        };
        async move {
            let lasted = dawdling.await;
            ended.fetch_add(1, Ordering::Relaxed);
            lasted
        }
    }));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut undisturbed = 0;
    for _ in 0..11 {
        let (secret, id) = site.secret(1).await;
        assert_eq!(site.call("reveal", &reveal_body(&secret, &id)).await.status, 200);
        undisturbed += u32::from(ended.load(Ordering::Relaxed) == 0);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    // While all of the slow connections are open: none of them has to end first.
    assert!(undisturbed > 0);
    // Each would last 100 s and more if the server let it.
    for lasted in slow.await.unwrap() {
        assert!(lasted < LONGEST_WAIT, "{lasted:?}");
    }
}

async fn one_address_has_so_many_connections_and_a_proxy_as_many_as_it_wants(bed: &Bed<Sqlite>) {
    for (proxies, closed) in [(vec![], true), (vec!["127.0.0.0/8".parse().unwrap()], false)] {
        let site = Site::start_with(bed, |config| {
            config.protection.max_connections_per_address = few(2);
            config.protection.trusted_proxies = proxies;
        })
        .await;
        let address = site.url.trim_start_matches("http://").to_owned();
        let mut held = Vec::new();
        for _ in 0..3 {
            held.push(TcpStream::connect(&address).await.unwrap());
        }
        let last = held.last_mut().unwrap();
        let _ = last.write_all(b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n").await;
        let mut start = [0; 12];
        assert_eq!(last.read_exact(&mut start).await.is_err(), closed);
        drop(held);
        let url = format!("{}/health/live", site.url);
        eventually(|| async {
            site.client.get(&url).send().await.is_ok_and(|answer| answer.status() == 200)
        })
        .await;
    }
}

async fn who_stores_too_much_is_told_how_long_to_wait(bed: &Bed<Sqlite>) {
    let site = Site::start_with(bed, |config| config.protection.mebibytes_per_hour = few(2)).await;
    let large = |text: &str| {
        seal(&Payload::text(text.repeat(1 << 20)), SealingKeys::generate().unwrap(), None).unwrap()
    };
    assert_eq!(site.call("create", &create_body(&large("x"), 1)).await.status, 201);
    let answer = site.call("create", &create_body(&large("y"), 1)).await;
    assert_eq!((answer.status, &*answer.body), (429, r#"{"error":"rate_limited"}"#));
    assert_eq!(site.call("create", &create_body(&sealed(), 1)).await.status, 201);
}

async fn connections_over_the_most_wait_for_their_turn(bed: &Bed<Sqlite>) {
    let site = Site::start_with(bed, |config| config.protection.max_connections = few(2)).await;
    let address = site.url.trim_start_matches("http://").to_owned();
    let idle = [TcpStream::connect(&address).await.unwrap(), TcpStream::connect(&address).await.unwrap()];
    let (url, client) = (format!("{}/health/live", site.url), site.client.clone());
    let waiting = tokio::spawn(async move { client.get(url).send().await.unwrap().status().as_u16() });
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!waiting.is_finished());
    drop(idle);
    eventually(|| async { waiting.is_finished() }).await;
    assert_eq!(waiting.await.unwrap(), 200);
}
