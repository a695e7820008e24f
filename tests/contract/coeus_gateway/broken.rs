//! Handlers that panic or never end: the reply is the envelope all the same, with nothing of the inside.

use std::{future::pending, sync::Arc, time::Duration};

use contract_tests::{
    fixture::Fixture,
    transcript,
    wire::{Exchange, Request},
};
use gatehouse_api::{
    coeus_gateway::{
        AuthCodeRequest, CoeusGateway, Credential, Fault, LoginData, LoginRequest, LogoutRequest, NewProject,
        ProjectCredentials, ProjectList, ProjectListRequest, ProjectRequest, RegisterRequest, Routes,
    },
    runtime::{Context, Listed, Null, RouteTable},
};
use gatehouse_server::http::mount::{Mount, Observer};
use serde_json::json;

use super::{
    ADDRESS, DIGEST, LORY, auth_code_request, delete_request, list_request, login_request, logout_request,
    project_request, registration,
};

/// What is wrong with a handler.
#[derive(Clone, Copy)]
enum Broken {
    Panics,
    Hangs,
}

impl Broken {
    async fn fail<T>(self) -> Result<T, Fault> {
        match self {
            Self::Panics => panic!("the inside of the handler"),
            Self::Hangs => pending().await,
        }
    }
}

impl CoeusGateway for Broken {
    type Caller = ();

    async fn authenticate(&self, _cx: &Context, _credential: Credential) -> Result<(), Fault> {
        Ok(())
    }

    async fn send_auth_code(&self, _cx: &Context, _body: AuthCodeRequest) -> Result<Null, Fault> {
        self.fail().await
    }

    async fn register(&self, _cx: &Context, _body: RegisterRequest) -> Result<Null, Fault> {
        self.fail().await
    }

    async fn login(&self, _cx: &Context, _body: LoginRequest) -> Result<LoginData, Fault> {
        self.fail().await
    }

    async fn list_projects(
        &self,
        _cx: &Context,
        _caller: (),
        _body: ProjectListRequest,
    ) -> Result<Listed<ProjectList>, Fault> {
        self.fail().await
    }

    async fn create_project(&self, _cx: &Context, _caller: (), _body: NewProject) -> Result<ProjectCredentials, Fault> {
        self.fail().await
    }

    async fn delete_project(&self, _cx: &Context, _caller: (), _body: ProjectRequest) -> Result<Null, Fault> {
        self.fail().await
    }

    async fn logout(&self, _cx: &Context, _caller: (), _body: LogoutRequest) -> Result<Null, Fault> {
        self.fail().await
    }
}

impl Observer for Broken {}

/// Sends a request to a server whose handler is broken in this way.
async fn send(broken: Broken, request: Request) -> Exchange {
    // A request that hangs is given up almost at once; one that panics must not be.
    let timeout = match broken {
        Broken::Panics => Duration::from_secs(60),
        Broken::Hangs => Duration::from_millis(20),
    };
    let mount =
        |_: &gatehouse_server::domain::Core| Box::new(RouteTable::new(Routes::new(Arc::new(broken)))) as Box<dyn Mount>;
    Fixture::serving(mount, timeout).await.send(request).await
}

#[tokio::test]
async fn send_auth_code_panics() {
    transcript!(send(Broken::Panics, auth_code_request(LORY, ADDRESS)).await);
}

#[tokio::test]
async fn send_auth_code_hangs() {
    transcript!(send(Broken::Hangs, auth_code_request(LORY, ADDRESS)).await);
}

#[tokio::test]
async fn register_panics() {
    transcript!(send(Broken::Panics, registration(LORY, ADDRESS, "6328")).await);
}

#[tokio::test]
async fn register_hangs() {
    transcript!(send(Broken::Hangs, registration(LORY, ADDRESS, "6328")).await);
}

#[tokio::test]
async fn login_panics() {
    transcript!(send(Broken::Panics, login_request(LORY, DIGEST)).await);
}

#[tokio::test]
async fn login_panics_in_chinese() {
    transcript!(send(Broken::Panics, login_request(LORY, DIGEST).header("Accept-Language", "zh")).await);
}

#[tokio::test]
async fn login_hangs() {
    transcript!(send(Broken::Hangs, login_request(LORY, DIGEST)).await);
}

#[tokio::test]
async fn login_hangs_in_chinese() {
    transcript!(send(Broken::Hangs, login_request(LORY, DIGEST).header("Accept-Language", "zh")).await);
}

#[tokio::test]
async fn list_projects_panics() {
    transcript!(send(Broken::Panics, list_request("any", &json!({}))).await);
}

#[tokio::test]
async fn list_projects_hangs() {
    transcript!(send(Broken::Hangs, list_request("any", &json!({}))).await);
}

#[tokio::test]
async fn create_project_panics() {
    transcript!(send(Broken::Panics, project_request("any", "Broken")).await);
}

#[tokio::test]
async fn create_project_hangs() {
    transcript!(send(Broken::Hangs, project_request("any", "Broken")).await);
}

#[tokio::test]
async fn delete_project_panics() {
    transcript!(send(Broken::Panics, delete_request("any", &json!(1))).await);
}

#[tokio::test]
async fn delete_project_hangs() {
    transcript!(send(Broken::Hangs, delete_request("any", &json!(1))).await);
}

#[tokio::test]
async fn logout_panics() {
    transcript!(send(Broken::Panics, logout_request("any")).await);
}

#[tokio::test]
async fn logout_hangs() {
    transcript!(send(Broken::Hangs, logout_request("any")).await);
}
