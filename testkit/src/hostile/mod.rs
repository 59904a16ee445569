//! Files that are broken or made to do harm, for tests of what a reader survives.

mod docx;
mod pdf;
mod random;

pub use docx::{
    bad_theme_checksum, deeply_nested_tables, encrypted_office_file, missing_document, zip_bomb,
};
pub use pdf::{
    broken_xref, cyclic_page_tree, deep_page_tree, endless_form, huge_page_count, inflating_page,
    multiplying_forms, nested_arrays,
};
pub use random::{Random, flip_bytes, garbage, truncated};
