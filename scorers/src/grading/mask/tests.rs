//! What is hidden, and what is not.

use super::*;

fn masked(text: &str) -> String {
    let text = VisibleText::new(text.into());
    let profile = crate::profile::parse(&text);
    let masked = mask(&text, &profile);
    assert_eq!(masked.text.chars().count() as u32, text.len());
    masked.text.chars().filter(|c| *c != MASK).collect()
}

#[test]
fn identity_goes_and_work_stays() {
    let left = masked(
        "Rust Baker\nrust.baker@mail.com | (555) 123-4567\n12 Sage Street, Austin, TX 73301\nSummary\nRust built tools; he led her team. Ms. Baker cooks.\nSkills\nRust, Go\nBaker, Rust - page 2\nSee github.com/rustbaker\nExperience\nHead Baker 2019 - 2021",
    );
    for gone in [
        "mail.com",
        "555",
        "Sage",
        " he ",
        " her ",
        "Ms",
        "github",
        "Rust built",
        "Baker cooks",
        "Baker, Rust",
    ] {
        assert!(!left.contains(gone), "{gone} is still in {left:?}");
    }
    for kept in ["Rust, Go", "Head Baker 2019 - 2021", "built tools", "team"] {
        assert!(left.contains(kept), "{kept} went out of {left:?}");
    }
}

/// What is left of a resume in which the same person is named at the top and all over the rest.
fn left_of(name: &str) -> String {
    let words: Vec<&str> = name.split(' ').collect();
    let (given, family) = (words[0], words[words.len() - 1]);
    let initial = given.chars().next().unwrap();
    let text = format!(
        "{name}\nData Engineer · Analyst\nAustin, TX 73301 | a@b.com\n\nSummary\nMs {family} led a team. Ms. {family} wrote SQL. {name} built models in Python and Go.\n\
         {given}'s work, and the reports of {name}, won prizes.\n\
         Experience\nAnalyst, Acme 2019 - 2021\nSkilled in Ruby, Docker and Excel.\n\nFebruary 10, 2026 {name} · Résumé 1\n\
         Publications\nJames Liu, {name}\n{name}, Sarah Zdunek, and David Pak\n{initial}. {family}, {family}, {initial}. On Models.\n\
         {family}, {given} - page 2\n{name} – 1/2\n{name}\nSkills\nPython, Go, Ruby, Rails, Java, Swift, Excel, Docker\nName: {name}\n"
    );
    let left = masked(&text);
    left.lines().skip(4).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_is_left_is_the_same_for_every_name() {
    let expected = left_of("Jane Zdunek");
    assert!(expected.contains("Python, Go, Ruby, Rails, Java, Swift, Excel, Docker"), "{expected}");
    assert!(!expected.contains("Zdunek"), "{expected}");
    for name in [
        "Python Go",
        "Sage Rails",
        "Java Swift",
        "Docker Excel",
        "Lakisha Washington",
        "José Álvarez",
        "Ruby Swift",
        "Will Chambers",
        "Grace Long",
        "PYTHON GO",
    ] {
        assert_eq!(left_of(name), expected, "{name}");
    }
}

#[test]
fn parts_of_a_longer_name_are_the_name() {
    let left = masked(
        "Sage Ruby Rails\nData Engineer\na@b.com\nSummary\nMs Ruby Rails led. The work of Ruby Rails and of S. Rails won prizes.\nSkills\nRuby, Rails",
    );
    assert!(left.ends_with("Skills\nRuby, Rails"), "{left}");
    assert_eq!(left.matches("Rails").count(), 1, "{left}");
}

#[test]
fn titles_and_lists_of_somebody_named_like_them_stay() {
    let left = masked(
        "Grant Writer\nGrants Officer\na@b.com\nExperience\nGrant Writer, Acme 2019 - 2021\nWorked as a Grant Writer.\nSkills\nPython, Grant Writer, MS Excel, Ms Word, Ms Office",
    );
    for kept in
        ["Grant Writer, Acme", "as a Grant Writer", "Grant Writer, ", "Excel", "Word, ", "Office"]
    {
        assert!(left.contains(kept), "{kept} went out of {left:?}");
    }
}

#[test]
fn a_name_without_blanks_goes_out_of_the_middle_of_words() {
    let left = masked("李小龙\nx@mail.com\n技能\n李小龙使用Python开发");
    assert!(!left.contains("李小龙") && left.contains("使用Python开发"), "{left}");
}

#[test]
fn lists_without_headings_stay_save_where_a_name_may_stand() {
    for top in ["Jane Zdunek", "Python Go", "Jane Zdunek\na@b.com", "Python Go\nx@y.org"] {
        let left = masked(&format!("{top}\nPython, PostgreSQL, Docker, Kubernetes"));
        assert_eq!(left.trim_start(), "Python, PostgreSQL, Docker, Kubernetes", "{top}");
    }
    assert_eq!(masked("Python, PostgreSQL, Docker"), ", PostgreSQL, Docker");
    assert_eq!(masked("Python\nPostgreSQL\nDocker\nKubernetes").trim_start(), "Docker\nKubernetes");
    assert_eq!(masked("Jane Zdunek, Berlin, a@b.com\nPython, SQL, Go"), "\nPython, SQL, Go");
}
