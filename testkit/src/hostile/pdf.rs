//! PDFs that are valid enough to be opened and bad for those that open them.

use std::fmt::Write as _;

use crate::package;

/// Objects numbered from 1, written with a good cross-reference table; the first is the catalog.
fn file_of(objects: &[Vec<u8>]) -> Vec<u8> {
    let mut out = b"%PDF-1.7\n%\x80\x80\x80\x80\n".to_vec();
    let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for (index, object) in objects.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = writeln!(table, "{:010} 00000 n ", out.len());
        out.extend(format!("{} 0 obj\n", index + 1).into_bytes());
        out.extend(object);
        out.extend(b"\nendobj\n");
    }
    let start = out.len();
    out.extend(table.into_bytes());
    let size = objects.len() + 1;
    let trailer = format!("trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n");
    out.extend(trailer.into_bytes());
    out
}

fn objects(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

fn stream(entries: &str, data: &[u8]) -> Vec<u8> {
    let mut out = format!("<< {entries} /Length {} >>\nstream\n", data.len()).into_bytes();
    out.extend(data);
    out.extend(b"\nendstream");
    out
}

const FONT: &str = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>";
const PAGE: &str = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R \
     /Resources << /Font << /F1 5 0 R >> /XObject << /X1 6 0 R >> >> >>";

/// Two nodes of the page tree that hold each other: walking it never ends.
pub fn cyclic_page_tree() -> Vec<u8> {
    file_of(&objects(&[
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R 2 0 R] /Count 4 >>",
        "<< /Type /Pages /Parent 2 0 R /Kids [2 0 R 3 0 R] /Count 2 >>",
    ]))
}

/// A page tree `depth` nodes deep above its one page: walking it by recursion eats the stack.
pub fn deep_page_tree(depth: usize) -> Vec<u8> {
    let mut all = objects(&["<< /Type /Catalog /Pages 2 0 R >>"]);
    for level in 0..depth {
        let kid = level + 3;
        all.push(format!("<< /Type /Pages /Kids [{kid} 0 R] /Count 1 >>").into_bytes());
    }
    let parent = depth + 1;
    let page = format!("<< /Type /Page /Parent {parent} 0 R /MediaBox [0 0 595 842] >>");
    all.push(page.into_bytes());
    file_of(&all)
}

/// A page tree that claims `count` pages and has one.
pub fn huge_page_count(count: i64) -> Vec<u8> {
    let mut all = objects(&["<< /Type /Catalog /Pages 2 0 R >>"]);
    all.push(format!("<< /Type /Pages /Kids [3 0 R] /Count {count} >>").into_bytes());
    all.push(PAGE.as_bytes().to_vec());
    all.push(stream("", b"BT /F1 12 Tf 60 700 Td (The only page) Tj ET"));
    all.extend(objects(&[FONT]));
    file_of(&all)
}

/// A page that draws a form that draws itself.
pub fn endless_form() -> Vec<u8> {
    let mut all = objects(&[
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        PAGE,
    ]);
    all.push(stream("", b"BT /F1 12 Tf 60 700 Td (Before the form) Tj ET /X1 Do"));
    all.extend(objects(&[FONT]));
    let form = "/Type /XObject /Subtype /Form /BBox [0 0 595 842] \
         /Resources << /XObject << /X1 6 0 R >> >>";
    all.push(stream(form, b"/X1 Do /X1 Do"));
    file_of(&all)
}

/// A small file that takes for ever: each form draws the next ten times, `levels` deep.
pub fn multiplying_forms(levels: usize) -> Vec<u8> {
    let mut all = objects(&[
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        PAGE,
    ]);
    all.push(stream("", b"/X1 Do"));
    all.extend(objects(&[FONT]));
    for level in 1..=levels {
        let next = all.len() + 2;
        let form = format!(
            "/Type /XObject /Subtype /Form /BBox [0 0 595 842] /Resources << /XObject << /X1 {next} 0 R >> >>"
        );
        all.push(stream(&form, "/X1 Do ".repeat(if level < levels { 10 } else { 0 }).as_bytes()));
    }
    file_of(&all)
}

/// An array in an array in an array, `depth` times, where the page's annotations belong.
pub fn nested_arrays(depth: usize) -> Vec<u8> {
    let nest = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let page = format!("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Annots {nest} >>");
    file_of(&objects(&[
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        &page,
    ]))
}

/// A page whose packed content inflates to `megabytes` of spaces before its text begins.
pub fn inflating_page(megabytes: usize) -> Vec<u8> {
    let packed = package::zlib_of(b' ', megabytes << 20, b"BT /F1 12 Tf 60 700 Td (After) Tj ET");
    let mut all = objects(&[
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        PAGE,
    ]);
    all.push(stream("/Filter /FlateDecode", &packed));
    all.extend(objects(&[FONT]));
    file_of(&all)
}

/// A good file whose cross-reference table has been pointed elsewhere; forgiving readers rebuild
/// it by looking for objects.
pub fn broken_xref(lines: &[&str]) -> Vec<u8> {
    let good = crate::pdf::simple(lines);
    let word = b"startxref";
    let at = good.windows(word.len()).rposition(|w| w == word).unwrap_or(good.len());
    let mut out: Vec<u8> = good.into_iter().take(at).collect();
    out.extend(b"startxref\n7\n%%EOF\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_points_at_the_objects() {
        let bytes = cyclic_page_tree();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert!(text.contains("/Kids [2 0 R 3 0 R]"));
        // Lossy decoding widens the four marker bytes, so offsets are checked on the bytes.
        let offset: usize =
            text.lines().skip_while(|l| *l != "xref").nth(3).unwrap()[..10].parse().unwrap();
        assert!(bytes[offset..].starts_with(b"1 0 obj"));
    }

    #[test]
    fn sizes_are_as_asked() {
        let text = String::from_utf8_lossy(&nested_arrays(5000)).into_owned();
        assert!(text.contains(&"[".repeat(5000)));
        let tree = String::from_utf8_lossy(&deep_page_tree(300)).into_owned();
        assert_eq!(tree.matches("/Type /Pages").count(), 300);
        assert!(String::from_utf8_lossy(&huge_page_count(1 << 40)).contains("1099511627776"));
        assert!(String::from_utf8_lossy(&endless_form()).contains("/X1 Do /X1 Do"));
        assert!(inflating_page(4).len() < 20_000);
        assert!(broken_xref(&["hello"]).ends_with(b"startxref\n7\n%%EOF\n"));
    }
}
