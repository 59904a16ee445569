//! The personal-data vault: seals and opens under each person's own key.
//!
//! A person's key is 256 random bits, wrapped by the master key. Data is sealed with
//! XChaCha20-Poly1305 (RFC 8439 with the 192-bit nonce of draft-irtf-cfrg-xchacha), random nonces, and
//! the event's header as associated data. The master key never leaves this module; what is derived
//! from it (HMAC-SHA-256, one label each) wraps keys and makes blind indexes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use domain::decide::Decider;
use domain::ids::{CandidateId, DocumentId};
use domain::pii::PiiError;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::{Zeroize as _, Zeroizing};

use crate::error::LogError;
use crate::event::{Recorded, header};
use crate::ports::{KeyState, KeyStore};

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;
/// Unwrapped keys kept in memory; beyond that the cache starts anew.
const CACHED_KEYS: usize = 4096;

type Secret = Zeroizing<[u8; KEY_BYTES]>;

/// Seals and opens personal data.
#[derive(Clone)]
pub struct Vault {
    inner: Arc<Inner>,
}

struct Inner {
    keys: Arc<dyn KeyStore>,
    wrapping: Secret,
    blinding: Secret,
    cache: Mutex<Cache>,
}

/// Unwrapped keys, and how many were destroyed: a key that was looked up before a destruction may be
/// the destroyed one, and is looked up again rather than kept.
#[derive(Default)]
struct Cache {
    keys: HashMap<CandidateId, (Secret, Instant)>,
    destroyed: u64,
}

/// A person's unwrapped key, for as long as it is needed.
pub struct PersonKey(Secret);

impl Vault {
    /// A vault over a key store, under a master key.
    pub fn new(keys: Arc<dyn KeyStore>, master: &[u8; KEY_BYTES]) -> Self {
        let wrapping = derive(master, b"hiresphere/wrap/1");
        let blinding = derive(master, b"hiresphere/blind/1");
        let cache = Mutex::new(Cache::default());
        Self { inner: Arc::new(Inner { keys, wrapping, blinding, cache }) }
    }

    /// Makes sure that the master key and the key store belong together: the nil person's key seals
    /// nothing, and is made when the store is begun.
    ///
    /// # Errors
    /// `MASTER_KEY` when the key does not open the store, or the store is not `fresh` and yet empty.
    pub async fn check_master_key(&self, fresh: bool) -> Result<(), LogError> {
        let nobody = CandidateId(uuid::Uuid::nil());
        if !fresh && self.inner.keys.get(nobody).await? == KeyState::NeverExisted {
            let lost = "the people's keys (keys/keys.sqlite) are missing or empty";
            return Err(LogError::Keys(lost.into()));
        }
        self.key(nobody).await.map(drop)
    }

    /// The person's key, made on first use.
    ///
    /// # Errors
    /// `ERASED` when it was destroyed; `MASTER_KEY` when the master key is not the one it was wrapped by.
    pub async fn key(&self, person: CandidateId) -> Result<PersonKey, LogError> {
        loop {
            let destroyed = match self.cached(person) {
                Ok(key) => return Ok(key),
                Err(destroyed) => destroyed,
            };
            let state = match self.inner.keys.get(person).await? {
                KeyState::NeverExisted => {
                    let fresh = random::<KEY_BYTES>()?;
                    let wrapped =
                        seal_bytes(&self.inner.wrapping, fresh.as_slice(), &wrap_header(person))?;
                    self.inner.keys.put_if_absent(person, wrapped).await?
                }
                state => state,
            };
            match state {
                KeyState::Live(wrapped) => {
                    if let Some(key) = self.unwrap_key(person, &wrapped, destroyed)? {
                        return Ok(key);
                    }
                }
                KeyState::Destroyed => return Err(LogError::Erased),
                KeyState::NeverExisted => {
                    return Err(LogError::Keys("a key that was stored is gone".into()));
                }
            }
        }
    }

    /// A key for what belongs to nobody and is not kept, such as a cursor that is given out.
    ///
    /// # Errors
    /// `MASTER_KEY`.
    pub async fn own_key(&self) -> Result<PersonKey, LogError> {
        self.key(CandidateId(uuid::Uuid::nil())).await
    }

    /// The person's key, or `None` when it was destroyed or never existed.
    ///
    /// # Errors
    /// `MASTER_KEY` as for [`Self::key`].
    pub async fn key_if_live(&self, person: CandidateId) -> Result<Option<PersonKey>, LogError> {
        loop {
            let destroyed = match self.cached(person) {
                Ok(key) => return Ok(Some(key)),
                Err(destroyed) => destroyed,
            };
            match self.inner.keys.get(person).await? {
                KeyState::Live(wrapped) => {
                    if let Some(key) = self.unwrap_key(person, &wrapped, destroyed)? {
                        return Ok(Some(key));
                    }
                }
                KeyState::Destroyed | KeyState::NeverExisted => return Ok(None),
            }
        }
    }

