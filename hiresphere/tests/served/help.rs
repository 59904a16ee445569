//! What `--help` of each role says: where it answers, and which variables it reads.

use std::process::Command;

const ROLES: [&str; 8] =
    ["serve", "api", "live-feed", "sequencer", "relay", "projections", "scorers", "notifier"];

#[test]
fn every_role_says_where_it_answers_and_what_it_reads() {
    for role in ROLES {
        let output = Command::new(env!("CARGO_BIN_EXE_hiresphere")).args([role, "--help"]).output();
        let help = String::from_utf8(output.expect("the program runs").stdout).expect("UTF-8");
        let mut words = vec![
            "/healthz",
            "/readyz",
            "/metrics",
            "HIRESPHERE_LISTEN",
            "HIRESPHERE_LOG_FORMAT",
            "OTEL_EXPORTER_OTLP_ENDPOINT",
        ];
        if ["serve", "api", "scorers"].contains(&role) {
            words.extend([
                "AWS_ENDPOINT",
                "AWS_ACCESS_KEY_ID",
                "AWS_SECRET_ACCESS_KEY",
                "AWS_REGION",
                "AWS_ALLOW_HTTP",
            ]);
        }
        for word in words {
            assert!(help.contains(word), "{word} in the help of {role}:\n{help}");
        }
        assert_eq!(help.contains("token issue"), role == "serve", "{help}");
    }
}
