//! Every file ends in text or in one named failure, by its content.

#![allow(clippy::expect_used)] // Also in the helpers of tests.

use scorers::reading::{Engine, Failure, FileType, Limits, Method, Reading, read, sniff};

#[path = "reading_samples/mod.rs"]
mod samples;

fn pure(bytes: &[u8]) -> Reading {
    read(bytes, &Limits { engine: Engine::Pure, ..Limits::default() })
}

#[track_caller]
fn assert_fails(bytes: &[u8], failure: Failure, media_type: &str) {
    let reading = pure(bytes);
    assert_eq!(reading.failure(), Some(failure));
    assert_eq!(reading.sniffed_type, media_type);
}

#[track_caller]
fn plain(bytes: &[u8]) -> String {
    let extraction = pure(bytes).result.expect("text");
    assert_eq!(extraction.sniffed_type, "text/plain");
    assert_eq!(extraction.pages[0].method, Method::PlainText);
    extraction.pages[0].text.clone()
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[test]
fn no_bytes_are_an_empty_file_and_blanks_are_empty_text() {
    assert_fails(b"", Failure::EmptyFile, "application/x-empty");
    assert_fails(b" \n\t\n", Failure::EmptyText, "text/plain");
}

#[test]
fn text_is_read_in_its_encoding_and_left_as_written() {
    let markdown = "# José Müller\n\n- **Rust**, 10 years\n";
    assert_eq!(plain(markdown.as_bytes()), markdown);
    assert_eq!(plain(&[b"\xEF\xBB\xBF", markdown.as_bytes()].concat()), markdown);
    assert_eq!(plain(&[&b"\xFF\xFE"[..], &utf16(markdown)].concat()), markdown);
    let big: Vec<u8> = markdown.encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_eq!(plain(&[&b"\xFE\xFF"[..], &big].concat()), markdown);
    assert_eq!(plain(b"Jos\xE9 M\xFCller \x96 \x93Rust\x94"), "José Müller – “Rust”");
    assert_eq!(plain("山田太郎\r\nソフトウェア".as_bytes()), "山田太郎\nソフトウェア");
}

#[test]
fn utf16_is_told_without_a_mark_and_utf32_by_its_mark() {
    let texts =
        ["# José Müller\n\n- **Rust**, 10 years\n", "Иван Петров\nПовар, 2019 – 2023\n", "Al"];
    for text in texts {
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(plain(&utf16(text)), text);
        assert_eq!(plain(&big), text);
        let little: Vec<u8> = text.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
        assert_eq!(plain(&[&b"\xFF\xFE\0\0"[..], &little].concat()), text);
        let big: Vec<u8> = text.chars().flat_map(|c| u32::from(c).to_be_bytes()).collect();
        assert_eq!(plain(&[&b"\0\0\xFE\xFF"[..], &big].concat()), text);
    }
    let rtf = utf16("{\\rtf1\\ansi Jane}");
    assert_fails(&rtf, Failure::UnsupportedType, "application/rtf");
}

#[test]
fn binary_with_zero_bytes_is_not_text() {
    let samples: Vec<u8> = (0..400u16).map(|n| n * 7 % 256).flat_map(u16::to_le_bytes).collect();
    let counters: Vec<u8> = (0..400u16).flat_map(u16::to_be_bytes).collect();
    let mut state = 1u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let sparse: Vec<u8> = (0..800).map(|n| if n % 8 == 1 { 0 } else { noise() }).collect();
    let marked = [&b"\xFF\xFE\0\0"[..], &(0..800).map(|_| noise()).collect::<Vec<_>>()].concat();
    let zeros_among_text = b"Jane\0Doe\0cook\0at The Anchor\0".to_vec();
    for bytes in [samples, counters, sparse, marked, zeros_among_text, vec![0; 64]] {
        assert_fails(&bytes, Failure::UnsupportedType, "application/octet-stream");
    }
}

#[test]
fn what_is_not_a_resume_is_unsupported() {
    assert_fails(
        b"<?xml version=\"1.0\"?><a>Jane</a>",
        Failure::UnsupportedType,
        "application/xml",
    );
    assert_fails(b"MIME-Version: 1.0\n\n<p>", Failure::UnsupportedType, "multipart/related");
    assert_fails(b"\x7FELF\x02\x01\x01", Failure::UnsupportedType, "application/x-executable");
    assert_fails(
        &[0, 1, 2, 3, 255, 254, 7, 8],
        Failure::UnsupportedType,
        "application/octet-stream",
    );
    let sheet = samples::zip(&[("xl/workbook.xml", "<workbook/>".to_owned())]);
    assert_eq!(pure(&sheet).failure(), Some(Failure::UnsupportedType));
    let archive = samples::zip(&[("resume.txt", "Jane".to_owned())]);
    assert_fails(&archive, Failure::UnsupportedType, "application/zip");
}

#[test]
fn pictures_have_no_text_for_who_has_no_eyes() {
    for (bytes, media_type) in [
        (&b"\x89PNG\r\n\x1a\n...."[..], "image/png"),
        (b"\xFF\xD8\xFF\xE0....", "image/jpeg"),
        (b"II*\0....", "image/tiff"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
    ] {
        assert_fails(bytes, Failure::EmptyText, media_type);
    }
    assert_fails(b"GIF89a....", Failure::UnsupportedType, "image/gif");
    assert_fails(b"....ftypheic....", Failure::UnsupportedType, "image/heif");
    let scan = samples::Document::default().page("595 0 0 842 0 0 cm /Picture Do").build();
    assert_fails(&scan, Failure::EmptyText, "application/pdf");
}

#[test]
fn old_word_files_are_unsupported_and_encrypted_ones_are_named() {
    let ole =
        |name: &str| [&b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"[..], &[0; 504], &utf16(name)].concat();
    assert_fails(&ole("WordDocument"), Failure::UnsupportedType, "application/msword");
    assert_fails(&ole("EncryptedPackage"), Failure::Encrypted, "application/x-ole-storage");
}

#[test]
fn a_pdf_may_begin_late() {
    let late = [&[b'\n'; 900][..], &samples::pdf(&["Late"])].concat();
    assert_eq!(sniff(&late), FileType::Pdf);
    assert_eq!(pure(&late).result.expect("text").pages[0].text, "Late");
}

#[test]
fn damaged_files_are_corrupt() {
    assert_fails(b"%PDF-1.7\nnothing of the kind", Failure::Corrupt, "application/pdf");
    let docx = samples::docx(&samples::paragraph("Jane"));
    assert_fails(&docx[..docx.len() / 2], Failure::Corrupt, "application/zip");
}

#[test]
fn a_file_over_the_limit_is_refused_unread() {
    let limits = Limits { bytes: 100, ..Limits::default() };
    let reading = read(&samples::pdf(&["Jane"]), &limits);
    assert_eq!(reading.failure(), Some(Failure::TooLarge));
    assert_eq!(reading.sniffed_type, "application/pdf");
}

#[test]
fn a_long_document_is_cut_and_a_book_is_refused() {
    let document = (1..=6).fold(samples::Document::default(), |document, n| {
        document.page(&samples::show(&format!("Page {n}"), 72.0, 700.0, 12.0))
    });
    let pdf = document.build();
    let limits = Limits { pages: 4, ..Limits::default() };
    let extraction = read(&pdf, &limits).result.expect("text");
    assert_eq!(extraction.pages.len(), 4);
    assert_eq!(extraction.pages[3].text, "Page 4");
    assert!(extraction.truncated);
    let limits = Limits { pages: 4, pages_refused: 5, ..Limits::default() };
    assert_eq!(read(&pdf, &limits).failure(), Some(Failure::TooManyPages));
}

#[test]
fn text_is_cut_at_the_limit() {
    let limits = Limits { chars: 5, ..Limits::default() };
    let extraction = read("ééééééé".as_bytes(), &limits).result.expect("text");
    assert_eq!(extraction.pages[0].text, "ééééé");
    assert!(extraction.truncated);
}
