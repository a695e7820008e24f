//! Families of refresh tokens: one successor for each token, a grace for lost replies, and an end for what was stolen.

use std::{collections::BTreeSet, time::Duration};

use contract_tests::{fixture::Fixture, must, wire::Exchange};

use super::{
    LORY, LORY_PASSWORD, Pair, add_lory, code_of_access, code_of_refresh, parts, product_request, refresh_request,
};

/// Requests at once in a race.
const AT_ONCE: usize = 40;

/// Sends the same refresh token many times at once, each over a socket of its own.
async fn race(server: &Fixture, token: &str) -> Vec<Exchange> {
    let request = refresh_request(token);
    let sending: Vec<_> = (0..AT_ONCE).map(|_| tokio::spawn(request.clone().send(server.address()))).collect();
    let mut exchanges = Vec::new();
    for exchange in sending {
        exchanges.push(must("a reply", exchange).await.unwrap());
    }
    exchanges
}

/// The one pair of a race.
async fn winner(server: &Fixture, token: &str) -> Pair {
    let pairs: BTreeSet<_> = race(server, token).await.iter().map(Pair::read).collect();
    let [pair] = Vec::from_iter(pairs).try_into().unwrap_or_else(|pairs: Vec<_>| {
        panic!("{} different successors on {:?}", pairs.len(), server.backend());
    });
    pair
}

/// The id of the session that a token belongs to.
fn session(token: &str) -> String {
    parts(token).1["sid"].as_str().expect("a session").to_owned()
}

/// How often a family was found stolen.
async fn reuses(server: &Fixture, session: &str) -> i64 {
    server.count(&format!("audit_event WHERE kind = 'refresh.reused' AND subject = '{session}'")).await
}

#[tokio::test]
async fn a_refresh_gives_new_tokens_and_leaves_the_old_access_token_alone() {
    let server = Fixture::start().await;
    let first = Pair::of_admin(&server).await;
    server.clock.advance(Duration::from_secs(100));
    let second = first.exchange(&server).await;
    assert_ne!(first.access, second.access);
    assert_ne!(first.refresh, second.refresh);
    server.clock.advance(Duration::from_millis(7_099_999));
    for token in [&first.access, &second.access] {
        assert_eq!(code_of_access(&server, token).await, 0);
    }
    server.clock.advance(Duration::from_millis(1));
    assert_eq!(code_of_access(&server, &first.access).await, 10006);
    assert_eq!(code_of_access(&server, &second.access).await, 0);
}

#[tokio::test]
async fn within_the_grace_the_pair_is_the_same_to_the_byte() {
    for server in Fixture::on_every_database().await {
        let first = Pair::of_admin(&server).await;
        server.clock.advance(Duration::from_millis(10_999));
        let ask = async || server.send(refresh_request(&first.refresh)).await.reply;
        let (once, again) = (ask().await, ask().await);
        assert_eq!(once.code(), 0);
        assert_eq!(once.text(), again.text(), "at the same moment nothing differs");
        server.clock.advance(Duration::from_millis(29_999));
        let later = ask().await;
        assert_ne!(later.json()["t"], once.json()["t"]);
        assert_eq!(later.json()["result"].to_string(), once.json()["result"].to_string(), "{:?}", server.backend());
        assert_eq!(server.count("refresh_token").await, 2, "the first and its one successor");
    }
}

#[tokio::test]
async fn after_the_grace_the_whole_family_is_over_and_nothing_else() {
    for server in Fixture::on_every_database().await {
        add_lory(&server).await;
        let first = Pair::of_admin(&server).await;
        let others = [Pair::of_admin(&server).await, Pair::of(&server, LORY, LORY_PASSWORD).await];
        let second = first.exchange(&server).await;
        let third = second.exchange(&server).await;
        server.clock.advance(Duration::from_secs(30));
        assert_eq!(code_of_refresh(&server, &first.refresh).await, 1011);
        for pair in [&first, &second, &third] {
            assert_eq!(code_of_access(&server, &pair.access).await, 10006, "{:?}", server.backend());
            assert_eq!(code_of_refresh(&server, &pair.refresh).await, 1011, "{:?}", server.backend());
        }
        let session = session(&first.refresh);
        assert_eq!(reuses(&server, &session).await, 1, "it is recorded once, however often they come back");
        assert_eq!(server.count("audit_event WHERE kind = 'refresh.reused' AND user_id = 1").await, 1);
        let ended = format!("session WHERE revoked_at IS NOT NULL AND id = '{session}'");
        assert_eq!(server.count(&ended).await, 1);
        assert_eq!(server.count("session WHERE revoked_at IS NOT NULL").await, 1);
        for pair in others {
            assert_eq!(code_of_access(&server, &pair.access).await, 0, "{:?}", server.backend());
            assert_eq!(code_of_refresh(&server, &pair.refresh).await, 0, "{:?}", server.backend());
        }
        assert_eq!(code_of_access(&server, &Pair::of_admin(&server).await.access).await, 0, "who logs in begins anew");
    }
}

/// Each token has a grace of its own, from the moment when it was spent itself.
#[tokio::test]
async fn an_earlier_token_within_its_own_grace_still_gives_its_own_successor() {
    let server = Fixture::start().await;
    let first = Pair::of_admin(&server).await;
    let second = first.exchange(&server).await;
    server.clock.advance(Duration::from_secs(20));
    let third = second.exchange(&server).await;
    server.clock.advance(Duration::from_millis(9_999));
    assert_eq!(first.exchange(&server).await, second);
    assert_eq!(second.exchange(&server).await, third);
    assert_eq!(code_of_access(&server, &third.access).await, 0);
    server.clock.advance(Duration::from_millis(1));
    assert_eq!(second.exchange(&server).await, third, "this one was spent 20 seconds later");
    assert_eq!(code_of_refresh(&server, &first.refresh).await, 1011);
    assert_eq!(
        code_of_refresh(&server, &second.refresh).await,
        1011,
        "the family is over for those in their grace too"
    );
}

