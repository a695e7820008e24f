//! Counters and histograms in the Prometheus text format.

use std::{sync::Arc, time::Duration};

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

/// Upper bounds of the latency buckets, in seconds.
const BUCKETS: [f64; 12] = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0];

/// What the server counts. A clone counts into the same numbers.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Arc<Registry>,
    replies: Family<ReplyLabels, Counter>,
    latency: Family<OperationLabels, Histogram, fn() -> Histogram>,
    /// Open connections.
    pub connections: Gauge,
    /// Open WebSockets.
    pub sockets: Gauge,
    /// Panics that were caught; every one of them is a defect.
    pub panics: Counter,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ReplyLabels {
    dialect: &'static str,
    operation: &'static str,
    status: u16,
    code: i32,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OperationLabels {
    dialect: &'static str,
    operation: &'static str,
}

/// The operation of a request that reached none.
pub const NO_OPERATION: &str = "none";

/// The dialect of a request outside every one.
pub const NO_DIALECT: &str = "none";

impl Metrics {
    /// Everything at zero.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("gatehouse");
        let metrics = Self {
            registry: Arc::default(),
            replies: Family::default(),
            latency: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
            connections: Gauge::default(),
            sockets: Gauge::default(),
            panics: Counter::default(),
        };
        registry.register(
            "replies",
            "Replies by dialect, operation, HTTP status and code of the envelope",
            metrics.replies.clone(),
        );
        registry.register(
            "request_duration_seconds",
            "Time from the request's head to the reply's",
            metrics.latency.clone(),
        );
        registry.register("connections", "Open connections", metrics.connections.clone());
        registry.register("sockets", "Open WebSockets", metrics.sockets.clone());
        registry.register("panics", "Panics that were caught", metrics.panics.clone());
        Self { registry: Arc::new(registry), ..metrics }
    }

    /// Counts a reply.
    pub fn reply(&self, dialect: &'static str, operation: &'static str, status: u16, code: i32, took: Duration) {
        self.replies.get_or_create(&ReplyLabels { dialect, operation, status, code }).inc();
        self.latency.get_or_create(&OperationLabels { dialect, operation }).observe(took.as_secs_f64());
    }

    /// Everything as text; empty where it cannot be written.
    pub fn render(&self) -> String {
        let mut text = String::new();
        match encode(&mut text, &self.registry) {
            Ok(()) => text,
            Err(_) => String::new(),
        }
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_counted_by_their_labels() {
        let metrics = Metrics::new();
        metrics.reply("go_api", "ping", 200, 0, Duration::from_micros(200));
        metrics.reply("go_api", "ping", 200, 0, Duration::from_micros(200));
        metrics.clone().reply("go_api", NO_OPERATION, 404, 400, Duration::from_millis(1));
        let text = metrics.render();
        let line = r#"gatehouse_replies_total{dialect="go_api",operation="ping",status="200",code="0"} 2"#;
        assert!(text.contains(line), "{text}");
        assert!(text.contains(r#"gatehouse_request_duration_seconds_count{dialect="go_api",operation="none"} 1"#));
    }
}
