//! `coeus_gateway`: registration by mail, logins with a password digest, projects. It translates; the rules are in the
//! domain.

mod convert;
mod fault;
mod tokens;

use gatehouse_api::{
    coeus_gateway::{
        AuthCodeRequest, CoeusGateway, Credential, DOCUMENT, Fault, LoginData, LoginRequest, LogoutRequest, NewProject,
        ProjectCredentials, ProjectList, ProjectListRequest, ProjectRequest, RegisterRequest,
    },
    runtime::{Context, Listed, Null},
};

use crate::{
    domain::{Core, Error, app::PageRequest, name::Name, password::Digest, session::Session, user::Handle},
    http::mount::{Observer, Parts, language, origin},
};
use fault::fault;
use tokens::Tokens;

/// What implements the operations of `coeus_gateway`.
pub struct Handler {
    core: Core,
    tokens: Tokens,
}

impl Handler {
    /// The handler over these parts of the server.
    pub fn new(parts: &Parts) -> Self {
        Self { core: parts.core.clone(), tokens: Tokens::new(&parts.core) }
    }
}

impl CoeusGateway for Handler {
    type Caller = Session;

    async fn authenticate(&self, _cx: &Context, credential: Credential) -> Result<Session, Fault> {
        let Credential::BearerAuth(token) = credential;
        self.tokens.session_of(token.as_deref().unwrap_or_default()).await.map_err(fault)
    }

    async fn send_auth_code(&self, cx: &Context, body: AuthCodeRequest) -> Result<Null, Fault> {
        let account = Handle::account(&body.user_name).map_err(fault)?;
        let email = Handle::email(&body.email).map_err(fault)?;
        let language = language(cx.language);
        self.core.registrations.send_code(&account, &email, language).await.map_err(fault)?;
        Ok(Null)
    }

    async fn register(&self, cx: &Context, body: RegisterRequest) -> Result<Null, Fault> {
        let account = Handle::account(&body.user_name).map_err(fault)?;
        let email = Handle::email(&body.email).map_err(fault)?;
        let digest = Digest::parse(&body.password)
            .ok_or_else(|| fault(Error::invalid("password", "must be 32 hexadecimal digits")))?;
        let origin = origin(&DOCUMENT, cx);
        self.core.registrations.register(&origin, account, email, digest, &body.reg_code).await.map_err(fault)?;
        Ok(Null)
    }

    async fn login(&self, cx: &Context, body: LoginRequest) -> Result<LoginData, Fault> {
        let origin = origin(&DOCUMENT, cx);
        let digest = Digest::parse(&body.password);
        let user = self.core.users.authenticate(&origin, &body.user_name, digest).await.map_err(fault)?;
        let (token, session) = self.tokens.begin(&origin, user).await.map_err(fault)?;
        Ok(convert::login(cx, token, &session))
    }

    async fn list_projects(
        &self,
        _cx: &Context,
        caller: Session,
        body: ProjectListRequest,
    ) -> Result<Listed<ProjectList>, Fault> {
        // The document counts pages from 0.
        let page = PageRequest::new(i64::from(body.page_no) + 1, body.page_size.into()).map_err(fault)?;
        let listed = self.core.projects.list(&caller.user, body.user_id, page).await.map_err(fault)?;
        Ok(convert::project_list(listed))
    }

    async fn create_project(
        &self,
        _cx: &Context,
        caller: Session,
        body: NewProject,
    ) -> Result<ProjectCredentials, Fault> {
        let name = Name::new("project_name", body.project_name).map_err(fault)?;
        let project = self.core.projects.create(&caller.user, body.project_type, name).await.map_err(fault)?;
        Ok(ProjectCredentials { project_key: project.key, project_secret: project.secret.expose().clone() })
    }

    async fn delete_project(&self, cx: &Context, caller: Session, body: ProjectRequest) -> Result<Null, Fault> {
        self.core.projects.delete(&origin(&DOCUMENT, cx), &caller.user, body.id).await.map_err(fault)?;
        Ok(Null)
    }

    async fn logout(&self, cx: &Context, caller: Session, _body: LogoutRequest) -> Result<Null, Fault> {
        self.core.sessions.end(&origin(&DOCUMENT, cx), &caller.id, &caller.user).await.map_err(fault)?;
        Ok(Null)
    }
}

impl Observer for Handler {}
