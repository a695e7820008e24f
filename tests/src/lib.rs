//! What the tests of the contract share: a server of their own, a client that shows what is on the wire, and a judge that
//! holds every reply against the document.
