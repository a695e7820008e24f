//! What an error of the domain is in `go_api`.

use std::error::Error as _;

use gatehouse_api::{
    go_api::{ErrorCode, Fault},
    runtime::Refusal,
};

use crate::domain::Error;

/// The fault that clients see. The chain behind an inner fault goes into the log here, once.
pub fn fault(error: Error) -> Fault {
    match error {
        Error::InvalidInput { field, reason } => {
            Fault::new(ErrorCode::InvalidParameter).with_detail(format!("`{field}` {reason}"))
        }
        Error::Unauthorized => Fault::new(ErrorCode::Unauthorized),
        Error::TokenExpired => Fault::new(ErrorCode::AuthorizationExpired),
        Error::Forbidden => Fault::new(ErrorCode::AuthorizationFailed),
        Error::UnknownApp => Fault::new(ErrorCode::UnknownApp),
        Error::AppNameTaken => Fault::new(ErrorCode::AppExists),
        Error::Unavailable(_) => {
            log(&error);
            Fault::refusal(Refusal::Busy)
        }
        Error::Internal(_) => {
            log(&error);
            Fault::refusal(Refusal::Fault)
        }
    }
}

fn log(error: &Error) {
    let mut chain = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        chain = format!("{chain}: {cause}");
        source = cause.source();
    }
    tracing::error!(error = chain, "an operation failed");
}
