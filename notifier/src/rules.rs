//! Which events somebody should hear of, and what they are told.

use std::collections::BTreeMap;

use chrono::SecondsFormat;
use domain::application::{Application, ApplicationEvent};
use domain::candidate::{Candidate, CandidateEvent, DuplicateSignal};
use domain::decide::Timestamp;
use domain::ids::{ApplicationId, CandidateId, EventId, JobId, MemberId, StreamKind};
use domain::interview::{Interview, InterviewEvent, Slot};
use domain::notification::Rule;
use domain::offer::{Offer, OfferEvent};
use domain::subscription::{DisabledBecause, Subscription, SubscriptionEvent};
use event_log::{LogError, Recorded};
use serde::{Deserialize, Serialize};

/// Whom a notice is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Whoever runs the hiring and follows the rule.
    Recruiters,
    /// Somebody in particular who works here.
    Member(MemberId),
    /// The applicant of an application.
    Applicant(ApplicationId),
}

impl std::fmt::Display for Audience {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Recruiters => f.write_str("recruiters"),
            Self::Member(member) => write!(f, "member:{member}"),
            Self::Applicant(application) => write!(f, "applicant:{application}"),
        }
    }
}

/// What somebody is told: ids, codes and numbers, never personal data.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// The event.
    pub event: EventId,
    /// Its position in the log.
    pub position: u64,
    /// When it happened.
    pub at: Timestamp,
    /// Whom it is for.
    pub audience: Audience,
    /// The rule that led to it.
    pub rule: Rule,
    /// What it says and is about.
    pub said: Said,
}

/// What a notice says and is about.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Said {
    /// A sentence.
    pub text: String,
    /// The application that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<ApplicationId>,
    /// The candidate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub candidate: Option<CandidateId>,
    /// The job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<JobId>,
    /// A score's total, 0 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<f64>,
    /// Its criteria: points, and the most there are.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parts: BTreeMap<String, (f64, u32)>,
    /// When something is, in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Timestamp>,
}

/// The notices that an event leads to, each for one audience.
///
/// # Errors
/// `EVENT_UNDECODABLE`.
pub fn notices_of(event: &Recorded) -> Result<Vec<Notice>, LogError> {
    let told = match event.stream.kind {
        StreamKind::Candidate => of_candidate(event)?,
        StreamKind::Application => of_application(event)?,
        StreamKind::Interview => of_interview(event)?,
        StreamKind::Offer => of_offer(event)?,
        StreamKind::Subscription => of_subscription(event)?,
        StreamKind::Job
        | StreamKind::Rubric
        | StreamKind::ModelRelease
        | StreamKind::Member
        | StreamKind::Notification => vec![],
    };
    let notice = |(audience, rule, said): Told| Notice {
        event: event.event_id,
        position: event.position,
        at: event.occurred_at,
        audience,
        rule,
        said,
    };
    Ok(told.into_iter().map(notice).collect())
}

/// Audience, rule and what is said.
type Told = (Audience, Rule, Said);

fn recruiters(rule: Rule, said: Said) -> Told {
    (Audience::Recruiters, rule, said)
}

fn applicant(application: ApplicationId, rule: Rule, text: &str) -> Told {
    (Audience::Applicant(application), rule, about(application, text.to_owned()))
}

fn about(application: ApplicationId, text: String) -> Said {
    Said { text, application: Some(application), ..Said::default() }
}

