//! The language that a text is written in, told by its letters and their neighbours; nothing is said where it is not sure.

/// Letters below which a language cannot be told.
const TELLING: usize = 150;

/// The ISO 639-3 code of a text's language, `eng`; `None` for a short text, or one that may be of several.
#[must_use]
pub fn language(text: &str) -> Option<&'static str> {
    // Lists of names and tools are of no language: sentences are.
    let sentences = || text.lines().filter(|line| line.split_whitespace().count() >= 5);
    let of = |text: &str| {
        let letters = text.chars().filter(|c| c.is_alphabetic()).count();
        let told = if letters < TELLING { None } else { whatlang::detect(text) };
        told.filter(whatlang::Info::is_reliable).map(|told| told.lang().code())
    };
    // Scripts without blanks have no words to count.
    of(&sentences().collect::<Vec<_>>().join("\n")).or_else(|| of(text))
}

/// The English name of a language by its code.
#[must_use]
pub fn called(code: &str) -> Option<&'static str> {
    whatlang::Lang::from_code(code).map(|lang| lang.eng_name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_tell_and_lists_do_not() {
        let english = "Led a team of four engineers and cut the nightly run from nine hours to two.\n\
            Taught SQL to thirty analysts in the finance department over the course of one year.\n\
            Python, Rust, Go, Kafka, Spark, PostgreSQL, Kubernetes, Terraform, Ansible, Docker\n";
        assert_eq!(language(english), Some("eng"));
        let german = "Leitung eines Teams von vier Ingenieuren und Verkürzung der nächtlichen Läufe von neun auf zwei Stunden.\n\
            Schulung von dreißig Mitarbeitern der Finanzabteilung im Umgang mit Datenbanken.\n";
        assert_eq!(language(german), Some("deu"));
        let japanese = "大学卒業後、株式会社山田製作所にてソフトウェア開発に従事し、製造管理システムの設計と運用を担当しました。".repeat(4);
        assert_eq!(language(&japanese), Some("jpn"));
        assert_eq!(language("Python, Rust, Go"), None);
        assert_eq!(called("deu"), Some("German"));
        assert_eq!(called("xx"), None);
    }
}
