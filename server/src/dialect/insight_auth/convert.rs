//! Between the wire's models and the domain's.

use std::time::Duration;

use gatehouse_api::{insight_auth as wire, runtime::WithOption};

use crate::domain::{
    access::{AccessSession, Bundle},
    wechat::{Arrival, Profile},
};

/// Whom a code of WeChat brought. The option says false where it is nobody yet.
pub fn arrival(arrival: Arrival) -> WithOption<wire::WechatLogin, Option<bool>> {
    match arrival {
        Arrival::User(bundle) => WithOption { data: wire::WechatLogin::TokenBundle((*bundle).into()), option: None },
        Arrival::Stranger(profile) => {
            WithOption { data: wire::WechatLogin::WeChatUser((&*profile).into()), option: Some(false) }
        }
    }
}

impl From<&Profile> for wire::WeChatUser {
    fn from(profile: &Profile) -> Self {
        Self {
            unionid: profile.union_id.clone(),
            openid: profile.open_id.clone(),
            nickname: profile.nickname.clone(),
            sex: profile.sex,
            country: profile.country.clone(),
            province: profile.province.clone(),
            city: profile.city.clone(),
            headimgurl: profile.head_img_url.clone(),
            privilege: Some(profile.privilege.clone()).filter(|privilege| !privilege.is_empty()),
            language: profile.language.clone(),
        }
    }
}

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
