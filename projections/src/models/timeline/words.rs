//! What an event is called in a timeline: in plain words for members, in fewer for the applicant, and the
//! facts behind them. None of it is personal but for the note.

use chrono_tz::Tz;
use domain::application::{ApplicationEvent, Visibility};
use domain::candidate::CandidateEvent;
use domain::ids::{DocumentId, InterviewId, OfferId};
use domain::interview::{InterviewEvent, Slot};
use domain::job::StageKind;
use domain::offer::OfferEvent;
use domain::pii::Pii;
use serde_json::{Value, json};

/// How an event is told.
pub(super) struct Words {
    /// To members.
    pub(super) summary: String,
    /// To the applicant: never notes, short lists, points, flags or who decided.
    pub(super) for_applicant: Option<String>,
    /// The facts.
    pub(super) data: Value,
    /// What somebody wrote.
    pub(super) note: Option<String>,
    /// Who may read it, when it is a note.
    pub(super) visibility: Option<Visibility>,
}

/// What an event does not say itself.
#[derive(Default)]
pub(super) struct LookedUp {
    /// The model release that the run was asked of.
    pub(super) engine: Option<String>,
    /// The rubric that the run was asked under.
    pub(super) rubric: Option<String>,
    /// What the stage is called that was left.
    pub(super) from: Option<String>,
    /// What the stage is called that was moved to.
    pub(super) to: Option<String>,
}

impl Words {
    fn new(summary: impl Into<String>, data: Value) -> Self {
        let summary = summary.into();
        Self { summary, for_applicant: None, data, note: None, visibility: None }
    }

    fn told(mut self, applicant: impl Into<String>) -> Self {
        self.for_applicant = Some(applicant.into());
        self
    }

    fn noted(mut self, note: &Pii<Option<String>>) -> Self {
        self.note = note.get().cloned().flatten();
        self
    }
}

