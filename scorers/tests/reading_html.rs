//! HTML: what a browser shows is text, in its order; what it does not show is not.

#![allow(clippy::expect_used)] // Also in the helpers of tests.

use scorers::reading::{Extraction, Failure, HiddenKind, Limits, Method, read};

fn page(head: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html><html><head><title>My resume</title>{head}</head><body>{body}</body></html>"
    )
}

#[track_caller]
fn extract(bytes: &[u8]) -> Extraction {
    let extraction = read(bytes, &Limits::default()).result.expect("text");
    assert_eq!(extraction.sniffed_type, "text/html");
    assert_eq!(extraction.pages.len(), 1);
    assert_eq!(extraction.pages[0].method, Method::Html);
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
    seen(page("", body).as_bytes())
}

#[track_caller]
fn assert_hides(head: &str, body: &str, kind: HiddenKind) {
    let extraction = extract(page(head, &format!("<p>Jane Doe</p>{body}")).as_bytes());
    assert_eq!(extraction.pages[0].text, "Jane Doe", "{head} {body}");
    let found: Vec<_> = extraction.hidden.iter().map(|h| (h.kind, &*h.text)).collect();
    assert_eq!(found, [(kind, "secret")], "{head} {body}");
}

fn styled(style: &str, word: &str) -> String {
    format!("<p style=\"{style}\">{word}</p>")
}

fn fails(bytes: &[u8]) -> Option<Failure> {
    read(bytes, &Limits::default()).failure()
}

#[test]
fn blocks_are_lines_and_blanks_in_a_row_are_one() {
    let body = "<h1>Jane\n   Doe</h1><div>Acme <b>Post</b><i>greSQL</i>,&nbsp;R&amp;D &#8211;\t x<br>next</div>tail\
                <p>a<p>b<blockquote>c</blockquote><hr>d<!-- a comment --><q>e</q>";
    assert_eq!(text(body), "Jane Doe\nAcme PostgreSQL, R&D – x\nnext\ntail\na\nb\nc\nd“e”");
    assert_eq!(text("<pre>fn main()\n    two  blanks\n</pre>x"), "fn main()\n    two  blanks\nx");
    assert_eq!(text("<p style='white-space:pre-wrap'>a  b</p>"), "a  b");
    assert_eq!(text("<span>Acme</span><span style=\"float:right\">2019</span>"), "Acme\t2019");
}

#[test]
fn lists_keep_a_bullet() {
    let body = "<ul><li>Rust<li><p>Go</p><ol><li>nested</ol></ul><dl><dt>Term<dd>Meaning</dl>";
    assert_eq!(text(body), "• Rust\n• Go\n• nested\nTerm\nMeaning");
    let word = "<p><span style='font-family:Symbol'>·<span style='font:7pt \"Times\"'>&nbsp; v</span></span>Rust</p>";
    assert_eq!(text(word), "•  vRust");
    assert_eq!(text("<ul style='list-style:none'><li>Rust</ul>"), "Rust");
}

#[test]
fn tables_are_read_by_rows_and_so_is_what_stands_side_by_side() {
    let table = "Above<table><caption>Skills</caption><thead><tr><th>Name<th>Years</thead><tr><td>Rust<td>9</table>Below";
    assert_eq!(text(table), "Above\nSkills\nName\tYears\nRust\t9\nBelow");
    let tall = "<table><tr><td><p>Acme</p><p>Engineer</p></td><td>2019</td></tr></table>";
    assert_eq!(text(tall), "Acme\nEngineer\n2019");
    let nested = "<table><tr><td><table><tr><td>a<td>b</table><td>c</table>";
    assert_eq!(text(nested), "a\tb\tc");
    let flex =
        "<div style=\"display:flex\"><div>Acme</div> <span>2019</span>now</div><div>Next</div>";
    assert_eq!(text(flex), "Acme\t2019\tnow\nNext");
    let column = "<div style=\"display:flex;flex-direction:column\"><div>a</div><div>b</div></div>";
    assert_eq!(text(column), "a\nb");
}

#[test]
fn what_is_not_shown_as_text_is_left_out() {
    let body = "<script>var a = '<p>no</p>';</script><style>p{margin:0}</style><template><p>no</p></template>\
                <noscript>no</noscript><img alt=\"no\" title=\"no\"><iframe>no</iframe><svg><title>no</title>\
                <text>no</text></svg><select><option>no</select><input value=no><textarea>yes</textarea>";
    assert_eq!(text(body), "yes");
}

