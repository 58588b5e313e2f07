//! Stopping: from the signal to the moment at which the listener closes.

use std::io;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// How far the server has come on its way to the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Requests are served.
    Serving,
    /// Requests are served, and the readiness check fails, so that load balancers send new ones elsewhere.
    Draining,
    /// The listener is closed; requests in flight are finished.
    Stopping,
}

/// SIGTERM and SIGINT. From its creation neither ends the process by itself.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Takes over both signals.
    pub fn new() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Returns when either arrives.
    pub async fn stop(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// Leads the server through its phases, until it is to stop.
    ///
    /// SIGTERM starts a drain of this length, if it is not zero. SIGINT, which is a person at a terminal, never waits, and
    /// neither does a second signal of either kind.
    pub async fn follow(mut self, drain: Duration, phase: watch::Sender<Phase>) {
        let is_planned = tokio::select! {
            _ = self.terminate.recv() => true,
            _ = self.interrupt.recv() => false,
        };
        if is_planned && !drain.is_zero() {
            phase.send_replace(Phase::Draining);
            tracing::info!(
                seconds = drain.as_secs(),
                "draining: the readiness check fails, and requests are still served"
            );
            tokio::select! {
                () = tokio::time::sleep(drain) => {}
                () = self.stop() => {}
            }
        }
        tracing::info!("stopping: requests in flight are finished first");
        phase.send_replace(Phase::Stopping);
    }
}

/// Resolves when the listener is to close: also when nothing is left that could say so.
pub(crate) async fn stopped(mut phase: watch::Receiver<Phase>) {
    drop(phase.wait_for(|phase| *phase == Phase::Stopping).await);
}
