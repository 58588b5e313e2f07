//! Many callers at the same moment.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use shared_crypto::Claim;
use tokio::sync::Barrier;

/// Lets `n` calls go at one moment, each in a task of its own; the answers are in the order of the calls.
pub(crate) async fn at_once<F>(n: usize, call: impl Fn(usize) -> F) -> Vec<F::Output>
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

/// Waits until it is so, for ten seconds at most.
pub(crate) async fn eventually<F: Future<Output = bool>>(is_so: impl Fn() -> F) {
    for _ in 0..2000 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it never came to that");
}

/// Waits until there is something, for ten seconds at most.
pub(crate) async fn eventually_some<T, F: Future<Output = Option<T>>>(what: impl Fn() -> F) -> T {
    for _ in 0..2000 {
        if let Some(it) = what().await {
            return it;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it never came to that");
}

/// A number below `end`.
pub(crate) fn random(end: u32) -> u32 {
    let [a, b, c, d, ..] = *Claim::generate().unwrap().as_bytes();
    u32::from_be_bytes([a, b, c, d]) % end
}