/// What comes back expired tells that, and says nothing about a theft.
#[tokio::test]
async fn a_spent_token_that_expired_ends_nothing() {
    let server = Fixture::start().await;
    let first = Pair::of_admin(&server).await;
    server.clock.advance(Duration::from_secs(1_000_000));
    let second = first.exchange(&server).await;
    server.clock.advance(Duration::from_secs(209_600));
    assert_eq!(code_of_refresh(&server, &first.refresh).await, 1010);
    assert_eq!(code_of_refresh(&server, &second.refresh).await, 0);
}

/// A family goes on for as long as it is refreshed in time.
#[tokio::test]
async fn a_family_outlives_its_first_token() {
    let server = Fixture::start().await;
    let mut pair = Pair::of_admin(&server).await;
    for _ in 0..5 {
        server.clock.advance(Duration::from_secs(1_209_599));
        pair = pair.exchange(&server).await;
        assert_eq!(server.core.sessions.purge().await.unwrap(), 0);
    }
    assert_eq!(code_of_access(&server, &pair.access).await, 0);
}

#[tokio::test]
async fn a_ban_ends_every_family_of_the_user_for_good() {
    for server in Fixture::on_every_database().await {
        let lory = add_lory(&server).await;
        let admin = Pair::of_admin(&server).await;
        let pairs = [Pair::of(&server, LORY, LORY_PASSWORD).await, Pair::of(&server, LORY, LORY_PASSWORD).await];
        let refused = async || {
            for pair in &pairs {
                assert_eq!(code_of_access(&server, &pair.access).await, 10006, "{:?}", server.backend());
                assert_eq!(code_of_refresh(&server, &pair.refresh).await, 1011, "{:?}", server.backend());
            }
        };
        assert_eq!(code_of_access(&server, &pairs[0].access).await, 0);
        server.core.users.ban(lory).await.unwrap();
        refused().await;
        server.core.users.unban(lory).await.unwrap();
        refused().await;
        server.clock.advance(Duration::from_millis(1));
        let new = Pair::of(&server, LORY, LORY_PASSWORD).await;
        assert_eq!(code_of_refresh(&server, &new.refresh).await, 0);
        assert_eq!(code_of_refresh(&server, &admin.refresh).await, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_refreshes_at_once_all_get_one_successor_also_after_a_restart() {
    for mut server in Fixture::on_every_database().await {
        let first = Pair::of_admin(&server).await;
        let second = winner(&server, &first.refresh).await;
        assert_eq!(server.count("refresh_token").await, 2, "{:?}", server.backend());
        assert_eq!(code_of_access(&server, &second.access).await, 0);

        server.clock.advance(Duration::from_millis(29_999));
        server.restart().await;
        assert_eq!(winner(&server, &first.refresh).await, second, "{:?}", server.backend());
        let third = winner(&server, &second.refresh).await;
        assert_ne!(third, second);
        for pair in [&first, &second, &third] {
            assert_eq!(code_of_access(&server, &pair.access).await, 0, "{:?}", server.backend());
        }
        assert_eq!(server.count("refresh_token").await, 3, "{:?}", server.backend());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_theft_is_found_once_by_many_at_once_and_not_forgotten_by_a_restart() {
    for mut server in Fixture::on_every_database().await {
        let first = Pair::of_admin(&server).await;
        let second = first.exchange(&server).await;
        server.restart().await;
        server.clock.advance(Duration::from_secs(30));
        for exchange in race(&server, &first.refresh).await {
            assert_eq!(exchange.reply.code(), 1011, "{:?}: {exchange}", server.backend());
        }
        assert_eq!(reuses(&server, &session(&first.refresh)).await, 1, "{:?}", server.backend());
        for _ in 0..2 {
            for pair in [&first, &second] {
                assert_eq!(code_of_access(&server, &pair.access).await, 10006, "{:?}", server.backend());
                assert_eq!(code_of_refresh(&server, &pair.refresh).await, 1011, "{:?}", server.backend());
            }
            server.restart().await;
        }
    }
}

/// While a thief and the owner refresh at once, nobody is left with an access token that outlives the family.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn refreshes_that_race_with_the_end_of_their_family_leave_nothing_alive() {
    for server in Fixture::on_every_database().await {
        let first = Pair::of_admin(&server).await;
        let second = first.exchange(&server).await;
        server.clock.advance(Duration::from_secs(30));
        let (stolen, own) = tokio::join!(race(&server, &first.refresh), race(&server, &second.refresh));
        assert!(stolen.iter().all(|exchange| exchange.reply.code() == 1011), "{:?}", server.backend());
        for exchange in own {
            let code = exchange.reply.code();
            assert!(matches!(code, 0 | 1011), "{:?}: {exchange}", server.backend());
            if code == 0 {
                let pair = Pair::read(&exchange);
                let reply = server.send(product_request(&pair.access)).await.reply;
                assert_eq!(reply.code(), 10006, "{:?}", server.backend());
                assert_eq!(code_of_refresh(&server, &pair.refresh).await, 1011, "{:?}", server.backend());
            }
        }
    }
}