    /// Looks up at once the keys that opening these events asks for.
    ///
    /// # Errors
    /// `MASTER_KEY` as for [`Self::key`].
    pub async fn prepare(&self, events: &[Recorded]) -> Result<(), LogError> {
        let mut people: Vec<CandidateId> = events.iter().filter_map(|event| event.key_id).collect();
        people.sort_unstable();
        people.dedup();
        let mut destroyed = 0;
        people.retain(|person| match self.cached(*person) {
            Ok(_) => false,
            Err(by_now) => {
                destroyed = by_now;
                true
            }
        });
        // One alone is looked up when it is needed.
        if people.len() < 2 {
            return Ok(());
        }
        for (person, wrapped) in self.inner.keys.get_live(&people).await? {
            self.unwrap_key(person, &wrapped, destroyed)?;
        }
        Ok(())
    }

    /// The key as it is kept in memory, or how many were destroyed before it is looked up.
    fn cached(&self, person: CandidateId) -> Result<PersonKey, u64> {
        let cache = self.inner.cache.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = |since: &Instant| match self.inner.keys.believed_for() {
            Some(most) => since.elapsed() < most,
            None => true,
        };
        let kept = cache.keys.get(&person).filter(|(_, since)| fresh(since));
        kept.map(|(key, _)| PersonKey(key.clone())).ok_or(cache.destroyed)
    }

    /// Unwraps and keeps a key; `None` when any was destroyed since it was looked up.
    fn unwrap_key(
        &self,
        person: CandidateId,
        wrapped: &[u8],
        destroyed: u64,
    ) -> Result<Option<PersonKey>, LogError> {
        let clear =
            open_bytes(&self.inner.wrapping, wrapped, &wrap_header(person)).ok_or_else(|| {
                LogError::Keys("a person's key does not open under this master key".into())
            })?;
        let clear = Zeroizing::new(clear);
        let key: [u8; KEY_BYTES] = clear
            .as_slice()
            .try_into()
            .map_err(|_| LogError::Keys("a person's key has the wrong length".into()))?;
        let key = Zeroizing::new(key);
        let mut cache = self.inner.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.destroyed != destroyed {
            return Ok(None);
        }
        if cache.keys.len() >= CACHED_KEYS {
            cache.keys.clear();
        }
        cache.keys.insert(person, (key.clone(), Instant::now()));
        Ok(Some(PersonKey(key)))
    }

    /// Destroys a person's key and blind indexes: what it sealed can never be read again, not even by
    /// who was looking the key up at that moment.
    ///
    /// # Errors
    /// Those of the key store.
    pub async fn destroy(&self, person: CandidateId) -> Result<(), LogError> {
        self.inner.keys.destroy(person).await?;
        let mut cache = self.inner.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.keys.remove(&person);
        cache.destroyed += 1;
        Ok(())
    }

    /// The event with its personal fields open, or erased when the key was destroyed.
    ///
    /// # Errors
    /// `EVENT_UNDECODABLE` when it was altered or moved; `MASTER_KEY`.
    pub async fn open<A: Decider>(&self, recorded: &Recorded) -> Result<A::Event, LogError> {
        let mut event = recorded.decode::<A>()?;
        let Some(person) = recorded.key_id else { return Ok(event) };
        if A::personal(&mut event).is_empty() {
            return Ok(event);
        }
        let key = self.key_if_live(person).await?;
        for (i, field) in A::personal(&mut event).into_iter().enumerate() {
            let aad =
                header(recorded.event_id, recorded.stream, recorded.version, &recorded.kind, i);
            field
                .open(&mut |text| {
                    let Some(key) = &key else { return Ok(None) };
                    let sealed = BASE64.decode(text).map_err(|e| PiiError(e.to_string()))?;
                    let clear = key.open(&sealed, &aad);
                    clear
                        .map(Some)
                        .ok_or_else(|| PiiError("ciphertext was altered or moved".into()))
                })
                .map_err(|e| LogError::Undecodable {
                    position: recorded.position,
                    kind: recorded.kind.clone(),
                    problem: e.0,
                })?;
        }
        Ok(event)
    }

    /// Keyed hash of a value under the log's own key: equal values can be found without being told.
    pub fn blind(&self, scope: &str, value: &[u8]) -> String {
        mac(&self.inner.blinding, &[scope.as_bytes(), value])
    }

