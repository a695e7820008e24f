//! Many at once: each Code is spent once, and each renewal is counted.

use contract_tests::fixture::{ADMIN, Fixture};
use futures_util::future::join_all;

use super::{DIGEST, bundle, code, data_of, login_request, logout_request, refresh_request, signature, status};

#[tokio::test]
async fn a_code_is_spent_once() {
    for server in Fixture::on_every_database().await {
        let signature = signature(ADMIN, DIGEST, &code(&server, ADMIN).await);
        let logins = (0..5).map(|_| server.send(login_request(&signature).from_new_device()));
        let codes: Vec<_> = join_all(logins).await.iter().map(|exchange| exchange.reply.code()).collect();
        assert_eq!(codes.iter().filter(|code| **code == 200).count(), 1, "{codes:?}");
        assert_eq!(codes.iter().filter(|code| **code == 430).count(), 4, "{codes:?}");
        assert_eq!(server.count("access_token").await, 1, "{:?}", server.backend());
    }
}

#[tokio::test]
async fn of_many_renewals_twelve_succeed_and_one_token_is_left() {
    for server in Fixture::on_every_database().await {
        let bundle = bundle(&server).await;
        let renewals = (0..40).map(|_| server.send(refresh_request(&bundle.refresh).from_new_device()));
        let replies = join_all(renewals).await;
        let renewed: Vec<_> = replies.iter().filter(|exchange| exchange.reply.code() == 200).collect();
        assert_eq!(renewed.len(), 12, "{:?}", server.backend());
        assert!(replies.iter().all(|exchange| matches!(exchange.reply.code(), 200 | 421)));
        let mut alive = 0;
        for exchange in renewed {
            let token = data_of(exchange)["accessToken"].as_str().expect("a token").to_owned();
            alive += usize::from(status(&server, &token).await == 200);
        }
        assert_eq!(alive, 1, "{:?}", server.backend());
    }
}

#[tokio::test]
async fn a_session_that_ends_while_it_is_renewed_stays_ended() {
    for server in Fixture::on_every_database().await {
        let bundle = bundle(&server).await;
        let renewals = (0..8).map(|_| server.send(refresh_request(&bundle.refresh).from_new_device()));
        let (renewed, ended) = tokio::join!(join_all(renewals), server.send(logout_request(&bundle.access)));
        // The logout may have come after a renewal, and then with a token that was no longer good.
        if ended.reply.code() != 200 {
            continue;
        }
        for exchange in renewed.iter().filter(|exchange| exchange.reply.code() == 200) {
            let token = data_of(exchange)["accessToken"].as_str().expect("a token").to_owned();
            assert_eq!(status(&server, &token).await, 421, "{:?}", server.backend());
        }
        assert_eq!(server.send(refresh_request(&bundle.refresh).from_new_device()).await.reply.code(), 421);
    }
}