fn of_candidate(event: &Recorded) -> Result<Vec<Told>, LogError> {
    let id = CandidateId(event.stream.id);
    let said = |text| Said { text, candidate: Some(id), ..Said::default() };
    Ok(match event.decode::<Candidate>()? {
        CandidateEvent::ResumeExtractionFailed { reason, .. } => vec![recruiters(
            Rule::ResumeUnreadable,
            said(format!("the resume of candidate {id} gave no text: {reason}")),
        )],
        CandidateEvent::ManipulationSuspected { flag, .. } => vec![recruiters(
            Rule::HiddenText,
            said(format!(
                "the resume of candidate {id} hides {} characters on page {} ({})",
                flag.chars, flag.page, flag.kind
            )),
        )],
        CandidateEvent::DuplicateSuspected { other, signals } => {
            let signals: Vec<&str> = signals.iter().map(|s| named(*s)).collect();
            let signals = signals.join(", ");
            let text = format!("candidates {id} and {other} may be one person: {signals}");
            vec![recruiters(Rule::PossibleDuplicate, said(text))]
        }
        _ => vec![],
    })
}

fn of_application(event: &Recorded) -> Result<Vec<Told>, LogError> {
    use ApplicationEvent as E;
    let id = ApplicationId(event.stream.id);
    Ok(match event.decode::<Application>()? {
        E::ApplicationSubmitted { candidate, job, .. } => {
            let said = Said {
                candidate: Some(candidate),
                job: Some(job),
                ..about(id, format!("application {id} to job {job}"))
            };
            let received = format!("application {id}: we have received it");
            vec![recruiters(Rule::NewApplication, said), applicant(id, Rule::Received, &received)]
        }
        // What nobody is shown is nobody's news.
        E::ScoreRecorded { shadow: true, .. } | E::ScoreFailed { shadow: true, .. } => vec![],
        E::ScoreRecorded { total, criteria, .. } => {
            let parts = criteria.iter().map(|c| (c.id.clone(), (c.points.value(), c.max.into())));
            let said = Said {
                total: Some(total.value()),
                parts: parts.collect(),
                ..about(id, format!("application {id} scored {total}"))
            };
            vec![recruiters(Rule::Scored, said)]
        }
        E::ScoreFailed { run, reason, .. } => {
            let text = format!("score run {run} of application {id} failed: {reason}");
            vec![recruiters(Rule::ScoreFailed, about(id, text))]
        }
        E::StageChanged { to, .. } => {
            let text = format!("application {id}: it moved on to {}", to.kind.as_str());
            vec![applicant(id, Rule::Moved, &text)]
        }
        E::ApplicationRejected { .. } => {
            vec![applicant(id, Rule::Rejected, &format!("application {id}: it was rejected"))]
        }
        E::RejectionReversed { .. } => {
            let text = format!("application {id}: the rejection was taken back");
            vec![applicant(id, Rule::RejectionReversed, &text)]
        }
        E::ScoreDisputed { .. } => {
            let text =
                format!("the applicant of application {id} asks for a person to look at the score");
            vec![recruiters(Rule::ScoreDisputed, about(id, text))]
        }
        E::ApplicationHired { opening, .. } => {
            let text = format!("application {id} was hired on opening {opening}");
            vec![
                recruiters(Rule::Hired, about(id, text)),
                applicant(id, Rule::Hired, &format!("application {id}: you were hired")),
            ]
        }
        E::HireReversed { .. } => {
            let text = format!("the hire of application {id} was taken back");
            vec![recruiters(Rule::HireReversed, about(id, text))]
        }
        E::NoteAdded { mentions, .. } => {
            let said = about(id, format!("a note on application {id} names you"));
            let told = |member| (Audience::Member(member), Rule::Mentioned, said.clone());
            mentions.into_iter().map(told).collect()
        }
        E::ApplicationWithdrawn { .. } => {
            let text = format!("application {id} was withdrawn");
            vec![recruiters(Rule::Withdrawn, about(id, text))]
        }
        _ => vec![],
    })
}