    /// Notes that a person has a value and answers who had it before.
    ///
    /// # Errors
    /// Those of the key store.
    pub async fn index(
        &self,
        scope: &str,
        value: &[u8],
        person: CandidateId,
    ) -> Result<Vec<CandidateId>, LogError> {
        self.inner.keys.index(scope, &self.blind(scope, value), person).await
    }

    /// Who has a value.
    ///
    /// # Errors
    /// Those of the key store.
    pub async fn find(&self, scope: &str, value: &[u8]) -> Result<Vec<CandidateId>, LogError> {
        self.inner.keys.find(scope, &self.blind(scope, value)).await
    }
}

impl PersonKey {
    /// HMAC of some bytes under the person's key: names a resume without telling what it says.
    pub fn digest(&self, bytes: &[u8]) -> String {
        mac(&derive(&self.0, b"hiresphere/digest/1"), &[bytes])
    }

    /// Seals bytes; `aad` binds them to their place.
    ///
    /// # Errors
    /// Those of the machine's randomness.
    pub fn seal(&self, clear: &[u8], aad: &[u8]) -> Result<Vec<u8>, LogError> {
        seal_bytes(&self.0, clear, aad)
    }

    /// Opens bytes; `None` when they were altered or moved.
    pub fn open(&self, sealed: &[u8], aad: &[u8]) -> Option<Vec<u8>> {
        open_bytes(&self.0, sealed, aad)
    }

    /// Seals the personal fields of an event.
    pub(crate) fn seal_fields<A: Decider>(
        &self,
        event: &mut A::Event,
        header_of: impl Fn(usize) -> Vec<u8>,
    ) -> Result<(), LogError> {
        for (i, field) in A::personal(event).into_iter().enumerate() {
            field
                .seal(&mut |clear| {
                    let sealed =
                        self.seal(clear, &header_of(i)).map_err(|e| PiiError(e.to_string()))?;
                    Ok(BASE64.encode(sealed))
                })
                .map_err(|e| LogError::Io { doing: "seal personal data", problem: e.0 })?;
        }
        Ok(())
    }
}

/// What binds a stored document to its person and id.
pub(crate) fn document_header(person: CandidateId, document: DocumentId) -> Vec<u8> {
    format!("hiresphere/document/1|{person}|{document}").into_bytes()
}

fn wrap_header(person: CandidateId) -> Vec<u8> {
    format!("hiresphere/key/1|{person}").into_bytes()
}

fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>, LogError> {
    let mut bytes = Zeroizing::new([0u8; N]);
    getrandom::fill(bytes.as_mut_slice())
        .map_err(|e| LogError::Io { doing: "draw random bytes", problem: e.to_string() })?;
    Ok(bytes)
}

/// A fresh master key.
///
/// # Errors
/// Those of the machine's randomness.
pub fn fresh_master_key() -> Result<Zeroizing<[u8; KEY_BYTES]>, LogError> {
    random::<KEY_BYTES>()
}

fn seal_bytes(key: &[u8; KEY_BYTES], clear: &[u8], aad: &[u8]) -> Result<Vec<u8>, LogError> {
    let nonce = random::<NONCE_BYTES>()?;
    let cipher = XChaCha20Poly1305::new(key.into());
    let sealed = cipher
        .encrypt(&XNonce::from(*nonce), Payload { msg: clear, aad })
        .map_err(|_| LogError::Io { doing: "seal data", problem: "it is too long".into() })?;
    let mut out = nonce.to_vec();
    out.extend_from_slice(&sealed);
    Ok(out)
}

fn open_bytes(key: &[u8; KEY_BYTES], sealed: &[u8], aad: &[u8]) -> Option<Vec<u8>> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>()?;
    let cipher = XChaCha20Poly1305::new(key.into());
    cipher.decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad }).ok()
}

fn derive(key: &[u8; KEY_BYTES], label: &[u8]) -> Secret {
    Zeroizing::new(mac_bytes(key, &[label]))
}

fn mac(key: &[u8; KEY_BYTES], parts: &[&[u8]]) -> String {
    mac_bytes(key, parts).iter().map(|b| format!("{b:02x}")).collect()
}

/// HMAC-SHA-256 over parts, each preceded by its length so that no two lists of parts collide.
fn mac_bytes(key: &[u8; KEY_BYTES], parts: &[&[u8]]) -> [u8; KEY_BYTES] {
    // HMAC takes a key of one SHA-256 block; a shorter one is padded with zeros (RFC 2104).
    let mut block = [0u8; 64];
    block[..KEY_BYTES].copy_from_slice(key);
    let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new(&block.into());
    block.zeroize();
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}
