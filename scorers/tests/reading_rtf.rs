//! RTF: what a word processor shows is text, in its order; what it does not show is not.

#![allow(clippy::expect_used)] // Also in the helpers of tests.

use scorers::reading::{Extraction, Failure, HiddenKind, Limits, Method, read};

/// Colours: 1 white, 2 navy, 3 grey, 4 almost white.
const HEAD: &str = "{\\rtf1\\ansi\\ansicpg1252\\deff0\\uc1{\\fonttbl{\\f0\\fswiss\\fcharset0 Arial{\\*\\falt Helvetica};}\
    {\\f1\\fcharset204 Arial CYR;}{\\f2\\fcharset2 Symbol;}{\\f3\\fcharset238 Arial CE;}{\\f4\\fcharset128 MS Mincho;}\
    {\\f5\\fcharset77 Geneva;}}{\\colortbl;\\red255\\green255\\blue255;\\red31\\green56\\blue100;\
    \\red153\\green153\\blue153;\\red254\\green254\\blue254;}{\\stylesheet{\\s0 Normal;}{\\s1\\v Ghost;}}\
    {\\info{\\title My resume}{\\author Somebody}}{\\*\\generator Some program;}";

fn rtf(body: &str) -> Vec<u8> {
    format!("{HEAD}{body}}}").into_bytes()
}

#[track_caller]
fn extract(bytes: &[u8]) -> Extraction {
    let extraction = read(bytes, &Limits::default()).result.expect("text");
    assert_eq!(extraction.sniffed_type, "application/rtf");
    assert_eq!(extraction.pages.len(), 1);
    assert_eq!(extraction.pages[0].method, Method::Rtf);
    extraction
}

#[track_caller]
fn seen(bytes: &[u8]) -> String {
    let extraction = extract(bytes);
    assert_eq!(extraction.hidden, []);
    extraction.pages[0].text.clone()
}

#[track_caller]
fn text(body: &str) -> String {
    seen(&rtf(body))
}

#[track_caller]
fn assert_hidden(body: &str, kind: HiddenKind) {
    let extraction = extract(&rtf(&format!("\\pard Jane Doe\\par {body}")));
    assert_eq!(extraction.pages[0].text, "Jane Doe", "{body}");
    let found: Vec<_> = extraction.hidden.iter().map(|h| (h.kind, &*h.text)).collect();
    assert_eq!(found, [(kind, "secret")], "{body}");
}

#[test]
fn paragraphs_tabs_breaks_and_characters_are_kept() {
    let body = "\\pard Acme\\tab 2019\\line R&D \\endash  x\\par\r\nNe\r\nxt\\~\\{ok\\}\\_y\\\\ \\ldblquote q\\rdblquote\\par}";
    assert_eq!(text(body), "Acme\t2019\nR&D – x\nNext\u{A0}{ok}-y\\ “q”");
    assert_eq!(text("{\\b Post}{\\i greSQL}"), "PostgreSQL");
    assert_eq!(text("one\\\ntwo"), "one\ntwo");
}

#[test]
fn bytes_are_read_in_the_fonts_character_set() {
    assert_eq!(text("Jos\\'e9 \\'96 \\'93x\\'94"), "José – “x”");
    assert_eq!(text("{\\f1 \\'cf\\'ee\\'e2\\'e0\\'f0}"), "Повар");
    assert_eq!(text("{\\f3 \\'a3\\'f3d\\'9f}"), "Łódź");
    assert_eq!(text("{\\f4 \\'8e\\'52\\'93\\'63}"), "山田");
    assert_eq!(text("{\\f5 Jos\\'8e}"), "José");
    assert_eq!(text("{\\f2\\'b7} Rust"), "• Rust");
    let paged = |page: &str, text: &[u8]| {
        seen(&[format!("{{\\rtf1\\ansi\\ansicpg{page} ").as_bytes(), text, b"}"].concat())
    };
    assert_eq!(paged("1251", b"\xCF\xEE\xE2\xE0\xF0"), "Повар");
    assert_eq!(paged("1250", b"\xA3\xF3d\x9F"), "Łódź");
    assert_eq!(paged("932", b"\x8E\x52\x93\x63"), "山田");
    assert_eq!(seen(b"{\\rtf1\\mac Jos\\'8e}"), "José");
    assert_eq!(seen(b"{\\rtf1\\pc Jos\\'82}"), "José");
}

#[test]
fn unicode_is_read_and_what_stands_in_for_it_is_not() {
    assert_eq!(
        text("Jos\\u233?, \\u1055 ?\\u1086\\'ee\\uc0\\u1074\\u1072\\uc1\\u1088 ?!"),
        "José, Повар!"
    );
    assert_eq!(text("\\uc2\\u23665\\'8e\\'52\\u30000\\'93\\'63x"), "山田x");
    assert_eq!(text("\\u-10179?\\u-8704?\\u-3913 ? x"), "😀• x");
    assert_eq!(text("a\\u8212\\emdash b\\u8226\\par c"), "a—b•\nc");
    assert_eq!(text("{\\upr{J?}{\\*\\ud{J\\u333 ?}}}"), "Jō");
}

