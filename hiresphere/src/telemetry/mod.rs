//! What the program tells of its work: logs, numbers and traces, and no person's data in any of them.

pub(crate) mod logs;
pub(crate) mod numbers;
pub(crate) mod traces;
