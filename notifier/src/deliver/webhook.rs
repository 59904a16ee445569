//! Webhooks: an event, as a signed POST.
//!
//! The scheme is that of Standard Webhooks 1.0 (standardwebhooks.com): `webhook-id`, `webhook-timestamp` and
//! `webhook-signature: v1,BASE64`, where the signature is HMAC-SHA256 over `id.timestamp.body` under a secret that is shown as
//! `whsec_BASE64`. A secret is derived from the master key, the subscription and a counter, and so kept nowhere.

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{SecondsFormat, TimeDelta};
use domain::decide::Timestamp;
use domain::ids::SubscriptionId;
use event_log::{Log, LogError, Recorded, Vault};
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode, Url};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{Sent, retry_after};
use crate::settings::SettingsError;
use crate::store::{Queued, SubscriptionRow};

/// How long an endpoint may take to answer.
const ANSWER: Duration = Duration::from_secs(15);
/// How long the secret before the last is signed with as well.
const BOTH: TimeDelta = TimeDelta::hours(24);

/// Calls webhooks.
pub(super) struct Webhooks {
    log: Log,
    client: Client,
    private: bool,
}

/// What signs what a subscription is told: `whsec_` and base64.
pub fn signing_secret(vault: &Vault, subscription: SubscriptionId, generation: u32) -> String {
    format!("whsec_{}", STANDARD.encode(secret(vault, subscription, generation)))
}

fn secret(vault: &Vault, subscription: SubscriptionId, generation: u32) -> Vec<u8> {
    vault.blind("webhook-secret", format!("{subscription}:{generation}").as_bytes()).into_bytes()
}

