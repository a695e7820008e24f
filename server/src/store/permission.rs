//! Rows of menus, and of what roles say about their functions.

use sea_orm::{
    ColumnTrait as _, Condition, EntityTrait as _, JoinType, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    QueryTrait as _, Select,
};

use super::entity::{nav_function, navigator, role, role_function, role_user};
use super::{Error, Store};

pub use super::entity::nav_function::Model as FunctionRow;
pub use super::entity::navigator::Model as NavigatorRow;

impl Store {
    /// The navigators of an application, groups first, each level in its order.
    pub async fn navigators_of(&self, app_id: i64) -> Result<Vec<NavigatorRow>, Error> {
        let of_app = navigator::Entity::find().filter(navigator::Column::AppId.eq(app_id));
        let sorted = of_app
            .order_by_asc(navigator::Column::Kind)
            .order_by_asc(navigator::Column::Position)
            .order_by_asc(navigator::Column::Id);
        Ok(sorted.all(&self.db).await?)
    }

    /// The navigator with this public id.
    pub async fn navigator_by_uid(&self, uid: &str) -> Result<Option<NavigatorRow>, Error> {
        Ok(navigator::Entity::find().filter(navigator::Column::Uid.eq(uid)).one(&self.db).await?)
    }

    /// The functions of a navigator, in their order.
    pub async fn functions_of(&self, navigator_id: i64) -> Result<Vec<FunctionRow>, Error> {
        let of_navigator = nav_function::Entity::find().filter(nav_function::Column::NavigatorId.eq(navigator_id));
        let sorted = of_navigator.order_by_asc(nav_function::Column::Position).order_by_asc(nav_function::Column::Id);
        Ok(sorted.all(&self.db).await?)
    }

    /// What the roles of a user say about functions of an application's menu: navigator, function, and whether the role
    /// permits it. Roles of other tenants than this one say nothing.
    pub async fn statements_in_app(
        &self,
        user_id: i64,
        tenant_id: Option<i64>,
        app_id: i64,
    ) -> Result<Vec<(i64, i64, bool)>, Error> {
        let statements = statements(user_id, tenant_id)
            .column(nav_function::Column::NavigatorId)
            .column(role_function::Column::FunctionId)
            .column(role_function::Column::Permit)
            .filter(
                nav_function::Column::NavigatorId.in_subquery(
                    navigator::Entity::find()
                        .select_only()
                        .column(navigator::Column::Id)
                        .filter(navigator::Column::AppId.eq(app_id))
                        .into_query(),
                ),
            );
        Ok(statements.into_tuple().all(&self.db).await?)
    }

    /// What the roles of a user say about the functions of a navigator: function, and whether the role permits it.
    pub async fn statements_on(
        &self,
        user_id: i64,
        tenant_id: Option<i64>,
        navigator_id: i64,
    ) -> Result<Vec<(i64, bool)>, Error> {
        let statements = statements(user_id, tenant_id)
            .column(role_function::Column::FunctionId)
            .column(role_function::Column::Permit)
            .filter(nav_function::Column::NavigatorId.eq(navigator_id));
        Ok(statements.into_tuple().all(&self.db).await?)
    }

    /// What the roles of a user say about functions that stand for rights like `code`: the function's rights, and whether
    /// the role permits it. Whether `code` is really among the rights is left to be seen.
    pub async fn statements_about(
        &self,
        user_id: i64,
        tenant_id: Option<i64>,
        code: &str,
    ) -> Result<Vec<(String, bool)>, Error> {
        let statements = statements(user_id, tenant_id)
            .column(nav_function::Column::AuthCodes)
            .column(role_function::Column::Permit)
            .filter(nav_function::Column::AuthCodes.contains(code));
        Ok(statements.into_tuple().all(&self.db).await?)
    }
}

/// What the user's roles say, without columns; the roles of the tenant count beside those of none.
fn statements(user_id: i64, tenant_id: Option<i64>) -> Select<role_function::Entity> {
    let mut counts = Condition::any().add(role::Column::TenantId.is_null());
    if let Some(tenant_id) = tenant_id {
        counts = counts.add(role::Column::TenantId.eq(tenant_id));
    }
    let had = role_user::Entity::find()
        .select_only()
        .column(role_user::Column::RoleId)
        .filter(role_user::Column::UserId.eq(user_id))
        .into_query();
    let roles = role::Entity::find()
        .select_only()
        .column(role::Column::Id)
        .filter(role::Column::Id.in_subquery(had))
        .filter(counts)
        .into_query();
    let function = role_function::Entity::belongs_to(nav_function::Entity)
        .from(role_function::Column::FunctionId)
        .to(nav_function::Column::Id)
        .into();
    role_function::Entity::find()
        .select_only()
        .join(JoinType::InnerJoin, function)
        .filter(role_function::Column::RoleId.in_subquery(roles))
}