/// How an event of an application is told, and the document that the application stands on since.
pub(super) fn of_application(
    event: &ApplicationEvent,
    looked_up: &LookedUp,
) -> (Option<DocumentId>, Words) {
    use ApplicationEvent as E;
    let engine = looked_up.engine.as_deref().unwrap_or("an engine that is not known");
    let rubric = looked_up.rubric.as_deref().unwrap_or("a rubric that is not known");
    let words = match event {
        E::ApplicationSubmitted {
            job,
            candidate,
            document,
            source,
            ai_notice_version,
            ai_opt_out,
            ..
        } => {
            let chose = if *ai_opt_out { "; no scoring by a machine" } else { "" };
            let data = json!({
                "job": job, "candidate": candidate, "document": document, "source": source,
                "ai_notice_version": ai_notice_version, "ai_opt_out": ai_opt_out,
            });
            let words = Words::new(format!("Applied, through {source}{chose}"), data);
            return (Some(*document), words.told("You applied"));
        }
        E::ResumeReplaced { document } => {
            let words = Words::new("Put on another resume", json!({ "document": document }));
            return (Some(*document), words.told("Your application stands on another resume"));
        }
        E::ScoreRequested { run, request } => {
            let data = json!({
                "run": run, "document": request.document, "engine": request.model_release,
                "rubric": request.rubric, "prompt_version": request.prompt_version,
                "job_version": request.job_version, "shadow": request.shadow,
            });
            let (engine, rubric) = (&request.model_release, &request.rubric);
            let beside = beside(request.shadow);
            Words::new(format!("Score asked of {engine} under {rubric}{beside}"), data)
        }
        E::ScoreRecorded { run, total, criteria, usage, exchanges, shadow, .. } => {
            let data = json!({
                "run": run, "total": total, "engine": looked_up.engine,
                "rubric": looked_up.rubric, "criteria": criteria, "usage": usage,
                "exchanges": exchanges, "shadow": shadow,
            });
            let beside = beside(*shadow);
            Words::new(format!("Score {total} by {engine} under {rubric}{beside}"), data)
                .told(format!("Scored by a machine: {engine}"))
        }
        E::ScoreShown { run } => {
            let data =
                json!({ "run": run, "engine": looked_up.engine, "rubric": looked_up.rubric });
            Words::new(format!("The score by {engine} under {rubric} is shown from now on"), data)
        }
        E::ScoreOverridden { run, from, to, reason } => {
            let data = json!({ "run": run, "from": from, "to": to });
            Words {
                note: reason.get().cloned(),
                ..Words::new(format!("Score {from} replaced by {to}, by a person"), data)
                    .told("A person looked at your score and changed it")
            }
        }
        E::ScoreDisputed { run, text } => {
            let data = json!({ "run": run });
            Words {
                note: text.get().cloned(),
                ..Words::new("The applicant disputes the score", data)
                    .told("You asked for your score to be looked at by a person")
            }
        }
        E::ScoreFailed { run, reason, retryable, usage, exchanges, shadow } => {
            let data = json!({
                "run": run, "reason": reason, "retryable": retryable,
                "engine": looked_up.engine, "rubric": looked_up.rubric, "usage": usage,
                "exchanges": exchanges, "shadow": shadow,
            });
            let again = if *retryable { "; may be tried again" } else { "" };
            Words::new(format!("No score by {engine} under {rubric}: {reason}{again}"), data)
        }
        E::StageChanged { from, to, reason, seen } => {
            let called = |name: &Option<String>, id: &str| name.as_deref().unwrap_or(id).to_owned();
            let (left, entered) = (called(&looked_up.from, from), called(&looked_up.to, &to.id));
            let data = json!({ "from": from, "to": to, "seen": seen });
            Words::new(format!("Moved from {left} to {entered}"), data)
                .told(format!("Your application moved on to: {}", stage(to.kind)))
                .noted(reason)
        }
        E::ApplicationShortlisted { seen } => {
            Words::new("Put on the short list", json!({ "seen": seen }))
        }
        E::ApplicationUnshortlisted {} => Words::new("Taken off the short list", json!({})),
        E::ApplicationRejected { reason, category, note, seen } => {
            let data = json!({ "category": category, "seen": seen });
            let mut words = Words::new(format!("Rejected ({category})"), data)
                .told("Your application was rejected")
                .noted(note);
            // Why, and below it what is for colleagues only.
            let why = reason.get().cloned().into_iter().chain(words.note.take());
            words.note = Some(why.collect::<Vec<_>>().join("\n")).filter(|n| !n.is_empty());
            words
        }
        E::RejectionReversed { reason } => Words::new("Rejection reversed", json!({}))
            .told("The rejection was reversed; your application is looked at again")
            .noted(reason),
        E::ApplicationHeld { reason, until } => {
            let when = until.map_or_else(String::new, |day| format!(" until {day}"));
            Words::new(format!("Put on hold{when}"), json!({ "until": until }))
                .told("Your application is on hold for now")
                .noted(reason)
        }
        E::ApplicationResumed {} => {
            Words::new("Taken up again", json!({})).told("Your application is looked at again")
        }
        E::ApplicationTransferred { to, job, reason } => {
            let data = json!({ "application": to, "job": job });
            Words::new("Transferred to another job", data)
                .told("Your application goes on for another job")
                .noted(reason)
        }
        E::ApplicationHired { offer, start, opening } => {
            let from = start.map_or_else(String::new, |day| format!(", from {day} on"));
            let data = json!({ "offer": offer, "start": start, "opening": opening });
            Words::new(format!("Hired on opening {opening}{from}"), data).told("You were hired")
        }
        E::HireReversed { reason, opening } => Words {
            note: reason.get().cloned(),
            ..Words::new("Hire taken back", json!({ "opening": opening }))
                .told("The hire was taken back; your application is open again")
        },
        E::ApplicationWithdrawn { reason } => {
            Words::new("Withdrawn", json!({})).told("Your application was withdrawn").noted(reason)
        }
        E::NoteAdded { note, visibility, text, mentions } => {
            let summary = match visibility {
                Visibility::Team => "Note to the hiring team",
                Visibility::Private => "Private note",
            };
            let data = json!({ "note": note, "visibility": visibility, "mentions": mentions });
            Words {
                note: text.get().cloned(),
                visibility: Some(*visibility),
                ..Words::new(summary, data)
            }
        }
    };
    (None, words)
}

/// How an event of an interview is told.
pub(super) fn of_interview(interview: InterviewId, event: &InterviewEvent) -> Words {
    use InterviewEvent as E;
    match event {
        E::InterviewScheduled { kind, panel, slot, stage, .. } => {
            let (kind, when) = (kind.as_str(), told_at(slot));
            let data = json!({
                "interview": interview, "kind": kind, "panel": panel, "slot": slot, "stage": stage,
            });
            Words::new(format!("Interview ({kind}) arranged for {when}"), data)
                .told(format!("You are invited to an interview: {when}"))
        }
        E::InterviewRescheduled { from, to, reason, .. } => {
            let when = told_at(to);
            let data = json!({ "interview": interview, "from": from, "to": to });
            Words::new(format!("Interview moved to {when}"), data)
                .told(format!("Your interview is at another time: {when}"))
                .noted(reason)
        }
        E::PanelChanged { from, to, .. } => {
            let data = json!({ "interview": interview, "from": from, "to": to });
            Words::new("Others hold the interview", data)
        }
        E::InterviewCancelled { by, reason, .. } => {
            let by = by.as_str();
            let data = json!({ "interview": interview, "by": by });
            Words::new(format!("Interview cancelled by the {by}"), data)
                .told("Your interview was cancelled")
                .noted(reason)
        }
        E::InterviewCompleted { .. } => {
            Words::new("Interview held", json!({ "interview": interview }))
                .told("Your interview took place")
        }
        E::InterviewNoShow { who, .. } => {
            let who = who.as_str();
            let data = json!({ "interview": interview, "who": who });
            Words::new(format!("No interview: the {who} did not come"), data)
        }
        E::ScorecardSubmitted { member, .. } => {
            // What it says is for those who handed in theirs.
            let data = json!({ "interview": interview, "member": member });
            Words::new("Scorecard handed in", data)
        }
        E::ScorecardAmended { member, .. } => {
            let data = json!({ "interview": interview, "member": member });
            Words::new("Scorecard amended", data)
        }
    }
}

