//! People who apply: each with a name, an address and a PDF of their own.

use reqwest::multipart::{Form, Part};
use testkit::pdf;

const FIRST: [&str; 10] =
    ["Ada", "Bruno", "Chidi", "Dana", "Emil", "Farah", "Goran", "Hana", "Ines", "Jonas"];
const LAST: [&str; 10] = [
    "Almeida",
    "Berger",
    "Castellan",
    "Dvorak",
    "Eriksen",
    "Fontaine",
    "Grigor",
    "Haddad",
    "Ivanova",
    "Jensen",
];

/// Somebody who applies.
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) resume: Vec<u8>,
}

impl Person {
    /// The nth person; the same one every time.
    pub(crate) fn nth(n: usize) -> Self {
        let name = format!("{} {}", FIRST[n % 10], LAST[n / 10 % 10]);
        let email = format!("person{n}@example.org");
        let skills = match n % 3 {
            0 => "Python, SQL, PostgreSQL, Apache Spark, Kubernetes",
            1 => "Python, SQL, Excel",
            _ => "Baking, pastry, chocolate",
        };
        let since = 2005 + n % 15;
        let lines = [
            name.clone(),
            "Data Engineer".to_owned(),
            format!("{email} | +44 20 7946 {:04}", n % 10_000),
            "Experience".to_owned(),
            format!("Data Engineer, Analytical Ltd    {since} - 2024"),
            format!("- Ran {} pipelines over PostgreSQL in Python, and halved their time", n + 2),
            format!("- Taught SQL to {} analysts", n % 40 + 1),
            "Education".to_owned(),
            format!("BSc Computer Science, {}", since - 1),
            "Skills".to_owned(),
            skills.to_owned(),
        ];
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        Self { resume: pdf::simple(&lines), name, email }
    }

    /// What they hand in.
    pub(crate) fn form(&self) -> Form {
        let file = Part::bytes(self.resume.clone()).file_name("resume.pdf");
        Form::new()
            .text("name", self.name.clone())
            .text("email", self.email.clone())
            .part("resume", file)
    }
}
