//! Events of the notification.

use serde::{Deserialize, Serialize};

use crate::decide::wire_names;
use crate::ids::{ApplicationId, EventId, NotificationId};

/// Facts about a notification.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "type", content = "data")]
#[allow(missing_docs, reason = "each variant says what happened; fields carry the obvious")]
pub enum NotificationEvent {
    /// The channel took it.
    #[serde(rename = "notification.sent.v1")]
    NotificationSent {
        #[serde(flatten)]
        of: Dispatch,
        /// How often it was tried.
        attempts: u32,
        /// Whether an attempt before may have got through, without anybody knowing; it was then marked as a repeat.
        repeated: bool,
    },
    /// It was given up.
    #[serde(rename = "notification.failed.v1")]
    NotificationFailed {
        #[serde(flatten)]
        of: Dispatch,
        /// How often it was tried.
        attempts: u32,
        /// A code: why.
        reason: String,
    },
    /// Somebody asks to try again what was given up.
    #[serde(rename = "notification.requeued.v1")]
    NotificationRequeued {},
}

wire_names!(NotificationEvent {
    NotificationSent => "notification.sent.v1",
    NotificationFailed => "notification.failed.v1",
    NotificationRequeued => "notification.requeued.v1",
});

/// What is told, to whom, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Dispatch {
    /// Its id.
    pub notification: NotificationId,
    /// The event that is told.
    pub event: EventId,
    /// Where that event is in the log.
    pub position: u64,
    /// `slack`, `email`, `webhook`.
    pub channel: String,
    /// `subscription:ID`, `member:ID`, or `applicant:ID` of an application.
    pub recipient: String,
    /// The rule that led to it; a webhook is told the event itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The application that it is about, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<ApplicationId>,
}
