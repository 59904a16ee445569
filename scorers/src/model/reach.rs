//! Whether a model's service can be reached and lets us in, without a question to the model: nothing is paid.
//!
//! Asked for is the list of models: `GET {base}/models` (<https://platform.openai.com/docs/api-reference/models/list>), on Azure
//! `GET {endpoint}/openai/models?api-version=...` (<https://learn.microsoft.com/rest/api/azureopenai/models/list>).

use std::time::Duration;

use async_openai::config::Config as _;
use reqwest::Url;
use serde::Serialize;

use super::client::{config, told};
use super::settings::{ModelSettings, Provider, SettingsError};

/// How long the answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Reach {
    /// It answers and takes the key; or wants none for its list, as servers of one's own do.
    LetIn {
        /// The status of its answer.
        status: u16,
    },
    /// It answers, and says neither yes nor no to the key: it may have no such list.
    Answers {
        /// The status of its answer.
        status: u16,
    },
    /// It refuses the key.
    KeyRefused {
        /// The status of its answer.
        status: u16,
    },
    /// It cannot be reached, or only somebody before it.
    Away {
        /// Why; no address, no key.
        why: String,
    },
}

/// Asks a model's service for its list.
///
/// # Errors
/// When the settings cannot work; nothing is sent then.
pub async fn reach(settings: &ModelSettings) -> Result<Reach, SettingsError> {
    settings.check()?;
    Ok(asked(settings).await.unwrap_or_else(|why| Reach::Away { why }))
}

async fn asked(settings: &ModelSettings) -> Result<Reach, String> {
    let client = reqwest::Client::builder()
        .timeout(PATIENCE)
        // As when grading: a key is for one place.
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(told)?;
    let config = config(settings);
    let list = match settings.provider {
        Provider::Azure => format!("{}/openai/models", config.api_base()),
        _ => config.url("/models"),
    };
    let mut list = Url::parse(&list).map_err(|e| e.to_string())?;
    if !config.query().is_empty() {
        list.query_pairs_mut().extend_pairs(config.query());
    }
    let answer = client.get(list).headers(config.headers()).send().await.map_err(told)?;
    Ok(match answer.status().as_u16() {
        status @ 200..=299 => Reach::LetIn { status },
        status @ (401 | 403) => Reach::KeyRefused { status },
        // Nobody follows it elsewhere, and a gateway is not what is behind it.
        status @ (300..=399 | 500..) => Reach::Away { why: format!("status {status}") },
        status => Reach::Answers { status },
    })
}

impl ModelSettings {
    /// The server that it is asked at, without path and credentials, which may hold a key.
    #[must_use]
    pub fn server(&self) -> String {
        let base = config(self).api_base().to_owned();
        Url::parse(&base).map_or_else(|_| "?".to_owned(), |url| url.origin().ascii_serialization())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_named_without_what_may_be_secret() {
        let server = |base: Option<&str>| {
            let base_url = base.map(str::to_owned);
            ModelSettings { base_url, ..ModelSettings::gpt_4o("k".into()) }.server()
        };
        assert_eq!(server(None), "https://api.openai.com");
        assert_eq!(server(Some("http://u:secret@gpu:11434/v1?key=secret")), "http://gpu:11434");
        assert_eq!(server(Some("https://")), "?");
    }
}
