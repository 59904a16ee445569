//! Identities: typed ids, and the name of a stream.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
    )*};
}

ids! {
    /// A job.
    JobId;
    /// A candidate; also names the person whose key seals their data.
    CandidateId;
    /// An application.
    ApplicationId;
    /// A rubric (all its versions).
    RubricId;
    /// A model release.
    ModelReleaseId;
    /// An interview.
    InterviewId;
    /// An offer.
    OfferId;
    /// Somebody who works here.
    MemberId;
    /// Another system that is told of events.
    SubscriptionId;
    /// One event told to one recipient through one channel.
    NotificationId;
    /// A stored document: a resume's bytes, or what was read from them.
    DocumentId;
    /// An event.
    EventId;
    /// A command.
    CommandId;
}

impl DocumentId {
    /// Where what was read from a resume is stored: always the same place, so that reading it twice leaves one.
    pub fn extraction(self) -> Self {
        let mut bytes = *self.0.as_bytes();
        // The last bits of a version 7 id are random; the resume's own id keeps them as they are.
        bytes[15] ^= 0x01;
        bytes[14] ^= 0x80;
        Self(Uuid::from_bytes(bytes))
    }
}

/// What kind of aggregate a stream belongs to.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum StreamKind {
    /// A job's stream.
    Job,
    /// A candidate's stream.
    Candidate,
    /// An application's stream.
    Application,
    /// A rubric's stream.
    Rubric,
    /// A model release's stream.
    ModelRelease,
    /// An interview's stream.
    Interview,
    /// An offer's stream.
    Offer,
    /// A member's stream.
    Member,
    /// A subscription's stream.
    Subscription,
    /// A notification's stream.
    Notification,
}

impl StreamKind {
    /// Every kind.
    pub const ALL: [StreamKind; 10] = [
        Self::Job,
        Self::Candidate,
        Self::Application,
        Self::Rubric,
        Self::ModelRelease,
        Self::Interview,
        Self::Offer,
        Self::Member,
        Self::Subscription,
        Self::Notification,
    ];

    /// The name used in stream ids and subjects.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Job => "job",
            Self::Candidate => "candidate",
            Self::Application => "application",
            Self::Rubric => "rubric",
            Self::ModelRelease => "model_release",
            Self::Interview => "interview",
            Self::Offer => "offer",
            Self::Member => "member",
            Self::Subscription => "subscription",
            Self::Notification => "notification",
        }
    }
}

/// The name of one aggregate's stream: `job-018f...`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId {
    /// Its kind.
    pub kind: StreamKind,
    /// The aggregate's id.
    pub id: Uuid,
}

impl StreamId {
    /// Names a stream.
    pub fn new(kind: StreamKind, id: impl Into<Uuid>) -> Self {
        Self { kind, id: id.into() }
    }
}

macro_rules! stream_of {
    ($($id:ident => $kind:ident),*) => {$(
        impl From<$id> for Uuid {
            fn from(id: $id) -> Uuid {
                id.0
            }
        }
        impl $id {
            /// The stream of this aggregate.
            pub fn stream(self) -> StreamId {
                StreamId::new(StreamKind::$kind, self.0)
            }
        }
    )*};
}
stream_of!(JobId => Job, CandidateId => Candidate, ApplicationId => Application, RubricId => Rubric,
    ModelReleaseId => ModelRelease, InterviewId => Interview, OfferId => Offer, MemberId => Member, SubscriptionId => Subscription,
    NotificationId => Notification);

impl std::fmt::Display for StreamId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.kind.as_str(), self.id)
    }
}

impl std::str::FromStr for StreamId {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || format!("`{text}` is not the name of a stream");
        let (kind, id) = text.split_once('-').ok_or_else(bad)?;
        let kind = StreamKind::ALL.into_iter().find(|k| k.as_str() == kind).ok_or_else(bad)?;
        Ok(Self { kind, id: Uuid::parse_str(id).map_err(|_| bad())? })
    }
}

impl Serialize for StreamId {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for StreamId {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stream_names_survive_a_round_trip() {
        for kind in StreamKind::ALL {
            let stream = StreamId::new(kind, Uuid::from_u128(7));
            assert_eq!(stream.to_string().parse(), Ok(stream));
        }
        assert!("person-7".parse::<StreamId>().is_err());
    }
}
