//! Commands of the subscription.

use super::{DisabledBecause, Filter, Target};
use crate::ids::SubscriptionId;

/// What recruiters, admins and the notifier can ask of a subscription.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "fields are those of the events they lead to")]
pub enum SubscriptionCommand {
    /// Refused: NOT_HTTPS, VALIDATION, WRONG_STATE.
    CreateSubscription {
        subscription: SubscriptionId,
        name: String,
        target: Target,
        filter: Filter,
    },
    /// Refused: NOT_FOUND, VALIDATION.
    ChangeSubscription { name: String, filter: Filter },
    /// Refused: NOT_FOUND.
    DisableSubscription { reason: DisabledBecause },
    /// Refused: NOT_FOUND.
    EnableSubscription {},
    /// Refused: NOT_FOUND, NO_SECRET.
    RotateSecret {},
    /// Refused: NOT_FOUND, DISABLED, VALIDATION.
    RequestReplay { from: u64, to: u64 },
}

crate::decide::named!(SubscriptionCommand {
    CreateSubscription,
    ChangeSubscription,
    DisableSubscription,
    EnableSubscription,
    RotateSecret,
    RequestReplay
});
