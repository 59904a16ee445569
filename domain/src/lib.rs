//! HireSphere's rules, and nothing else: aggregates that decide, the events they emit, the refusals
//! they answer, and the arithmetic of a score. Deciding is pure: no I/O, no clock, no random.

pub mod candidate;
pub mod job;
pub mod refusal;
pub mod rubric;
pub mod score;
pub mod text;
