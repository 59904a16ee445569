//! The child processes of this program that read files: how they are started, and what confines them here.

use scorers::reading::sandbox::{Missing, Pool, PoolConfig, Sandbox};

use crate::READ_WORKER;
use crate::cli::{SandboxArgs, SandboxMode};
use crate::failure::Failure;
use crate::out;

/// Readers that are started when there is something to read.
pub(crate) fn unchecked(args: &SandboxArgs) -> Result<Pool, Failure> {
    let program = std::env::current_exe().map_err(|e| Failure::io("find this program", &e))?;
    let mut config = PoolConfig::new(program, vec![READ_WORKER.into()]);
    config.sandbox = match args.sandbox {
        SandboxMode::Strict => Sandbox::Strict,
        SandboxMode::BestEffort => Sandbox::BestEffort,
    };
    config.without.clone_from(&args.sandbox_without);
    Ok(Pool::new(config))
}

/// Readers, one of which is started at once; and a warning when this machine does not have every layer of the sandbox.
///
/// # Errors
/// `SANDBOX` when it must have them, or when no reader could be started.
pub(crate) async fn checked(args: &SandboxArgs) -> Result<(Pool, Option<String>), Failure> {
    let readers = unchecked(args)?;
    let missing = readers.check().await.map_err(|e| {
        let advice = match args.sandbox {
            SandboxMode::Strict => "`hiresphere doctor` says what this machine has; --sandbox best-effort goes on without",
            SandboxMode::BestEffort => "`hiresphere doctor` says more",
        };
        Failure::new("SANDBOX", e.to_string(), advice)
    })?;
    Ok((readers, warning(&missing)))
}

/// Like [`checked`], for a command at a terminal, where the warning is given.
pub(crate) async fn warned(args: &SandboxArgs) -> Result<Pool, Failure> {
    let (readers, warning) = checked(args).await?;
    if let Some(warning) = warning {
        out::note(&format!("warning: {warning}"));
    }
    Ok(readers)
}

fn warning(missing: &[Missing]) -> Option<String> {
    if missing.is_empty() {
        return None;
    }
    let missing: Vec<String> = missing.iter().map(ToString::to_string).collect();
    Some(format!(
        "files are read in a sandbox that is not whole: this machine has no {}. A hostile file that takes over its reader is \
         held by fewer walls",
        missing.join(" and no ")
    ))
}
