//! Removes what a realm file does not declare.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _};

use super::RealmRemoval;
use super::find::find_app;
use crate::store::Error;
use crate::store::entity::{app, nav_function, navigator, pool, role, tenant, wechat_app};

pub(super) async fn remove(db: &impl ConnectionTrait, removal: &RealmRemoval) -> Result<(), Error> {
    match removal {
        RealmRemoval::Pool(id) => {
            pool::Entity::delete_by_id(*id).exec(db).await?;
        }
        RealmRemoval::App(app_id) => {
            let id = find_app(db, app_id).await?;
            // What it created stays, and has no creator any more.
            let orphaned = app::Entity::update_many().col_expr(app::Column::CreatedBy, Expr::value(None::<i64>));
            orphaned.filter(app::Column::CreatedBy.eq(id)).exec(db).await?;
            app::Entity::delete_by_id(id).exec(db).await?;
        }
        RealmRemoval::Tenant(uid) => {
            tenant::Entity::delete_many().filter(tenant::Column::Uid.eq(uid)).exec(db).await?;
        }
        RealmRemoval::Navigator(uid) => {
            navigator::Entity::delete_many().filter(navigator::Column::Uid.eq(uid)).exec(db).await?;
        }
        RealmRemoval::Function(uid) => {
            nav_function::Entity::delete_many().filter(nav_function::Column::Uid.eq(uid)).exec(db).await?;
        }
        RealmRemoval::Role(uid) => {
            role::Entity::delete_many().filter(role::Column::Uid.eq(uid)).exec(db).await?;
        }
        RealmRemoval::WechatApp(id) => {
            wechat_app::Entity::delete_many().filter(wechat_app::Column::WechatAppId.eq(id)).exec(db).await?;
        }
        // Gone already.
        RealmRemoval::User(_) | RealmRemoval::Config(_) => {}
    }
    Ok(())
}