#[test]
fn tables_are_read_by_rows() {
    let row = "\\trowd\\cellx100\\cellx200\\pard\\intbl ";
    let body = format!(
        "Above\\par {row}Skills\\cell Rust\\cell\\row {row}Years\\cell 9\\cell\\row\\pard Below"
    );
    assert_eq!(text(&body), "Above\nSkills\tRust\nYears\t9\nBelow");
    let tall = format!("{row}Acme\\par Engineer\\cell 2019\\cell\\row");
    assert_eq!(text(&tall), "Acme\nEngineer\n2019");
    let unsaid = "\\trowd\\cellx1\\cellx2 a\\cell b\\cell\\row c";
    assert_eq!(text(unsaid), "a\tb\nc");
    let open = format!("{row}a\\cell b\\cell\\pard c");
    assert_eq!(text(&open.replace("\\trowd", "")), "a\tb\nc");
    let nested = format!(
        "{row}\\itap2 x\\nestcell{{\\nonesttables\\par}}y\\nestcell{{\\*\\nesttableprops\\trowd\\nestrow}}\
         \\itap1 z\\cell w\\cell\\row"
    );
    assert_eq!(text(&nested), "x\ty\nz\nw");
}

#[test]
fn lists_keep_a_bullet() {
    let old = "{\\pntext\\f2\\'B7\\tab}{\\*\\pn\\pnlvlblt{\\pntxtb\\'B7}}Rust\\par";
    assert_eq!(text(old), "• Rust");
    let new = "\\pard{\\listtext\\pard\\plain 1.\\tab}\\ls1\\ilvl0 Rust\\par {\\listtext 2.\\tab}Go\\par\\pard Plain";
    assert_eq!(text(new), "• Rust\n• Go\nPlain");
}

#[test]
fn headers_come_first_then_notes_and_footers_last_each_once() {
    let body = "{\\headerl\\pard Jane Doe\\par}{\\headerr\\pard Jane Doe\\par}{\\footer Page foot\\par}\
                Body{\\super\\chftn{\\footnote\\pard\\plain\\chftn  A note}} goes on\\par";
    assert_eq!(text(body), "Jane Doe\n\nBody goes on\n\n A note\n\nPage foot");
}

#[test]
fn fields_give_their_result_and_pictures_objects_and_comments_nothing() {
    let body = "{\\field{\\*\\fldinst HYPERLINK \"http://jane.example\"}{\\fldrslt{\\ul jane.example}}}\
                {\\*\\shppict{\\pict\\pngblip 89504e47}}{\\nonshppict{\\pict 0102}}\
                {\\object\\objemb{\\*\\objdata 010500}{\\result{ shown}}}\
                {\\*\\atnid JD}{\\*\\annotation\\pard a comment}{\\xe indexed}{\\*\\unknown never}\
                {\\pict\\bin6 }}}}}} and on}\\par end";
    assert_eq!(text(body), "jane.example shown\nend");
}

#[test]
fn changes_are_read_as_accepted() {
    assert_eq!(
        text("kept{\\deleted  dropped\\par }{\\revised  too}\\deleted x\\deleted0 !"),
        "kept too!"
    );
}

#[test]
fn a_text_box_is_read_once_after_its_line() {
    let body = "Anch{\\shp{\\*\\shpinst\\shpleft0\\shpright100{\\sp{\\sn fLine}{\\sv 0}}{\\shptxt\\pard In a box\\par}}\
                {\\shprslt{\\*\\do{\\dptxbxtext In a box\\par}}}}or\\par After{\\*\\do\\dptxbx{\\dptxbxtext Old box\\par}}\\par";
    assert_eq!(text(body), "Anchor\nIn a box\nAfter\nOld box");
}

#[test]
fn hidden_tiny_and_white_text_is_hidden() {
    assert_hidden("{\\v secret}", HiddenKind::Invisible);
    assert_hidden("\\v secret\\v0", HiddenKind::Invisible);
    assert_hidden("{\\fs2 secret}", HiddenKind::Tiny);
    assert_hidden("{\\cf1 secret}", HiddenKind::LowContrast);
    assert_hidden("{\\cf4 s\\u101?cret}", HiddenKind::LowContrast);
    assert_hidden("{\\cf2\\chcbpat2 secret}", HiddenKind::LowContrast);
    assert_hidden("{\\cf2\\highlight2 secret}", HiddenKind::LowContrast);
    assert_hidden("{\\cf2\\cb2 secret}", HiddenKind::LowContrast);
    assert_hidden("\\pard\\posnegx-20000 secret\\par", HiddenKind::OffPage);
    assert_hidden("{\\shp{\\*\\shpinst\\shpright-9000{\\shptxt secret}}}", HiddenKind::OffPage);
}

