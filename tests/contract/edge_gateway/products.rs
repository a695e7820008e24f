//! Products on every database: whose they are, how names compare, what is generated, and races for a name.

use std::collections::BTreeSet;

use contract_tests::{fixture::Fixture, must};

use super::{LORY, LORY_PASSWORD, Pair, add_lory, product_request};

/// Requests at once in a race.
const AT_ONCE: usize = 20;

#[tokio::test]
async fn what_is_generated_has_its_form_and_is_never_the_same() {
    let server = Fixture::start().await;
    let token = Pair::of_admin(&server).await.access;
    let (mut names, mut keys) = (BTreeSet::new(), BTreeSet::new());
    for expected in 1..=10 {
        let product = server.send(product_request(&token)).await.reply.json()["result"].take();
        assert_eq!(product["id"], expected);
        assert_eq!(product["created_time"], "2026-01-02 03:04:05");
        let [name, key] = ["name", "product_key"].map(|field| product[field].as_str().unwrap().to_owned());
        let tail = name.strip_prefix("product-").unwrap_or_else(|| panic!("{name}"));
        assert!(tail.len() == 8 && tail.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{name}");
        assert!(key.len() == 16 && key.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{key}");
        assert!(names.insert(name) && keys.insert(key));
    }
}

#[tokio::test]
async fn names_are_compared_exactly_within_a_user() {
    for server in Fixture::on_every_database().await {
        add_lory(&server).await;
        let users = [Pair::of_admin(&server).await, Pair::of(&server, LORY, LORY_PASSWORD).await];
        for user in &users {
            let code =
                async |name: &str| server.send(product_request(&user.access).query("name", name)).await.reply.code();
            for name in ["Name", "name", "name ", " name", "náme", "数", "𝄞", "%", "'; --"] {
                assert_eq!(code(name).await, 0, "{name:?} on {:?}", server.backend());
                assert_eq!(code(name).await, 1005, "{name:?} on {:?}", server.backend());
            }
        }
        assert_eq!(server.count("product WHERE user_id = 1").await, 9);
        assert_eq!(server.count("product WHERE user_id = 2").await, 9);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_with_one_name_at_once_one_is_registered() {
    for server in Fixture::on_every_database().await {
        let token = Pair::of_admin(&server).await.access;
        for name in ["Contested", "Wanted"] {
            let request = product_request(&token).query("name", name);
            let sending: Vec<_> = (0..AT_ONCE).map(|_| tokio::spawn(request.clone().send(server.address()))).collect();
            let mut codes = Vec::new();
            for exchange in sending {
                codes.push(must("a reply", exchange).await.unwrap().reply.code());
            }
            codes.sort_unstable();
            let expected: Vec<_> = std::iter::once(0).chain(std::iter::repeat_n(1005, AT_ONCE - 1)).collect();
            assert_eq!(codes, expected, "{:?}", server.backend());
        }
        assert_eq!(server.count("product").await, 2, "{:?}", server.backend());
    }
}
