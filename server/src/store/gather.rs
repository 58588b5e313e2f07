//! Group commit: while one batch is under way, callers that arrive form the next.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use app::store::StoreError;
use tokio::sync::{Notify, oneshot};

use super::unit::Trouble;

/// Takes one batch after the other to its end.
pub(super) trait Carrier: Send + 'static {
    /// What a caller asks for.
    type Call: Send + Sync + 'static;
    /// What it is told.
    type Answer: Send + 'static;

    /// An answer for each call, in their order; `None` for one of which nothing was done, and which needs a closer
    /// look, alone.
    fn carry(
        &mut self,
        calls: &[Arc<Self::Call>],
    ) -> impl Future<Output = Result<Vec<Option<Self::Answer>>, Trouble>> + Send;
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
}

/// Callers of one kind, on their way into the database.
///
/// Whoever comes while a lane is free goes at once, alone: nothing waits for company. Everybody else is taken along
/// by the next batch, in the order of arrival. Batches run in tasks of their own, which no caller can cancel by
/// hanging up.
pub(super) struct Gather<C: Carrier> {
    state: Arc<Mutex<State<C>>>,
    make: Arc<dyn Fn() -> C + Send + Sync>,
    limits: Limits,
    ended: Arc<Notify>,
}

struct State<C: Carrier> {
    waiting: VecDeque<Waiting<C>>,
    running: usize,
    idle: Vec<C>,
    closed: bool,
}

struct Waiting<C: Carrier> {
    call: Arc<C::Call>,
    weight: usize,
    since: Instant,
    answer: oneshot::Sender<Said<C>>,
}

/// `None`: go alone.
type Said<C> = Result<Option<<C as Carrier>::Answer>, StoreError>;

impl<C: Carrier> Gather<C> {
    /// `make` makes what a lane needs that has nothing left over from before.
    pub(super) fn new(limits: Limits, make: impl Fn() -> C + Send + Sync + 'static) -> Self {
        let state = State { waiting: VecDeque::new(), running: 0, idle: Vec::new(), closed: false };
        let ended = Arc::new(Notify::new());
        Self { state: Arc::new(Mutex::new(state)), make: Arc::new(make), limits, ended }
    }

    /// Hands in a call, and waits for its own answer; `None` where it has to go alone.
    pub(super) async fn call(&self, call: Arc<C::Call>, weight: usize) -> Said<C> {
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

struct Lane<C: Carrier> {
    state: Arc<Mutex<State<C>>>,
    make: Arc<dyn Fn() -> C + Send + Sync>,
    limits: Limits,
    ended: Arc<Notify>,
}

impl<C: Carrier> Lane<C> {
    /// One batch after the other, until nobody waits.
    async fn run(self, mut kept: Option<C>) {
        while let Some(callers) = self.next(&mut kept) {
            let mut carrier = kept.take().unwrap_or_else(|| (self.make)());
            let (calls, answers): (Vec<_>, Vec<_>) =
                callers.into_iter().map(|waiting| (waiting.call, waiting.answer)).unzip();
            let started = Instant::now();
            // In a task, so that a batch which panics takes nobody with it but its own.
            let batch = tokio::spawn(async move {
                let settled = carrier.carry(&calls).await;
                (carrier, settled)
            });
            let Ok((carrier, settled)) = batch.await else { continue };
            kept = Some(carrier);
            match settled {
                Ok(settled) => {
                    for (settled, answer) in settled.into_iter().zip(answers) {
                        // Somebody who has hung up is not told.
                        drop(answer.send(Ok(settled)));
                    }
                }
                Err(trouble) => {
                    let alone = trouble.may_be_of_one();
                    if !alone && started.elapsed() > PATIENCE {
                        // The database is away: the next would wait as long for nothing.
                        lock(&self.state).waiting.clear();
                    }
                    tracing::debug!(?trouble, alone, callers = answers.len(), "a batch failed");
                    for answer in answers {
                        drop(answer.send(if alone { Ok(None) } else { Err(trouble.to_error()) }));
                    }
                }
            }
        }
    }

    /// As many callers as fit, at least one. Who has waited for too long is turned away: behind a slow database the
    /// last would wait for all the others. Where nobody waits the lane is given back under the same lock: who
    /// comes next finds it free.
    fn next(&self, kept: &mut Option<C>) -> Option<Vec<Waiting<C>>> {
        let mut state = lock(&self.state);
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
            state.running -= 1;
            state.idle.extend(kept.take());
            if state.closed {
                state.idle.clear();
                self.ended.notify_waiters();
            }
            return None;
        }
        Some(state.waiting.drain(..taken).collect())
    }
}

fn lock<C: Carrier>(state: &Mutex<State<C>>) -> MutexGuard<'_, State<C>> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use sqlx::Error;

