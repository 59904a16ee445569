//! The JSON Schema of every event's `data`, by its wire name, made from the types that write it.

use std::collections::BTreeSet;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::application::ApplicationEvent;
use crate::candidate::CandidateEvent;
use crate::interview::InterviewEvent;
use crate::job::JobEvent;
use crate::member::MemberEvent;
use crate::model_release::ModelReleaseEvent;
use crate::notification::NotificationEvent;
use crate::offer::OfferEvent;
use crate::rubric::RubricEvent;
use crate::subscription::SubscriptionEvent;

/// What JSON Schema the schemas are written in.
pub const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Makes schemas of what is written, as opposed to what is accepted.
pub fn generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12().for_serialize().into_generator()
}

/// Every event's wire name, and the schema of its `data` as a document of its own.
pub fn of_events() -> Vec<(String, Value)> {
    let mut all = vec![];
    variants::<JobEvent>(&mut all);
    variants::<CandidateEvent>(&mut all);
    variants::<ApplicationEvent>(&mut all);
    variants::<RubricEvent>(&mut all);
    variants::<ModelReleaseEvent>(&mut all);
    variants::<InterviewEvent>(&mut all);
    variants::<OfferEvent>(&mut all);
    variants::<MemberEvent>(&mut all);
    variants::<SubscriptionEvent>(&mut all);
    variants::<NotificationEvent>(&mut all);
    all
}

/// Takes the `data` of each variant out of the schema of an aggregate's events.
fn variants<E: JsonSchema>(all: &mut Vec<(String, Value)>) {
    let root = generator().into_root_schema_for::<E>().to_value();
    // An enum with one variant is a list of one.
    for variant in root["oneOf"].as_array().into_iter().flatten() {
        let Some(name) = variant["properties"]["type"]["const"].as_str() else { continue };
        let mut schema = Map::new();
        schema.insert("$schema".into(), DIALECT.into());
        schema.insert("title".into(), name.into());
        schema.insert("description".into(), variant["description"].clone());
        if let Value::Object(data) = variant["properties"]["data"].clone() {
            schema.extend(data);
        }
        let mut schema = Value::Object(schema);
        let used = definitions(&schema, &root["$defs"]);
        if !used.is_empty() {
            schema["$defs"] = Value::Object(used);
        }
        all.push((name.to_owned(), schema));
    }
}

/// The definitions that a schema refers to, and those that they refer to.
fn definitions(schema: &Value, all: &Value) -> Map<String, Value> {
    let (mut used, mut waiting) = (Map::new(), BTreeSet::new());
    referred(schema, &mut waiting);
    while let Some(name) = waiting.pop_first() {
        if !used.contains_key(&name) {
            let definition = all[&name].clone();
            referred(&definition, &mut waiting);
            used.insert(name, definition);
        }
    }
    used
}

fn referred(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            let name = map.get("$ref").and_then(Value::as_str);
            names.extend(name.and_then(|r| r.strip_prefix("#/$defs/")).map(str::to_owned));
            map.values().for_each(|v| referred(v, names));
        }
        Value::Array(items) => items.iter().for_each(|v| referred(v, names)),
        _ => {}
    }
}

/// A type's schema as a document of its own, under a title.
pub fn document<T: JsonSchema>(title: &str) -> Value {
    let mut schema = generator().into_root_schema_for::<T>().to_value();
    schema["title"] = json!(title);
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_has_a_schema_and_no_schema_is_without_an_event() {
        let schemas: Vec<_> = of_events().into_iter().map(|(name, _)| name).collect();
        assert_eq!(schemas, crate::wire_names().collect::<Vec<_>>());
    }

    #[test]
    fn a_schema_says_what_the_event_means_and_brings_what_it_refers_to() {
        for (name, schema) in of_events() {
            assert!(schema["description"].is_string(), "{name}");
            assert_eq!(schema["type"], "object", "{name}");
            let defined: BTreeSet<String> =
                schema["$defs"].as_object().into_iter().flatten().map(|(n, _)| n.clone()).collect();
            let mut used = BTreeSet::new();
            referred(&schema, &mut used);
            assert_eq!(used, defined, "{name}");
        }
    }
}
