//! Between the wire's models and the domain's.

use std::time::Duration;

use gatehouse_api::insight_auth as wire;

use crate::domain::access::{AccessSession, Bundle};

impl From<Bundle> for wire::TokenBundle {
    fn from(bundle: Bundle) -> Self {
        Self {
            expire: millis(bundle.expire()),
            failure: millis(bundle.failure()),
            user_info: (&bundle.session).into(),
            access_token: bundle.access,
            refresh_token: bundle.refresh,
        }
    }
}

impl From<&AccessSession> for wire::UserInfo {
    fn from(session: &AccessSession) -> Self {
        let user = &session.user;
        Self {
            id: user.uid.clone(),
            tenant_id: session.tenant.as_ref().map(|tenant| tenant.uid.clone()).into(),
            name: user.name.clone(),
            account: user.account.clone(),
            mobile: user.phone.clone().into(),
            email: user.email.clone().into(),
            head_img: user.head_img.clone().into(),
            builtin: user.builtin,
            created_time: user.created_at.date_time(),
        }
    }
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}
