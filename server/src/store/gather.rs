//! Group commit: while one batch is under way, callers that arrive form the next.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// What one batch may hold.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// Batches under way at a time.
    pub(super) lanes: usize,
    /// Callers in one batch.
    pub(super) callers: usize,
    /// What all of them together may weigh; one who weighs more goes alone.
    pub(super) weight: usize,
}

/// Callers of one kind, on their way into the database.
///
/// Whoever comes while a lane is free goes at once, alone: nothing waits for company. Everybody else is taken along
/// by the next batch, in the order of arrival. Batches run in tasks of their own, which no caller can cancel by
/// hanging up.
pub(super) struct Gather<T, R> {
    state: Arc<Mutex<Waiting<T, R>>>,
    limits: Limits,
}

struct Caller<T, R> {
    call: T,
    weight: usize,
    answer: oneshot::Sender<R>,
}

struct Waiting<T, R> {
    callers: VecDeque<Caller<T, R>>,
    running: usize,
}

impl<T: Send + 'static, R: Send + 'static> Gather<T, R> {
    pub(super) fn new(limits: Limits) -> Self {
        let state = Waiting { callers: VecDeque::new(), running: 0 };
        Self { state: Arc::new(Mutex::new(state)), limits }
    }

    /// Hands in a call, and waits for its own answer; `None` where its batch ended without one. `work` answers
    /// each call of a batch, in its order.
    pub(super) async fn call<W, F>(&self, call: T, weight: usize, work: W) -> Option<R>
    where
        W: Fn(Vec<T>) -> F + Send + 'static,
        F: Future<Output = Vec<R>> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let starts = {
            let mut state = lock(&self.state);
            state.callers.push_back(Caller { call, weight, answer });
            let starts = state.running < self.limits.lanes;
            state.running += usize::from(starts);
            starts
        };
        if starts {
            tokio::spawn(run(Arc::clone(&self.state), self.limits, work));
        }
        answered.await.ok()
    }
}

/// One batch after the other, until nobody waits.
async fn run<T, R, W, F>(state: Arc<Mutex<Waiting<T, R>>>, limits: Limits, work: W)
where
    R: Send + 'static,
    W: Fn(Vec<T>) -> F,
    F: Future<Output = Vec<R>> + Send + 'static,
{
    while let Some((calls, answers)) = next(&state, limits) {
        // In a task, so that a batch which panics takes nobody with it but its own.
        let settled = tokio::spawn(work(calls)).await.unwrap_or_default();
        for (settled, answer) in settled.into_iter().zip(answers) {
            // Somebody who has hung up is not told.
            drop(answer.send(settled));
        }
    }
}

type Batch<T, R> = (Vec<T>, Vec<oneshot::Sender<R>>);

/// As many callers as fit, at least one. Where nobody waits the lane is given back under the same lock: who comes
/// next finds it free.
fn next<T, R>(state: &Mutex<Waiting<T, R>>, limits: Limits) -> Option<Batch<T, R>> {
    let mut state = lock(state);
    let mut weight = 0_usize;
    let fits = |caller: &&Caller<T, R>| {
        weight = weight.saturating_add(caller.weight);
        weight <= limits.weight
    };
    let fitting = state.callers.iter().take(limits.callers).take_while(fits).count();
    let taken = fitting.max(1).min(state.callers.len());
    if taken == 0 {
        state.running -= 1;
        return None;
    }
    Some(state.callers.drain(..taken).map(|caller| (caller.call, caller.answer)).unzip())
}

fn lock<T, R>(state: &Mutex<Waiting<T, R>>) -> MutexGuard<'_, Waiting<T, R>> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    fn gather(lanes: usize, callers: usize, weight: usize) -> Arc<Gather<u32, (u32, usize)>> {
        Arc::new(Gather::new(Limits { lanes, callers, weight }))
    }

    /// Answers with each call and the size of its batch, after a while.
    async fn slowly(calls: Vec<u32>) -> Vec<(u32, usize)> {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let size = calls.len();
        calls.into_iter().map(|call| (call, size)).collect()
    }

    async fn answers(gather: &Arc<Gather<u32, (u32, usize)>>, weights: &[usize]) -> Vec<usize> {
        let mut tasks = Vec::new();
        for (call, weight) in (0..).zip(weights.iter().copied()) {
            let gather = Arc::clone(gather);
            tasks.push(tokio::spawn(async move { gather.call(call, weight, slowly).await }));
            // In this order.
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let mut sizes = Vec::new();
        for (call, task) in (0..).zip(tasks) {
            let (answered, size) = task.await.unwrap().unwrap();
            assert_eq!(answered, call);
            sizes.push(size);
        }
        sizes
    }

    #[tokio::test]
    async fn the_first_goes_alone_and_the_rest_together() {
        assert_eq!(answers(&gather(1, 10, 100), &[1; 6]).await, [1, 5, 5, 5, 5, 5]);
        assert_eq!(answers(&gather(2, 10, 100), &[1; 6]).await[..2], [1, 1]);
    }

    #[tokio::test]
    async fn a_batch_holds_so_many_and_so_much() {
        assert_eq!(answers(&gather(1, 2, 100), &[1; 5]).await, [1, 2, 2, 2, 2]);
        assert_eq!(answers(&gather(1, 10, 10), &[1, 6, 4, 1, 99, 1]).await, [1, 2, 2, 1, 1, 1]);
    }

    #[tokio::test]
    async fn a_batch_that_panics_leaves_its_callers_without_an_answer_and_nobody_else() {
        static BATCHES: AtomicUsize = AtomicUsize::new(0);
        let gather = gather(1, 1, 100);
        let work = |calls: Vec<u32>| async move {
            assert!(BATCHES.fetch_add(1, Ordering::Relaxed) > 0, "the first one");
            slowly(calls).await
        };
        let (first, second) = tokio::join!(gather.call(1, 1, work), gather.call(2, 1, work));
        assert_eq!((first, second), (None, Some((2, 1))));
        // The lane was given back.
        assert_eq!(gather.call(3, 1, work).await, Some((3, 1)));
    }

    #[tokio::test]
    async fn who_hangs_up_is_carried_all_the_same() {
        static CARRIED: AtomicUsize = AtomicUsize::new(0);
        let gather = gather(1, 10, 100);
        let work = |calls: Vec<u32>| async move {
            CARRIED.fetch_add(calls.len(), Ordering::Relaxed);
            slowly(calls).await
        };
        for call in 0..3 {
            let gather = Arc::clone(&gather);
            let caller = tokio::spawn(async move { gather.call(call, 1, work).await });
            tokio::time::sleep(Duration::from_millis(1)).await;
            caller.abort();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(CARRIED.load(Ordering::Relaxed), 3);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn nobody_is_forgotten() {
        let gather: Arc<Gather<u32, u32>> =
            Arc::new(Gather::new(Limits { lanes: 2, callers: 7, weight: 50 }));
        let tasks: Vec<_> = (0..20_000)
            .map(|call| {
                let gather = Arc::clone(&gather);
                tokio::spawn(
                    async move { gather.call(call, 1, |calls| async move { calls }).await == Some(call) },
                )
            })
            .collect();
        for task in tasks {
            assert!(task.await.unwrap());
        }
    }
}
