//! The notification: what became of telling one recipient of one event through one channel, once.
//!
//! Its id is made of what is told, to whom and how, so that whoever tells it again meets the same stream.

mod commands;
mod events;
mod rule;
#[cfg(test)]
mod tests;

pub use commands::*;
pub use events::*;
pub use rule::*;

use serde::{Deserialize, Serialize};

use crate::decide::{Decider, Decision, Issued, aggregate};
use crate::ids::{CandidateId, StreamKind};
use crate::pii::PiiField;
use crate::refusal::Refusal;

/// What became of it.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum NotificationStatus {
    /// Nothing yet.
    #[default]
    Unknown,
    /// The channel took it.
    Sent,
    /// It was given up.
    Failed,
    /// It is to be tried again.
    Requeued,
}

/// A notification, folded from its stream.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    /// What became of it.
    pub status: NotificationStatus,
}

aggregate!(Notification, NotificationEvent, NotificationCommand, "notification");

impl Notification {
    fn evolve(&mut self, event: NotificationEvent) {
        self.status = match event {
            NotificationEvent::NotificationSent { .. } => NotificationStatus::Sent,
            NotificationEvent::NotificationFailed { .. } => NotificationStatus::Failed,
            NotificationEvent::NotificationRequeued {} => NotificationStatus::Requeued,
        };
    }
}

impl Decider for Notification {
    const KIND: StreamKind = StreamKind::Notification;
    type Order = NotificationCommand;

    fn decide(
        &self,
        issued: Issued<NotificationCommand>,
    ) -> Result<Decision<NotificationEvent>, Refusal> {
        use NotificationCommand as C;
        use NotificationEvent as E;
        use NotificationStatus as S;
        let Issued { actor, command, .. } = issued;
        if !matches!(command, C::RequeueNotification {}) && !actor.is_machine() {
            let message = "what became of a notification is the notifier's to say";
            return Err(Refusal::forbidden("NOTIFIER_ONLY", message));
        }
        match (command, self.status) {
            // It was sent, whatever is said of it later.
            (C::RecordSent { .. } | C::RecordFailed { .. }, S::Sent)
            | (C::RecordFailed { .. }, S::Failed)
            | (C::RequeueNotification {}, S::Requeued) => Ok(Decision::unchanged()),
            (C::RecordSent { of, attempts, repeated }, _) => {
                Ok(Decision::of(E::NotificationSent { of, attempts, repeated }))
            }
            (C::RecordFailed { of, attempts, reason }, _) => {
                Ok(Decision::of(E::NotificationFailed { of, attempts, reason }))
            }
            (C::RequeueNotification {}, S::Failed) => Ok(Decision::of(E::NotificationRequeued {})),
            (C::RequeueNotification {}, S::Unknown) => Err(Refusal::not_found("notification")),
            (C::RequeueNotification {}, S::Sent) => {
                Err(Refusal::conflict("ALREADY_SENT", "the notification was sent"))
            }
        }
    }

    fn person(&self) -> Option<CandidateId> {
        None
    }

    fn personal(_: &mut NotificationEvent) -> Vec<&mut dyn PiiField> {
        vec![]
    }
}