#[test]
fn the_encoding_is_what_the_page_says_and_utf8_where_it_is_that() {
    let cyrillic = |meta: &str| {
        [b"<html><head>", meta.as_bytes(), b"</head><body>\xCF\xEE\xE2\xE0\xF0</body></html>"]
            .concat()
    };
    assert_eq!(seen(&cyrillic("<meta charset=windows-1251>")), "Повар");
    let old = "<META http-equiv=\"Content-Type\" content=\"text/html; charset=windows-1251\">";
    assert_eq!(seen(&cyrillic(old)), "Повар");
    assert_eq!(seen(b"<html><body>Jos\xE9 \x96 x</body></html>"), "José – x");
    assert_eq!(seen("<html><meta charset=latin1><body>José</body></html>".as_bytes()), "José");
    assert_eq!(seen("\u{FEFF}<html><body>José</body></html>".as_bytes()), "José");
    let utf16: Vec<u8> = page("", "José").encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(seen(&[&b"\xFF\xFE"[..], &utf16].concat()), "José");
    assert_eq!(seen(&utf16), "José");
    let xhtml = b"<?xml version=\"1.0\" encoding=\"iso-8859-2\"?><!DOCTYPE html><html><body>\xA3\xF3d\xBC</body></html>";
    assert_eq!(seen(xhtml), "Łódź");
}

#[test]
fn pieces_of_pages_are_pages_and_other_markup_is_not_read() {
    assert_eq!(seen(b"  <div><p>Jane</p></div>\n"), "Jane");
    assert_eq!(seen(b"<!-- saved --><html><body>Jane</body></html>"), "Jane");
    for (markup, media_type) in [
        ("<?xml version=\"1.0\"?><resume><name>Jane</name></resume>", "application/xml"),
        ("<resume><name>Jane</name></resume>", "application/xml"),
        ("<svg xmlns=\"http://www.w3.org/2000/svg\"><text>Jane</text></svg>", "image/svg+xml"),
        ("<?xml version=\"1.0\"?><svg><text>Jane</text></svg>", "image/svg+xml"),
        (
            "MIME-Version: 1.0\nContent-Type: multipart/related\n\n<html></html>",
            "multipart/related",
        ),
        (
            "From: <Saved by Blink>\nMIME-Version: 1.0\nContent-Type: multipart/related;\n\n<html></html>",
            "multipart/related",
        ),
    ] {
        let reading = read(markup.as_bytes(), &Limits::default());
        assert_eq!(reading.failure(), Some(Failure::UnsupportedType), "{markup}");
        assert_eq!(reading.sniffed_type, media_type, "{markup}");
    }
    let prose = read(b"<jane@doe.example>\nCook", &Limits::default());
    assert_eq!(prose.sniffed_type, "text/plain");
}

#[test]
fn inline_styles_hide() {
    for (style, kind) in [
        ("display:none", HiddenKind::Invisible),
        ("DISPLAY : None !important; display:block", HiddenKind::Invisible),
        ("visibility:hidden", HiddenKind::Invisible),
        ("opacity:0", HiddenKind::Invisible),
        ("opacity:.01", HiddenKind::Invisible),
        ("filter:opacity(0%)", HiddenKind::Invisible),
        ("color:transparent", HiddenKind::Invisible),
        ("color:rgba(0,0,0,0)", HiddenKind::Invisible),
        ("transform:scale(0)", HiddenKind::Invisible),
        ("font-size:0", HiddenKind::Tiny),
        ("font-size:1px", HiddenKind::Tiny),
        ("font-size:.1em", HiddenKind::Tiny),
        ("font:italic 700 1px/1 Arial", HiddenKind::Tiny),
        ("color:#fff", HiddenKind::LowContrast),
        ("color:white", HiddenKind::LowContrast),
        ("color:rgb(254, 254, 254)", HiddenKind::LowContrast),
        ("color:#1f3864;background:#1f3864", HiddenKind::LowContrast),
        ("background:black", HiddenKind::LowContrast),
        ("opacity:.06;color:#888", HiddenKind::LowContrast),
        ("-webkit-text-fill-color:#fff", HiddenKind::LowContrast),
        ("text-indent:-9999px", HiddenKind::OffPage),
        ("text-indent:100%;white-space:nowrap;overflow:hidden", HiddenKind::OffPage),
        ("position:absolute;left:-9999px", HiddenKind::OffPage),
        ("position:fixed;right:200em;top:-500em", HiddenKind::OffPage),
        ("margin-left:-9999px", HiddenKind::OffPage),
        ("transform:translateX(-9999px)", HiddenKind::OffPage),
        ("position:absolute;clip:rect(0,0,0,0)", HiddenKind::OffPage),
        ("clip-path:inset(50%)", HiddenKind::OffPage),
        ("height:0;overflow:hidden", HiddenKind::OffPage),
        ("position:absolute;width:1px;height:1px;overflow:hidden", HiddenKind::OffPage),
    ] {
        assert_hides("", &styled(style, "secret"), kind);
        assert_hides("", &format!("<div style=\"{style}\"><p>secret</p></div>"), kind);
        assert_hides(&format!("<style>.x{{{style}}}</style>"), "<p class=\"x\">secret</p>", kind);
    }
}

