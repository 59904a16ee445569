//! What follows by itself: when an application ends, what was arranged for it is taken away; and an offer that nobody answered ends
//! when its time is up.

use async_trait::async_trait;
use domain::actor::Actor;
use domain::application::Application;
use domain::decide::{Decider, names};
use domain::ids::{ApplicationId, StreamId};
use domain::interview::{Interview, InterviewCommand, Side};
use domain::offer::{Offer, OfferCommand, OfferStatus};
use domain::pii::Pii;
use event_log::subscribe::{Handler, HandlerError};
use event_log::{DispatchError, Dispatcher, Envelope, LogError, Recorded};

/// Name of the subscription, and of who acts.
const NAME: &str = "workflow";

/// Follows applications that end.
pub struct Workflow {
    dispatcher: Dispatcher,
}

impl Workflow {
    /// A workflow that dispatches onto a log.
    pub fn new(dispatcher: Dispatcher) -> Self {
        Self { dispatcher }
    }

    /// Takes away what was arranged for an application that ended, unless it is under way again.
    async fn ended(&self, id: ApplicationId, event: &Recorded) -> Result<(), HandlerError> {
        let (state, _) = self.dispatcher.load::<Application>(id.0).await?;
        if state.standing.status.is_active() {
            return Ok(());
        }
        let store = &self.dispatcher.log().store;
        for (_, interview) in store.held(&names::interviews_prefix(id)).await? {
            let by = if event.kind == "application.withdrawn.v1" {
                Side::Candidate
            } else {
                Side::Organization
            };
            let order = InterviewCommand::CancelInterview { by, reason: Pii::new(None) };
            self.once::<Interview>(interview, order, event).await?;
        }
        if let Some(offer) = store.holder(&names::open_offer(id)).await? {
            let order = OfferCommand::RescindOffer { reason: Pii::new(None) };
            self.once::<Offer>(offer, order, event).await?;
        }
        Ok(())
    }

    /// Dispatches what an event leads to; what is so already, or not possible any more, is as it should be.
    async fn once<A>(
        &self,
        stream: StreamId,
        order: A::Order,
        event: &Recorded,
    ) -> Result<(), HandlerError>
    where
        A: Decider,
        A::Order: Clone,
    {
        let envelope = Envelope::new(stream.id, order, Actor::system(NAME))
            .once(format!("{NAME}:{}:{}", event.event_id, stream.id))
            .because_of(event);
        match self.dispatcher.dispatch::<A>(envelope).await {
            // Nor does anybody keep for whoever was erased.
            Err(DispatchError::Refused(_) | DispatchError::Log(LogError::Erased)) => Ok(()),
            other => other.map(drop).map_err(Into::into),
        }
    }
}

#[async_trait]
impl Handler for Workflow {
    fn name(&self) -> &'static str {
        NAME
    }

    fn wants(&self, kind: &str) -> bool {
        matches!(
            kind,
            "application.rejected.v1"
                | "application.withdrawn.v1"
                | "application.transferred.v1"
                | "application.hired.v1"
        )
    }

    async fn handle(&self, event: &Recorded) -> Result<(), HandlerError> {
        self.ended(ApplicationId(event.stream.id), event).await
    }
}

/// Ends every offer whose time is up; answers how many. Several processes may do so at once.
///
/// # Errors
/// A failure of the machine.
pub async fn expire_offers(dispatcher: &Dispatcher) -> Result<usize, LogError> {
    let now = dispatcher.log().clock.now();
    let mut expired = 0;
    for (_, stream) in dispatcher.log().store.held(names::OPEN_OFFERS).await? {
        let (offer, _) = dispatcher.load::<Offer>(stream.id).await?;
        let due = offer.status == OfferStatus::Sent && offer.expires.is_some_and(|at| at <= now);
        if !due {
            continue;
        }
        let order = OfferCommand::ExpireOffer {};
        let envelope = Envelope::new(stream.id, order, Actor::system(NAME));
        match dispatcher.dispatch::<Offer>(envelope).await {
            Ok(outcome) => expired += usize::from(outcome.events > 0),
            // Answered at the last moment, or whoever it was made to was erased.
            Err(DispatchError::Refused(_) | DispatchError::Log(LogError::Erased)) => {}
            Err(DispatchError::Log(error)) => return Err(error),
        }
    }
    Ok(expired)
}
