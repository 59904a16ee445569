//! The profile: facts with their places, parsed out of a resume's visible text.
