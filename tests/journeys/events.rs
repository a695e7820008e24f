//! The SDK's stream of events: what it yields, and what it lives through.

use std::time::Duration;

use contract_tests::{
    fixture::{DEMO_APP, Fixture},
    must,
};
use futures_util::StreamExt;
use gatehouse_client::go_api::{
    Error, NewApp, Session,
    events::{Event, Events, Topic},
};

use crate::{TOKEN_LIFE, register, replies, session, settings};

/// The next event.
async fn next(events: &mut Events) -> Event {
    must("an event", events.next()).await.expect("the stream goes on").unwrap()
}

/// Registers an application and gives the id that the event about it names.
async fn created(session: &Session, events: &mut Events, name: &str) {
    let id = register(session, name).await;
    match next(events).await {
        Event::AppCreated { app_id, app_name, at, .. } => {
            assert_eq!((app_id.as_str(), app_name.as_str()), (id.as_str(), name));
            assert!(at.ends_with('Z'), "{at}");
        }
        other => panic!("not the event of {name}: {other:?}"),
    }
}

#[tokio::test]
async fn only_what_was_subscribed_to_arrives() {
    let server = Fixture::with(|config| config.go_api.rate_limit = 3).await;
    let session = session(&server);
    let mut events = session.events().topics([Topic::AppCreated]).connect().await.unwrap();
    created(&session, &mut events, "First").await;
    session.apps().page(1).await.unwrap();
    // Somebody who follows `limit.reached` would hear of this one.
    session.apps().page(1).await.unwrap_err();
    server.clock.advance(Duration::from_secs(3600));
    created(&session, &mut events, "Second").await;
}

#[tokio::test]
async fn an_application_hears_of_nobody_else() {
    let server = Fixture::start().await;
    let session = session(&server);
    server.provision("go-api-neighbour", true).await;
    let neighbour = settings(&server).app_id("go-api-neighbour").build().unwrap();
    let mut events = session.events().connect().await.unwrap();
    register(&neighbour, "Of the neighbour").await;
    created(&session, &mut events, "Own").await;
}

#[tokio::test]
async fn a_revoked_token_closes_the_socket_and_a_new_one_opens_the_next() {
    let server = Fixture::start().await;
    let session = session(&server);
    let mut events = session.events().connect().await.unwrap();
    server.revoke_tokens(DEMO_APP).await;
    match next(&mut events).await {
        Event::TokenRevoked { app_id, .. } => assert_eq!(app_id, DEMO_APP),
        other => panic!("not the revocation: {other:?}"),
    }
    // The secret changed twice, and each change may be told by itself.
    let mut event = next(&mut events).await;
    if matches!(event, Event::TokenRevoked { .. }) {
        event = next(&mut events).await;
    }
    assert_eq!(event, Event::Reconnected);
    created(&session, &mut events, "After the revocation").await;
    assert_eq!(replies(&server, "issueToken").await, 2);
}

#[tokio::test]
async fn an_expired_token_closes_the_socket_and_a_new_one_opens_the_next() {
    let server = Fixture::start().await;
    let session = session(&server);
    let mut events = session.events().connect().await.unwrap();
    server.clock.advance(TOKEN_LIFE);
    assert_eq!(next(&mut events).await, Event::Reconnected);
    created(&session, &mut events, "After a week").await;
}

#[tokio::test]
async fn a_token_that_ended_before_is_replaced_at_connecting() {
    let server = Fixture::start().await;
    let session = session(&server);
    session.token().await.unwrap();
    server.clock.advance(TOKEN_LIFE + Duration::from_secs(1));
    let mut events = session.events().connect().await.unwrap();
    created(&session, &mut events, "Connected late").await;
    assert_eq!(replies(&server, "issueToken").await, 2);
}

#[tokio::test]
async fn used_up_requests_are_told_once() {
    let server = Fixture::with(|config| config.go_api.rate_limit = 3).await;
    let session = session(&server);
    let mut events = session.events().topics([Topic::LimitReached]).connect().await.unwrap();
    // The login was the first request, these are the other two, and what comes then is too much.
    for _ in 0..2 {
        session.apps().page(1).await.unwrap();
    }
    for _ in 0..2 {
        session.apps().page(1).await.unwrap_err();
    }
    match next(&mut events).await {
        Event::LimitReached { limit: 3, reset, .. } => assert_eq!(reset, 1_767_323_045 + 3600),
        other => panic!("not the limit: {other:?}"),
    }
}

#[tokio::test]
async fn one_socket_too_many_ends_its_stream_with_the_reason() {
    let server = Fixture::with(|config| config.limits.sockets_per_app = 1).await;
    let session = session(&server);
    let mut first = session.events().connect().await.unwrap();
    match session.events().connect().await {
        Err(Error::Closed { code: 4429, .. }) => {}
        other => panic!("not 4429: {other:?}"),
    }
    created(&session, &mut first, "Seen by the first").await;
}

#[tokio::test]
async fn a_dropped_stream_leaves_its_place_to_the_next() {
    let server = Fixture::with(|config| config.limits.sockets_per_app = 1).await;
    let session = session(&server);
    for round in 1..=3 {
        // The server learns of the end a moment later; until then there is one socket too many.
        let connecting = async {
            loop {
                match session.events().connect().await {
                    Ok(events) => return events,
                    Err(Error::Closed { code: 4429, .. }) => tokio::task::yield_now().await,
                    Err(error) => panic!("no socket: {error:?}"),
                }
            }
        };
        let mut events = must("a place for the socket", connecting).await;
        created(&session, &mut events, &format!("Round {round}")).await;
    }
}

#[tokio::test]
async fn a_shutdown_takes_leave_of_an_open_stream() {
    let mut server = Fixture::start().await;
    let session = session(&server);
    let mut events = session.events().connect().await.unwrap();
    session.create_app(&NewApp::new("The last one")).await.unwrap();
    assert!(matches!(next(&mut events).await, Event::AppCreated { .. }));
    // While the stream is read, its socket answers the server's close, and the server need not wait for it.
    tokio::select! {
        () = server.stop() => {}
        event = events.next() => panic!("there is no server to connect to again: {event:?}"),
    }
}
