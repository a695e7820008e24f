//! What an error of the domain is in `edge_gateway`.

use gatehouse_api::{
    edge_gateway::{ErrorCode, Fault},
    runtime::Refusal,
};

use crate::domain::Error;

/// The fault that clients see. The chain behind an inner fault goes into the log here, once.
pub fn fault(error: Error) -> Fault {
    match error {
        Error::InvalidInput { field, reason } => {
            Fault::new(ErrorCode::InvalidParameter).with_detail(format!("`{field}` {reason}"))
        }
        // A banned user is told no more than one who does not exist: the document has no code for it.
        Error::WrongPassword | Error::Banned | Error::Locked => Fault::new(ErrorCode::WrongPassword),
        Error::NameTaken
        | Error::AppNameTaken
        | Error::AccountTaken
        | Error::EmailTaken
        | Error::PhoneTaken
        | Error::WechatBound
        | Error::ConfigTaken => Fault::new(ErrorCode::NameTaken),
        Error::TokenExpired => Fault::new(ErrorCode::TokenExpired),
        Error::Unauthorized | Error::LoggedInElsewhere => Fault::new(ErrorCode::TokenInvalid),
        Error::Forbidden => Fault::new(ErrorCode::InvalidRequestToken),
        Error::UnknownApp | Error::WrongCode | Error::TooSoon | Error::NotFound => {
            Fault::new(ErrorCode::InvalidParameter)
        }
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

/// The fault of a token in `x-token`, for which there is one code, whatever is wrong with it.
pub fn of_request_token(error: Error) -> Fault {
    match error {
        Error::Unauthorized | Error::TokenExpired => Fault::new(ErrorCode::InvalidRequestToken),
        other => fault(other),
    }
}
