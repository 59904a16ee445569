//! The architecture, checked over `cargo metadata`: which way arrows point, what is shipped under which
//! licence, and which crates come in two versions.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// Each crate of the workspace, and what it may depend on. Arrows point one way:
/// domain <- event-log <- web <- {command-api, projections, notifier} <- hiresphere, and
/// event-log <- scorers <- hiresphere.
const ARROWS: &[(&str, &[&str])] = &[
    ("hiresphere-domain", &[]),
    ("hiresphere-event-log", &["hiresphere-domain"]),
    ("hiresphere-web", &["hiresphere-domain", "hiresphere-event-log"]),
    ("hiresphere-command-api", &["hiresphere-domain", "hiresphere-event-log", "hiresphere-web"]),
    ("hiresphere-projections", &["hiresphere-domain", "hiresphere-event-log", "hiresphere-web"]),
    ("hiresphere-scorers", &["hiresphere-domain", "hiresphere-event-log"]),
    ("hiresphere-notifier", &["hiresphere-domain", "hiresphere-event-log", "hiresphere-web"]),
    (
        "hiresphere",
        &[
            "hiresphere-domain",
            "hiresphere-event-log",
            "hiresphere-web",
            "hiresphere-command-api",
            "hiresphere-projections",
            "hiresphere-scorers",
            "hiresphere-notifier",
        ],
    ),
    ("hiresphere-testkit", &[]),
];

/// What domain may use: nothing that reaches the world.
const DOMAIN_USES: &[&str] = &[
    "chrono",
    "chrono-tz",
    "cqrs-es",
    "schemars",
    "serde",
    "serde_json",
    "sha2",
    "thiserror",
    "uuid",
];

/// Licences that may be shipped with an Apache-2.0 program.
const LICENCES: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC-BY-SA-4.0", // Of networks' weights, passed on unchanged and named in NOTICE; it asks nothing of the program around them.
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        // As it is compiled where it is shipped.
        .args(["metadata", "--format-version", "1", "--locked"])
        .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value[field].as_array().map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

/// What a package needs, tests left out.
fn needs(package: &Value) -> BTreeSet<&str> {
    let shipped = list(package, "dependencies").iter().filter(|d| d["kind"] != "dev");
    shipped.map(|d| text(d, "name")).collect()
}

#[test]
fn arrows_point_one_way() {
    let metadata = metadata();
    let members: BTreeMap<&str, &Value> = list(&metadata, "packages")
        .iter()
        .filter(|p| list(&metadata, "workspace_members").contains(&p["id"]))
        .map(|p| (text(p, "name"), p))
        .collect();
    let known: BTreeSet<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    assert_eq!(members.keys().copied().collect::<BTreeSet<_>>(), known);
    for (name, allowed) in ARROWS {
        for needed in needs(members[name]).intersection(&known) {
            assert!(allowed.contains(needed), "{name} must not depend on {needed}");
        }
    }
    for needed in needs(members["hiresphere-domain"]) {
        assert!(DOMAIN_USES.contains(&needed), "domain must not depend on {needed}");
    }
}

/// The packages that are compiled into the program.
fn shipped(metadata: &Value) -> Vec<&Value> {
    let packages: BTreeMap<&str, &Value> =
        list(metadata, "packages").iter().map(|p| (text(p, "id"), p)).collect();
    let nodes: BTreeMap<&str, &Value> =
        list(&metadata["resolve"], "nodes").iter().map(|n| (text(n, "id"), n)).collect();
    let root = packages.values().find(|p| text(p, "name") == "hiresphere").expect("the program");
    let mut seen = BTreeSet::from([text(root, "id")]);
    let mut waiting = vec![text(root, "id")];
    while let Some(id) = waiting.pop() {
        for dependency in list(nodes[id], "deps") {
            let kinds = list(dependency, "dep_kinds");
            let used = kinds.iter().any(|k| k["kind"] != "dev");
            if used && seen.insert(text(dependency, "pkg")) {
                waiting.push(text(dependency, "pkg"));
            }
        }
    }
    seen.into_iter().map(|id| packages[id]).collect()
}