    use super::*;

    /// Answers each call with itself and the size of its batch, after a while.
    struct Slow {
        carried: Arc<AtomicUsize>,
    }

    const PANIC: u32 = 1000;
    const CUT: u32 = 1001;
    const REFUSED: u32 = 1002;
    const STUCK: u32 = 1003;
    /// Long enough for all callers of a test to come while one is under way, on a busy machine too.
    const BATCH: Duration = Duration::from_millis(300);

    impl Carrier for Slow {
        type Call = u32;
        type Answer = (u32, usize);

        async fn carry(&mut self, calls: &[Arc<u32>]) -> Result<Vec<Option<(u32, usize)>>, Trouble> {
            let stuck = calls.iter().any(|call| **call == STUCK);
            let takes = if stuck { PATIENCE + Duration::from_millis(100) } else { BATCH };
            tokio::time::sleep(takes).await;
            self.carried.fetch_add(calls.len(), Ordering::Relaxed);
            assert!(!calls.iter().any(|call| **call == PANIC), "asked for");
            if calls.iter().any(|call| **call == CUT) {
                return Err(Error::Io(std::io::ErrorKind::BrokenPipe.into()).into());
            }
            if calls.iter().any(|call| **call == REFUSED) {
                return Err(Error::RowNotFound.into());
            }
            Ok(calls.iter().map(|call| Some((**call, calls.len()))).collect())
        }
    }

