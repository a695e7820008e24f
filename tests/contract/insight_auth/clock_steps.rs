//! A wall clock that steps by an hour either way: nothing that is good ends early by it, and nothing is opened.

use contract_tests::fixture::{ADMIN, Fixture, START};
use gatehouse_server::domain::clock::Timestamp;

use super::{DIGEST, code, code_request, data_of, login_request, refresh_request, signature, status, tokens_in};

/// Both steps, in seconds.
const STEPS: [i64; 2] = [-3600, 3600];

fn step(server: &Fixture, by: i64) {
    server.clock.set(Timestamp::from_seconds(START.seconds() + by));
}

#[tokio::test]
async fn codes_and_tokens_stay_good() {
    for by in STEPS {
        let server = Fixture::start().await;
        let code = code(&server, ADMIN).await;
        step(&server, by);
        let exchange = server.send(login_request(&signature(ADMIN, DIGEST, &code))).await;
        let (access, refresh) = tokens_in(&exchange);
        step(&server, 0);
        assert_eq!(status(&server, &access).await, 200, "{by}");
        step(&server, by);
        data_of(&server.send(refresh_request(&refresh)).await);
    }
}

#[tokio::test]
async fn the_gap_between_two_codes_stays() {
    for by in STEPS {
        let server = Fixture::start().await;
        data_of(&server.send(code_request(ADMIN)).await);
        step(&server, by);
        assert_eq!(server.send(code_request(ADMIN)).await.reply.code(), 490, "{by}");
        server.clock.advance(std::time::Duration::from_secs(3));
        data_of(&server.send(code_request(ADMIN)).await);
    }
}
