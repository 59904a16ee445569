//! The data files are well formed, and ambiguous names are told apart.

use std::collections::HashMap;

use super::*;

/// Names of the skills that a text mentions and does not deny.
fn skills_in(text: &str) -> Vec<&'static str> {
    let words = tokens(text);
    let skills = &taxonomy().skills;
    let mentions = skills.mentions(&words).into_iter().filter(|m| !m.negated);
    let mut names: Vec<_> = mentions.filter_map(|m| Some(skills.get(m.skill)?.name)).collect();
    names.dedup();
    names
}

#[test]
fn the_skills_table_is_sorted_and_no_alias_is_twice() {
    let rows: Vec<Vec<&str>> =
        SKILLS.lines().filter(|l| !l.starts_with('#')).map(|l| l.split('\t').collect()).collect();
    assert!(rows.len() > 600);
    assert!(rows.iter().all(|r| r.len() == 3), "three columns");
    assert!(rows.is_sorted_by_key(|r| (r[0], r[1])), "sorted by group and name");
    let mut owner: HashMap<String, &str> = HashMap::new();
    for row in &rows {
        let bare = |a: &str| a.trim_start_matches(['?', '=', '!', '~']).to_owned();
        let aliases: Vec<&str> = row[2].split('|').collect();
        assert!(aliases.is_sorted_by_key(|a| bare(a)), "aliases of {} are sorted", row[1]);
        for alias in aliases {
            let previous = owner.insert(bare(alias).to_lowercase(), row[1]);
            assert_eq!(previous, None, "{alias} is an alias twice");
        }
    }
}

#[test]
fn the_fields_table_is_sorted_and_names_only_what_exists() {
    let rows: Vec<Vec<&str>> =
        FIELDS.lines().filter(|l| !l.starts_with('#')).map(|l| l.split('\t').collect()).collect();
    assert!(rows.iter().all(|r| r.len() == 3), "three columns");
    assert!(rows.is_sorted_by_key(|r| (r[0], r[1])), "sorted by field and kind");
    let groups: Vec<&str> = taxonomy().skills.entries().iter().map(|s| s.group).collect();
    for row in &rows {
        let values: Vec<&str> = row[2].split('|').collect();
        assert!(
            values.windows(2).all(|w| w[0] < w[1]),
            "{} {} is sorted, without doubles",
            row[0],
            row[1]
        );
        for value in values {
            let name = value.split(':').next().unwrap();
            match row[1] {
                "near" => assert!(taxonomy().fields.by_name(name).is_some(), "no field {name}"),
                "group" => assert!(groups.contains(&name), "no group {name}"),
                kind => assert!(["title", "term", "study"].contains(&kind), "no kind {kind}"),
            }
        }
    }
    assert!((30..60).contains(&taxonomy().fields.count()));
}

#[test]
fn synonyms_meet_in_one_name() {
    assert_eq!(
        skills_in("Postgres, K8s, JS, sklearn, MS Excel"),
        ["PostgreSQL", "Kubernetes", "JavaScript", "scikit-learn", "Microsoft Excel"]
    );
    assert_eq!(
        skills_in("Natural Language\nProcessing and tensor flow"),
        ["Natural language processing", "TensorFlow"]
    );
    assert_eq!(
        skills_in("C++, C#, .NET, ASP.NET, Node.js, CI/CD"),
        ["C++", "C#", ".NET", "ASP.NET", "Node.js", "CI/CD"]
    );
}

#[test]
fn everyday_words_are_skills_only_where_they_read_as_such() {
    assert_eq!(
        skills_in("Skills: Go, R, C, Rust, Excel, Swift, Spring, Word"),
        ["Go", "R", "C", "Rust", "Microsoft Excel", "Swift", "Spring", "Microsoft Word"]
    );
    assert_eq!(
        skills_in("I excel at this. Excel at work. Go to Boston in spring of 2019."),
        [""; 0]
    );
    assert!(
        !skills_in("removed rust from cars, a swift reply, in a word, access to files")
            .iter()
            .any(|s| { ["Rust", "Swift", "Microsoft Word", "Microsoft Access"].contains(s) })
    );
    assert!(skills_in("wrote services in Go and Rust").contains(&"Go"));
    for text in [
        "Spring 2019, Oracle at Delphi",
        "in Spring and Summer",
        "Graduated in Spring, with honours",
    ] {
        assert!(!skills_in(text).contains(&"Spring"), "{text}");
    }
    assert!(skills_in("Java, Spring, Hibernate").contains(&"Spring"));
    let text = "key account manager of customer accounts; your job type: full time; the rest; equal pay whatever your military status; a price";
    let found = skills_in(text);
    for name in ["Accounting", "Typing", "REST APIs", "Military service", "Pricing strategy"] {
        assert!(!found.contains(&name), "{name} in {found:?}");
    }
    assert!(skills_in("Accounting, Pandas, REST").contains(&"Accounting"));
}

#[test]
fn what_is_denied_is_not_a_skill() {
    assert_eq!(skills_in("I have never used Python."), [""; 0]);
    assert_eq!(skills_in("No experience with Java, Kotlin or Scala."), [""; 0]);
    assert_eq!(skills_in("Not familiar with Docker, but Kubernetes daily."), ["Kubernetes"]);
    assert_eq!(skills_in("Java: none"), [""; 0]);
    assert_eq!(skills_in("Not only Python. No gaps. SQL"), ["Python", "SQL"]);
}
