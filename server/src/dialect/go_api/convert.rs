//! Between the wire's models and the domain's.

use gatehouse_api::go_api as wire;

use crate::domain::{
    Error,
    app::{App, AppStatus, CreatedApp, Listed, NewApp},
    token::IssuedToken,
};

impl TryFrom<wire::NewApp> for NewApp {
    type Error = Error;

    fn try_from(body: wire::NewApp) -> Result<Self, Error> {
        Self::new(body.app_name, body.description, body.redirect_uri)
    }
}

impl From<IssuedToken> for wire::Token {
    fn from(issued: IssuedToken) -> Self {
        Self { token: issued.token, expires_in: issued.expires_in }
    }
}

impl From<CreatedApp> for wire::AppCredentials {
    fn from(created: CreatedApp) -> Self {
        Self { app_id: created.app.app_id.to_string(), app_secret: created.secret.expose().clone() }
    }
}

impl From<&App> for wire::App {
    fn from(app: &App) -> Self {
        Self {
            app_id: app.app_id.to_string(),
            app_name: app.name.clone(),
            description: app.description.clone().unwrap_or_default(),
            redirect_uri: app.redirect_uri.clone().unwrap_or_default(),
            status: match app.status {
                AppStatus::Enabled => wire::AppStatus::Enabled,
                AppStatus::Disabled => wire::AppStatus::Disabled,
            },
            created_at: app.created_at.rfc3339(),
        }
    }
}

/// A page of applications, `page` and `size` being what was asked for.
pub fn app_list(listed: &Listed<App>, page: i32, size: i32) -> wire::AppList {
    let total = i64::try_from(listed.total).unwrap_or(i64::MAX);
    wire::AppList {
        items: listed.items.iter().map(wire::App::from).collect(),
        pagination: wire::Pagination { page, size, total, total_pages: pages(total, size) },
    }
}

fn pages(total: i64, size: i32) -> i64 {
    let size = i64::from(size.max(1));
    total / size + i64::from(total % size != 0)
}

#[cfg(test)]
mod tests {
    use super::pages;

    #[test]
    fn the_last_page_may_be_short() {
        assert_eq!([pages(0, 20), pages(1, 20), pages(20, 20), pages(21, 20)], [0, 1, 1, 2]);
        assert_eq!(pages(i64::MAX, 1), i64::MAX);
    }
}
