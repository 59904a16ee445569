//! What a model is called with, and what of that is pinned in its release.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::model_release::Release;
use serde::Deserialize;

use super::prompt::{PROMPT, prompt_sha256};

/// A model behind OpenAI's chat-completions protocol.
#[derive(Clone, PartialEq, Deserialize)]
pub struct ModelSettings {
    /// The release's name: lower-case letters, digits, `-` and `.`.
    pub name: String,
    /// Its version. Whatever its answers depend on may only change with it.
    pub version: String,
    /// Who runs the model.
    #[serde(default)]
    pub provider: Provider,
    /// The model's own name, with its date where it has one: `gpt-4o-2024-11-20`. On Azure, the deployment.
    pub model: String,
    /// Where it is asked: `https://api.openai.com/v1`, `https://<resource>.openai.azure.com`, `http://localhost:11434/v1`.
    #[serde(default)]
    pub base_url: Option<String>,
    /// The key. Never in the release, a log or an error.
    #[serde(skip)]
    pub api_key: String,
    /// Azure's version of the protocol.
    #[serde(default)]
    pub api_version: Option<String>,
    /// Sampling temperature; not sent when it is null, as reasoning models want it.
    #[serde(default = "zero")]
    pub temperature: Option<f64>,
    /// Asks for the same answer to the same request, as far as the model can give it.
    #[serde(default = "seed")]
    pub seed: Option<i64>,
    /// The most tokens of an answer.
    #[serde(default = "max_output_tokens")]
    pub max_output_tokens: u32,
    /// Seconds that one answer may take.
    #[serde(default = "timeout_seconds")]
    pub timeout_seconds: u64,
    /// Resumes that one process has graded at once.
    #[serde(default = "calls_at_once")]
    pub calls_at_once: usize,
    /// What it costs; nothing when it is left out, as for a model of one's own.
    #[serde(default)]
    pub usd_per_million_tokens: Option<Price>,
}

/// US dollars for a million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Of the request.
    pub input: f64,
    /// Of the answer.
    pub output: f64,
}

/// Who runs a model, where that makes a difference to how it is asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// OpenAI.
    Openai,
    /// Microsoft's Azure.
    Azure,
    /// Anything else that speaks the protocol: Ollama, vLLM, llama.cpp.
    #[default]
    Compatible,
}

/// Settings that cannot work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("model release `{release}`: {problem}")]
pub struct SettingsError {
    /// `name@version`.
    pub release: String,
    /// What is wrong.
    pub problem: String,
}

impl Provider {
    fn as_str(self) -> &'static str {
        match self {
            Self::Openai => "openai",
            Self::Azure => "azure",
            Self::Compatible => "compatible",
        }
    }

    /// Whether the schema of an answer may bound lengths and numbers. OpenAI and Azure refuse some of these keywords in
    /// strict mode (their list of supported schemas); local servers make a grammar of them, and some run on without.
    pub(super) fn bounds_lengths(self) -> bool {
        self == Self::Compatible
    }

    /// The name of the parameter for the most tokens of an answer: the older one is what every other server knows.
    pub(super) fn most_tokens(self) -> &'static str {
        if self == Self::Compatible { "max_tokens" } else { "max_completion_tokens" }
    }
}

impl ModelSettings {
    /// GPT-4o at OpenAI, the default model. Prices: <https://openai.com/api/pricing>, as of November 2024.
    pub fn gpt_4o(api_key: String) -> Self {
        Self {
            name: "gpt-4o".into(),
            version: "1".into(),
            provider: Provider::Openai,
            model: "gpt-4o-2024-11-20".into(),
            base_url: None,
            api_key,
            api_version: None,
            temperature: zero(),
            seed: seed(),
            max_output_tokens: max_output_tokens(),
            timeout_seconds: timeout_seconds(),
            calls_at_once: calls_at_once(),
            usd_per_million_tokens: Some(Price { input: 2.5, output: 10.0 }),
        }
    }

    /// What is pinned of them: all that answers depend on. Not where the model is asked, which moves.
    pub fn release(&self) -> Release {
        let mut params = BTreeMap::from([
            ("max_output_tokens".to_owned(), self.max_output_tokens.to_string()),
            ("prompt".to_owned(), PROMPT.to_owned()),
        ]);
        if let Some(temperature) = self.temperature {
            params.insert("temperature".into(), temperature.to_string());
        }
        if let Some(seed) = self.seed {
            params.insert("seed".into(), seed.to_string());
        }
        Release {
            name: self.name.clone(),
            version: self.version.clone(),
            provider: self.provider.as_str().into(),
            model: self.model.clone(),
            params,
            prompt_sha256: Some(prompt_sha256()),
        }
    }

