//! Checks which calls share a batch, and what each caller gets if a batch fails.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::store::failure::DatabaseFailure;

use super::*;

/// A call that is told apart by its number.
#[derive(Debug, Clone, Copy)]
struct TestCall {
    number: u32,
    bytes: usize,
}

/// Returns the number of each call and the size of its batch, after a pause. 0 stands for the fallback.
struct SlowExecutor {
    executed: Arc<AtomicUsize>,
}

const PANIC: u32 = 1000;
const TIMED_OUT: u32 = 1001;
const REFUSED: u32 = 1002;
const STUCK: u32 = 1003;
/// Long enough for all calls of a test to arrive during one batch, also on a busy machine.
const BATCH: Duration = Duration::from_millis(300);

impl BatchExecutor for SlowExecutor {
    type Call = TestCall;
    type Outcome = (u32, usize);

    fn bytes(call: &TestCall) -> usize {
        call.bytes
    }

    async fn execute(
        &mut self,
        calls: &[Arc<TestCall>],
        outcomes: &mut [Option<(u32, usize)>],
    ) -> Result<(), TransactionError> {
        let is_stuck = calls.iter().any(|call| call.number == STUCK);
        let takes = if is_stuck { BATCH_WAIT_TIMEOUT + Duration::from_millis(100) } else { BATCH };
        tokio::time::sleep(takes).await;
        self.executed.fetch_add(calls.len(), Ordering::Relaxed);
        assert!(!calls.iter().any(|call| call.number == PANIC), "asked for");
        // Calls before the one that fails keep their outcomes.
        for (call, outcome) in calls.iter().zip(outcomes) {
            match call.number {
                TIMED_OUT => return Err(DatabaseFailure::timed_out().into()),
                REFUSED => return Err(DatabaseFailure::invalid_row("refused").into()),
                number => *outcome = Some((number, calls.len())),
            }
        }
        Ok(())
    }
}

fn limits(workers: usize, calls: usize, bytes: usize) -> BatchLimits {
    BatchLimits { workers, calls, bytes, own_thread: false }
}

fn batcher_with(limits: BatchLimits) -> (Batcher<SlowExecutor>, Arc<AtomicUsize>) {
    let executed = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&executed);
    let new_executor = move || SlowExecutor { executed: Arc::clone(&counter) };
    let fallback = |call: Arc<TestCall>| async move { Ok((call.number, 0)) };
    (Batcher::new(limits, new_executor, fallback), executed)
}

fn batcher(workers: usize, calls: usize, bytes: usize) -> (Batcher<SlowExecutor>, Arc<AtomicUsize>) {
    batcher_with(limits(workers, calls, bytes))
}

fn call(number: u32) -> TestCall {
    TestCall { number, bytes: 1 }
}

type TestResult = Result<(u32, usize), StoreError>;

