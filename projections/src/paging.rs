//! Pages: a listing's next page is asked for with an opaque cursor, which says where the page before
//! ended and belongs to that listing, sort and filter alone.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use event_log::LogError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

/// The most items on a page; more are not given even when they are asked for.
pub const MOST: u32 = 200;
const FINGERPRINT: usize = 8;
const CHECK: usize = 4;

/// One page of a listing.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Page<T> {
    /// What is on it, in the listing's order.
    pub items: Vec<T>,
    /// The cursor of the page behind it; `None` on the last one.
    pub next: Option<String>,
    /// The log's position that the page was read at.
    pub position: u64,
}

/// Why a page could not be given.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// The cursor is not one that was given out, or it was cut or altered.
    #[error("the cursor is damaged; begin with the first page")]
    CursorDamaged,
    /// The cursor belongs to another listing, sort or filter.
    #[error("the cursor belongs to another sort or filter; begin with the first page")]
    CursorElsewhere,
    /// The machine.
    #[error(transparent)]
    Log(#[from] LogError),
}

impl PageError {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::CursorDamaged => "CURSOR_DAMAGED",
            Self::CursorElsewhere => "CURSOR_ELSEWHERE",
            Self::Log(error) => error.code(),
        }
    }
}

/// A listing under one sort and one filter: makes and reads its cursors.
///
/// A cursor is URL-safe base64 of the listing's fingerprint, a check over all of it and the key of the last
/// item as JSON. It is opaque, not secret: a key holds nothing that its reader was not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listing {
    fingerprint: [u8; FINGERPRINT],
}

impl Listing {
    /// The listing `of` something, `by` a sort and a filter.
    ///
    /// # Errors
    /// `IO` when `by` does not serialise.
    pub fn new(of: &str, by: &impl Serialize) -> Result<Self, LogError> {
        let by = encode(&(of, by))?;
        Ok(Self { fingerprint: first(&Sha256::digest(by)) })
    }

    /// The cursor behind the item with this key.
    ///
    /// # Errors
    /// `IO` when the key does not serialise.
    pub fn cursor(&self, key: &impl Serialize) -> Result<String, LogError> {
        let key = encode(key)?;
        let bytes = [&self.fingerprint[..], &self.check(&key), &key].concat();
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The key that a cursor of this listing holds.
    ///
    /// # Errors
    /// `CURSOR_DAMAGED`, `CURSOR_ELSEWHERE`.
    pub fn key<K: DeserializeOwned>(&self, cursor: &str) -> Result<K, PageError> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| PageError::CursorDamaged)?;
        let (fingerprint, rest) =
            bytes.split_first_chunk::<FINGERPRINT>().ok_or(PageError::CursorDamaged)?;
        let (check, key) = rest.split_first_chunk::<CHECK>().ok_or(PageError::CursorDamaged)?;
        let written = Self { fingerprint: *fingerprint };
        if written.check(key) != *check {
            return Err(PageError::CursorDamaged);
        }
        if written != *self {
            return Err(PageError::CursorElsewhere);
        }
        serde_json::from_slice(key).map_err(|_| PageError::CursorDamaged)
    }

    /// A page from what was found: one item more than `limit` means that another page is behind it.
    pub(crate) fn page<T, K: Serialize>(
        &self,
        mut items: Vec<T>,
        limit: u32,
        position: u64,
        key: impl Fn(&T) -> K,
    ) -> Result<Page<T>, LogError> {
        let more = items.len() > limit as usize;
        items.truncate(limit as usize);
        let last = items.last().filter(|_| more);
        let next = last.map(|last| self.cursor(&key(last))).transpose()?;
        Ok(Page { items, next, position })
    }

    fn check(&self, key: &[u8]) -> [u8; CHECK] {
        first(&Sha256::new().chain_update(self.fingerprint).chain_update(key).finalize())
    }
}

/// A limit that was asked for, as it is kept to.
pub(crate) fn kept_to(limit: u32) -> u32 {
    limit.clamp(1, MOST)
}

fn encode(value: &impl Serialize) -> Result<Vec<u8>, LogError> {
    serde_json::to_vec(value)
        .map_err(|e| LogError::Io { doing: "encode a cursor", problem: e.to_string() })
}

fn first<const N: usize>(digest: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    out.iter_mut().zip(digest).for_each(|(to, from)| *to = *from);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_a_round_trip() {
        let listing = Listing::new("jobs", &("title", Some("Medicine"))).unwrap();
        let cursor = listing.cursor(&(7u64, "Zoë & co")).unwrap();
        assert!(cursor.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
        assert_eq!(listing.key::<(u64, String)>(&cursor).unwrap(), (7, "Zoë & co".into()));
    }

    #[test]
    fn a_cursor_of_another_sort_filter_or_listing_is_told_apart() {
        let by_title = Listing::new("jobs", &"title").unwrap();
        let cursor = by_title.cursor(&7).unwrap();
        for other in [Listing::new("jobs", &"newest"), Listing::new("candidates", &"title")] {
            let error = other.unwrap().key::<u64>(&cursor).unwrap_err();
            assert_eq!(error.code(), "CURSOR_ELSEWHERE");
        }
    }

    #[test]
    fn a_damaged_cursor_is_said_to_be_damaged() {
        let listing = Listing::new("jobs", &"title").unwrap();
        let cursor = listing.cursor(&"Nurse").unwrap();
        for at in 0..cursor.len() {
            let mut bytes = cursor.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(bytes).unwrap();
            assert_eq!(listing.key::<String>(&altered).unwrap_err().code(), "CURSOR_DAMAGED");
            assert!(listing.key::<String>(&cursor[..at]).is_err());
        }
        assert_eq!(listing.key::<u64>(&cursor).unwrap_err().code(), "CURSOR_DAMAGED");
        assert_eq!(listing.key::<u64>("not a cursor").unwrap_err().code(), "CURSOR_DAMAGED");
    }

    #[test]
    fn the_last_page_has_no_next() {
        let listing = Listing::new("jobs", &"title").unwrap();
        let page = listing.page(vec![1, 2, 3], 2, 9, |n| *n).unwrap();
        assert_eq!((page.items, page.position), (vec![1, 2], 9));
        assert_eq!(listing.key::<u64>(&page.next.unwrap()).unwrap(), 2);
        assert_eq!(listing.page(vec![1, 2], 2, 9, |n| *n).unwrap().next, None);
    }
}
