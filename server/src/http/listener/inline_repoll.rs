//! Polls a future again in place if it has woken itself.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::task::AtomicWaker;

/// Maximum number of polls in a row, so that other tasks run too.
const MAX_POLLS: usize = 4;

/// Polls its future again immediately if the future was woken while it was polled.
///
/// A hyper connection wakes itself for each body that it reads. tokio treats that as a yield: it moves the task to
/// the end of the queue and wakes another thread for it, which costs a system call and about 30 µs a request.
pub(super) struct InlineRepoll<F> {
    future: Pin<Box<F>>,
    woken: Arc<Woken>,
    waker: Waker,
}

impl<F: Future> InlineRepoll<F> {
    pub(super) fn new(future: F) -> Self {
        let woken = Arc::new(Woken { state: AtomicU8::new(0), task: AtomicWaker::new() });
        Self { future: Box::pin(future), waker: Waker::from(Arc::clone(&woken)), woken }
    }
}

impl<F: Future> Future for InlineRepoll<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = &mut *self;
        this.woken.task.register(context.waker());
        for _ in 0..MAX_POLLS {
            this.woken.state.store(POLLED, Ordering::SeqCst);
            let ready = this.future.as_mut().poll(&mut Context::from_waker(&this.waker));
            let was_woken = this.woken.state.swap(0, Ordering::SeqCst) & WOKEN != 0;
            if ready.is_ready() || !was_woken {
                return ready;
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Flag: the future is being polled.
const POLLED: u8 = 1;
/// Flag: the future was woken while it was polled.
const WOKEN: u8 = 2;

/// The waker of the future: wakes the task only between polls.
struct Woken {
    state: AtomicU8,
    task: AtomicWaker,
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // During a poll, `InlineRepoll::poll` reads the flag afterwards. Otherwise the task must be woken.
        if self.state.fetch_or(WOKEN, Ordering::SeqCst) & POLLED == 0 {
            self.task.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::atomic::AtomicUsize;

    use futures_util::task::noop_waker_ref;
    use tokio::sync::mpsc;

    use super::*;

    #[derive(Default)]
    struct CountingWaker(AtomicUsize);

    impl Wake for CountingWaker {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Returns a future that wakes itself this number of times before it is ready, and counts its polls.
    fn self_waking(times: usize, polled: &Arc<AtomicUsize>) -> impl Future<Output = ()> + use<> {
        let polled = Arc::clone(polled);
        poll_fn(move |context| {
            if polled.fetch_add(1, Ordering::SeqCst) == times {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
    }

    fn poll<F: Future>(future: &mut InlineRepoll<F>, waker: &Waker) -> Poll<F::Output> {
        Pin::new(future).poll(&mut Context::from_waker(waker))
    }

    #[test]
    fn self_waking_future_is_polled_again_without_waking_the_task() {
        let (woken, polled) = (Arc::new(CountingWaker::default()), Arc::default());
        let mut future = InlineRepoll::new(self_waking(2, &polled));
        assert_eq!(poll(&mut future, &Arc::clone(&woken).into()), Poll::Ready(()));
        assert_eq!((polled.load(Ordering::SeqCst), woken.0.load(Ordering::SeqCst)), (3, 0));
    }

    #[test]
    fn future_that_always_wakes_itself_yields_after_a_few_polls() {
        let (woken, polled) = (Arc::new(CountingWaker::default()), Arc::default());
        let mut future = InlineRepoll::new(self_waking(usize::MAX, &polled));
        for turn in 1..=3 {
            assert_eq!(poll(&mut future, &Arc::clone(&woken).into()), Poll::Pending);
            assert_eq!(
                (polled.load(Ordering::SeqCst), woken.0.load(Ordering::SeqCst)),
                (turn * MAX_POLLS, turn)
            );
        }
    }

    #[test]
    fn wake_between_polls_wakes_the_last_task() {
        let (first, last) = (Arc::new(CountingWaker::default()), Arc::new(CountingWaker::default()));
        let mut future = InlineRepoll::new(std::future::pending::<()>());
        for waker in [noop_waker_ref().clone(), Arc::clone(&first).into(), Arc::clone(&last).into()] {
            assert_eq!(poll(&mut future, &waker), Poll::Pending);
        }
        future.waker.wake_by_ref();
        assert_eq!((first.0.load(Ordering::SeqCst), last.0.load(Ordering::SeqCst)), (0, 1));
    }

    /// A wake during a poll or right after it is never lost.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn no_wake_is_lost_between_two_threads() {
        let (request_sender, mut requests) = mpsc::unbounded_channel();
        let (response_sender, mut responses) = mpsc::unbounded_channel();
        let echo = InlineRepoll::new(async move {
            while let Some(number) = requests.recv().await {
                response_sender.send(number).unwrap();
            }
        });
        let echo = tokio::spawn(echo);
        for number in 0..20_000 {
            request_sender.send(number).unwrap();
            assert_eq!(responses.recv().await, Some(number));
        }
        drop(request_sender);
        echo.await.unwrap();
    }
}
