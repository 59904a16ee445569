//! What grading must hold to: fairness, evidence, order, determinism.
