//! Projects: keys by which their owners' programs call what a pool offers.

use std::collections::HashMap;
use std::sync::Arc;

use crate::store::{self, NewProjectRow, PoolRow, ProjectRow, Store, Unique};

use super::Error;
use super::app::{Listed, PageRequest};
use super::audit::{Audit, AuditKind};
use super::clock::{Clock, Timestamp};
use super::name::Name;
use super::origin::Origin;
use super::random::Random;
use super::secret::Secret;
use super::user::User;
use super::vault::{Place, Vault};

/// How often a random key is drawn before a collision is taken for a fault.
const ATTEMPTS: usize = 8;

/// Where the secret half of a key is sealed.
const SECRET_COLUMN: &str = "project|secret_sealed";

/// Requests a day of a project that no pool serves.
const REQUEST_MAX: i32 = 30;

/// What serves projects: addresses, and how much of them a project may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// The number that provisioning gave it.
    pub id: i64,
    /// Its name, perhaps empty.
    pub name: String,
    /// The type of the projects that it serves; none for the pool of all others.
    pub project_type: Option<i32>,
    /// The addresses that its projects call.
    pub end_points: Vec<String>,
    /// Requests a day for each of its projects.
    pub request_max: i32,
}

/// A project.
#[derive(Clone, Debug)]
pub struct Project {
    /// The numeric id.
    pub id: i64,
    /// Its name; not unique.
    pub name: String,
    /// A number that its owner's clients understand.
    pub project_type: i32,
    /// The public half of its key: 16 alphanumerics.
    pub key: String,
    /// The secret half: 48 alphanumerics.
    pub secret: Secret<String>,
    /// The pool that serves it.
    pub pool: Arc<Pool>,
    /// Requests that were ever admitted.
    pub request_total: i64,
    /// Requests that were admitted today (UTC).
    pub request_today: i64,
    /// When it was made.
    pub created_at: Timestamp,
}

/// The operations on projects.
pub struct Projects {
    store: Store,
    vault: Arc<Vault>,
    audit: Audit,
    clock: Clock,
    random: Random,
}

impl Projects {
    pub(super) const fn new(store: Store, vault: Arc<Vault>, audit: Audit, clock: Clock, random: Random) -> Self {
        Self { store, vault, audit, clock, random }
    }

    /// Makes a project of `owner`, served by the pool of its type, or else by that of all others.
    ///
    /// # Errors
    /// Only those of the store and of the vault.
    pub async fn create(&self, owner: &User, project_type: i32, name: Name) -> Result<Project, Error> {
        let name = name.into_text();
        let pools = self.store.pools_for(project_type).await?;
        let pool = pools.iter().find(|pool| pool.project_type.is_some()).or_else(|| pools.first()).cloned();
        for _ in 0..ATTEMPTS {
            let key = self.random.alphanumeric(16);
            let secret = Secret::new(self.random.alphanumeric(48));
            let row = NewProjectRow {
                user_id: owner.id,
                project_type,
                name: name.clone(),
                secret_sealed: self.vault.seal(place(&key), secret.expose()).await?,
                project_key: key,
                pool_id: pool.as_ref().map(|pool| pool.id),
                created_at: self.clock.now().millis(),
            };
            match self.store.insert_project(row).await {
                Ok(row) => return Ok(self.project(row, secret, &pools_by_id(pool)?)),
                Err(store::Error::Taken(Unique::ProjectKey)) => {}
                Err(other) => return Err(other.into()),
            }
        }
        Err(Error::internal("no free project key was drawn"))
    }

    /// The projects of `owner`, or of the caller if none is named, the newest last.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for another user's if the caller is no administrator.
    pub async fn list(&self, caller: &User, owner: Option<i64>, page: PageRequest) -> Result<Listed<Project>, Error> {
        let owner = owner.unwrap_or(caller.id);
        if owner != caller.id && !caller.is_admin {
            return Err(Error::Forbidden);
        }
        let (rows, total) = tokio::try_join!(
            self.store.projects_of(owner, page.offset(), page.size()),
            self.store.count_projects_of(owner),
        )?;
        let mut ids: Vec<_> = rows.iter().filter_map(|row| row.pool_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let pools = pools_by_id(self.store.pools(&ids).await?)?;
        let mut items = Vec::with_capacity(rows.len());
        for row in rows {
            let secret = self.vault.open(place(&row.project_key), &row.secret_sealed).await?;
            items.push(self.project(row, secret, &pools));
        }
        Ok(Listed { items, total })
    }

    /// Deletes a project of `owner`. Its row stays, for the record.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none, or it is somebody else's.
    pub async fn delete(&self, origin: &Origin, owner: &User, id: i64) -> Result<(), Error> {
        let event = self.audit.row(origin, AuditKind::ProjectDeleted, Some(owner.id), Some(&id.to_string()));
        match self.store.delete_project(owner.id, id, event).await? {
            true => Ok(()),
            false => Err(Error::NotFound),
        }
    }

    /// Adds a pool, or replaces the one of the same number.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for `project_type` if another pool serves it.
    pub async fn provision_pool(&self, pool: Pool) -> Result<(), Error> {
        let row = PoolRow {
            id: pool.id,
            name: pool.name,
            project_type: pool.project_type,
            end_points: serde_json::to_string(&pool.end_points).map_err(Error::internal)?,
            request_max: pool.request_max,
        };
        match self.store.put_pool(row).await {
            Err(store::Error::Taken(Unique::PoolProjectType)) => {
                Err(Error::invalid("project_type", "is served by another pool"))
            }
            outcome => Ok(outcome?),
        }
    }

    fn project(&self, row: ProjectRow, secret: Secret<String>, pools: &HashMap<i64, Arc<Pool>>) -> Project {
        let pool = row.pool_id.and_then(|id| pools.get(&id)).cloned();
        Project {
            id: row.id,
            name: row.name,
            project_type: row.project_type,
            key: row.project_key,
            secret,
            pool: pool.unwrap_or_else(|| Arc::new(Pool::none())),
            request_total: row.request_total,
            request_today: if row.request_day == self.clock.now().day() { row.request_today } else { 0 },
            created_at: Timestamp::from_millis(row.created_at),
        }
    }
}

impl Pool {
    /// What serves a project without a pool: nothing, within the documented default.
    const fn none() -> Self {
        Self { id: 0, name: String::new(), project_type: None, end_points: Vec::new(), request_max: REQUEST_MAX }
    }
}

fn place(key: &str) -> Place<'_> {
    Place { column: SECRET_COLUMN, row: key, version: 1 }
}

fn pools_by_id(rows: impl IntoIterator<Item = PoolRow>) -> Result<HashMap<i64, Arc<Pool>>, Error> {
    let mut pools = HashMap::new();
    for row in rows {
        let end_points = serde_json::from_str(&row.end_points).map_err(Error::internal)?;
        let (id, name, project_type, request_max) = (row.id, row.name, row.project_type, row.request_max);
        pools.insert(id, Arc::new(Pool { id, name, project_type, end_points, request_max }));
    }
    Ok(pools)
}
