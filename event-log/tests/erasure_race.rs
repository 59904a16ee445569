//! A key that is destroyed while somebody looks it up: whoever was looking does not have it, and it is
//! not kept for the next one.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use domain::ids::CandidateId;
use event_log::ports::{KeyState, KeyStore};
use event_log::sqlite::SqliteKeys;
use event_log::{LogError, Vault};
use tokio::sync::oneshot;
use uuid::Uuid;

/// A key store whose next answer, once armed, is on its way until it is let go.
struct OnItsWay {
    keys: SqliteKeys,
    next: Mutex<Option<(oneshot::Sender<()>, oneshot::Receiver<()>)>>,
}

#[async_trait]
impl KeyStore for OnItsWay {
    async fn get(&self, person: CandidateId) -> Result<KeyState, LogError> {
        let state = self.keys.get(person).await?;
        let armed = self.next.lock().unwrap().take();
        if let Some((read, go)) = armed {
            read.send(()).unwrap();
            go.await.unwrap();
        }
        Ok(state)
    }

    async fn put_if_absent(
        &self,
        person: CandidateId,
        wrapped: Vec<u8>,
    ) -> Result<KeyState, LogError> {
        self.keys.put_if_absent(person, wrapped).await
    }

    async fn destroy(&self, person: CandidateId) -> Result<(), LogError> {
        self.keys.destroy(person).await
    }

    async fn index(
        &self,
        scope: &str,
        blind: &str,
        person: CandidateId,
    ) -> Result<Vec<CandidateId>, LogError> {
        self.keys.index(scope, blind, person).await
    }

    async fn find(&self, scope: &str, blind: &str) -> Result<Vec<CandidateId>, LogError> {
        self.keys.find(scope, blind).await
    }
}

#[tokio::test]
async fn destroying_wins_over_looking_up() {
    let folder = tempfile::tempdir().unwrap();
    let keys = SqliteKeys::open(&folder.path().join("keys.sqlite")).await.unwrap();
    let store = Arc::new(OnItsWay { keys, next: Mutex::new(None) });
    let master = [7; 32];
    for making in [false, true] {
        let person = CandidateId(Uuid::from_u128(if making { 1 } else { 2 }));
        Vault::new(store.clone(), &master).key(person).await.unwrap();
        // Another, which has nothing in memory.
        let vault = Vault::new(store.clone(), &master);
        let ((read, has_read), (go, may_go)) = (oneshot::channel(), oneshot::channel());
        *store.next.lock().unwrap() = Some((read, may_go));
        let looking = tokio::spawn({
            let vault = vault.clone();
            async move {
                if making {
                    matches!(vault.key(person).await, Err(LogError::Erased))
                } else {
                    vault.key_if_live(person).await.unwrap().is_none()
                }
            }
        });
        has_read.await.unwrap();
        vault.destroy(person).await.unwrap();
        go.send(()).unwrap();
        assert!(looking.await.unwrap(), "what was on its way is not given out");
        assert!(vault.key_if_live(person).await.unwrap().is_none());
        assert!(matches!(vault.key(person).await, Err(LogError::Erased)));
    }
}
