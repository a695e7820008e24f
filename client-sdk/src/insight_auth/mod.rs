//! The `insight_auth` dialect: logins by signature to applications.

/// The generated client: one method for each operation, without a session's logins and typed errors.
pub use crate::generated::insight_auth as raw;
pub use raw::ErrorCode;
