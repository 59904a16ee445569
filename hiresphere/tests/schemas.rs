//! The published contracts in `schemas/`: what the code says, whole, and true of the samples.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use support::Bench;

fn schemas() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas")
}

fn read(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Names of the files of a folder, without an ending that all of them have.
fn names(folder: &str, ending: &str) -> BTreeSet<String> {
    fs::read_dir(schemas().join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .map(|name| name.strip_suffix(ending).unwrap_or_else(|| panic!("{name}")).to_owned())
        .collect()
}

fn openapi() -> Value {
    read(&schemas().join("openapi.json"))
}

/// What a `$ref` of the document leads to, or the value itself.
fn resolved<'a>(api: &'a Value, value: &'a Value) -> &'a Value {
    let Some(to) = value["$ref"].as_str() else { return value };
    api.pointer(to.trim_start_matches('#')).unwrap_or_else(|| panic!("{to} leads nowhere"))
}

/// Every operation: method and path, and what it says.
fn operations(api: &Value) -> Vec<(String, Value)> {
    let mut all = vec![];
    for (path, methods) in api["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            all.push((format!("{} {path}", method.to_uppercase()), operation.clone()));
        }
    }
    all
}

/// Every `$ref` in a document.
fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(to)) = map.get("$ref") {
                found.insert(to.clone());
            }
            map.values().for_each(|v| references(v, found));
        }
        Value::Array(items) => items.iter().for_each(|v| references(v, found)),
        _ => {}
    }
}

/// Holds that every `$ref` of a document leads somewhere, in it or in a file beside it.
fn all_resolve(document: &Value, beside: &Path) {
    let mut found = BTreeSet::new();
    references(document, &mut found);
    for to in found {
        let (file, pointer) = to.split_once('#').unwrap_or((&to, ""));
        let other = (!file.is_empty()).then(|| read(&beside.join(file)));
        let target = other.as_ref().unwrap_or(document).pointer(pointer);
        assert!(target.is_some(), "{to} leads nowhere");
    }
}

#[test]
fn what_is_committed_is_what_the_code_says() {
    let bench = Bench::new();
    let committed = schemas();
    bench.run(&["schemas", "--check", committed.to_str().unwrap()]).ok();
}

#[test]
fn drift_is_named_and_writing_ends_it() {
    let bench = Bench::new();
    assert_eq!(bench.run(&["schemas", "--check"]).failed(), "SCHEMA_DRIFT");
    assert!(!bench.at("schemas").exists(), "checking writes nothing");
    bench.run(&["schemas"]).ok();
    bench.run(&["schemas", "--check"]).ok();

    bench.put("schemas/events/job.drafted.v1.schema.json", b"{}\n");
    bench.put("schemas/events/job.forgotten.v1.schema.json", b"{}\n");
    bench.put("schemas/events/notes.txt", b"not ours\n");
    fs::remove_file(bench.at("schemas/openapi.json")).unwrap();
    let ran = bench.run(&["schemas", "--check", "schemas"]);
    assert_eq!(ran.failed(), "SCHEMA_DRIFT");
    for fault in [
        "events/job.drafted.v1.schema.json (differs)",
        "events/job.forgotten.v1.schema.json (stale)",
        "openapi.json (missing)",
    ] {
        assert!(ran.err.contains(fault), "{fault} in {}", ran.err);
    }
    assert!(!ran.err.contains("asyncapi.yaml"), "{}", ran.err);

    bench.run(&["schemas"]).ok();
    bench.run(&["schemas", "--check"]).ok();
    assert!(!bench.at("schemas/events/job.forgotten.v1.schema.json").exists());
    assert!(bench.at("schemas/events/notes.txt").exists());
}

#[test]
fn every_type_of_event_has_a_schema_and_a_sample() {
    let types: BTreeSet<String> = domain::wire_names().map(str::to_owned).collect();
    assert_eq!(names("samples", ".json"), types);
    let mut schemas = names("events", ".schema.json");
    assert!(schemas.remove("envelope"));
    assert_eq!(schemas, types);
}

#[test]
fn every_sample_is_what_its_schema_says() {
    let envelope = jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(&read(&schemas().join("events/envelope.schema.json")))
        .unwrap();
    for name in names("samples", ".json") {
        let sample = read(&schemas().join(format!("samples/{name}.json")));
        let schema = read(&schemas().join(format!("events/{name}.schema.json")));
        let validator = jsonschema::draft202012::options()
            .should_validate_formats(true)
            .build(&schema)
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        let faults: Vec<_> =
            validator.iter_errors(&sample["data"]).map(|e| e.to_string()).collect();
        assert!(faults.is_empty(), "{name}: {faults:?}");
        assert!(!validator.is_valid(&json!([])), "{name} is an object");

        let message = json!({
            "position": 1,
            "event_id": "0198f1f0-0000-7000-8000-000000000001",
            "type": name,
            "stream": "job-0198f1f0-0000-7000-8000-000000000002",
            "at": "2026-01-31T12:00:00.000000Z",
            "actor": { "kind": "system" },
            "data": sample["data"],
        });
        assert!(envelope.is_valid(&message), "{name}");
        assert!(!envelope.is_valid(&json!({ "type": name, "data": {} })), "{name}");
    }
}