    /// How long one answer may take.
    pub(super) fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds)
    }

    /// What tokens cost, in millionths of a US dollar, rounded up.
    pub(super) fn cost(&self, tokens_in: u64, tokens_out: u64) -> u64 {
        // A dollar for a million tokens is a millionth of a dollar for one.
        self.usd_per_million_tokens.map_or(0, |price| {
            (tokens_in as f64 * price.input + tokens_out as f64 * price.output).ceil() as u64
        })
    }

    /// # Errors
    /// When they cannot work; says which.
    pub fn check(&self) -> Result<(), SettingsError> {
        let wrong = |problem: String| {
            let release = format!("{}@{}", self.name, self.version);
            Err(SettingsError { release, problem })
        };
        let plain = |text: &str| {
            let known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
            !text.is_empty() && text.len() <= 40 && text.chars().all(known)
        };
        if !plain(&self.name) || !plain(&self.version) {
            return wrong("name and version are lower-case letters, digits, `-` and `.`".into());
        }
        if self.model.trim().is_empty() {
            return wrong("`model` is empty".into());
        }
        if self.provider != Provider::Openai && self.base_url.is_none() {
            return wrong("give `base_url`: where the model is asked".into());
        }
        if let Some(url) = &self.base_url
            && !(url.starts_with("https://") || url.starts_with("http://"))
        {
            return wrong("`base_url` begins with https:// or http://".into());
        }
        if self.provider == Provider::Azure && self.api_version.is_none() {
            return wrong("Azure needs `api_version`".into());
        }
        // What no header can carry would only be noticed when the first resume is sent.
        if !self.api_key.chars().all(|c| c.is_ascii_graphic()) {
            return wrong("its key has blanks or characters that no key has".into());
        }
        if self.provider != Provider::Compatible && self.api_key.is_empty() {
            return wrong(
                "there is no key: say where it is with `api_key_env` or `api_key_file`".into(),
            );
        }
        let price = self.usd_per_million_tokens;
        if price.is_some_and(|p| !(p.input >= 0.0 && p.output >= 0.0 && p.input + p.output < 1e6)) {
            return wrong("its price is not an amount of money".into());
        }
        if self.max_output_tokens < 100 || self.timeout_seconds == 0 || self.calls_at_once == 0 {
            let problem = "`max_output_tokens` is at least 100, `timeout_seconds` and `calls_at_once` at least 1";
            return wrong(problem.into());
        }
        Ok(())
    }
}

impl std::fmt::Debug for ModelSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // It holds a key.
        f.debug_struct("ModelSettings").field("name", &self.name).finish_non_exhaustive()
    }
}

#[allow(clippy::unnecessary_wraps, reason = "a default of the field's type")]
fn zero() -> Option<f64> {
    Some(0.0)
}

#[allow(clippy::unnecessary_wraps, reason = "a default of the field's type")]
fn seed() -> Option<i64> {
    Some(7)
}

fn max_output_tokens() -> u32 {
    2_000
}

fn timeout_seconds() -> u64 {
    120
}

fn calls_at_once() -> usize {
    4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_cannot_work_say_why_and_no_key_is_shown() {
        let good = ModelSettings::gpt_4o("sk-secret".into());
        assert_eq!(good.check(), Ok(()));
        assert!(!format!("{good:?}").contains("secret"));
        assert!(!format!("{:?}", good.release()).contains("secret"));
        type Breaks = fn(&mut ModelSettings);
        let broken: [(&str, Breaks); 8] = [
            ("lower-case", |s| s.name = "GPT 4o".into()),
            ("`model` is empty", |s| s.model = " ".into()),
            ("`base_url`", |s| s.provider = Provider::Compatible),
            ("https://", |s| s.base_url = Some("api.openai.com".into())),
            ("`api_version`", |s| {
                (s.provider, s.base_url) = (Provider::Azure, Some("https://x".into()));
            }),
            ("no key has", |s| s.api_key = "sk-secret\n".into()),
            ("there is no key", |s| s.api_key.clear()),
            ("not an amount", |s| {
                s.usd_per_million_tokens = Some(Price { input: -1.0, output: 0.0 });
            }),
        ];
        for (said, breaks) in broken {
            let mut settings = good.clone();
            breaks(&mut settings);
            let error = settings.check().unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn cost_is_rounded_up_to_a_millionth() {
        let settings = ModelSettings::gpt_4o("k".into());
        assert_eq!(settings.cost(1_000_000, 0), 2_500_000);
        assert_eq!(settings.cost(1, 1), 13);
        assert_eq!(ModelSettings { usd_per_million_tokens: None, ..settings }.cost(9, 9), 0);
    }
}
