//! The messages of the WebSocket protocol, as `go-api.asyncapi.yaml` has them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Event, Topic};

/// What the server sends.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(super) enum FromServer {
    Hello {},
    Subscribed {},
    Event {
        id: String,
        at: String,
        topic: String,
        #[serde(default)]
        data: Value,
    },
    Error {
        code: i32,
        #[serde(default)]
        msg: String,
    },
    /// What this client does not wait for.
    #[serde(other)]
    Other,
}

/// What the client sends.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(super) enum FromClient<'a> {
    Subscribe { topics: &'a [&'static str] },
}

#[derive(Deserialize)]
struct NewApp {
    app_id: String,
    app_name: String,
}

#[derive(Deserialize)]
struct App {
    app_id: String,
}

#[derive(Deserialize)]
struct Limit {
    limit: u64,
    reset: u64,
}

/// The event of a topic. One whose data is of another shape than this client knows is passed on as it is.
pub(super) fn event(topic: String, id: String, at: String, data: Value) -> Event {
    let known = Topic::ALL.into_iter().find(|known| known.name() == topic);
    match known {
        Some(Topic::AppCreated) => match NewApp::deserialize(&data) {
            Ok(NewApp { app_id, app_name }) => Event::AppCreated { id, at, app_id, app_name },
            Err(_) => Event::Unknown { id, at, topic, data },
        },
        Some(Topic::AppDisabled) => match App::deserialize(&data) {
            Ok(App { app_id }) => Event::AppDisabled { id, at, app_id },
            Err(_) => Event::Unknown { id, at, topic, data },
        },
        Some(Topic::TokenRevoked) => match App::deserialize(&data) {
            Ok(App { app_id }) => Event::TokenRevoked { id, at, app_id },
            Err(_) => Event::Unknown { id, at, topic, data },
        },
        Some(Topic::LimitReached) => match Limit::deserialize(&data) {
            Ok(Limit { limit, reset }) => Event::LimitReached { id, at, limit, reset },
            Err(_) => Event::Unknown { id, at, topic, data },
        },
        None => Event::Unknown { id, at, topic, data },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(topic: &str, data: Value) -> Event {
        event(topic.to_owned(), "1".to_owned(), "2026-01-02T03:04:05Z".to_owned(), data)
    }

    #[test]
    fn each_topic_has_its_event() {
        assert!(matches!(
            read("app.created", json!({"app_id": "a", "app_name": "n", "more": 1})),
            Event::AppCreated { app_id, app_name, .. } if app_id == "a" && app_name == "n"
        ));
        assert!(matches!(read("app.disabled", json!({"app_id": "a"})), Event::AppDisabled { .. }));
        assert!(matches!(read("token.revoked", json!({"app_id": "a"})), Event::TokenRevoked { .. }));
        assert!(matches!(
            read("limit.reached", json!({"limit": 1000, "reset": 5})),
            Event::LimitReached { limit: 1000, reset: 5, .. }
        ));
    }

    #[test]
    fn what_is_not_known_is_passed_on() {
        assert!(matches!(read("app.renamed", json!({})), Event::Unknown { topic, .. } if topic == "app.renamed"));
        assert!(matches!(read("limit.reached", json!({"limit": -1})), Event::Unknown { .. }));
    }

    #[test]
    fn frames_of_other_types_are_read() {
        for text in [r#"{"type":"pong","id":"7"}"#, r#"{"type":"unsubscribed","topics":[]}"#, r#"{"type":"new"}"#] {
            assert!(matches!(serde_json::from_str(text), Ok(FromServer::Other)), "{text}");
        }
        let hello = r#"{"type":"hello","trace":{"id":"t"},"data":{"app_id":"a","expires_at":"2026-01-02T03:04:05Z"}}"#;
        assert!(matches!(serde_json::from_str(hello), Ok(FromServer::Hello {})));
    }
}
