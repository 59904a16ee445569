//! What a job asks for.

use serde::{Deserialize, Serialize};

/// One line of what the job asks for. `must_have` separates required from preferred.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Requirement {
    /// The line as the job states it.
    pub text: String,
    /// Required (true) or preferred (false).
    pub must_have: bool,
}
