//! Patience with a service that is away or asks for it: one pause for all who want to ask, longer each time.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The first pause, and the longest that nobody asked for.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);
/// The longest pause that is granted when the service asks for one.
const GRANTED: Duration = Duration::from_secs(3600);

/// Whether a service may be asked.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    failures: u32,
    until: Option<Instant>,
}

impl Breaker {
    /// How long to wait before the service may be asked; `None` is not at all.
    pub(super) fn rest(&self) -> Option<Duration> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let left = state.until?.checked_duration_since(Instant::now())?;
        // Not all at the same moment.
        (!left.is_zero()).then(|| left + spread(Duration::from_millis(500)))
    }

    /// The service answered. A pause that it asked for since, of another call, is kept all the same.
    pub(super) fn answered(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).failures = 0;
    }

    /// It did not, or asked to be left alone for so long; answers how long to wait.
    pub(super) fn failed(&self, asked: Option<Duration>) -> Duration {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let own = (FIRST * 2_u32.saturating_pow(state.failures.min(10))).min(LONGEST);
        let pause = match asked {
            Some(asked) => {
                let granted = asked.clamp(FIRST / 2, GRANTED);
                granted + spread(granted / 10)
            }
            None => own / 2 + spread(own),
        };
        // Calls that were under way together are one failure.
        let now = Instant::now();
        if state.until.is_none_or(|until| until <= now) {
            state.failures = state.failures.saturating_add(1);
        }
        state.until = state.until.max(Some(now + pause));
        pause
    }
}

/// A part of a pause, by chance.
fn spread(most: Duration) -> Duration {
    let share = getrandom::u32().map_or(0.5, |n| f64::from(n) / f64::from(u32::MAX));
    most.mul_f64(share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn pauses_grow_are_spread_and_end_with_an_answer() {
        let breaker = Breaker::default();
        assert_eq!(breaker.rest(), None);
        for step in 0..10_u32 {
            let own = (FIRST * 2_u32.pow(step)).min(LONGEST);
            let pause = breaker.failed(None);
            assert!(pause >= own / 2 && pause <= own * 3 / 2, "{step}: {pause:?}");
            // Others that fail meanwhile make it no longer than the longest of them.
            breaker.failed(None);
            let rest = breaker.rest().unwrap();
            assert!(rest <= LONGEST * 3 / 2 + Duration::from_millis(500), "{rest:?}");
            tokio::time::advance(LONGEST * 2).await;
            assert_eq!(breaker.rest(), None);
        }
        breaker.answered();
        assert!(breaker.failed(None) <= FIRST * 3 / 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_that_was_asked_for_is_kept() {
        let breaker = Breaker::default();
        let pause = breaker.failed(Some(Duration::from_secs(20)));
        assert!(pause >= Duration::from_secs(20) && pause <= Duration::from_secs(22));
        assert!(breaker.rest().unwrap() >= Duration::from_secs(19));
        // An answer to what was under way before is no leave to ask again.
        breaker.answered();
        assert!(breaker.rest().unwrap() >= Duration::from_secs(19));
        assert!(breaker.failed(Some(Duration::from_secs(1 << 40))) <= GRANTED * 2);
    }
}
