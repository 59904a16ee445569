//! Traces: one goes from a request over its command and the events it led to, to everything that handles those.
//!
//! An event carries its `traceparent` (W3C) in its envelope, through the log and over the bus. Spans hold ids and names,
//! never what people said. Where the program gathers no traces, spans have no ids and events keep what their
//! command came with.

use opentelemetry::Context;
use opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState,
};
use tracing::Span;
use tracing::field::Empty;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::event::Recorded;

/// Makes a span that nobody entered yet continue the trace that a `traceparent` names; without a good one it begins
/// a trace or goes on in that of its parent. Its field `trace_id`, where it has one, is for logs.
pub fn go_on(span: &Span, traceparent: Option<&str>) {
    if span.is_disabled() {
        return;
    }
    if let Some(before) = traceparent.and_then(parse) {
        // There may be nobody who gathers traces.
        let _ = span.set_parent(Context::new().with_remote_span_context(before));
    }
    if let Some(context) = context(span) {
        span.record("trace_id", tracing::field::display(context.trace_id()));
    }
}

/// The span of handling an event, in the trace that led to it.
pub fn handling(subscription: &'static str, event: &Recorded) -> Span {
    let span = tracing::info_span!(
        parent: None,
        "handle",
        otel.name = format_args!("{subscription} {}", event.kind),
        otel.kind = "consumer",
        subscription,
        position = event.position,
        event_id = %event.event_id,
        stream = %event.stream,
        trace_id = Empty,
    );
    go_on(&span, event.traceparent.as_deref());
    span
}

/// The span of a command: within what is going on here, else in the trace that it came with.
pub(crate) fn commanding(
    command: &'static str,
    stream: domain::ids::StreamId,
    came_with: Option<&str>,
) -> Span {
    let within = context(&Span::current()).is_some();
    let span = tracing::info_span!(
        "command",
        otel.name = command,
        stream = %stream,
        trace_id = Empty,
    );
    go_on(&span, came_with.filter(|_| !within));
    span
}

/// A span as a `traceparent`; `None` where no traces are gathered.
pub fn traceparent(span: &Span) -> Option<String> {
    let context = context(span)?;
    let flags = context.trace_flags().to_u8();
    Some(format!("00-{}-{}-{flags:02x}", context.trace_id(), context.span_id()))
}

fn context(span: &Span) -> Option<SpanContext> {
    if span.is_disabled() {
        return None;
    }
    let context = span.context().span().span_context().clone();
    context.is_valid().then_some(context)
}

/// What a `traceparent` of the first version, or as much as it knows of a later one, says.
fn parse(traceparent: &str) -> Option<SpanContext> {
    let mut parts = traceparent.split('-');
    let (_version, trace, span) = (parts.next()?, parts.next()?, parts.next()?);
    let flags = u8::from_str_radix(parts.next()?, 16).ok()?;
    let context = SpanContext::new(
        TraceId::from_hex(trace).ok()?,
        SpanId::from_hex(span).ok()?,
        TraceFlags::new(flags) & TraceFlags::SAMPLED,
        true,
        TraceState::default(),
    );
    context.is_valid().then_some(context)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_continued_when_it_is_one() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let context = parse(good).unwrap();
        assert!(context.is_sampled() && context.is_remote());
        assert_eq!(context.trace_id().to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        for bad in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-zz",
        ] {
            assert!(parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn nothing_is_made_up_where_no_traces_are_gathered() {
        let span = commanding(
            "Nothing",
            domain::ids::StreamId::new(domain::ids::StreamKind::Job, uuid::Uuid::nil()),
            Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
        );
        assert_eq!(traceparent(&span), None);
    }
}
