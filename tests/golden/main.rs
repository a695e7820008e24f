//! Micro-documents, one a feature, as the generator sees them: the server and the client that it makes of each are
//! compiled here, and speak with each other over a real socket.

#![expect(clippy::unwrap_used, reason = "a panic is how a test says what is wrong")]

mod bodies;
mod envelopes;
#[expect(dead_code, reason = "a test uses what it is about, and a document has more than that")]
mod generated;
mod idempotent;
mod names;
mod parameters;
mod plain;
mod replies;
mod round_trip;
mod security;
mod text_too;
mod transport;
mod websocket;
