//! The tables as sea-orm sees them; one file a table.

pub(super) mod access_token;
pub(super) mod app;
pub(super) mod audit_event;
pub(super) mod data_key;
pub(super) mod interface_config;
pub(super) mod interface_log;
pub(super) mod login_failure;
pub(super) mod login_name;
pub(super) mod nav_function;
pub(super) mod navigator;
pub(super) mod pool;
pub(super) mod product;
pub(super) mod project;
pub(super) mod realm_revision;
pub(super) mod refresh_token;
pub(super) mod role;
pub(super) mod role_function;
pub(super) mod role_user;
pub(super) mod session;
pub(super) mod tenant;
pub(super) mod tenant_app;
pub(super) mod tenant_user;
pub(super) mod user;
pub(super) mod wechat_app;
pub(super) mod wechat_user;
