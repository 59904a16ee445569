//! The secret of an application: shown once to whoever applied, and derived rather than kept.
//!
//! `hsa_<application>_<HMAC of it under the log's own key>`: nothing to store or to lose, and the same
//! answer again when the same request comes again.

use domain::ids::ApplicationId;
use event_log::Vault;

const PREFIX: &str = "hsa_";

/// Makes and checks applicants' tokens.
#[derive(Clone)]
pub struct ApplicantTokens {
    vault: Vault,
}

impl ApplicantTokens {
    /// Tokens under a log's key.
    pub fn new(vault: Vault) -> Self {
        Self { vault }
    }

    /// The token of an application.
    pub fn of(&self, application: ApplicationId) -> String {
        let secret = self.vault.blind("applicant-token", application.0.as_bytes());
        format!("{PREFIX}{}_{secret}", application.0.simple())
    }

    /// The application that a token opens.
    pub fn application(&self, token: &str) -> Option<ApplicationId> {
        let (id, _) = token.strip_prefix(PREFIX)?.split_once('_')?;
        let application: ApplicationId = id.parse().ok()?;
        same(self.of(application).as_bytes(), token.as_bytes()).then_some(application)
    }
}

/// Compares without telling by its time where the first difference is.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |acc, (a, b)| acc | (a ^ b)) == 0
}