fn of_interview(event: &Recorded) -> Result<Vec<Told>, LogError> {
    use InterviewEvent as E;
    let id = event.stream.id;
    let happened = event.decode::<Interview>()?;
    let of = happened.application();
    let at = |slot: &Slot, text: String| Said { when: Some(slot.start), ..about(of, text) };
    let panel = |members: &[MemberId], rule: Rule, said: &Said| -> Vec<Told> {
        members.iter().map(|member| (Audience::Member(*member), rule, said.clone())).collect()
    };
    Ok(match &happened {
        E::InterviewScheduled { panel: members, slot, .. } => {
            let text = format!("interview {id} of application {of} is at {}", begins(slot.start));
            let said = at(slot, text);
            let mut told = panel(members, Rule::InterviewArranged, &said);
            told.push((Audience::Applicant(of), Rule::InterviewArranged, said));
            told
        }
        E::InterviewRescheduled { to, .. } => {
            let text = format!("interview {id} of application {of} is now at {}", begins(to.start));
            let said = at(to, text);
            vec![
                (Audience::Applicant(of), Rule::InterviewMoved, said.clone()),
                recruiters(Rule::InterviewMoved, said),
            ]
        }
        E::PanelChanged { from, to, .. } => {
            let new: Vec<_> = to.iter().filter(|m| !from.contains(m)).copied().collect();
            let said = about(of, format!("interview {id} of application {of}"));
            panel(&new, Rule::InterviewArranged, &said)
        }
        E::InterviewCancelled { by, .. } => {
            let by = by.as_str();
            let text = format!("interview {id} of application {of} was cancelled by the {by}");
            vec![
                applicant(of, Rule::InterviewCancelled, &text),
                recruiters(Rule::InterviewCancelled, about(of, text)),
            ]
        }
        E::InterviewNoShow { who, .. } => {
            let who = who.as_str();
            let text = format!("interview {id} of application {of}: the {who} did not come");
            vec![recruiters(Rule::InterviewNoShow, about(of, text))]
        }
        E::InterviewCompleted { .. }
        | E::ScorecardSubmitted { .. }
        | E::ScorecardAmended { .. } => vec![],
    })
}

fn of_offer(event: &Recorded) -> Result<Vec<Told>, LogError> {
    use OfferEvent as E;
    let happened = event.decode::<Offer>()?;
    let of = happened.application();
    let answered = |what: &str| {
        let text = format!("the offer on application {of} {what}");
        vec![recruiters(Rule::OfferAnswered, about(of, text))]
    };
    Ok(match &happened {
        E::OfferDrafted { .. } | E::OfferApproved { .. } => vec![],
        E::OfferSent { expires, .. } => {
            let until = begins(*expires);
            let text = format!("application {of}: there is an offer to answer until {until}");
            let said = Said { when: Some(*expires), ..about(of, text) };
            vec![(Audience::Applicant(of), Rule::OfferSent, said)]
        }
        E::OfferAccepted { .. } => answered("was accepted"),
        E::OfferDeclined { .. } => answered("was declined"),
        E::OfferRescinded { .. } => {
            let text = format!("application {of}: the offer was taken back");
            vec![applicant(of, Rule::OfferRescinded, &text)]
        }
        E::OfferExpired { .. } => answered("expired"),
    })
}

fn of_subscription(event: &Recorded) -> Result<Vec<Told>, LogError> {
    Ok(match event.decode::<Subscription>()? {
        // Whoever asked for it knows.
        SubscriptionEvent::SubscriptionDisabled { reason } if reason != DisabledBecause::Asked => {
            let id = event.stream.id;
            let why = match reason {
                DisabledBecause::Gone => "it says that it is gone",
                DisabledBecause::Failing | DisabledBecause::Asked => {
                    "nothing got through for a day"
                }
            };
            let text = format!("subscription {id} was disabled: {why}; what waits for it is kept");
            vec![recruiters(Rule::SubscriptionFailing, Said { text, ..Said::default() })]
        }
        _ => vec![],
    })
}

fn begins(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn named(signal: DuplicateSignal) -> &'static str {
    match signal {
        DuplicateSignal::SameEmail => "same_email",
        DuplicateSignal::SameFile => "same_file",
    }
}
