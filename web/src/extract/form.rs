//! Multipart forms: text fields, and one file that is read into memory up to the limit.

use std::collections::BTreeMap;

use axum::extract::multipart::{Field, MultipartError, MultipartRejection};
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::StatusCode;
use domain::candidate::MAX_RESUME_BYTES;

use super::Meta;
use crate::limits::unreadable;
use crate::problem::Problem;
use axum::extract::FromRequestParts as _;

/// Bytes of all text fields together.
const TEXT_BYTES: usize = 64 * 1024;

/// A file of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Its name, as the client gives it.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A form with text fields and files; each name comes once.
#[derive(Debug, Clone)]
pub struct Form {
    /// What every write carries.
    pub meta: Meta,
    texts: BTreeMap<String, String>,
    files: BTreeMap<String, Upload>,
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let meta = Meta::from_request_parts(&mut parts, state).await?;
        let request = Request::from_parts(parts, body);
        let mut form = Multipart::from_request(request, state).await.map_err(|e| not_a_form(&e))?;
        let mut this = Self { meta, texts: BTreeMap::new(), files: BTreeMap::new() };
        let mut room = TEXT_BYTES;
        while let Some(field) = form.next_field().await.map_err(|e| broken(&e))? {
            this.take(field, &mut room).await?;
        }
        Ok(this)
    }
}

impl Form {
    async fn take(&mut self, field: Field<'_>, room: &mut usize) -> Result<(), Problem> {
        let name = field.name().unwrap_or_default().to_owned();
        if name.is_empty() {
            return Err(Problem::field("", "every part of the form needs a name"));
        }
        if self.texts.contains_key(&name) || self.files.contains_key(&name) {
            return Err(Problem::field(name, "is given twice"));
        }
        match field.file_name().map(str::to_owned) {
            Some(file) => {
                let limit = usize::try_from(MAX_RESUME_BYTES).unwrap_or(usize::MAX);
                let bytes = read(field, limit).await?;
                self.files.insert(name, Upload { name: file, bytes });
            }
            None => {
                let bytes = read(field, *room).await?;
                *room -= bytes.len();
                let text = String::from_utf8(bytes)
                    .map_err(|_| Problem::field(name.as_str(), "is not UTF-8"))?;
                self.texts.insert(name, text);
            }
        }
        Ok(())
    }

    /// Takes a text field out; blank is absent.
    pub fn text(&mut self, name: &str) -> Option<String> {
        self.texts.remove(name).map(|t| t.trim().to_owned()).filter(|t| !t.is_empty())
    }

    /// Takes a file out.
    ///
    /// # Errors
    /// 422 when there is none.
    pub fn file(&mut self, name: &str) -> Result<Upload, Problem> {
        self.files.remove(name).ok_or_else(|| Problem::field(name, "must be a file"))
    }

    /// Whether every field was taken out.
    ///
    /// # Errors
    /// 422 for a field that nobody asked for.
    pub fn nothing_else(&self) -> Result<(), Problem> {
        match self.texts.keys().chain(self.files.keys()).next() {
            Some(name) => Err(Problem::field(name.as_str(), "is not a field of this form")),
            None => Ok(()),
        }
    }
}

async fn read(mut field: Field<'_>, limit: usize) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(|e| broken(&e))? {
        if bytes.len() + chunk.len() > limit {
            let detail = format!("a part of the form has more than {limit} bytes");
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "TOO_LARGE", detail));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn not_a_form(_: &MultipartRejection) -> Problem {
    let detail = "send a form: Content-Type: multipart/form-data; boundary=...";
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", detail)
}

fn broken(error: &MultipartError) -> Problem {
    unreadable(error, error.status())
}
