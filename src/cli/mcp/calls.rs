//! Work on threads: what blocks must not hold up the protocol, and the library must not run within a runtime.

use super::watch::Watch;
use crate::monitor::Interrupt;
use rmcp::RoleServer;
use rmcp::model::ProgressNotificationParam;
use rmcp::service::RequestContext;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use tokio::sync::{Semaphore, mpsc, oneshot};

/// Calls that run at once; others wait.
const MOST: usize = 4;
/// As much as a main thread has.
const STACK: usize = 8 << 20;

/// The calls that run.
#[derive(Clone)]
pub(super) struct Calls {
    seats: Arc<Semaphore>,
    running: Arc<Mutex<Vec<Running>>>,
}

/// A call that runs, or did.
struct Running {
    interrupt: Interrupt,
    thread: JoinHandle<()>,
}

impl Default for Calls {
    fn default() -> Calls {
        Calls { seats: Arc::new(Semaphore::new(MOST)), running: Arc::default() }
    }
}

/// Stops the work that nobody waits for any more.
struct Unattended(Interrupt);

impl Drop for Unattended {
    fn drop(&mut self) {
        self.0.stop();
    }
}

impl Calls {
    /// Does `work`, tells the client of its progress if it wants to know, and stops it if the client cancels.
    ///
    /// # Errors
    /// Why there is no answer: it was cancelled before it began, or there is no thread for it.
    pub async fn run<T: Send + 'static>(
        &self,
        context: &RequestContext<RoleServer>,
        work: impl FnOnce(&Watch) -> T + Send + 'static,
    ) -> Result<T, String> {
        let cancelled = || "cancelled".to_owned();
        let _seat = tokio::select! {
            seat = self.seats.acquire() => seat.map_err(|_| cancelled())?,
            () = context.ct.cancelled() => return Err(cancelled()),
        };
        let interrupt = Interrupt::new();
        let _unattended = Unattended(interrupt.clone());
        let (events, mut heard) = mpsc::unbounded_channel();
        let (done, mut answer) = oneshot::channel();
        let token = context.meta.get_progress_token();
        let watch = Watch::new(interrupt.clone(), token.is_some().then_some(events));
        let thread = Builder::new().name("dbsnap-call".to_owned()).stack_size(STACK).spawn(move || {
            let answer = work(&watch);
            watch.end();
            // nobody listens when the server has ended
            let _ = done.send(answer);
        });
        self.keep(&interrupt, thread.map_err(|error| format!("cannot start a thread: {error}"))?);
        loop {
            tokio::select! {
                // what was told before the answer is passed on before it
                biased;
                Some(event) = heard.recv() => {
                    let Some(token) = token.clone() else { continue };
                    let told = ProgressNotificationParam::new(token, event.done).with_message(event.message);
                    let told = match event.total {
                        Some(total) => told.with_total(total),
                        None => told,
                    };
                    let _ = context.peer.notify_progress(told).await;
                }
                answer = &mut answer => return answer.map_err(|_| "the call ended without an answer: a bug".to_owned()),
                () = context.ct.cancelled(), if !interrupt.is_stopped() => interrupt.stop(),
            }
        }
    }

    fn keep(&self, interrupt: &Interrupt, thread: JoinHandle<()>) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.retain(|call| !call.thread.is_finished());
        running.push(Running { interrupt: interrupt.clone(), thread });
    }

    /// Stops what still runs and waits for its end: nothing is left half done.
    pub fn end(&self) {
        let running = std::mem::take(&mut *self.running.lock().unwrap_or_else(PoisonError::into_inner));
        running.iter().for_each(|call| call.interrupt.stop());
        for call in running {
            let _ = call.thread.join();
        }
    }
}
