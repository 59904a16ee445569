//! The rubric: versioned criteria, weights and anchors.
mod criteria;
pub use criteria::*;
