use contract_tests::{fixture::Fixture, transcript, wire::Request};

use super::PING;

#[tokio::test]
async fn ok() {
    transcript!(Fixture::start().await.send(Request::get(PING)).await);
}
