//! Tells people what needs their eyes: rules turn events into notices, channels deliver them.
//!
//! One notice per event, channel and recipient: the log keeps what was sent, so that a second delivery
//! of an event is silent. A notice carries ids, codes and numbers, never personal data.

mod channel;
mod rules;

use std::sync::Arc;

use async_trait::async_trait;
use event_log::subscribe::{Handler, HandlerError};
use event_log::{Log, Recorded};

pub use channel::{Channel, LogChannel};
pub use rules::{Notice, notice_of};

/// Gives events to the rules and notices to a channel.
pub struct Notifier {
    log: Log,
    channel: Arc<dyn Channel>,
}

impl Notifier {
    /// A notifier that delivers through one channel.
    pub fn new(log: Log, channel: Arc<dyn Channel>) -> Self {
        Self { log, channel }
    }
}

#[async_trait]
impl Handler for Notifier {
    fn name(&self) -> &'static str {
        "notifier"
    }

    fn wants(&self, kind: &str) -> bool {
        rules::concerns(kind)
    }

    async fn handle(&self, event: &Recorded) -> Result<(), HandlerError> {
        let Some(notice) = notice_of(event)? else { return Ok(()) };
        let channel = self.channel.name();
        let effect = format!("notice:{}:{channel}:{}", event.event_id, notice.recipient);
        // Noted before it is sent: after a crash in between it is not sent, rather than sent twice.
        if self.log.subscriptions.claim_effect(&effect).await?
            && let Err(error) = self.channel.deliver(&notice).await
        {
            self.log.subscriptions.release_effect(&effect).await?;
            return Err(HandlerError::Retry(error.to_string()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Mutex;

    use domain::actor::Actor;
    use domain::candidate::{Candidate, CandidateCommand, DuplicateSignal, Personal};
    use domain::ids::CandidateId;
    use domain::pii::Pii;
    use event_log::Envelope;
    use event_log::folder::Folder;
    use event_log::subscribe::Subscription;

    use super::*;

    #[derive(Default)]
    struct Kept(Mutex<Vec<String>>);

    #[async_trait]
    impl Channel for Kept {
        fn name(&self) -> &'static str {
            "kept"
        }

        async fn deliver(&self, notice: &Notice) -> io::Result<()> {
            self.0.lock().unwrap().push(notice.text.clone());
            Ok(())
        }
    }

    #[tokio::test]
    async fn an_event_delivered_again_is_told_once() {
        let folder = tempfile::tempdir().unwrap();
        let (_held, log) = Folder::open(folder.path()).await.unwrap();
        let (candidate, other) = (CandidateId(log.ids.next()), CandidateId(log.ids.next()));
        for command in [
            CandidateCommand::RegisterCandidate {
                candidate,
                personal: Pii::new(Personal { name: Some("Ada".into()), ..Personal::default() }),
                source: "test".into(),
                email_index: None,
            },
            CandidateCommand::FlagDuplicate { other, signals: vec![DuplicateSignal::SameEmail] },
        ] {
            let envelope = Envelope::new(candidate, command, Actor::system("test"));
            log.dispatcher().dispatch::<Candidate>(envelope).await.unwrap();
        }
        let kept = Arc::new(Kept::default());
        let notifier = Arc::new(Notifier::new(log.clone(), kept.clone()));
        Subscription::new(log.clone(), notifier.clone(), 2).drain().await.unwrap();
        for event in log.store.read_all(0, 10).await.unwrap() {
            notifier.handle(&event).await.unwrap();
        }
        let told = kept.0.lock().unwrap().clone();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains(&candidate.to_string()) && told[0].contains("same_email"));
        assert!(!told[0].contains("Ada"));
    }
}