#[test]
fn their_harmless_twins_do_not() {
    for style in [
        "display:inline-block",
        "visibility:visible",
        "opacity:.8",
        "font-size:7pt",
        "font-size:70%",
        "font:700 9px/1 Arial",
        "color:#999",
        "color:#fff;background:#1f3864",
        "color:#fff;background:linear-gradient(#000,#333)",
        "color:#fff;background:url(dark.png) no-repeat",
        "color:var(--ink)",
        "background:linear-gradient(red,blue);-webkit-background-clip:text;-webkit-text-fill-color:transparent",
        "text-indent:-1.5em",
        "position:relative;left:-2px",
        "margin-left:-15px",
        "transform:translate(-50%,-50%)",
        "height:0",
        "clip-path:inset(5px)",
        "overflow:hidden;width:100%",
        "display:none;display:block",
    ] {
        assert_eq!(text(&styled(style, "seen")), "seen", "{style}");
    }
    assert_eq!(
        text("<p style=\"visibility:hidden\"><b style=\"visibility:visible\">seen</b></p>"),
        "seen"
    );
    assert_eq!(
        text("<div style=\"font-size:0\"><p style=\"font-size:12px\">seen</p></div>"),
        "seen"
    );
    assert_eq!(text("<p style='color:white'><a href='x'>seen</a></p>"), "seen");
}

#[test]
fn attributes_and_elements_hide() {
    assert_hides("", "<p hidden>secret</p>", HiddenKind::Invisible);
    assert_hides("", "<dialog>secret</dialog>", HiddenKind::Invisible);
    assert_hides("", "<font color=\"FFFFFF\">secret</font>", HiddenKind::LowContrast);
    assert_hides(
        "",
        "<table bgcolor=navy><tr><td><font color=#000080>secret</table>",
        HiddenKind::LowContrast,
    );
    assert_eq!(text("<dialog open>seen</dialog>"), "seen");
    assert_eq!(
        text("<table bgcolor=\"#1f3864\"><tr><td><font color=white>seen</font></table>"),
        "seen"
    );
    assert_eq!(
        text("<table background=dark.png><tr><td><font color=white>seen</font></table>"),
        "seen"
    );
    // As browsers do: what was open is open again in the next paragraph.
    assert_hides("", "<p><font color=white></p><p>secret</p></font>", HiddenKind::LowContrast);
}

#[test]
fn rules_of_the_page_hide_by_their_weight() {
    let hides = |css: &str| {
        let body = "<div class=\"a b\"><p id=\"x\" class=\"c\">secret</p></div>";
        assert_hides(&format!("<style>{css}</style>"), body, HiddenKind::Invisible);
    };
    for selector in
        ["#x", ".c", "p#x.c", ".a p", ".a.b > p", "div p", "body .c", ":root .c", "q, .c", "* #x"]
    {
        hides(&format!("{selector}{{display:none}}"));
    }
    hides(
        "/* a } comment */ @import url(x.css); @media screen { .c { display: none } } p{color:red}",
    );
    hides("#x{display:none} p{display:block} .c{display:block}");
    hides(".c{display:none!important} #x{display:block}");
    hides("p{content:\"}\"} .c{display:none}");
    for css in [
        "#y{display:none}",
        ".b > .c.d{display:none}",
        "div > #x{display:none}",
        "#x{display:block} .c{display:none}",
        "@media print{.c{display:none}}",
        "@media (max-width: 600px){.c{display:none}}",
        "@font-face{font-family:x;src:url(y)} .z{display:none}",
        ".c:hover{display:none}",
        ".c::after{display:none}",
        ".c{display:none",
    ] {
        let page = page(&format!("<style>{css}</style>"), "<p id=x class=c>seen</p>");
        let expected = if css.ends_with("none") { "" } else { "seen" };
        let reading = read(page.as_bytes(), &Limits::default());
        let text = reading.result.map(|e| e.pages[0].text.clone()).unwrap_or_default();
        assert_eq!(text, expected, "{css}");
    }
}

