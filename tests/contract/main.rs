//! The documents against the running server: every reply, every example, every failure.

mod go_api;