/// The header that proves who calls.
pub(crate) fn signature(secret: &[u8], id: &str, timestamp: i64, body: &str) -> String {
    #[allow(clippy::expect_used, reason = "HMAC takes keys of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("a key of any length");
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body.as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

impl Webhooks {
    pub(super) fn new(log: Log, private: bool) -> Result<Self, SettingsError> {
        let mut client = Client::builder()
            .timeout(ANSWER)
            // Somewhere else may be anywhere.
            .redirect(Policy::none())
            .user_agent(concat!("HireSphere/", env!("CARGO_PKG_VERSION")));
        if !private {
            client = client.dns_resolver(Arc::new(PublicOnly)).no_proxy();
        }
        let client = client.build().map_err(|e| SettingsError(format!("webhooks: {e}")))?;
        Ok(Self { log, client, private })
    }

    pub(super) async fn send(
        &self,
        url: &str,
        row: &SubscriptionRow,
        message: &Queued,
    ) -> Result<Sent, LogError> {
        let Ok(url) = Url::parse(url) else {
            return Ok(Sent::Refused { reason: "BAD_URL".into() });
        };
        // An address in the URL is looked up by nobody.
        if !self.private && literal(&url).is_some_and(|address| !is_public(address)) {
            return Ok(Sent::Refused { reason: "PRIVATE_ADDRESS".into() });
        }
        let event = self.log.store.read_all(message.of.position.saturating_sub(1), 1).await?;
        let Some(event) = event.into_iter().next() else {
            return Ok(Sent::Nobody { reason: "NO_EVENT".into() });
        };
        let now = self.log.clock.now();
        let id = message.of.notification.to_string();
        let body = body(&event, message)?.to_string();
        let mut signatures = String::new();
        for generation in generations(row, now) {
            let secret = secret(&self.log.vault, row.subscription, generation);
            let signature = signature(&secret, &id, now.timestamp(), &body);
            let space = if signatures.is_empty() { "" } else { " " };
            let _ = write!(signatures, "{space}{signature}");
        }
        let mut request = self
            .client
            .post(url)
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", now.timestamp())
            .header("webhook-signature", signatures)
            .header("hiresphere-attempt", message.attempts);
        if message.uncertain > 0 {
            request = request.header("hiresphere-may-repeat", "true");
        }
        Ok(match request.body(body).send().await {
            Ok(answer) if answer.status().is_success() => Sent::Yes,
            Ok(answer) => answered(answer.status(), retry_after(answer.headers(), now)),
            Err(error) => failed(&error),
        })
    }
}

/// What an answer that is no success means.
fn answered(status: StatusCode, asked: Option<Duration>) -> Sent {
    let reason = format!("HTTP_{}", status.as_u16());
    match status.as_u16() {
        410 => Sent::Gone,
        // It was understood and is not wanted, however often it comes.
        400 | 405 | 406 | 413 | 415 | 422 => Sent::Refused { reason },
        429 | 503 => Sent::Failed { reason, asked, uncertain: false },
        _ => Sent::Failed { reason, asked: None, uncertain: false },
    }
}

/// What it means that there was no answer.
pub(super) fn failed(error: &reqwest::Error) -> Sent {
    let (reason, uncertain) = match error {
        e if e.is_connect() => ("UNREACHABLE", false),
        e if e.is_timeout() => ("TIMED_OUT", true),
        // It was sent, and may have arrived.
        _ => ("BROKEN_OFF", true),
    };
    Sent::Failed { reason: reason.into(), asked: None, uncertain }
}

/// The secrets that sign at a time: the last, and for a day the one before.
fn generations(row: &SubscriptionRow, now: Timestamp) -> Vec<u32> {
    let lately = row.rotated_at.is_some_and(|at| now - at < BOTH);
    match (lately, row.generation) {
        (true, last @ 2..) => vec![last, last - 1],
        (_, last) => vec![last],
    }
}

/// An event as webhooks tell it: personal fields are null.
fn body(event: &Recorded, message: &Queued) -> Result<Value, LogError> {
    Ok(json!({
        "id": message.of.notification,
        "type": event.kind,
        "timestamp": event.occurred_at.to_rfc3339_opts(SecondsFormat::Micros, true),
        "position": event.position,
        "event_id": event.event_id,
        "stream": event.stream.to_string(),
        "version": event.version,
        "actor": { "kind": event.actor.kind, "id": event.actor.id },
        "data": event.without_personal()?,
    }))
}

/// The address that a URL names, if it names one.
fn literal(url: &Url) -> Option<IpAddr> {
    let host = url.host_str()?;
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// Looks names up, and leaves out addresses that are not everybody's: after the lookup, so that a name that means something
/// else by then does no harm.
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err("the name means no address on the public network".into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// Whether an address is everybody's, by IANA's registries of special-purpose addresses (RFC 6890 and its successors).
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_multicast()
                || v4.is_documentation()
                || a == 0
                || a >= 240
                || (a == 100 && (64..128).contains(&b))
                || (a == 192 && b == 0 && c == 0)
                || (a == 198 && (18..20).contains(&b)))
        }
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => is_public(v4.into()),
            // Of all addresses, those of 2000::/3 were given out; of these, some lead elsewhere (6to4, Teredo, documentation).
            None => {
                let [first, second, ..] = v6.segments();
                (0x2000..0x4000).contains(&first)
                    && first != 0x2002
                    && !(first == 0x2001 && (second < 0x0200 || second == 0x0db8))
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_vectors_hold() {
        let vectors: Value = serde_json::from_str(include_str!("vectors.json")).unwrap();
        for vector in vectors.as_array().unwrap() {
            let text = |name: &str| vector[name].as_str().unwrap();
            let secret = STANDARD.decode(text("secret").strip_prefix("whsec_").unwrap()).unwrap();
            let timestamp = vector["timestamp"].as_i64().unwrap();
            assert_eq!(
                signature(&secret, text("id"), timestamp, text("body")),
                text("signature"),
                "{vector}"
            );
        }
    }

    #[test]
    fn only_what_is_everybodys_is_called() {
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:db8::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
        for public in ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "2a00:1450:4001:80e::200e"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn an_answer_means_what_http_says() {
        let after = Some(Duration::from_secs(7));
        let meaning = |code: u16| answered(StatusCode::from_u16(code).unwrap(), after);
        assert_eq!(meaning(410), Sent::Gone);
        assert!(matches!(meaning(422), Sent::Refused { .. }));
        assert!(matches!(meaning(429), Sent::Failed { asked: Some(_), uncertain: false, .. }));
        for code in [301, 401, 403, 404, 500, 502] {
            let Sent::Failed { asked: None, uncertain: false, .. } = meaning(code) else {
                panic!("{code}")
            };
        }
    }
}
