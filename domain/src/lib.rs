//! HireSphere's rules, and nothing else: aggregates that decide, the events they emit, the refusals
//! they answer, and the arithmetic of a score. Deciding is pure: no I/O, no clock, no random.

pub mod actor;
pub mod application;
pub mod candidate;
pub mod decide;
pub mod ids;
pub mod interview;
pub mod job;
pub mod member;
pub mod model_release;
pub mod notification;
pub mod offer;
pub mod pii;
pub mod places;
pub mod refusal;
pub mod rubric;
pub mod schema;
pub mod score;
#[cfg(test)]
mod spec;
pub mod subscription;
pub mod text;

/// The wire name of every event there is.
pub fn wire_names() -> impl Iterator<Item = &'static str> {
    [
        job::JobEvent::WIRE_NAMES,
        candidate::CandidateEvent::WIRE_NAMES,
        application::ApplicationEvent::WIRE_NAMES,
        rubric::RubricEvent::WIRE_NAMES,
        model_release::ModelReleaseEvent::WIRE_NAMES,
        interview::InterviewEvent::WIRE_NAMES,
        offer::OfferEvent::WIRE_NAMES,
        member::MemberEvent::WIRE_NAMES,
        subscription::SubscriptionEvent::WIRE_NAMES,
        notification::NotificationEvent::WIRE_NAMES,
    ]
    .into_iter()
    .flatten()
    .copied()
}
