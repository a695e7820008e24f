//! `go_api`: one exchange a test, named operation and case.

mod ping;

const PING: &str = "/go-api/external/service/ping";