#[test]
fn every_operation_says_what_a_front_end_needs() {
    let api = openapi();
    let public = [
        "GET /docs/",
        "GET /healthz",
        "GET /metrics",
        "GET /openapi.json",
        "GET /readyz",
        "POST /v1/jobs/{job}/applications",
        "POST /v1/slack/interactions",
    ];
    let declared: BTreeSet<&str> =
        api["tags"].as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap()).collect();
    let (mut ids, mut used) = (BTreeSet::new(), BTreeSet::new());
    for (name, operation) in operations(&api) {
        let id = operation["operationId"].as_str().unwrap_or_else(|| panic!("{name} has no id"));
        assert!(ids.insert(id.to_owned()), "{name}: {id} is taken");
        assert!(operation["summary"].as_str().is_some_and(|s| !s.is_empty()), "{name}");
        let tags = operation["tags"].as_array().unwrap();
        assert_eq!(tags.len(), 1, "{name}");
        used.insert(tags[0].as_str().unwrap().to_owned());

        let open = public.contains(&name.as_str()) || name.starts_with("GET /v1/open-jobs");
        let security = operation["security"].as_array().unwrap();
        assert_eq!(security.is_empty(), open, "{name}");

        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.keys().any(|s| s.starts_with('2') || s == "101"), "{name}");
        for (status, response) in responses {
            let at = format!("{name} {status}");
            let response = resolved(&api, response);
            assert!(response["description"].is_string(), "{at}");
            assert!(response["headers"]["X-Request-Id"].is_object(), "{at}");
            if status.starts_with('4') || status == "500" {
                let media = &response["content"]["application/problem+json"];
                assert_eq!(media["schema"]["$ref"], "#/components/schemas/Problem", "{at}");
            }
        }
        for parameter in operation["parameters"].as_array().unwrap() {
            let described = parameter["description"].is_string() || parameter["$ref"].is_string();
            assert!(described, "{name}: {parameter}");
        }
    }
    assert_eq!(used.iter().map(String::as_str).collect::<BTreeSet<_>>(), declared);
}

#[test]
fn every_body_has_an_example_that_its_schema_takes() {
    let api = openapi();
    for (name, operation) in operations(&api) {
        for (media, body) in operation["requestBody"]["content"].as_object().into_iter().flatten() {
            if media == "multipart/form-data" {
                continue;
            }
            let example = &body["example"];
            assert!(example.is_object(), "{name} has no example");
            let mut schema = body["schema"].clone();
            schema["components"] = api["components"].clone();
            let validator = jsonschema::draft202012::new(&schema).unwrap();
            let faults: Vec<_> = validator.iter_errors(example).map(|e| e.to_string()).collect();
            assert!(faults.is_empty(), "{name}: {faults:?}");
        }
    }
}

#[test]
fn answers_to_writes_say_which_version_and_where() {
    let api = openapi();
    let headers = |operation: &str, status: &str| {
        let (_, found) = operations(&api)
            .into_iter()
            .find(|(_, o)| o["operationId"] == operation)
            .unwrap_or_else(|| panic!("{operation}"));
        let response = resolved(&api, &found["responses"][status]);
        let headers = response["headers"].as_object().unwrap();
        headers.keys().cloned().collect::<BTreeSet<_>>()
    };
    let all = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(headers("draftJob", "201"), all(&["ETag", "Location", "X-Request-Id"]));
    assert_eq!(headers("apply", "202"), all(&["ETag", "Location", "X-Request-Id"]));
    assert_eq!(headers("shortlist", "200"), all(&["ETag", "X-Request-Id"]));
    assert_eq!(headers("getPool", "304"), all(&["ETag", "X-Request-Id"]));
    assert_eq!(headers("getPool", "401"), all(&["WWW-Authenticate", "X-Request-Id"]));
}

#[test]
fn every_reference_leads_somewhere() {
    let folder = schemas();
    let api = openapi();
    assert_eq!(api["openapi"], "3.1.0");
    all_resolve(&api, &folder);
    let text = fs::read_to_string(folder.join("asyncapi.yaml")).unwrap();
    all_resolve(&yaml_serde::from_str(&text).unwrap(), &folder);
    for name in names("events", ".schema.json") {
        all_resolve(&read(&folder.join(format!("events/{name}.schema.json"))), &folder);
    }
}

#[test]
fn the_feed_is_described_to_its_end() {
    let text = fs::read_to_string(schemas().join("asyncapi.yaml")).unwrap();
    let feed: Value = yaml_serde::from_str(&text).unwrap();
    assert_eq!(feed["asyncapi"], "3.0.0");
    let channel = &feed["channels"]["feed"];
    assert_eq!(channel["address"], "/v1/live");
    let codes: Vec<_> =
        channel["x-close-codes"].as_array().unwrap().iter().map(|c| c["code"].as_u64()).collect();
    assert_eq!(codes, [4401, 4408, 1001, 1011].map(Some));
    let asked: Vec<_> =
        channel["bindings"]["ws"]["query"]["properties"].as_object().unwrap().keys().collect();
    assert_eq!(asked, ["after", "job", "ticket", "type"]);
    let mut in_streams = BTreeSet::new();
    for (name, channel) in feed["channels"].as_object().unwrap() {
        if name.ends_with("Stream") {
            in_streams.extend(channel["messages"].as_object().unwrap().keys().cloned());
        }
    }
    let types: BTreeSet<String> = domain::wire_names().map(str::to_owned).collect();
    assert_eq!(in_streams, types);
    for name in &types {
        assert!(channel["messages"][name].is_object(), "{name}");
        let payload = &feed["components"]["messages"][name]["payload"]["allOf"];
        assert_eq!(payload[0]["$ref"], "./events/envelope.schema.json");
        let data = &payload[1]["properties"]["data"]["$ref"];
        assert_eq!(*data, json!(format!("./events/{name}.schema.json")));
    }
}
