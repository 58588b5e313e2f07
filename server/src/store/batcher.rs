//! Group commit. Calls that arrive while a batch is being written are queued and written together as the next batch.
//!
//! A call that arrives at an idle worker is written immediately; no call waits for a batch to fill. Most of the cost of
//! a create or a reveal is its transaction (round trips, and the wait for the disk), which a batch pays once.
//!
//! A caller does not notice the batch: [`Batcher::call`] returns the final outcome. A call that a batch did not decide
//! (its secret is locked or has changed, or another call made the whole batch fail) is repeated in a fallback
//! transaction of its own, so that requests in one batch succeed or fail independently.

mod worker;

use std::collections::VecDeque;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, oneshot};
use vault::StoreError;

use super::retry::{retry, uncancelled};
use super::transaction_error::{TransactionError, TransactionFuture};
use worker::Worker;

/// How long a call waits for its batch after the current batch has ended; as long as for a connection of a pool.
const BATCH_WAIT_TIMEOUT: Duration = Duration::from_secs(5);

/// Writes batches, one after the other. It owns what it keeps between two batches, like a connection.
pub(super) trait BatchExecutor: Send + 'static {
    /// The request of a caller.
    type Call: Send + Sync + 'static;
    /// The response to a caller.
    type Outcome: Send + 'static;

    /// Returns the bytes that a call adds to its batch; see [`BatchLimits::bytes`].
    fn bytes(_call: &Self::Call) -> usize {
        0
    }

    /// Executes the calls in one transaction, in their order, and stores the outcome of each at its position.
    ///
    /// A call that is left with `None` gets a fallback transaction; nothing of it may have been written, unless the
    /// returned error says that this is unknown.
    fn execute(
        &mut self,
        calls: &[Arc<Self::Call>],
        outcomes: &mut [Option<Self::Outcome>],
    ) -> impl Future<Output = Result<(), TransactionError>> + Send;
}

/// The sizes of a batcher and its batches.
#[derive(Clone, Copy)]
pub(super) struct BatchLimits {
    /// Batches that are written at the same time.
    pub(super) workers: usize,
    /// Calls in one batch.
    pub(super) calls: usize,
    /// Bytes of all calls in one batch. A larger call is a batch of its own.
    pub(super) bytes: usize,
    /// Whether a worker moves to a thread of its own while batches follow on each other; see
    /// [`worker::on_own_thread`].
    pub(super) own_thread: bool,
}

/// A queue of calls of one kind, and the workers that write them in order of arrival.
///
/// Workers run in tasks of their own, so that dropping a caller cancels no batch.
pub(super) struct Batcher<E: BatchExecutor>(Arc<Shared<E>>);

impl<E: BatchExecutor> Clone for Batcher<E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

struct Shared<E: BatchExecutor> {
    queue: Mutex<Queue<E>>,
    limits: BatchLimits,
    new_executor: Box<dyn Fn() -> E + Send + Sync>,
    fallback: Box<Fallback<E>>,
    worker_ended: Notify,
}

/// Executes one call in a transaction of its own.
type Fallback<E> = dyn Fn(Arc<<E as BatchExecutor>::Call>) -> TransactionFuture<'static, <E as BatchExecutor>::Outcome>
    + Send
    + Sync;

struct Queue<E: BatchExecutor> {
    calls: VecDeque<QueuedCall<E>>,
    running_workers: usize,
    idle_executors: Vec<E>,
    is_closed: bool,
}

struct QueuedCall<E: BatchExecutor> {
    call: Arc<E::Call>,
    queued_at: Instant,
    result: oneshot::Sender<BatchResult<E>>,
}

/// The outcome of a call in its batch; `None` if it needs a fallback transaction.
type BatchResult<E> = Result<Option<<E as BatchExecutor>::Outcome>, StoreError>;

impl<E: BatchExecutor> Batcher<E> {
    /// Creates a batcher without workers. `new_executor` creates the executor of a worker if no idle one is left;
    /// `fallback` executes one call in a transaction of its own.
    pub(super) fn new<F>(
        limits: BatchLimits,
        new_executor: impl Fn() -> E + Send + Sync + 'static,
        fallback: impl Fn(Arc<E::Call>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<E::Outcome, TransactionError>> + Send + 'static,
    {
        Self(Arc::new(Shared {
            queue: Mutex::new(Queue {
                calls: VecDeque::new(),
                running_workers: 0,
                idle_executors: Vec::new(),
                is_closed: false,
            }),
            limits,
            new_executor: Box::new(new_executor),
            fallback: Box::new(move |call| Box::pin(fallback(call))),
            worker_ended: Notify::new(),
        }))
    }

    /// Executes a call to completion, in a batch or in a fallback transaction, and returns its outcome.
    pub(super) async fn call(&self, call: E::Call) -> Result<E::Outcome, StoreError> {
        let (batcher, call) = (self.clone(), Arc::new(call));
        uncancelled(async move {
            match batcher.call_in_batch(Arc::clone(&call)).await? {
                Some(outcome) => Ok(outcome),
                None => batcher.call_fallback(call).await,
            }
        })
        .await
    }

    /// Executes a call in a fallback transaction, which must not be cancelled.
    pub(super) async fn call_fallback(&self, call: Arc<E::Call>) -> Result<E::Outcome, StoreError> {
        retry(|| (self.0.fallback)(Arc::clone(&call))).await
    }

    /// Queues a call, starts a worker if one may start, and waits for the result of the batch. A dropped caller does not
    /// cancel the batch.
    pub(super) async fn call_in_batch(&self, call: Arc<E::Call>) -> BatchResult<E> {
        let (result, received) = oneshot::channel();
        let starts_with = {
            let mut queue = self.0.lock();
            if queue.is_closed {
                return Err(StoreError::Unavailable("the store is closed".to_owned()));
            }
            queue.calls.push_back(QueuedCall { call, queued_at: Instant::now(), result });
            let may_start = queue.running_workers < self.0.limits.workers;
            queue.running_workers += usize::from(may_start);
            may_start.then(|| queue.idle_executors.pop())
        };
        if let Some(executor) = starts_with {
            // Not under the lock: a runtime that shuts down drops the worker at once, which takes the lock.
            tokio::spawn(Worker::new(Arc::clone(&self.0)).run(executor));
        }
        received
            .await
            .unwrap_or_else(|_| Err(StoreError::Unavailable("the batch of this call was aborted".to_owned())))
    }

    /// Returns the numbers of running workers and of idle executors.
    pub(super) fn workers(&self) -> (u32, u32) {
        let queue = self.0.lock();
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        (number(queue.running_workers), number(queue.idle_executors.len()))
    }

    /// Waits for the batches that are being written, fails the queued calls, and drops the idle executors.
    pub(super) async fn close(&self) {
        loop {
            let worker_ended = self.0.worker_ended.notified();
            {
                let mut queue = self.0.lock();
                queue.is_closed = true;
                queue.calls.clear();
                queue.idle_executors.clear();
                if queue.running_workers == 0 {
                    return;
                }
            }
            worker_ended.await;
        }
    }
}

impl<E: BatchExecutor> Shared<E> {
    fn lock(&self) -> MutexGuard<'_, Queue<E>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
