//! The tables as sea-orm sees them; one file a table.

pub(super) mod app;
pub(super) mod audit_event;
pub(super) mod data_key;
pub(super) mod login_name;
pub(super) mod pool;
pub(super) mod product;
pub(super) mod project;
pub(super) mod refresh_token;
pub(super) mod session;
pub(super) mod user;
