//! Callers that come while a batch is under way.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::store::failure::DatabaseFailure;

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

impl BatchExecutor for Slow {
    type Call = u32;
    type Answer = (u32, usize);

    async fn execute(
        &mut self,
        calls: &[Arc<u32>],
        answers: &mut [Option<(u32, usize)>],
    ) -> Result<(), TransactionError> {
        let stuck = calls.iter().any(|call| **call == STUCK);
        let takes = if stuck { PATIENCE + Duration::from_millis(100) } else { BATCH };
        tokio::time::sleep(takes).await;
        self.carried.fetch_add(calls.len(), Ordering::Relaxed);
        assert!(!calls.iter().any(|call| **call == PANIC), "asked for");
        // In their order, until there is trouble.
        for (call, answer) in calls.iter().zip(answers) {
            match **call {
                CUT => return Err(DatabaseFailure::timed_out().into()),
                REFUSED => return Err(DatabaseFailure::row("refused").into()),
                call => *answer = Some((call, calls.len())),
            }
        }
        Ok(())
    }
}

fn gather(lanes: usize, callers: usize, weight: usize) -> (Arc<Batcher<Slow>>, Arc<AtomicUsize>) {
    let carried = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&carried);
    let make = move || Slow { carried: Arc::clone(&counter) };
    (Arc::new(Batcher::new(Limits { lanes, callers, weight, own_thread: false }, make)), carried)
}

/// Calls come one after the other, in their order.
async fn said(gather: &Arc<Batcher<Slow>>, calls: &[(u32, usize)]) -> Vec<BatchResult<Slow>> {
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

async fn sizes(gather: &Arc<Batcher<Slow>>, weights: &[usize]) -> Vec<usize> {
    let calls: Vec<_> = (0..).zip(weights.iter().copied()).collect();
    let answers = said(gather, &calls).await;
    let answer = |((call, _), answer): (&(u32, usize), BatchResult<Slow>)| {
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
    // The first goes before the others. Who has an answer keeps it, whatever becomes of those behind.
    let cut = said(&gather, &[(1, 1), (2, 1), (CUT, 1), (3, 1)]).await;
    let unavailable = |said: &BatchResult<Slow>| matches!(said, Err(StoreError::Unavailable(_)));
    assert!(
        matches!(cut[..2], [Ok(Some(_)), Ok(Some((2, 3)))]) && cut[2..].iter().all(unavailable),
        "{cut:?}"
    );
    let refused = said(&gather, &[(1, 1), (2, 1), (REFUSED, 1), (3, 1)]).await;
    assert!(matches!(refused[..], [Ok(Some(_)), Ok(Some((2, 3))), Ok(None), Ok(None)]), "{refused:?}");
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
    impl BatchExecutor for Echo {
        type Call = u32;
        type Answer = u32;
        async fn execute(
            &mut self,
            calls: &[Arc<u32>],
            answers: &mut [Option<u32>],
        ) -> Result<(), TransactionError> {
            answers.iter_mut().zip(calls).for_each(|(answer, call)| *answer = Some(**call));
            Ok(())
        }
    }
    let gather =
        Arc::new(Batcher::new(Limits { lanes: 2, callers: 7, weight: 50, own_thread: true }, || Echo));
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

#[tokio::test]
async fn a_lane_that_comes_to_no_end_is_free_again() {
    let (gather, _) = gather(1, 64, usize::MAX);
    let other = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let first = {
        let gather = Arc::clone(&gather);
        other.spawn(async move { gather.call(Arc::new(1), 1).await })
    };
    while gather.lanes().0 == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    other.shutdown_background();
    assert!(first.await.is_err());
    while gather.lanes().0 > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(matches!(gather.call(Arc::new(2), 1).await, Ok(Some((2, 1)))));
}
