//! Events of the offer.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::decide::{Timestamp, wire_names};
use crate::ids::{ApplicationId, CandidateId, JobId, OfferId};
use crate::job::Pay;
use crate::pii::Pii;
use crate::refusal::Fields;

/// Facts about an offer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "type", content = "data")]
#[allow(missing_docs, reason = "each variant says what happened; fields carry the obvious")]
pub enum OfferEvent {
    /// A version of it was written.
    #[serde(rename = "offer.drafted.v1")]
    OfferDrafted {
        offer: OfferId,
        application: ApplicationId,
        candidate: CandidateId,
        job: JobId,
        /// 1, 2, 3...
        v: u32,
        terms: Pii<Terms>,
    },
    /// A person approved this version.
    #[serde(rename = "offer.approved.v1")]
    OfferApproved { application: ApplicationId, v: u32 },
    /// The applicant has it.
    #[serde(rename = "offer.sent.v1")]
    OfferSent { application: ApplicationId, v: u32, expires: Timestamp },
    /// The applicant said yes.
    #[serde(rename = "offer.accepted.v1")]
    OfferAccepted { application: ApplicationId, v: u32 },
    /// The applicant said no.
    #[serde(rename = "offer.declined.v1")]
    OfferDeclined { application: ApplicationId, v: u32, reason: Pii<Option<String>> },
    /// It was taken back.
    #[serde(rename = "offer.rescinded.v1")]
    OfferRescinded { application: ApplicationId, v: u32, reason: Pii<Option<String>> },
    /// Its time was up.
    #[serde(rename = "offer.expired.v1")]
    OfferExpired { application: ApplicationId, v: u32 },
}

wire_names!(OfferEvent {
    OfferDrafted => "offer.drafted.v1",
    OfferApproved => "offer.approved.v1",
    OfferSent => "offer.sent.v1",
    OfferAccepted => "offer.accepted.v1",
    OfferDeclined => "offer.declined.v1",
    OfferRescinded => "offer.rescinded.v1",
    OfferExpired => "offer.expired.v1",
});

/// What is offered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Terms {
    /// Title of the position, where it is not the job's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Pay; `min` and `max` are the same where it is one sum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pay: Option<Pay>,
    /// First day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<NaiveDate>,
    /// Everything else, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

impl Terms {
    /// Notes what cannot stand.
    pub fn check(&self, fields: &mut Fields) {
        if let Some(title) = &self.title {
            fields.text(title, "title", 200);
        }
        if let Some(pay) = &self.pay {
            pay.check(fields);
            fields.check(pay.min <= pay.max, "pay.min", "is above the upper end");
        }
        let said = self.pay.is_some() || !self.text.trim().is_empty();
        fields.check(said, "text", "says nothing, and neither does the pay");
        fields.check(
            self.text.chars().count() <= 20_000,
            "text",
            "is longer than 20000 characters",
        );
    }
}

impl OfferEvent {
    /// The application that it is about.
    pub fn application(&self) -> ApplicationId {
        match self {
            Self::OfferDrafted { application, .. }
            | Self::OfferApproved { application, .. }
            | Self::OfferSent { application, .. }
            | Self::OfferAccepted { application, .. }
            | Self::OfferDeclined { application, .. }
            | Self::OfferRescinded { application, .. }
            | Self::OfferExpired { application, .. } => *application,
        }
    }
}
