//! Operations that do more, or less, than their method says.

use std::sync::{
    Arc,
    atomic::{AtomicI32, Ordering},
};

use gatehouse_api::runtime::Context;

use crate::{
    client,
    generated::idempotent::{client as idempotent_client, server as idempotent},
    transport::{send, serve},
};

/// How many were made.
#[derive(Default)]
pub struct Counter(AtomicI32);

impl idempotent::Idempotent for Counter {
    async fn make_one(&self, _cx: &Context) -> Result<idempotent::Count, idempotent::Fault> {
        Ok(idempotent::Count { count: self.0.fetch_add(1, Ordering::Relaxed) + 1 })
    }

    async fn make_named(&self, cx: &Context, _name: String) -> Result<idempotent::Count, idempotent::Fault> {
        self.make_one(cx).await
    }

    async fn look_up(&self, _cx: &Context) -> Result<idempotent::Count, idempotent::Fault> {
        Ok(idempotent::Count { count: self.0.load(Ordering::Relaxed) })
    }

    async fn look_up_by_post(&self, cx: &Context) -> Result<idempotent::Count, idempotent::Fault> {
        self.look_up(cx).await
    }
}

#[tokio::test]
async fn head_does_nothing_that_must_not_be_done_by_asking() {
    let url = serve(idempotent::Routes::new(Arc::new(Counter::default()))).await;
    for path in ["make", "make/one"] {
        let reply = reqwest::Client::new().head(format!("{url}/idempotent/{path}")).send().await.unwrap();
        assert_eq!((reply.status().as_u16(), &reply.headers()["allow"]), (405, &"GET".parse().unwrap()), "{path}");
    }
    let (status, _) = send(reqwest::Client::new().head(format!("{url}/idempotent/look"))).await;
    assert_eq!(status, 200);
    let client = client!(idempotent, &url);
    assert_eq!(client.look_up().await.unwrap().into_inner().data.unwrap().count, 0);
    assert_eq!(client.make_one().await.unwrap().into_inner().data.unwrap().count, 1);
    assert_eq!(client.make_named("one").await.unwrap().into_inner().data.unwrap().count, 2);
}

#[test]
fn the_client_repeats_what_the_document_lets_it_repeat() {
    let repeated = idempotent_client::OPERATIONS.iter().filter(|operation| operation.idempotent);
    assert_eq!(repeated.map(|operation| operation.id).collect::<Vec<_>>(), ["lookUp", "lookUpByPost"]);
}
