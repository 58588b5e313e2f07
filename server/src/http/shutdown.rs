//! Signals, and the phases of a graceful shutdown.

use std::io;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// The phases in the life of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Requests are served.
    Serving,
    /// Requests are served, and the readiness check fails, so that load balancers use other servers.
    Draining,
    /// The listener is closed, and requests in flight are completed.
    Stopping,
}

/// Receives SIGTERM and SIGINT. Once it exists, neither signal ends the process by itself.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Takes over both signals.
    pub fn new() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for either signal.
    pub async fn stop(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// Waits for a signal, and sends the phases up to [`Phase::Stopping`].
    ///
    /// SIGTERM starts a drain of this length, if it is not zero. SIGINT, which comes from a person at a terminal, stops
    /// without a drain, and a second signal of either kind ends the drain.
    pub async fn follow(mut self, drain: Duration, phase: watch::Sender<Phase>) {
        let is_sigterm = tokio::select! {
            _ = self.terminate.recv() => true,
            _ = self.interrupt.recv() => false,
        };
        if is_sigterm && !drain.is_zero() {
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
        tracing::info!("stopping: requests in flight are completed first");
        phase.send_replace(Phase::Stopping);
    }
}

/// Waits until the listener must close. Also returns if the sender is gone.
pub(crate) async fn stopped(mut phase: watch::Receiver<Phase>) {
    drop(phase.wait_for(|phase| *phase == Phase::Stopping).await);
}
