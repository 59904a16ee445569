//! One-time tickets: a browser cannot send a header with a WebSocket, and a token has no place in an
//! address. A ticket is good for one connection within half a minute.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use web::access::Caller;

/// How long a ticket is good for.
pub const GOOD_FOR: Duration = Duration::from_secs(30);
/// Tickets that may wait at once.
const WAITING: usize = 10_000;

/// Tickets that were given and not used.
#[derive(Clone, Default)]
pub struct Tickets {
    waiting: Arc<Mutex<HashMap<String, (Caller, Instant)>>>,
}

impl Tickets {
    /// A ticket for a caller; `None` when too many wait already, or the machine has no randomness.
    pub fn issue(&self, caller: Caller, now: Instant) -> Option<String> {
        let mut secret = [0u8; 24];
        getrandom::fill(&mut secret).ok()?;
        let ticket = URL_SAFE_NO_PAD.encode(secret);
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= WAITING {
            waiting.retain(|_, (_, until)| *until > now);
        }
        if waiting.len() >= WAITING {
            return None;
        }
        waiting.insert(ticket.clone(), (caller, now + GOOD_FOR));
        Some(ticket)
    }

    /// Whose ticket it is; it is used up.
    pub fn redeem(&self, ticket: &str, now: Instant) -> Option<Caller> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let (caller, until) = waiting.remove(ticket)?;
        (until > now).then_some(caller)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_good_once_and_not_for_long() {
        let tickets = Tickets::default();
        let now = Instant::now();
        let ticket = tickets.issue(Caller::Anonymous, now).unwrap();
        assert_eq!(tickets.redeem(&ticket, now), Some(Caller::Anonymous));
        assert_eq!(tickets.redeem(&ticket, now), None);
        let late = tickets.issue(Caller::Anonymous, now).unwrap();
        assert_eq!(tickets.redeem(&late, now + GOOD_FOR), None);
    }
}
