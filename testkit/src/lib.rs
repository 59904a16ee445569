//! Makes the documents that tests and samples need.
