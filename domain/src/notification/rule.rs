//! What people are told of: each rule is about some events, and somebody in particular.

use serde::{Deserialize, Serialize};

macro_rules! rules {
    ($($(#[doc = $doc:literal])* $variant:ident => $name:literal, $about:literal;)*) => {
        /// A reason to tell somebody something.
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
            schemars::JsonSchema,
        )]
        #[serde(rename_all = "snake_case")]
        pub enum Rule {
            $($(#[doc = $doc])* $variant,)*
        }

        impl Rule {
            /// Every rule.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name used on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// A heading, as people read it.
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $about,)* }
            }
        }
    };
}

rules! {
    /// Somebody applied.
    NewApplication => "new_application", "New application";
    /// A score that people are shown was recorded.
    Scored => "scored", "Application scored";
    /// A score could not be made.
    ScoreFailed => "score_failed", "Score failed";
    /// An applicant asks for a person to look at the score.
    ScoreDisputed => "score_disputed", "Score disputed";
    /// A resume gave no text.
    ResumeUnreadable => "resume_unreadable", "Resume unreadable";
    /// A resume hides text.
    HiddenText => "hidden_text", "Hidden text in a resume";
    /// Two candidates may be one person.
    PossibleDuplicate => "possible_duplicate", "Possible duplicate";
    /// An applicant withdrew.
    Withdrawn => "withdrawn", "Application withdrawn";
    /// One is named in a note.
    Mentioned => "mentioned", "You were mentioned";
    /// An application stays in its stage for longer than the pipeline allows.
    SlaBreached => "sla_breached", "Waiting for too long";
    /// One is on the panel of an interview.
    InterviewArranged => "interview_arranged", "Interview arranged";
    /// An interview is at another time.
    InterviewMoved => "interview_moved", "Interview moved";
    /// An interview does not take place.
    InterviewCancelled => "interview_cancelled", "Interview cancelled";
    /// An interview is within a day.
    InterviewTomorrow => "interview_tomorrow", "Interview tomorrow";
    /// Somebody did not come to an interview.
    InterviewNoShow => "interview_no_show", "Did not come to an interview";
    /// An applicant answered an offer, or its time was up.
    OfferAnswered => "offer_answered", "Offer answered";
    /// Somebody was hired.
    Hired => "hired", "Hired";
    /// A hire was taken back.
    HireReversed => "hire_reversed", "Hire taken back";
    /// A subscription was disabled because nothing got through.
    SubscriptionFailing => "subscription_failing", "Subscription disabled";
    /// (applicant) The application has arrived.
    Received => "received", "We have received your application";
    /// (applicant) It moved on.
    Moved => "moved", "Your application moved on";
    /// (applicant) It was rejected.
    Rejected => "rejected", "About your application";
    /// (applicant) The rejection was taken back.
    RejectionReversed => "rejection_reversed", "Your application is considered again";
    /// (applicant) There is an offer.
    OfferSent => "offer_sent", "You have an offer";
    /// (applicant) The offer was taken back.
    OfferRescinded => "offer_rescinded", "About your offer";
}

impl std::fmt::Display for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Rule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|rule| rule.as_str() == text);
        found.copied().ok_or_else(|| format!("`{text}` is no rule"))
    }
}