/// How an event of an offer is told.
pub(super) fn of_offer(offer: OfferId, event: &OfferEvent) -> Words {
    use OfferEvent as E;
    let of = |v: u32| json!({ "offer": offer, "v": v });
    match event {
        E::OfferDrafted { v, .. } => Words::new(format!("Offer written, version {v}"), of(*v)),
        E::OfferApproved { v, .. } => Words::new(format!("Offer approved, version {v}"), of(*v)),
        E::OfferSent { v, expires, .. } => {
            let data = json!({ "offer": offer, "v": v, "expires": expires });
            let until = expires.format("%-d %B %Y, %H:%M UTC");
            Words::new(format!("Offer sent, version {v}, until {until}"), data)
                .told(format!("You have an offer; please answer until {until}"))
        }
        E::OfferAccepted { v, .. } => {
            Words::new("Offer accepted", of(*v)).told("You accepted the offer")
        }
        E::OfferDeclined { v, reason, .. } => {
            Words::new("Offer declined", of(*v)).told("You declined the offer").noted(reason)
        }
        E::OfferRescinded { v, reason, .. } => {
            Words::new("Offer taken back", of(*v)).told("The offer was taken back").noted(reason)
        }
        E::OfferExpired { v, .. } => {
            Words::new("Offer expired", of(*v)).told("The time to answer the offer is over")
        }
    }
}

/// When, where it is held: `14 January 2027, 09:00 to 09:45 (Europe/London)`.
fn told_at(slot: &Slot) -> String {
    let Slot { start, end, time_zone } = slot;
    let zone: Tz = time_zone.parse().unwrap_or(Tz::UTC);
    let (start, end) = (start.with_timezone(&zone), end.with_timezone(&zone));
    format!("{} to {} ({zone})", start.format("%-d %B %Y, %H:%M"), end.format("%H:%M"))
}

/// How an event of a candidate is told, and the document it is about; `None` when it concerns no resume.
pub(super) fn of_resume(event: &CandidateEvent) -> Option<(Option<DocumentId>, Words)> {
    use CandidateEvent as E;
    match event {
        E::ResumeReceived { document, bytes, .. } => {
            let data = json!({ "document": document, "bytes": bytes });
            Some((Some(*document), Words::new("Resume received", data)))
        }
        E::ResumeTextExtracted { document, text, facts } => {
            let (pages, chars) = (facts.pages, facts.chars);
            let unread =
                if facts.truncated { "; pages beyond the limit were left unread" } else { "" };
            let language = facts.language.as_deref().map_or_else(String::new, |l| format!(", {l}"));
            let summary =
                format!("Resume read: {pages} page(s), {chars} characters{language}{unread}");
            let data = json!({ "document": document, "extraction": text, "facts": facts });
            Some((Some(*document), Words::new(summary, data).told("Your resume was read")))
        }
        E::ResumeExtractionFailed { document, reason, sniffed_type, sandbox_without } => {
            let summary = format!("Resume could not be read: {reason}");
            let mut data =
                json!({ "document": document, "reason": reason, "sniffed_type": sniffed_type });
            if !sandbox_without.is_empty() {
                data["sandbox_without"] = json!(sandbox_without);
            }
            let words = Words::new(summary, data).told("Your resume could not be read");
            Some((Some(*document), words))
        }
        E::ManipulationSuspected { document, flag } => {
            let (kind, page, chars) = (&flag.kind, flag.page, flag.chars);
            let summary = format!(
                "Hidden text on page {page} ({kind}, {chars} characters), kept from grading"
            );
            let data = json!({ "document": document, "flag": flag });
            Some((Some(*document), Words::new(summary, data)))
        }
        E::ResumeParsed { document, parser, .. } => {
            let data = json!({ "document": document, "parser": parser });
            Some((Some(*document), Words::new(format!("Profile parsed by {parser}"), data)))
        }
        E::ProfileCorrected { field, .. } => {
            let data = json!({ "field": field });
            Some((None, Words::new(format!("Corrected by a person: {field}"), data)))
        }
        E::CandidateRegistered { .. }
        | E::DuplicateSuspected { .. }
        | E::DataRequestOpened { .. }
        | E::PersonalDataErased { .. } => None,
    }
}

fn beside(shadow: bool) -> &'static str {
    if shadow { ", in shadow" } else { "" }
}

/// What an applicant calls a stage. A job's own names for its stages are for those who hire.
fn stage(kind: StageKind) -> &'static str {
    match kind {
        StageKind::Submitted => "received",
        StageKind::Screening => "being looked at",
        StageKind::Interviewing => "interviews",
        StageKind::Offer => "offer",
        StageKind::Hired => "hired",
    }
}
