//! What an error of the domain is in `coeus_gateway`.

use gatehouse_api::{
    coeus_gateway::{ErrorCode, Fault},
    runtime::Refusal,
};

use crate::domain::Error;

/// The fault that clients see. The chain behind an inner fault goes into the log here, once.
pub fn fault(error: Error) -> Fault {
    match error {
        Error::InvalidInput { field, reason } => {
            Fault::new(ErrorCode::InvalidParams).with_detail(format!("`{field}` {reason}"))
        }
        Error::Unauthorized | Error::TokenExpired | Error::LoggedInElsewhere => {
            Fault::new(ErrorCode::Unauthorized).with_status(401)
        }
        Error::Forbidden => Fault::new(ErrorCode::AccessViolate),
        Error::WrongPassword => Fault::new(ErrorCode::InvalidUserOrPassword),
        Error::Banned => Fault::new(ErrorCode::AccountBanned),
        Error::EmailTaken => Fault::new(ErrorCode::EmailExists),
        Error::AccountTaken
        | Error::PhoneTaken
        | Error::NameTaken
        | Error::AppNameTaken
        | Error::WechatBound
        | Error::ConfigTaken => Fault::new(ErrorCode::DataExists),
        Error::WrongCode => Fault::new(ErrorCode::InvalidAuthCode),
        Error::TooSoon | Error::Locked => Fault::new(ErrorCode::TooManyRequests),
        Error::NotFound | Error::UnknownApp => Fault::new(ErrorCode::NotFound),
        Error::StoreUnavailable(_) => {
            tracing::error!(error = error.chain(), "an operation failed");
            Fault::new(ErrorCode::DatabaseError).with_status(503)
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
