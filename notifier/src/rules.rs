//! Which events somebody should hear of, and what they are told.

use chrono::SecondsFormat;
use domain::application::{Application, ApplicationEvent};
use domain::candidate::{Candidate, CandidateEvent, DuplicateSignal};
use domain::ids::{ApplicationId, MemberId, StreamKind};
use domain::interview::{Interview, InterviewEvent, Slot};
use domain::offer::{Offer, OfferEvent};
use event_log::{LogError, Recorded};
use serde::Serialize;

/// What somebody is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// The event's position in the log.
    pub position: u64,
    /// When the event happened (RFC 3339).
    pub at: String,
    /// Whom it is for: `recruiters`, `member:ID`, or `applicant:ID` of an application.
    pub recipient: String,
    /// The rule that led to it.
    pub rule: &'static str,
    /// What it says; ids, codes and numbers only.
    pub text: String,
}

/// Whoever runs the hiring, until people choose their own notices.
const RECRUITERS: &str = "recruiters";

/// A total from which recruiters are told at once.
const OUTSTANDING: f64 = 80.0;

/// Types of events that any rule is about.
const CONCERNS: &[&str] = &[
    "candidate.resume_extraction_failed.v1",
    "candidate.manipulation_suspected.v1",
    "candidate.duplicate_suspected.v1",
    "application.submitted.v1",
    "application.score_recorded.v1",
    "application.score_failed.v1",
    "application.stage_changed.v1",
    "application.rejected.v1",
    "application.rejection_reversed.v1",
    "application.withdrawn.v1",
    "application.score_disputed.v1",
    "application.hired.v1",
    "application.hire_reversed.v1",
    "interview.scheduled.v1",
    "interview.rescheduled.v1",
    "interview.panel_changed.v1",
    "interview.cancelled.v1",
    "interview.no_show.v1",
    "offer.sent.v1",
    "offer.accepted.v1",
    "offer.declined.v1",
    "offer.rescinded.v1",
    "offer.expired.v1",
];

/// Whether any rule is about events of this type.
pub(crate) fn concerns(kind: &str) -> bool {
    CONCERNS.contains(&kind)
}

/// The notices that an event leads to, each for one recipient.
///
/// # Errors
/// `EVENT_UNDECODABLE`.
pub fn notices_of(event: &Recorded) -> Result<Vec<Notice>, LogError> {
    let told = match event.stream.kind {
        StreamKind::Candidate => of_candidate(event)?,
        StreamKind::Application => of_application(event)?,
        StreamKind::Interview => of_interview(event)?,
        StreamKind::Offer => of_offer(event)?,
        StreamKind::Job | StreamKind::Rubric | StreamKind::ModelRelease => vec![],
    };
    let at = event.occurred_at.to_rfc3339_opts(SecondsFormat::Millis, true);
    let notice = |(recipient, rule, text): Told| Notice {
        position: event.position,
        at: at.clone(),
        recipient,
        rule,
        text,
    };
    Ok(told.into_iter().map(notice).collect())
}