#[test]
fn their_harmless_twins_are_not() {
    for body in [
        "{\\v0 seen}",
        "{\\v\\plain seen}",
        "{\\fs14 seen}",
        "{\\cf3 seen}",
        "{\\cf0 seen}",
        "{\\cf99 seen}",
        "{\\cf1\\chcbpat2 seen}",
        "{\\cf1\\highlight2 seen}",
        "\\pard\\cbpat2{\\cf1 seen}",
        "\\pard\\li-360 seen",
        "\\s1 seen",
    ] {
        assert_eq!(text(body), "seen", "{body}");
    }
}

#[test]
fn white_text_on_something_dark_is_seen() {
    let cell =
        |shade: &str| format!("\\trowd{shade}\\cellx100\\pard\\intbl{{\\cf1 secret}}\\cell\\row");
    assert_eq!(text(&cell("\\clcbpat2")), "secret");
    assert_hidden(&cell(""), HiddenKind::LowContrast);
    let second =
        "\\trowd\\clcbpat2\\cellx100\\cellx200\\pard\\intbl x\\cell{\\cf1 secret}\\cell\\row";
    let extraction = extract(&rtf(second));
    assert_eq!((extraction.pages[0].text.as_str(), extraction.hidden.len()), ("x", 1));
    let shape = |properties: &str| {
        format!("{{\\shp{{\\*\\shpinst{properties}{{\\shptxt{{\\cf1 secret}}}}}}}}")
    };
    let fill = "{\\sp{\\sn fillColor}{\\sv 6568991}}"; // #1F3C64
    assert_eq!(text(&shape(fill)), "secret");
    assert_hidden(&shape(""), HiddenKind::LowContrast);
    assert_hidden(
        &shape(&format!("{fill}{{\\sp{{\\sn fFilled}}{{\\sv 0}}}}")),
        HiddenKind::LowContrast,
    );
    let page = format!("{{\\*\\background{{\\shp{{\\*\\shpinst{fill}}}}}}}{{\\cf1 secret}}");
    assert_eq!(text(&page), "secret");
}

#[test]
fn what_is_not_closed_is_read_and_what_follows_the_end_is_not() {
    assert_eq!(seen(b"{\\rtf1 Jane{\\b  Doe"), "Jane Doe");
    assert_eq!(seen(b"{\\rtf1 Jane} and more"), "Jane");
    assert_eq!(seen(b"{\\rtf1 Jane}}}}}\\par and more"), "Jane");
    assert_eq!(seen(b"\xEF\xBB\xBF\n{\\rtf1 Jane}"), "Jane");
    assert_eq!(seen(b"{\\rtf1 Jane\\bin2000000000 {}"), "Jane");
    assert_eq!(
        seen(b"{\\rtf1 Jane\\'zz\\u99999999?\\fs-5\\fs99999999999 x\\cell\\row\\"),
        "Janezzx"
    );
    for headless in [&b"{\\rtf"[..], b"{\\rtf1", b"{\\rtf1\\ansi{\\fonttbl{\\f0 Arial;}}}"] {
        assert_eq!(read(headless, &Limits::default()).failure(), Some(Failure::EmptyText));
    }
}

#[test]
fn nesting_is_bounded_and_hostile_files_end() {
    let deep = format!("{{\\rtf1{}", "{".repeat(1_000_000));
    assert_eq!(read(deep.as_bytes(), &Limits::default()).failure(), Some(Failure::TooLarge));
    let many = format!(
        "{{\\rtf1 Jane{}",
        "{\\shp{\\*\\shpinst{\\shptxt\\cell\\row}}}{\\footnote}{\\header x}".repeat(20_000)
    );
    let _ = read(many.as_bytes(), &Limits::default());
    let words = "\\trowd\\cellx1\\cell\\row\\nestcell\\u-1\\uc9999999\\deff-1\\f-1\\cf-1\\highlight-1\\ansicpg-7 ";
    let _ = read(format!("{{\\rtf1 {}", words.repeat(20_000)).as_bytes(), &Limits::default());
}

#[test]
fn cut_and_broken_files_end_in_text_or_a_failure() {
    let body = "{\\header Head\\par}\\trowd\\cellx1\\pard\\intbl a\\cell\\row\\pard{\\v x}{\\footnote y}\
                {\\shp{\\*\\shpinst{\\sp{\\sn pib}{\\sv 1}}{\\shptxt z}}}\\u233?{\\pict\\bin4 }}}}}\\par";
    let bytes = rtf(body);
    for twentieth in 1..=20 {
        let _ = read(&bytes[..bytes.len() * twentieth / 20], &Limits::default());
    }
    for at in HEAD.len()..bytes.len() {
        for byte in [b'{', b'}', b'\\', 0xFF] {
            let mut broken = bytes.clone();
            broken[at] = byte;
            let _ = read(&broken, &Limits::default());
        }
    }
}