#[test]
fn white_text_on_something_dark_is_seen() {
    let banner =
        "<style>.banner{background-color:#1f3864;color:#fff} .banner small{font-size:7pt}</style>";
    let body =
        "<div class=banner><h1>Jane</h1><p>Cook <small>since 2010</small></p></div><p>Body</p>";
    assert_eq!(seen(page(banner, body).as_bytes()), "Jane\nCook since 2010\nBody");
    let dark = "<style>body{background:#222;color:#eee}</style>";
    assert_eq!(seen(page(dark, "<p>Jane</p>").as_bytes()), "Jane");
    // Who knows whether these rules hold, does not say that nothing can be seen.
    for painted in [".x:first-child", "h1 + .x", "p[class]", ".x::before", "div.y ~ p:not(.z)"] {
        let head = format!("<style>{painted}{{background:#222}} .x{{color:#fff}}</style>");
        assert_eq!(seen(page(&head, "<p class=x>Jane</p>").as_bytes()), "Jane", "{painted}");
    }
    for unpainted in [".x:hover", "[class]", ".y:first-child", ".x:first-line{color:red} .q"] {
        let head = format!("<style>{unpainted}{{background:#222}} .x{{color:#fff}}</style>");
        assert_hides(&head, "<p class=x>secret</p>", HiddenKind::LowContrast);
    }
    let over = "<div style=\"background:#222;height:99px\"></div><p style=\"position:absolute;top:9px;color:#fff\">Jane</p>";
    assert_eq!(text(over), "Jane");
    assert_hides(
        "",
        "<p style=\"position:absolute;top:9px;color:#fff\">secret</p>",
        HiddenKind::LowContrast,
    );
    assert_eq!(text("<footer style=\"font-size:7pt;color:#777\">Page 1</footer>"), "Page 1");
}

#[test]
fn hidden_words_leave_no_trace_in_the_line() {
    let body = "Jane <span style=\"display:none\">secret words</span> Doe";
    let extraction = extract(page("", body).as_bytes());
    assert_eq!(extraction.pages[0].text, "Jane Doe");
    assert_eq!(extraction.hidden[0].text, "secret words");
    assert_eq!(fails(page("", "<p hidden>all</p>").as_bytes()), Some(Failure::EmptyText));
}

#[test]
fn hostile_pages_end() {
    let html = |body: &str| fails(page("", body).as_bytes());
    assert_eq!(html(&"<div>".repeat(200_000)), Some(Failure::TooLarge));
    assert_eq!(html(&"<p>x".repeat(600_000)), Some(Failure::TooLarge));
    let fonts: String = (0..200).map(|n| format!("<font size={n}>")).collect();
    assert_eq!(html(&format!("<p>{fonts}</p>{}", "<p>x".repeat(100_000))), Some(Failure::TooLarge));
    let rules: String = (0..20_000).map(|n| format!("p.a{{top:{n}px}}")).collect();
    let many = page(&format!("<style>{rules}</style>"), &"<p class=a>x".repeat(20_000));
    assert_eq!(fails(many.as_bytes()), Some(Failure::TooLarge));
    let attributes: String = (0..3_000).map(|n| format!(" a{n}=1")).collect();
    assert_eq!(text(&format!("<p{attributes}>Jane")), "Jane");
    let soup = "<table><b><tr><i></table></b><select><svg><p><math><mi></template><template><frameset>&#x110000;\
                &#0;</body></html><td></p></br><isindex><a><a></form><button><button>";
    let _ = read(page("", &soup.repeat(20)).as_bytes(), &Limits::default());
    let css = "<style>{}{{}}}@media{@@;a{b:c;d}e:\"{</style>";
    assert_eq!(seen(page(css, "Jane").as_bytes()), "Jane");
}

#[test]
fn cut_and_broken_pages_end_in_text_or_a_failure() {
    let head = "<style>.a>b,#c{color:rgba(1,2,3,.4);font:1px/2 x;clip:rect(0 0 0 0)}</style>";
    let body = "<table><tr><td style=\"color:hsl(1,2%,3%)\">é</table><svg/><p hidden>x<!-- c --><pre>y</pre>&amp;";
    let bytes = page(head, body).into_bytes();
    for twentieth in 1..=20 {
        let _ = read(&bytes[..bytes.len() * twentieth / 20], &Limits::default());
    }
    for at in 0..bytes.len() {
        for byte in [b'<', b'>', b'"', b'{', b'(', 0xFF] {
            let mut broken = bytes.clone();
            broken[at] = byte;
            let _ = read(&broken, &Limits::default());
        }
    }
}
