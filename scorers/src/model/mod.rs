//! Grading by a language model: GPT-4o, or any other behind OpenAI's chat-completions protocol.
//!
//! A resume is redacted (`redact`), put into a versioned prompt as delimited data (`prompt`), and sent with a strict
//! schema of the answer (`schema`) by a client that knows patience from failure (`client`, `breaker`). What comes back is
//! kept before anything is made of it, then checked (`answer`), quote by quote (`quotes`), and repaired at most once. The
//! model gives levels, rationales and quotes; points and the total are made in `domain`.

mod answer;
mod breaker;
mod client;
mod engine;
mod prompt;
mod quotes;
mod reach;
mod redact;
mod schema;
mod settings;

pub use engine::{ModelEngine, grades_of};
pub use prompt::{PROMPT, prompt_sha256};
pub use reach::{Reach, reach};
pub use redact::{REDACTED, Redacted, redact};
pub use settings::{ModelSettings, Price, Provider, SettingsError};
