//! Concurrent calls, waiting for a condition, and random numbers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::join_all;
use shared_crypto::Claim;
use tokio::sync::Barrier;

/// Longest time that a test waits for anything. It ends a test that would hang and is no measurement.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// Starts `n` calls at the same time, each in its own task, and returns their results in the order of the calls.
pub(crate) async fn run_concurrently<F>(n: usize, call: impl Fn(usize) -> F) -> Vec<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    let barrier = Arc::new(Barrier::new(n));
    let tasks = (0..n).map(|i| {
        let (barrier, call) = (Arc::clone(&barrier), call(i));
        tokio::spawn(async move {
            barrier.wait().await;
            call.await
        })
    });
    join_all(tasks.collect::<Vec<_>>()).await.into_iter().map(Result::unwrap).collect()
}

/// Waits until the condition holds. Panics after [`LONGEST_WAIT`].
pub(crate) async fn eventually<F: Future<Output = bool>>(condition: impl Fn() -> F) {
    let started = Instant::now();
    while !condition().await {
        assert!(started.elapsed() < LONGEST_WAIT, "the condition did not hold within {LONGEST_WAIT:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Calls `poll` until it returns a value. Panics after [`LONGEST_WAIT`].
pub(crate) async fn eventually_some<T, F: Future<Output = Option<T>>>(poll: impl Fn() -> F) -> T {
    let started = Instant::now();
    loop {
        if let Some(value) = poll().await {
            return value;
        }
        assert!(started.elapsed() < LONGEST_WAIT, "the condition did not hold within {LONGEST_WAIT:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Returns whether the tests run in their long form, which the environment variable `IKRYPT_TORTURE` selects.
pub(crate) fn is_stress() -> bool {
    std::env::var_os("IKRYPT_TORTURE").is_some()
}

/// Returns a random number below `end`.
pub(crate) fn random(end: u32) -> u32 {
    let [a, b, c, d, ..] = *Claim::generate().unwrap().as_bytes();
    u32::from_be_bytes([a, b, c, d]) % end
}
