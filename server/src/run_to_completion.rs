//! Protects a future from cancellation.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::FutureExt as _;
use tokio::runtime::Handle;

/// Runs the future in place, and moves it to a spawned task if the caller is dropped, so that a disconnecting client
/// never cancels a transaction. Returns `None` if the future panicked.
///
/// Fast path: spawning every future from the start would do the same, and would wake a second thread for each call. To
/// switch it off, replace the body by `tokio::spawn`. `it store::disconnect` and `it http::disconnect` drop callers at random
/// moments.
pub(crate) fn run_to_completion<T: Send + 'static>(
    future: impl Future<Output = T> + Send + 'static,
) -> RunToCompletion<T> {
    RunToCompletion(Some(Box::pin(AssertUnwindSafe(future).catch_unwind().map(Result::ok))))
}

type BoxFuture<T> = Pin<Box<dyn Future<Output = Option<T>> + Send>>;

pub(crate) struct RunToCompletion<T: Send + 'static>(Option<BoxFuture<T>>);

impl<T: Send + 'static> Future for RunToCompletion<T> {
    type Output = Option<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        let Some(future) = &mut self.0 else { return Poll::Ready(None) };
        let polled = future.as_mut().poll(context);
        if polled.is_ready() {
            self.0 = None;
        }
        polled
    }
}

impl<T: Send + 'static> Drop for RunToCompletion<T> {
    fn drop(&mut self) {
        if let (Some(future), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            drop(runtime.spawn(future));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn awaited_future_returns_its_output_and_a_panicking_one_nothing() {
        assert_eq!(run_to_completion(async { 1 }).await, Some(1));
        assert_eq!(run_to_completion(async { panic!("asked for") }).await, None::<()>);
    }

    #[tokio::test]
    async fn future_of_a_dropped_caller_runs_to_completion() {
        let done = Arc::new(Notify::new());
        let future = run_to_completion({
            let done = Arc::clone(&done);
            async move {
                tokio::time::sleep(Duration::from_millis(20)).await;
                done.notify_one();
            }
        });
        let caller = tokio::spawn(future);
        tokio::time::sleep(Duration::from_millis(5)).await;
        caller.abort();
        done.notified().await;
    }
}
