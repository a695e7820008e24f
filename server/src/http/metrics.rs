//! Counters and histograms in the Prometheus text format.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

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

/// The numbers of one operation. Those of its successes, which most replies are, are looked up once.
#[derive(Debug)]
pub struct Tally {
    metrics: Metrics,
    labels: OperationLabels,
    /// The code of success.
    success: i32,
    successes: OnceLock<Counter>,
    latency: OnceLock<Histogram>,
}

impl Tally {
    /// The dialect of the operation.
    pub fn dialect(&self) -> &'static str {
        self.labels.dialect
    }

    /// The operation.
    pub fn operation(&self) -> &'static str {
        self.labels.operation
    }

    /// Counts a reply.
    pub fn reply(&self, status: u16, code: i32, took: Duration) {
        if status == 200 && code == self.success {
            self.successes.get_or_init(|| self.replies(status, code)).inc();
        } else {
            self.replies(status, code).inc();
        }
        let latency = || self.metrics.latency.get_or_create(&self.labels).clone();
        self.latency.get_or_init(latency).observe(took.as_secs_f64());
    }

    fn replies(&self, status: u16, code: i32) -> Counter {
        let OperationLabels { dialect, operation } = self.labels;
        self.metrics.replies.get_or_create(&ReplyLabels { dialect, operation, status, code }).clone()
    }
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

    /// The numbers of an operation, whose success has this code.
    pub fn tally(&self, dialect: &'static str, operation: &'static str, success: i32) -> Tally {
        let labels = OperationLabels { dialect, operation };
        Tally { metrics: self.clone(), labels, success, successes: OnceLock::new(), latency: OnceLock::new() }
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
        let ping = metrics.tally("go_api", "ping", 0);
        for code in [0, 500, 0, 500, 0] {
            ping.reply(200, code, Duration::from_micros(200));
        }
        ping.reply(503, 0, Duration::from_micros(200));
        metrics.clone().tally("go_api", NO_OPERATION, 0).reply(404, 400, Duration::from_millis(1));
        let text = metrics.render();
        for line in [
            r#"gatehouse_replies_total{dialect="go_api",operation="ping",status="200",code="0"} 3"#,
            r#"gatehouse_replies_total{dialect="go_api",operation="ping",status="200",code="500"} 2"#,
            r#"gatehouse_replies_total{dialect="go_api",operation="ping",status="503",code="0"} 1"#,
            r#"gatehouse_request_duration_seconds_count{dialect="go_api",operation="ping"} 6"#,
        ] {
            assert!(text.contains(line), "no {line} in {text}");
        }
        assert!(text.contains(r#"gatehouse_request_duration_seconds_count{dialect="go_api",operation="none"} 1"#));
    }
}