#[test]
fn everything_shipped_is_under_a_permitted_licence() {
    let metadata = metadata();
    let mut refused = Vec::new();
    for package in shipped(&metadata) {
        let licence = text(package, "license").replace('/', " OR ").replace(['(', ')'], "");
        // One of the alternatives, all of its parts.
        let permitted = licence
            .split(" OR ")
            .any(|choice| choice.split(" AND ").all(|part| LICENCES.contains(&part.trim())));
        if !permitted {
            refused.push(format!("{} ({licence})", text(package, "name")));
        }
    }
    assert!(refused.is_empty(), "{refused:?}");
}

/// Crates that are compiled in two versions, and why that cannot be helped for now.
const TWICE: &[(&str, &str)] = &[
    ("base64", "utoipa-swagger-ui is on 0.23; axum and object_store are still on 0.22"),
    ("bitflags", "rten 0.26 reads its files with flatbuffers 24, which is on 1"),
    ("block-buffer", SQLX_HASHES),
    ("const-oid", SQLX_HASHES),
    ("cpufeatures", SQLX_HASHES),
    ("crypto-common", SQLX_HASHES),
    ("digest", SQLX_HASHES),
    ("hmac", SQLX_HASHES),
    ("md-5", SQLX_HASHES),
    ("sha2", SQLX_HASHES),
    ("fearless_simd", "vello_common 0.3, hayro's, is on 0.7; hayro itself on 1"),
    ("foldhash", SQLX_TABLES),
    ("hashbrown", SQLX_TABLES),
    ("getrandom", TUNGSTENITE),
    ("rand", TUNGSTENITE),
    ("rand_chacha", TUNGSTENITE),
    ("rand_core", TUNGSTENITE),
    ("nom", "async-openai reads streams with nom 7; icalendar's iso8601 is on 8"),
    ("phf", TIME_ZONES),
    ("phf_shared", TIME_ZONES),
    ("miniz_oxide", "png 0.18 is on 0.8; flate2 1.1 on 0.9"),
    ("read-fonts", VELLO_TEXT),
    ("skrifa", VELLO_TEXT),
    ("quick-xml", "object_store 0.14 reads S3's answers with 0.41"),
    ("spin", "sqlx 0.8's flume is on 0.9; object_store's crc-fast on 0.10"),
    ("tower-http", "reqwest 0.13 follows redirects with 0.6"),
    ("webpki-roots", "sqlx 0.8 asks for 0.26, which is 1.0 under its old name"),
    ("syn", "syn 3 is new; most derive macros are still on syn 2"),
];
const VELLO_TEXT: &str = "vello_common 0.3 asks for an older one for text that hayro does not have it draw: named, and not compiled";
const TUNGSTENITE: &str =
    "tungstenite 0.29, axum's, masks frames with rand 0.9; sqlx 0.8 and async-nats have others";
const SQLX_HASHES: &str = "sqlx 0.8 hashes with sha2 0.10; the vault uses the current generation";
const TIME_ZONES: &str = "chrono-tz 0.10 is on phf 0.12; html5ever on 0.13";
const SQLX_TABLES: &str = "sqlx 0.8 caches statements with hashlink 0.10";

#[test]
fn no_crate_is_compiled_in_two_versions_without_a_reason() {
    let metadata = metadata();
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in shipped(&metadata) {
        versions.entry(text(package, "name")).or_default().insert(text(package, "version"));
    }
    let twice: BTreeSet<&str> =
        versions.iter().filter(|(_, v)| v.len() > 1).map(|(name, _)| *name).collect();
    let known: BTreeSet<&str> = TWICE.iter().map(|(name, _)| *name).collect();
    assert_eq!(twice, known, "compiled twice (left) and listed with a reason (right)");
    assert!(TWICE.iter().all(|(_, why)| why.contains(' ')));
}
