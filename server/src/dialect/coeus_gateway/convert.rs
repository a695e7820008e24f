//! Between the wire's models and the domain's.

use gatehouse_api::{
    coeus_gateway as wire,
    runtime::{self, Context},
};

use crate::domain::{app::Listed, project::Project, session::Session, user::User};

/// The role of administrators, as clients know it.
const ADMIN: &str = "admin";

/// What a login tells.
pub fn login(cx: &Context, token: String, session: &Session) -> wire::LoginData {
    let user: &User = &session.user;
    wire::LoginData {
        version: concat!("v", env!("CARGO_PKG_VERSION")).to_owned(),
        user_name: user.account.clone(),
        auth_token: token,
        login_ip: cx.client_ip.to_string(),
        login_time: session.started_at.seconds(),
        role: if user.is_admin { ADMIN.to_owned() } else { String::new() },
        privilege: Vec::new(),
    }
}

/// A page of projects, with the count of all in the envelope.
pub fn project_list(listed: Listed<Project>) -> runtime::Listed<wire::ProjectList> {
    let list: Vec<_> = listed.items.into_iter().map(wire::Project::from).collect();
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    runtime::Listed { total: number(listed.total), count: number(list.len() as u64), data: wire::ProjectList { list } }
}

impl From<Project> for wire::Project {
    fn from(project: Project) -> Self {
        Self {
            id: project.id,
            project_name: project.name,
            project_type: project.project_type,
            project_key: project.key,
            project_secret: project.secret.expose().clone(),
            end_points: project.pool.end_points.clone(),
            // The list hides deleted ones.
            deleted: false,
            created_time: project.created_at.date_time(),
            request_total: project.request_total,
            request_today: project.request_today,
            request_max: project.pool.request_max.into(),
            pool_id: project.pool.id,
            pool_name: project.pool.name.clone(),
        }
    }
}
