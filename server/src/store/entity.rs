//! The tables as sea-orm sees them; one file a table.

pub(super) mod app;
