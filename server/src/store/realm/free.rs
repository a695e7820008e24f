//! Gives free what no two may have, before anything gets it: names can so be exchanged and passed on in one go.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QuerySelect as _};

use super::find::{find_app, find_user};
use super::{RealmPut, RealmRemoval};
use crate::store::entity::{app, interface_config, login_name, pool, user};
use crate::store::{Error, HandleKind};

/// Takes from what is to be removed whatever no two may have.
pub(super) async fn removed(db: &impl ConnectionTrait, removal: &RealmRemoval) -> Result<(), Error> {
    match removal {
        RealmRemoval::Pool(id) => {
            park_pool(db, *id).await?;
        }
        RealmRemoval::App(app_id) => {
            park_app(db, find_app(db, app_id).await?).await?;
        }
        RealmRemoval::User(account) => {
            if let Some(id) = find_user(db, account).await? {
                user::Entity::delete_by_id(id).exec(db).await?;
            }
        }
        RealmRemoval::Config(uid) => {
            interface_config::Entity::delete_many().filter(interface_config::Column::Uid.eq(uid)).exec(db).await?;
        }
        RealmRemoval::Tenant(_)
        | RealmRemoval::Navigator(_)
        | RealmRemoval::Function(_)
        | RealmRemoval::Role(_)
        | RealmRemoval::WechatApp(_) => {}
    }
    Ok(())
}

/// Takes from what is to be changed whatever no two may have and it will not have any more. It gets what it will have when
/// it is written.
pub(super) async fn changed(db: &impl ConnectionTrait, put: &RealmPut) -> Result<(), Error> {
    match put {
        RealmPut::Pool(id, _) => park_pool(db, *id).await?,
        RealmPut::App { app_id, app, .. } => {
            let renamed = app::Entity::find().select_only().column(app::Column::Id);
            let renamed = renamed.filter(app::Column::AppId.eq(app_id)).filter(app::Column::Name.ne(&app.name));
            if let Some(id) = renamed.into_tuple().one(db).await? {
                park_app(db, id).await?;
            }
        }
        RealmPut::User { account, handles: Some(_), .. } => {
            if let Some(id) = find_user(db, account).await? {
                let of_user = login_name::Column::UserId.eq(id);
                let others = login_name::Column::Kind.ne(HandleKind::Account as i16);
                login_name::Entity::delete_many().filter(of_user).filter(others).exec(db).await?;
            }
        }
        RealmPut::Config(uid, config) => {
            let there = interface_config::Entity::find().filter(interface_config::Column::Uid.eq(uid));
            if let Some(row) = there.one(db).await?
                && (&row.method, &row.url) != (&config.method, &config.url)
            {
                // No URL has a control character.
                let parked = Expr::value(format!("\u{1}{}", row.id));
                let update = interface_config::Entity::update_many().col_expr(interface_config::Column::Url, parked);
                update.filter(interface_config::Column::Id.eq(row.id)).exec(db).await?;
            }
        }
        RealmPut::User { handles: None, .. }
        | RealmPut::Tenant(..)
        | RealmPut::Navigator(..)
        | RealmPut::Function(..)
        | RealmPut::Role(..)
        | RealmPut::WechatApp(..) => {}
    }
    Ok(())
}

async fn park_app(db: &impl ConnectionTrait, id: i64) -> Result<(), Error> {
    // No name of an application has a control character.
    let parked = app::Entity::update_many().col_expr(app::Column::Name, Expr::value(format!("\u{1}{id}")));
    parked.filter(app::Column::Id.eq(id)).exec(db).await?;
    Ok(())
}

async fn park_pool(db: &impl ConnectionTrait, id: i64) -> Result<(), Error> {
    let parked = pool::Entity::update_many().col_expr(pool::Column::ProjectType, Expr::value(None::<i32>));
    parked.filter(pool::Column::Id.eq(id)).exec(db).await?;
    Ok(())
}
