//! Many callers at the same moment.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::join_all;
use shared_crypto::Claim;
use tokio::sync::Barrier;

/// Ceiling for whatever a test waits for. It ends a test that would hang, and measures nothing.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// Lets `n` calls go at one moment, each in a task of its own; the answers are in the order of the calls.
pub(crate) async fn inline_repoll<F>(n: usize, call: impl Fn(usize) -> F) -> Vec<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    let gate = Arc::new(Barrier::new(n));
    let tasks = (0..n).map(|i| {
        let (gate, call) = (Arc::clone(&gate), call(i));
        tokio::spawn(async move {
            gate.wait().await;
            call.await
        })
    });
    join_all(tasks.collect::<Vec<_>>()).await.into_iter().map(Result::unwrap).collect()
}

/// Waits until the condition holds. Panics after a minute, which only a fault takes, however busy the machine is.
pub(crate) async fn eventually<F: Future<Output = bool>>(is_so: impl Fn() -> F) {
    let started = Instant::now();
    while !is_so().await {
        assert!(started.elapsed() < LONGEST_WAIT, "it never came to that");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Waits until there is a value. Panics after a minute.
pub(crate) async fn eventually_some<T, F: Future<Output = Option<T>>>(what: impl Fn() -> F) -> T {
    let started = Instant::now();
    loop {
        if let Some(it) = what().await {
            return it;
        }
        assert!(started.elapsed() < LONGEST_WAIT, "it never came to that");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A number below `end`.
pub(crate) fn random(end: u32) -> u32 {
    let [a, b, c, d, ..] = *Claim::generate().unwrap().as_bytes();
    u32::from_be_bytes([a, b, c, d]) % end
}
