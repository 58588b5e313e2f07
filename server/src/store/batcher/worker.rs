//! The worker of a batcher: takes calls from the queue and executes them, until the queue is empty.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use futures_util::FutureExt as _;
use tokio::runtime::Handle;

use super::{BATCH_WAIT_TIMEOUT, BatchExecutor, Queue, QueuedCall, Shared};

pub(super) struct Worker<E: BatchExecutor> {
    shared: Arc<Shared<E>>,
    /// Whether the queue counts this worker as running.
    is_running: bool,
}

/// Fails the queued calls if the worker is dropped in the middle of its work, because its runtime has ended or the
/// system has no thread for it. Otherwise they would wait forever.
impl<E: BatchExecutor> Drop for Worker<E> {
    fn drop(&mut self) {
        if self.is_running {
            let mut queue = self.shared.lock();
            queue.calls.clear();
            self.end(&mut queue);
        }
    }
}

impl<E: BatchExecutor> Worker<E> {
    /// Creates a worker that the queue already counts as running.
    pub(super) fn new(shared: Arc<Shared<E>>) -> Self {
        Self { shared, is_running: true }
    }

    /// Executes batches until the queue is empty.
    pub(super) async fn run(mut self, mut executor: Option<E>) {
        let Some(first) = self.next_batch(&mut executor) else { return };
        self.execute(first, &mut executor).await;
        let Some(second) = self.next_batch(&mut executor) else { return };
        if self.shared.limits.own_thread {
            on_own_thread(self.run_from(second, executor));
        } else {
            self.run_from(second, executor).await;
        }
    }

    async fn run_from(mut self, mut batch: Vec<QueuedCall<E>>, mut executor: Option<E>) {
        loop {
            self.execute(batch, &mut executor).await;
            let Some(next) = self.next_batch(&mut executor) else { return };
            batch = next;
        }
    }

    async fn execute(&self, batch: Vec<QueuedCall<E>>, kept_executor: &mut Option<E>) {
        let mut executor = kept_executor.take().unwrap_or_else(|| (self.shared.new_executor)());
        let (calls, results): (Vec<_>, Vec<_>) =
            batch.into_iter().map(|queued| (queued.call, queued.result)).unzip();
        let started = Instant::now();
        let mut outcomes: Vec<_> = calls.iter().map(|_| None).collect();
        // A panic drops the executor and fails this batch, and no other.
        let caught = AssertUnwindSafe(executor.execute(&calls, &mut outcomes)).catch_unwind().await;
        let Ok(executed) = caught else { return };
        *kept_executor = Some(executor);
        let fatal = executed.as_ref().err().filter(|error| !error.is_request_specific());
        if let Err(error) = &executed {
            tracing::debug!(?error, fallback = fatal.is_none(), calls = results.len(), "a batch failed");
        }
        if fatal.is_some() && started.elapsed() > BATCH_WAIT_TIMEOUT {
            // The database does not answer: the queued calls would wait as long, and fail too.
            self.shared.lock().calls.clear();
        }
        for (outcome, result) in outcomes.into_iter().zip(results) {
            let sent = result.send(match (outcome, fatal) {
                (None, Some(error)) => Err(error.to_store_error()),
                (outcome, _) => Ok(outcome),
            });
            // The receiver of a dropped caller is gone.
            drop(sent);
        }
    }

    /// Takes as many calls from the queue as fit into a batch, at least one.
    ///
    /// Calls that have waited for too long fail: behind a slow database the last call would wait for all batches before
    /// it. If the queue is empty, the worker ends while it holds the lock, so that the next call starts a new one.
    fn next_batch(&mut self, executor: &mut Option<E>) -> Option<Vec<QueuedCall<E>>> {
        let shared = Arc::clone(&self.shared);
        let mut queue = shared.lock();
        let late = queue.calls.partition_point(|call| call.queued_at.elapsed() > BATCH_WAIT_TIMEOUT);
        queue.calls.drain(..late);
        let mut bytes = 0_usize;
        let fits = |queued: &&QueuedCall<E>| {
            bytes = bytes.saturating_add(E::bytes(&queued.call));
            bytes <= shared.limits.bytes
        };
        let fitting = queue.calls.iter().take(shared.limits.calls).take_while(fits).count();
        let taken = fitting.max(1).min(queue.calls.len());
        if taken == 0 {
            queue.idle_executors.extend(executor.take());
            self.is_running = false;
            self.end(&mut queue);
            return None;
        }
        Some(queue.calls.drain(..taken).collect())
    }

    fn end(&self, queue: &mut Queue<E>) {
        queue.running_workers -= 1;
        if queue.is_closed {
            queue.idle_executors.clear();
            self.shared.worker_ended.notify_waiters();
        }
    }
}

/// Runs the batches that follow on the first one on a thread of their own.
///
/// Fast path: on the threads of the runtime, a worker would queue behind requests each time that SQLite's thread has
/// answered. A single batch is faster without the second thread, so that the worker moves only with its second batch.
/// It changes where the worker runs and not what it decides: `server store::batcher` runs the same checks with and
/// without it. To switch it off, set [`BatchLimits::own_thread`](super::BatchLimits::own_thread) to `false`.
fn on_own_thread(batches: impl Future<Output = ()> + Send + 'static) {
    let runtime = Handle::current();
    drop(tokio::task::spawn_blocking(move || runtime.block_on(batches)));
}
