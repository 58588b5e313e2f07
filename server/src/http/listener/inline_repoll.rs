//! A task that wakes itself goes on at once.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::task::AtomicWaker;

/// How often in a row: then others have their turn.
const ROUNDS: usize = 4;

/// Polls what it holds again where that was woken while it was polled.
///
/// hyper's connections wake themselves for each body that is read. tokio takes that as a wish to let others go first,
/// puts the task behind them, and wakes another thread to look for it: a system call, and some 30 µs until the
/// request goes on.
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
        for _ in 0..ROUNDS {
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

const POLLED: u8 = 1;
const WOKEN: u8 = 2;

struct Woken {
    state: AtomicU8,
    task: AtomicWaker,
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Whoever polls looks for this afterwards; else nobody does, and the task is told.
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
    struct Counted(AtomicUsize);

    impl Wake for Counted {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Wakes itself so often before it is ready, and counts how often it was polled.
    fn waking_itself(times: usize, polled: &Arc<AtomicUsize>) -> impl Future<Output = ()> + use<> {
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
    fn who_wakes_itself_goes_on_and_nobody_is_told() {
        let (woken, polled) = (Arc::new(Counted::default()), Arc::default());
        let mut future = InlineRepoll::new(waking_itself(2, &polled));
        assert_eq!(poll(&mut future, &Arc::clone(&woken).into()), Poll::Ready(()));
        assert_eq!((polled.load(Ordering::SeqCst), woken.0.load(Ordering::SeqCst)), (3, 0));
    }

    #[test]
    fn who_never_stops_waking_itself_lets_others_go_on() {
        let (woken, polled) = (Arc::new(Counted::default()), Arc::default());
        let mut future = InlineRepoll::new(waking_itself(usize::MAX, &polled));
        for turn in 1..=3 {
            assert_eq!(poll(&mut future, &Arc::clone(&woken).into()), Poll::Pending);
            assert_eq!(
                (polled.load(Ordering::SeqCst), woken.0.load(Ordering::SeqCst)),
                (turn * ROUNDS, turn)
            );
        }
    }

    #[test]
    fn who_is_woken_by_others_is_told_to_whoever_polled_last() {
        let (first, last) = (Arc::new(Counted::default()), Arc::new(Counted::default()));
        let mut future = InlineRepoll::new(std::future::pending::<()>());
        for waker in [noop_waker_ref().clone(), Arc::clone(&first).into(), Arc::clone(&last).into()] {
            assert_eq!(poll(&mut future, &waker), Poll::Pending);
        }
        future.waker.wake_by_ref();
        assert_eq!((first.0.load(Ordering::SeqCst), last.0.load(Ordering::SeqCst)), (0, 1));
    }

    /// Whoever comes while it is polled, or just after, is not forgotten.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn no_call_is_lost_between_two_threads() {
        let (to, mut from) = mpsc::unbounded_channel();
        let (back, mut answers) = mpsc::unbounded_channel();
        let echo = InlineRepoll::new(async move {
            while let Some(number) = from.recv().await {
                back.send(number).unwrap();
            }
        });
        let echo = tokio::spawn(echo);
        for number in 0..20_000 {
            to.send(number).unwrap();
            assert_eq!(answers.recv().await, Some(number));
        }
        drop(to);
        echo.await.unwrap();
    }
}
