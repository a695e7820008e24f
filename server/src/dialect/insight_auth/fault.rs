//! What an error of the domain is in `insight_auth`.

use gatehouse_api::{
    insight_auth::{ErrorCode, Fault},
    runtime::Refusal,
};

use crate::domain::Error;

/// The fault that clients see. The chain behind an inner fault goes into the log here, once.
pub fn fault(error: Error) -> Fault {
    match error {
        Error::InvalidInput { field, reason } => {
            Fault::new(ErrorCode::InvalidParam).with_detail(format!("`{field}` {reason}"))
        }
        Error::Unauthorized => Fault::new(ErrorCode::InvalidToken),
        Error::TokenExpired => Fault::new(ErrorCode::TokenExpired),
        Error::LoggedInElsewhere => Fault::new(ErrorCode::LoggedInElsewhere),
        Error::Forbidden | Error::UnknownApp => Fault::new(ErrorCode::Forbidden),
        Error::WrongPassword => Fault::new(ErrorCode::WrongPassword),
        Error::Banned => Fault::new(ErrorCode::Banned),
        Error::Locked => Fault::new(ErrorCode::Locked),
        Error::WrongCode => Fault::new(ErrorCode::WrongCode),
        Error::WechatBound => Fault::new(ErrorCode::WechatBound),
        Error::ConfigTaken => Fault::new(ErrorCode::ConfigExists),
        Error::NotFound => Fault::new(ErrorCode::NothingRead),
        Error::TooSoon => Fault::new(ErrorCode::TooManyRequests),
        Error::AccountTaken | Error::EmailTaken | Error::PhoneTaken | Error::NameTaken | Error::AppNameTaken => {
            Fault::new(ErrorCode::BadRequest)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_soon_is_an_outcome() {
        let fault = fault(Error::TooSoon);
        assert_eq!((fault.code(), fault.status()), (ErrorCode::TooManyRequests, 200));
    }
}
