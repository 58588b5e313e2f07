//! Group commit: while one batch is under way, callers that arrive form the next.

use std::collections::VecDeque;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot};
use vault::StoreError;

use super::retry::TransactionError;

/// Takes one batch after the other to its end.
pub(super) trait BatchExecutor: Send + 'static {
    /// What a caller asks for.
    type Call: Send + Sync + 'static;
    /// What it is told.
    type Answer: Send + 'static;

    /// Answers the calls, in their order. Whoever is left without an answer needs a closer look, alone; of these nothing
    /// was done, unless the trouble says otherwise.
    fn execute(
        &mut self,
        calls: &[Arc<Self::Call>],
        answers: &mut [Option<Self::Answer>],
    ) -> impl Future<Output = Result<(), TransactionError>> + Send;
}

/// How long a caller waits for a batch, beyond the end of the one that is under way; as long as for a connection of a
/// pool.
const PATIENCE: Duration = Duration::from_secs(5);

/// What one batch may hold.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// Batches under way at a time.
    pub(super) lanes: usize,
    /// Callers in one batch.
    pub(super) callers: usize,
    /// What all of them together may weigh; one who weighs more goes alone.
    pub(super) weight: usize,
    /// Whether batches that follow on each other have a thread to themselves: then they do not stand behind requests
    /// each time they go on. Whoever comes alone is sooner done without.
    pub(super) own_thread: bool,
}

/// Callers of one kind, on their way into the database.
///
/// Whoever comes while a lane is free goes at once, alone: nothing waits for company. Everybody else is taken along
/// by the next batch, in the order of arrival. Batches run in tasks of their own, which no caller can cancel by
/// hanging up.
pub(super) struct Batcher<C: BatchExecutor> {
    state: Arc<Mutex<State<C>>>,
    make: Arc<dyn Fn() -> C + Send + Sync>,
    limits: Limits,
    ended: Arc<Notify>,
}

struct State<C: BatchExecutor> {
    waiting: VecDeque<Waiting<C>>,
    running: usize,
    idle: Vec<C>,
    closed: bool,
}

struct Waiting<C: BatchExecutor> {
    call: Arc<C::Call>,
    weight: usize,
    since: Instant,
    answer: oneshot::Sender<BatchResult<C>>,
}

/// `None`: go alone.
type BatchResult<C> = Result<Option<<C as BatchExecutor>::Answer>, StoreError>;

impl<C: BatchExecutor> Batcher<C> {
    /// `make` makes what a lane needs that has nothing left over from before.
    pub(super) fn new(limits: Limits, make: impl Fn() -> C + Send + Sync + 'static) -> Self {
        let state = State { waiting: VecDeque::new(), running: 0, idle: Vec::new(), closed: false };
        let ended = Arc::new(Notify::new());
        Self { state: Arc::new(Mutex::new(state)), make: Arc::new(make), limits, ended }
    }

    /// Hands in a call, and waits for its own answer; `None` where it has to go alone.
    pub(super) async fn call(&self, call: Arc<C::Call>, weight: usize) -> BatchResult<C> {
        let (answer, answered) = oneshot::channel();
        let carrier = {
            let mut state = lock(&self.state);
            if state.closed {
                return Err(StoreError::Unavailable("it is closed".to_owned()));
            }
            state.waiting.push_back(Waiting { call, weight, since: Instant::now(), answer });
            let starts = state.running < self.limits.lanes;
            state.running += usize::from(starts);
            starts.then(|| state.idle.pop())
        };
        if let Some(carrier) = carrier {
            let lane = Lane {
                state: Arc::clone(&self.state),
                make: Arc::clone(&self.make),
                limits: self.limits,
                ended: Arc::clone(&self.ended),
                is_free: false,
            };
            tokio::spawn(lane.run(carrier));
        }
        answered
            .await
            .unwrap_or_else(|_| Err(StoreError::Unavailable("its batch did not come to an end".to_owned())))
    }

    /// Lanes with a batch under way, and such as have kept something for the next.
    pub(super) fn lanes(&self) -> (u32, u32) {
        let state = lock(&self.state);
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        (number(state.running), number(state.idle.len()))
    }

    /// Waits for the batches that are under way, turns away whoever waits for one, and lets go of what the lanes have
    /// kept.
    pub(super) async fn close(&self) {
        loop {
            let ended = self.ended.notified();
            {
                let mut state = lock(&self.state);
                state.closed = true;
                state.waiting.clear();
                state.idle.clear();
                if state.running == 0 {
                    return;
                }
            }
            ended.await;
        }
    }
}

