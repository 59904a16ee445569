//! What the program tells of its work: numbers, and no person's data in any of it.

pub(crate) mod numbers;
