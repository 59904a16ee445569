//! Grading: a profile against a job, criterion by criterion, with quotes.
