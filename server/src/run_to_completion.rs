//! Work that comes to its end, whatever becomes of whoever waits for it.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::FutureExt as _;
use tokio::runtime::Handle;

/// Does it where it is waited for, and in a task of its own as soon as nobody waits any more: a client that hangs up
/// cancels nothing. A task from the beginning would do as well, and wakes another thread for each request.
///
/// `None` where it panicked.
pub(crate) fn run_to_completion<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> RunToCompletion<T> {
    RunToCompletion(Some(Box::pin(AssertUnwindSafe(work).catch_unwind().map(Result::ok))))
}

type Work<T> = Pin<Box<dyn Future<Output = Option<T>> + Send>>;

pub(crate) struct RunToCompletion<T: Send + 'static>(Option<Work<T>>);

impl<T: Send + 'static> Future for RunToCompletion<T> {
    type Output = Option<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        let Some(work) = &mut self.0 else { return Poll::Ready(None) };
        let polled = work.as_mut().poll(context);
        if polled.is_ready() {
            self.0 = None;
        }
        polled
    }
}

impl<T: Send + 'static> Drop for RunToCompletion<T> {
    fn drop(&mut self) {
        if let (Some(work), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            drop(runtime.spawn(work));
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
    async fn what_is_waited_for_is_answered_and_what_panics_is_not() {
        assert_eq!(run_to_completion(async { 1 }).await, Some(1));
        assert_eq!(run_to_completion(async { panic!("asked for") }).await, None::<()>);
    }

    #[tokio::test]
    async fn what_nobody_waits_for_any_more_is_done_all_the_same() {
        let done = Arc::new(Notify::new());
        let work = run_to_completion({
            let done = Arc::clone(&done);
            async move {
                tokio::time::sleep(Duration::from_millis(20)).await;
                done.notify_one();
            }
        });
        let asking = tokio::spawn(work);
        tokio::time::sleep(Duration::from_millis(5)).await;
        asking.abort();
        done.notified().await;
    }
}
