//! Tells people what needs their eyes: rules turn events into notices, channels deliver them.
//!
//! One notice per event, channel and recipient, however often the event is delivered. It listens on a
//! subscription of its own: rebuilding read models and replaying decisions tell nobody anything. A notice
//! carries ids, codes and numbers, never personal data.

mod channel;
mod rules;

use std::sync::Arc;

use async_trait::async_trait;
use event_log::subscribe::{Handler, HandlerError};
use event_log::{Log, Recorded};

pub use channel::{Channel, FileChannel, LogChannel};
pub use rules::{Notice, notices_of};

/// Gives events to the rules and notices to the channels.
pub struct Notifier {
    log: Log,
    channels: Vec<Arc<dyn Channel>>,
}

impl Notifier {
    /// A notifier that delivers through these channels.
    pub fn new(log: Log, channels: Vec<Arc<dyn Channel>>) -> Self {
        Self { log, channels }
    }

    async fn tell(
        &self,
        channel: &dyn Channel,
        event: &Recorded,
        notice: &Notice,
    ) -> Result<(), HandlerError> {
        let (name, recipient) = (channel.name(), &notice.recipient);
        let key = format!("notice:{}:{name}:{recipient}", event.event_id);
        if channel.remembers() {
            let delivered = channel.deliver(&key, notice).await;
            return delivered.map_err(|e| HandlerError::Retry(e.to_string()));
        }
        // Noted before it is sent: after a crash in between it is not sent, rather than sent twice.
        if self.log.subscriptions.claim_effect(&key).await?
            && let Err(error) = channel.deliver(&key, notice).await
        {
            self.log.subscriptions.release_effect(&key).await?;
            return Err(HandlerError::Retry(error.to_string()));
        }
        Ok(())
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
        for notice in notices_of(event)? {
            for channel in &self.channels {
                self.tell(&**channel, event, &notice).await?;
            }
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

        async fn deliver(&self, _key: &str, notice: &Notice) -> io::Result<()> {
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
        let notifier = Arc::new(Notifier::new(log.clone(), vec![kept.clone()]));
        Subscription::new(log.clone(), notifier.clone(), 2).drain().await.unwrap();
        for event in log.store.read_all(0, 10).await.unwrap() {
            notifier.handle(&event).await.unwrap();
        }
        let told = kept.0.lock().unwrap().clone();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains(&candidate.to_string()) && told[0].contains("same_email"));
        assert!(!told[0].contains("Ada"));
    }

    #[tokio::test]
    async fn a_file_holds_each_notice_once_across_restarts_and_torn_lines() {
        let folder = tempfile::tempdir().unwrap();
        let (_held, log) = Folder::open(folder.path()).await.unwrap();
        let candidate = CandidateId(log.ids.next());
        for command in [
            CandidateCommand::RegisterCandidate {
                candidate,
                personal: Pii::new(Personal { name: Some("Ada".into()), ..Personal::default() }),
                source: "test".into(),
                email_index: None,
            },
            CandidateCommand::FlagDuplicate {
                other: CandidateId(log.ids.next()),
                signals: vec![DuplicateSignal::SameFile],
            },
        ] {
            let envelope = Envelope::new(candidate, command, Actor::system("test"));
            log.dispatcher().dispatch::<Candidate>(envelope).await.unwrap();
        }
        let path = folder.path().join("notices.jsonl");
        let tell = async || {
            let file = Arc::new(FileChannel::open(&path).unwrap());
            let notifier = Notifier::new(log.clone(), vec![file]);
            for event in log.store.read_all(0, 10).await.unwrap() {
                notifier.handle(&event).await.unwrap();
                notifier.handle(&event).await.unwrap();
            }
            std::fs::read_to_string(&path).unwrap()
        };
        let told = tell().await;
        assert_eq!(told.lines().count(), 1, "{told}");
        assert!(told.contains(r#""rule":"possible_duplicate""#) && !told.contains("Ada"), "{told}");
        // A process that died while it wrote.
        std::fs::write(&path, &told[..told.len() - 5]).unwrap();
        assert_eq!(tell().await, told);
        assert_eq!(tell().await, told);
    }
}
