//! Landlock: nothing of the file system, no port, no process outside.

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, Ruleset, RulesetAttr as _, RulesetStatus, Scope,
};

/// All that is asked for; an older kernel gives what it has of it, files always.
const ASKED: ABI = ABI::V6;

pub(super) fn confine() -> Result<(), String> {
    let ruleset = || {
        Ruleset::default()
            .handle_access(AccessFs::from_all(ASKED))?
            .handle_access(AccessNet::from_all(ASKED))?
            .scope(Scope::from_all(ASKED))?
            // Nothing is allowed: there is no rule.
            .create()?
            .restrict_self()
    };
    match ruleset().map_err(|e| e.to_string())?.ruleset {
        RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced => Ok(()),
        RulesetStatus::NotEnforced => Err("this kernel does not have it".to_owned()),
    }
}
