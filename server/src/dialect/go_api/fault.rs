//! What an error of the domain is in `go_api`.

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
        Error::Unauthorized | Error::LoggedInElsewhere => Fault::new(ErrorCode::Unauthorized),
        Error::TokenExpired => Fault::new(ErrorCode::AuthorizationExpired),
        Error::Forbidden => Fault::new(ErrorCode::AuthorizationFailed),
        Error::UnknownApp => Fault::new(ErrorCode::UnknownApp),
        Error::AppNameTaken => Fault::new(ErrorCode::AppExists),
        Error::WrongPassword | Error::Banned | Error::Locked | Error::NotFound => Fault::new(ErrorCode::UnknownUser),
        Error::AccountTaken
        | Error::EmailTaken
        | Error::PhoneTaken
        | Error::NameTaken
        | Error::WechatBound
        | Error::ConfigTaken
        | Error::WrongCode => Fault::new(ErrorCode::InvalidParameter),
        Error::TooSoon => Fault::refusal(Refusal::TooManyRequests),
        Error::StoreUnavailable(_) => {
            tracing::error!(error = error.chain(), "an operation failed");
            Fault::refusal(Refusal::Busy)
        }
        Error::Unavailable(_) => {
            tracing::warn!(error = error.chain(), "an operation was not begun");
            Fault::refusal(Refusal::Busy)
        }
        Error::Internal(_) => {
            tracing::error!(error = error.chain(), "an operation failed");
            Fault::refusal(Refusal::Fault)
        }
    }
}