/// Recipient, rule and text.
type Told = (String, &'static str, String);

fn recruiters(rule: &'static str, text: String) -> Told {
    (RECRUITERS.to_owned(), rule, text)
}

fn of_candidate(event: &Recorded) -> Result<Vec<Told>, LogError> {
    let id = event.stream.id;
    Ok(match event.decode::<Candidate>()? {
        CandidateEvent::ResumeExtractionFailed { reason, .. } => vec![recruiters(
            "resume_unreadable",
            format!("the resume of candidate {id} gave no text: {reason}"),
        )],
        CandidateEvent::ManipulationSuspected { flag, .. } => vec![recruiters(
            "hidden_text",
            format!(
                "the resume of candidate {id} hides {} characters on page {} ({})",
                flag.chars, flag.page, flag.kind
            ),
        )],
        CandidateEvent::DuplicateSuspected { other, signals } => {
            let signals: Vec<&str> = signals.iter().map(|s| named(*s)).collect();
            let signals = signals.join(", ");
            let text = format!("candidates {id} and {other} may be one person: {signals}");
            vec![recruiters("possible_duplicate", text)]
        }
        _ => vec![],
    })
}

fn of_application(event: &Recorded) -> Result<Vec<Told>, LogError> {
    use ApplicationEvent as E;
    let id = event.stream.id;
    let applicant =
        |rule, text: &str| (format!("applicant:{id}"), rule, format!("application {id}: {text}"));
    Ok(match event.decode::<Application>()? {
        E::ApplicationSubmitted { job, .. } => vec![
            recruiters("new_application", format!("application {id} to job {job}")),
            applicant("received", "we have received it"),
        ],
        // What nobody is shown is nobody's news.
        E::ScoreRecorded { shadow: true, .. } | E::ScoreFailed { shadow: true, .. } => vec![],
        E::ScoreRecorded { total, .. } if total.value() >= OUTSTANDING => {
            let text = format!("application {id} scored {total}");
            vec![recruiters("outstanding_score", text)]
        }
        E::ScoreFailed { run, reason, .. } => {
            let text = format!("score run {run} of application {id} failed: {reason}");
            vec![recruiters("score_failed", text)]
        }
        E::StageChanged { to, .. } => {
            let text = format!("it moved on to {}", to.kind.as_str());
            vec![applicant("moved", &text)]
        }
        E::ApplicationRejected { .. } => vec![applicant("rejected", "it was rejected")],
        E::RejectionReversed { .. } => {
            vec![applicant("rejection_reversed", "the rejection was taken back")]
        }
        E::ScoreDisputed { .. } => {
            let text =
                format!("the applicant of application {id} asks for a person to look at the score");
            vec![recruiters("score_disputed", text)]
        }
        E::ApplicationHired { opening, .. } => {
            let text = format!("application {id} was hired on opening {opening}");
            vec![recruiters("hired", text), applicant("hired", "you were hired")]
        }
        E::HireReversed { .. } => {
            vec![recruiters(
                "hire_reversed",
                format!("the hire of application {id} was taken back"),
            )]
        }
        E::ApplicationWithdrawn { .. } => {
            vec![recruiters("withdrawn", format!("application {id} was withdrawn"))]
        }
        _ => vec![],
    })
}

fn of_interview(event: &Recorded) -> Result<Vec<Told>, LogError> {
    use InterviewEvent as E;
    let id = event.stream.id;
    let happened = event.decode::<Interview>()?;
    let of = happened.application();
    let begins = |slot: &Slot| slot.start.to_rfc3339_opts(SecondsFormat::Secs, true);
    let panel = |members: &[MemberId], rule: &'static str, text: &str| -> Vec<Told> {
        let told = |member: &MemberId| (format!("member:{member}"), rule, text.to_owned());
        members.iter().map(told).collect()
    };
    Ok(match &happened {
        E::InterviewScheduled { panel: members, slot, .. } => {
            let text = format!("interview {id} of application {of} is at {}", begins(slot));
            let mut told = panel(members, "interview_arranged", &text);
            told.push(applicant(of, "interview_arranged", &text));
            told
        }
        E::InterviewRescheduled { to, .. } => {
            let text = format!("interview {id} of application {of} is now at {}", begins(to));
            vec![applicant(of, "interview_moved", &text), recruiters("interview_moved", text)]
        }
        E::PanelChanged { from, to, .. } => {
            let new: Vec<_> = to.iter().filter(|m| !from.contains(m)).copied().collect();
            panel(&new, "interview_arranged", &format!("interview {id} of application {of}"))
        }
        E::InterviewCancelled { by, .. } => {
            let by = by.as_str();
            let text = format!("interview {id} of application {of} was cancelled by the {by}");
            vec![
                applicant(of, "interview_cancelled", &text),
                recruiters("interview_cancelled", text),
            ]
        }
        E::InterviewNoShow { who, .. } => {
            let who = who.as_str();
            let text = format!("interview {id} of application {of}: the {who} did not come");
            vec![recruiters("interview_no_show", text)]
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
    let answered =
        |rule, what: &str| vec![recruiters(rule, format!("the offer on application {of} {what}"))];
    Ok(match &happened {
        E::OfferDrafted { .. } | E::OfferApproved { .. } => vec![],
        E::OfferSent { expires, .. } => {
            let until = expires.to_rfc3339_opts(SecondsFormat::Secs, true);
            let text = format!("application {of}: there is an offer to answer until {until}");
            vec![applicant(of, "offer_sent", &text)]
        }
        E::OfferAccepted { .. } => answered("offer_accepted", "was accepted"),
        E::OfferDeclined { .. } => answered("offer_declined", "was declined"),
        E::OfferRescinded { .. } => {
            vec![applicant(
                of,
                "offer_rescinded",
                &format!("application {of}: the offer was taken back"),
            )]
        }
        E::OfferExpired { .. } => answered("offer_expired", "expired"),
    })
}

fn applicant(application: ApplicationId, rule: &'static str, text: &str) -> Told {
    (format!("applicant:{application}"), rule, text.to_owned())
}

fn named(signal: DuplicateSignal) -> &'static str {
    match signal {
        DuplicateSignal::SameEmail => "same_email",
        DuplicateSignal::SameFile => "same_file",
    }
}
