//! Commands of the notification.

use super::Dispatch;

/// What the notifier records, and people can ask.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "fields are those of the events they lead to")]
pub enum NotificationCommand {
    /// (notifier) The channel took it. Refused: NOTIFIER_ONLY.
    RecordSent { of: Dispatch, attempts: u32, repeated: bool },
    /// (notifier) It was given up. Refused: NOTIFIER_ONLY.
    RecordFailed { of: Dispatch, attempts: u32, reason: String },
    /// Try again what was given up. Refused: NOT_FOUND, ALREADY_SENT.
    RequeueNotification {},
}

crate::decide::named!(NotificationCommand { RecordSent, RecordFailed, RequeueNotification });