struct Lane<C: BatchExecutor> {
    state: Arc<Mutex<State<C>>>,
    make: Arc<dyn Fn() -> C + Send + Sync>,
    limits: Limits,
    ended: Arc<Notify>,
    /// Whether it was given back.
    is_free: bool,
}

/// One that comes to no end, as its runtime does not or the system has no thread for it, would keep all others waiting.
impl<C: BatchExecutor> Drop for Lane<C> {
    fn drop(&mut self) {
        if !self.is_free {
            let mut state = lock(&self.state);
            state.waiting.clear();
            self.give_back(&mut state);
        }
    }
}

impl<C: BatchExecutor> Lane<C> {
    /// One batch after the other, until nobody waits.
    async fn run(mut self, mut kept: Option<C>) {
        let Some(first) = self.next(&mut kept) else { return };
        self.execute(first, &mut kept).await;
        let Some(following) = self.next(&mut kept) else { return };
        if self.limits.own_thread {
            let runtime = Handle::current();
            drop(tokio::task::spawn_blocking(move || runtime.block_on(self.go_on(following, kept))));
        } else {
            self.go_on(following, kept).await;
        }
    }

    async fn go_on(mut self, mut callers: Vec<Waiting<C>>, mut kept: Option<C>) {
        loop {
            self.execute(callers, &mut kept).await;
            let Some(following) = self.next(&mut kept) else { return };
            callers = following;
        }
    }

    async fn execute(&self, callers: Vec<Waiting<C>>, kept: &mut Option<C>) {
        let mut carrier = kept.take().unwrap_or_else(|| (self.make)());
        let (calls, answers): (Vec<_>, Vec<_>) =
            callers.into_iter().map(|waiting| (waiting.call, waiting.answer)).unzip();
        let started = Instant::now();
        let mut settled: Vec<_> = calls.iter().map(|_| None).collect();
        // A batch which panics takes nobody with it but its own, and what it worked with.
        let caught = AssertUnwindSafe(carrier.execute(&calls, &mut settled)).catch_unwind().await;
        let Ok(ended) = caught else { return };
        *kept = Some(carrier);
        let fatal = ended.as_ref().err().filter(|trouble| !trouble.is_request_specific());
        if let Err(trouble) = &ended {
            tracing::debug!(?trouble, alone = fatal.is_none(), callers = answers.len(), "a batch failed");
        }
        if fatal.is_some() && started.elapsed() > PATIENCE {
            // The database is away: the next would wait as long for nothing.
            lock(&self.state).waiting.clear();
        }
        for (settled, answer) in settled.into_iter().zip(answers) {
            let said = match (settled, fatal) {
                (None, Some(trouble)) => Err(trouble.to_error()),
                (settled, _) => Ok(settled),
            };
            // Somebody who has hung up is not told.
            drop(answer.send(said));
        }
    }

    /// As many callers as fit, at least one. Who has waited for too long is turned away: behind a slow database the
    /// last would wait for all the others. Where nobody waits the lane is given back under the same lock: who
    /// comes next finds it free.
    fn next(&mut self, kept: &mut Option<C>) -> Option<Vec<Waiting<C>>> {
        let state = Arc::clone(&self.state);
        let mut state = lock(&state);
        let late = state.waiting.partition_point(|waiting| waiting.since.elapsed() > PATIENCE);
        state.waiting.drain(..late);
        let mut weight = 0_usize;
        let fits = |waiting: &&Waiting<C>| {
            weight = weight.saturating_add(waiting.weight);
            weight <= self.limits.weight
        };
        let fitting = state.waiting.iter().take(self.limits.callers).take_while(fits).count();
        let taken = fitting.max(1).min(state.waiting.len());
        if taken == 0 {
            state.idle.extend(kept.take());
            self.is_free = true;
            self.give_back(&mut state);
            return None;
        }
        Some(state.waiting.drain(..taken).collect())
    }

    fn give_back(&self, state: &mut State<C>) {
        state.running -= 1;
        if state.closed {
            state.idle.clear();
            self.ended.notify_waiters();
        }
    }
}

fn lock<C: BatchExecutor>(state: &Mutex<State<C>>) -> MutexGuard<'_, State<C>> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
