//! Sealed documents: resumes' bytes, and what was read from them.
//!
//! Kept through `object_store` under `person/document`, sealed under the person's key, so that a copy
//! of the store is worth nothing once the key is destroyed.

use std::sync::Arc;

use domain::ids::{CandidateId, DocumentId};
use futures::TryStreamExt;
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};

use crate::error::LogError;
use crate::vault::{Vault, document_header};

/// Sealed bytes by person and document.
#[derive(Clone)]
pub struct Documents {
    store: Arc<dyn ObjectStore>,
    vault: Vault,
}

/// The store behind a URL: `file:///folder`, a folder's path, or `s3://bucket/prefix` of any S3-compatible service,
/// whose endpoint and keys come from the usual variables (`AWS_ENDPOINT`, `AWS_ACCESS_KEY_ID`, ...).
///
/// # Errors
/// `DATABASE_SETTINGS` for a URL that is none, `IO`.
pub fn at(url: &str) -> Result<Arc<dyn ObjectStore>, LogError> {
    let settings = |e: object_store::Error| LogError::Settings(format!("the documents' URL: {e}"));
    if url.starts_with("s3://") {
        let s3 = AmazonS3Builder::from_env().with_url(url).build().map_err(settings)?;
        let prefix = url.splitn(4, '/').nth(3).unwrap_or_default().trim_matches('/');
        if prefix.is_empty() {
            return Ok(Arc::new(s3));
        }
        return Ok(Arc::new(PrefixStore::new(s3, prefix)));
    }
    if let Some((scheme, _)) = url.split_once("://")
        && scheme != "file"
    {
        let problem = format!("the documents' URL: `{scheme}` is neither file nor s3");
        return Err(LogError::Settings(problem));
    }
    folder(std::path::Path::new(url.strip_prefix("file://").unwrap_or(url)))
}

/// Documents as files in a folder, made when there is none.
///
/// # Errors
/// `DISK_FULL`, `IO`.
pub fn folder(path: &std::path::Path) -> Result<Arc<dyn ObjectStore>, LogError> {
    std::fs::create_dir_all(path).map_err(|e| LogError::io("make the documents' folder", &e))?;
    let store = LocalFileSystem::new_with_prefix(path)
        .map_err(|e| LogError::Io { doing: "open the documents", problem: e.to_string() })?
        .with_fsync(true)
        .with_automatic_cleanup(true);
    Ok(Arc::new(store))
}

impl Documents {
    /// Documents in an object store, sealed by a vault.
    pub fn new(store: Arc<dyn ObjectStore>, vault: Vault) -> Self {
        Self { store, vault }
    }

    /// Seals and stores bytes. The same id again replaces them.
    ///
    /// # Errors
    /// `DISK_FULL`, `ERASED`, `IO`.
    pub async fn put(
        &self,
        person: CandidateId,
        document: DocumentId,
        clear: &[u8],
    ) -> Result<(), LogError> {
        let sealed =
            self.vault.key(person).await?.seal(clear, &document_header(person, document))?;
        let payload = PutPayload::from_bytes(sealed.into());
        let put = self.store.put(&path(person, document), payload).await;
        put.map(drop).map_err(|e| io("store a document", e))
    }

    /// The bytes of a document.
    ///
    /// # Errors
    /// `DOCUMENT_MISSING`, `DOCUMENT_ALTERED`, `ERASED`, `IO`.
    pub async fn get(
        &self,
        person: CandidateId,
        document: DocumentId,
    ) -> Result<Vec<u8>, LogError> {
        let key = self.vault.key_if_live(person).await?.ok_or(LogError::Erased)?;
        let sealed = match self.store.get(&path(person, document)).await {
            Ok(found) => found.bytes().await.map_err(|e| io("read a document", e))?,
            Err(object_store::Error::NotFound { .. }) => {
                return Err(LogError::DocumentMissing(document));
            }
            Err(error) => return Err(io("read a document", error)),
        };
        key.open(&sealed, &document_header(person, document))
            .ok_or(LogError::DocumentAltered(document))
    }

    /// Deletes everything stored for a person; answers how many documents there were.
    ///
    /// # Errors
    /// `IO`.
    pub async fn sweep(&self, person: CandidateId) -> Result<u64, LogError> {
        let prefix = Path::from(person.to_string());
        let found: Vec<_> = self
            .store
            .list(Some(&prefix))
            .try_collect()
            .await
            .map_err(|e| io("list documents", e))?;
        for object in &found {
            match self.store.delete(&object.location).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(io("delete a document", error)),
            }
        }
        Ok(found.len() as u64)
    }
}

fn path(person: CandidateId, document: DocumentId) -> Path {
    Path::from(format!("{person}/{document}"))
}

fn io(doing: &'static str, error: object_store::Error) -> LogError {
    // The kind of an I/O error is somewhere down its chain of sources.
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(current) = source {
        if let Some(io) = current.downcast_ref::<std::io::Error>() {
            return LogError::io(doing, io);
        }
        source = current.source();
    }
    LogError::Io { doing, problem: error.to_string() }
}