/// Starts the calls in their order, and returns their results.
async fn results(batcher: &Batcher<SlowExecutor>, calls: &[TestCall]) -> Vec<TestResult> {
    let mut tasks = Vec::new();
    for call in calls.iter().copied() {
        let batcher = batcher.clone();
        tasks.push(tokio::spawn(async move { batcher.call(call).await }));
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}

async fn batch_sizes(batcher: &Batcher<SlowExecutor>, bytes: &[usize]) -> Vec<usize> {
    let calls: Vec<_> = (0..).zip(bytes).map(|(number, bytes)| TestCall { number, bytes: *bytes }).collect();
    let results = results(batcher, &calls).await;
    let size = |(call, result): (&TestCall, TestResult)| {
        let (number, size) = result.unwrap();
        assert_eq!(number, call.number);
        size
    };
    calls.iter().zip(results).map(size).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn first_call_is_written_alone_and_the_following_ones_together() {
    for own_thread in [false, true] {
        let with = |workers| batcher_with(BatchLimits { own_thread, ..limits(workers, 10, 100) }).0;
        assert_eq!(batch_sizes(&with(1), &[1; 6]).await, [1, 5, 5, 5, 5, 5]);
        assert_eq!(batch_sizes(&with(2), &[1; 6]).await[..2], [1, 1]);
    }
}

#[tokio::test]
async fn batch_is_limited_in_calls_and_bytes() {
    assert_eq!(batch_sizes(&batcher(1, 2, 100).0, &[1; 5]).await, [1, 2, 2, 2, 2]);
    assert_eq!(batch_sizes(&batcher(1, 10, 10).0, &[1, 6, 4, 1, 99, 1]).await, [1, 2, 2, 1, 1, 1]);
}

#[tokio::test]
async fn batch_that_panics_fails_its_own_calls_only() {
    let (batcher, _) = batcher(1, 1, 100);
    let results = results(&batcher, &[call(PANIC), call(2)]).await;
    assert!(matches!(results[..], [Err(StoreError::Unavailable(_)), Ok((2, 1))]), "{results:?}");
    // A new worker may start.
    assert!(matches!(batcher.call(call(3)).await, Ok((3, 1))));
}

#[tokio::test]
async fn failed_batch_uses_fallbacks_only_if_nothing_of_it_was_written() {
    let (batcher, _) = batcher(1, 10, 100);
    let timed_out = results(&batcher, &[call(1), call(2), call(TIMED_OUT), call(3)]).await;
    let is_unavailable = |result: &TestResult| matches!(result, Err(StoreError::Unavailable(_)));
    assert!(
        matches!(timed_out[..2], [Ok((1, 1)), Ok((2, 3))]) && timed_out[2..].iter().all(is_unavailable),
        "{timed_out:?}"
    );
    let refused = results(&batcher, &[call(1), call(2), call(REFUSED), call(3)]).await;
    assert!(matches!(refused[..], [Ok((1, 1)), Ok((2, 3)), Ok((REFUSED, 0)), Ok((3, 0))]), "{refused:?}");
}

#[tokio::test]
async fn call_that_waits_for_too_long_fails() {
    let (batcher, executed) = batcher(1, 1, 100);
    let started = Instant::now();
    let results = results(&batcher, &[call(STUCK), call(1), call(2)]).await;
    assert!(results[0].is_ok() && results[1..].iter().all(Result::is_err), "{results:?}");
    assert!(started.elapsed() < BATCH_WAIT_TIMEOUT * 2, "{:?}", started.elapsed());
    assert_eq!(executed.load(Ordering::Relaxed), 1);
    assert!(batcher.call(call(3)).await.is_ok());
}

#[tokio::test]
async fn closing_waits_for_the_running_batch_and_not_for_the_queue() {
    let (batcher, executed) = batcher(1, 1, 100);
    let waiting = tokio::spawn({
        let batcher = batcher.clone();
        async move { results(&batcher, &[call(1), call(2), call(3)]).await }
    });
    tokio::time::sleep(Duration::from_millis(10)).await;
    batcher.close().await;
    assert_eq!(executed.load(Ordering::Relaxed), 1);
    let results = waiting.await.unwrap();
    assert!(results[0].is_ok() && results[1..].iter().all(Result::is_err), "{results:?}");
    assert_eq!(batcher.workers(), (0, 0));
}

#[tokio::test]
async fn call_of_a_dropped_caller_is_executed() {
    let (batcher, executed) = batcher(1, 10, 100);
    for number in 0..3 {
        let batcher = batcher.clone();
        let caller = tokio::spawn(async move { batcher.call(call(number)).await });
        tokio::time::sleep(Duration::from_millis(1)).await;
        caller.abort();
    }
    tokio::time::sleep(BATCH * 3).await;
    assert_eq!(executed.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn call_of_a_dropped_caller_gets_its_fallback() {
    let finished = Arc::new(Notify::new());
    let counter = Arc::new(AtomicUsize::new(0));
    let batcher = Batcher::new(limits(1, 1, 100), move || SlowExecutor { executed: Arc::clone(&counter) }, {
        let finished = Arc::clone(&finished);
        move |call: Arc<TestCall>| {
            let finished = Arc::clone(&finished);
            async move {
                finished.notify_one();
                Ok((call.number, 0))
            }
        }
    });
    let caller = tokio::spawn(async move { batcher.call(call(REFUSED)).await });
    tokio::time::sleep(Duration::from_millis(1)).await;
    caller.abort();
    finished.notified().await;
}

#[tokio::test]
async fn dropped_caller_that_waits_for_the_batch_only_gets_no_fallback() {
    let (executed, fallbacks) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let batcher = {
        let (executed, fallbacks) = (Arc::clone(&executed), Arc::clone(&fallbacks));
        Batcher::new(
            limits(1, 1, 100),
            move || SlowExecutor { executed: Arc::clone(&executed) },
            move |_| {
                fallbacks.fetch_add(1, Ordering::Relaxed);
                async { Ok((0, 0)) }
            },
        )
    };
    let waiting = batcher.clone();
    let caller = tokio::spawn(async move { waiting.call_in_batch(Arc::new(call(REFUSED))).await });
    tokio::time::sleep(Duration::from_millis(1)).await;
    caller.abort();
    // The next batch runs after the one of the dropped caller has ended.
    assert!(batcher.call(call(1)).await.is_ok());
    assert_eq!((executed.load(Ordering::Relaxed), fallbacks.load(Ordering::Relaxed)), (2, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_one_of_many_concurrent_calls_gets_its_own_outcome() {
    struct Echo;
    impl BatchExecutor for Echo {
        type Call = u32;
        type Outcome = u32;
        async fn execute(
            &mut self,
            calls: &[Arc<u32>],
            outcomes: &mut [Option<u32>],
        ) -> Result<(), TransactionError> {
            outcomes.iter_mut().zip(calls).for_each(|(outcome, call)| *outcome = Some(**call));
            Ok(())
        }
    }
    let limits = BatchLimits { workers: 2, calls: 7, bytes: 50, own_thread: true };
    let fallback = |_| async { Err(TransactionError::StaleSnapshot) };
    let batcher = Batcher::new(limits, || Echo, fallback);
    let tasks: Vec<_> = (0..20_000)
        .map(|call| {
            let batcher = batcher.clone();
            tokio::spawn(async move { batcher.call(call).await.unwrap() == call })
        })
        .collect();
    for task in tasks {
        assert!(task.await.unwrap());
    }
    batcher.close().await;
    assert_eq!(batcher.workers(), (0, 0));
    assert!(batcher.call(1).await.is_err());
}

#[tokio::test]
async fn worker_of_a_runtime_that_ends_is_replaced() {
    let (batcher, _) = batcher(1, 64, usize::MAX);
    let other = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let first = {
        let batcher = batcher.clone();
        other.spawn(async move { batcher.call(call(1)).await })
    };
    while batcher.workers().0 == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    other.shutdown_background();
    assert!(first.await.is_err());
    while batcher.workers().0 > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(matches!(batcher.call(call(2)).await, Ok((2, 1))));
}
