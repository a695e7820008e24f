//! Micro-documents, one a feature, as the generator sees them: the server and the client that it makes of each are
//! compiled here, and speak with each other over a real socket.

#[expect(dead_code, reason = "a test uses what it is about, and a document has more than that")]
mod generated;