    fn gather(lanes: usize, callers: usize, weight: usize) -> (Arc<Gather<Slow>>, Arc<AtomicUsize>) {
        let carried = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&carried);
        let make = move || Slow { carried: Arc::clone(&counter) };
        (Arc::new(Gather::new(Limits { lanes, callers, weight }, make)), carried)
    }

    /// Calls come one after the other, in their order.
    async fn said(gather: &Arc<Gather<Slow>>, calls: &[(u32, usize)]) -> Vec<Said<Slow>> {
        let mut tasks = Vec::new();
        for (call, weight) in calls.iter().copied() {
            let gather = Arc::clone(gather);
            tasks.push(tokio::spawn(async move { gather.call(Arc::new(call), weight).await }));
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let mut said = Vec::new();
        for task in tasks {
            said.push(task.await.unwrap());
        }
        said
    }

    async fn sizes(gather: &Arc<Gather<Slow>>, weights: &[usize]) -> Vec<usize> {
        let calls: Vec<_> = (0..).zip(weights.iter().copied()).collect();
        let answers = said(gather, &calls).await;
        let answer = |((call, _), answer): (&(u32, usize), Said<Slow>)| {
            let (answered, size) = answer.unwrap().unwrap();
            assert_eq!(answered, *call);
            size
        };
        calls.iter().zip(answers).map(answer).collect()
    }

    #[tokio::test]
    async fn the_first_goes_alone_and_the_rest_together() {
        assert_eq!(sizes(&gather(1, 10, 100).0, &[1; 6]).await, [1, 5, 5, 5, 5, 5]);
        assert_eq!(sizes(&gather(2, 10, 100).0, &[1; 6]).await[..2], [1, 1]);
    }

    #[tokio::test]
    async fn a_batch_holds_so_many_and_so_much() {
        assert_eq!(sizes(&gather(1, 2, 100).0, &[1; 5]).await, [1, 2, 2, 2, 2]);
        assert_eq!(sizes(&gather(1, 10, 10).0, &[1, 6, 4, 1, 99, 1]).await, [1, 2, 2, 1, 1, 1]);
    }

    #[tokio::test]
    async fn a_batch_that_panics_leaves_its_callers_without_an_answer_and_nobody_else() {
        let (gather, _) = gather(1, 1, 100);
        let said = said(&gather, &[(PANIC, 1), (2, 1)]).await;
        assert!(matches!(said[..], [Err(StoreError::Unavailable(_)), Ok(Some((2, 1)))]), "{said:?}");
        // The lane was given back.
        assert!(matches!(gather.call(Arc::new(3), 1).await, Ok(Some((3, 1)))));
    }

    #[tokio::test]
    async fn a_batch_goes_one_by_one_only_where_nothing_of_it_can_have_been_done() {
        let (gather, _) = gather(1, 10, 100);
        let cut = said(&gather, &[(1, 1), (CUT, 1), (2, 1)]).await;
        let unavailable = |said: &Said<Slow>| matches!(said, Err(StoreError::Unavailable(_)));
        assert!(cut[0].is_ok() && cut[1..].iter().all(unavailable), "{cut:?}");
        let refused = said(&gather, &[(1, 1), (REFUSED, 1), (2, 1)]).await;
        assert!(matches!(refused[..], [Ok(Some(_)), Ok(None), Ok(None)]), "{refused:?}");
    }

    #[tokio::test]
    async fn who_waits_for_too_long_is_turned_away() {
        let (gather, carried) = gather(1, 1, 100);
        let asked = Instant::now();
        let said = said(&gather, &[(STUCK, 1), (1, 1), (2, 1)]).await;
        assert!(said[0].is_ok() && said[1..].iter().all(Result::is_err), "{said:?}");
        assert!(asked.elapsed() < PATIENCE * 2, "{:?}", asked.elapsed());
        assert_eq!(carried.load(Ordering::Relaxed), 1);
        assert!(gather.call(Arc::new(3), 1).await.is_ok());
    }

    #[tokio::test]
    async fn closing_waits_for_one_batch_and_not_for_all_who_wait() {
        let (gather, carried) = gather(1, 1, 100);
        let waiting = tokio::spawn({
            let gather = Arc::clone(&gather);
            async move { said(&gather, &[(1, 1), (2, 1), (3, 1)]).await }
        });
        tokio::time::sleep(Duration::from_millis(10)).await;
        gather.close().await;
        assert_eq!(carried.load(Ordering::Relaxed), 1);
        let said = waiting.await.unwrap();
        assert!(said[0].is_ok() && said[1..].iter().all(Result::is_err), "{said:?}");
        assert_eq!(gather.lanes(), (0, 0));
    }

    #[tokio::test]
    async fn who_hangs_up_is_carried_all_the_same() {
        let (gather, carried) = gather(1, 10, 100);
        for call in 0..3 {
            let gather = Arc::clone(&gather);
            let caller = tokio::spawn(async move { gather.call(Arc::new(call), 1).await });
            tokio::time::sleep(Duration::from_millis(1)).await;
            caller.abort();
        }
        tokio::time::sleep(BATCH * 3).await;
        assert_eq!(carried.load(Ordering::Relaxed), 3);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn nobody_is_forgotten() {
        struct Echo;
        impl Carrier for Echo {
            type Call = u32;
            type Answer = u32;
            async fn carry(&mut self, calls: &[Arc<u32>]) -> Result<Vec<Option<u32>>, Trouble> {
                Ok(calls.iter().map(|call| Some(**call)).collect())
            }
        }
        let gather = Arc::new(Gather::new(Limits { lanes: 2, callers: 7, weight: 50 }, || Echo));
        let tasks: Vec<_> = (0..20_000)
            .map(|call| {
                let gather = Arc::clone(&gather);
                tokio::spawn(async move { gather.call(Arc::new(call), 1).await.unwrap() == Some(call) })
            })
            .collect();
        for task in tasks {
            assert!(task.await.unwrap());
        }
        gather.close().await;
        assert_eq!(gather.lanes(), (0, 0));
        assert!(gather.call(Arc::new(1), 1).await.is_err());
    }
}
