//! Products that users register.

use crate::store::{self, NewProductRow, ProductRow, Store, Unique};

use super::Error;
use super::clock::{Clock, Timestamp};
use super::name::Name;
use super::random::Random;
use super::user::User;

/// How often a random key or name is drawn before a collision is taken for a fault.
const ATTEMPTS: usize = 8;

/// A registered product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// The numeric id.
    pub id: i64,
    /// Its name, unique among its owner's.
    pub name: String,
    /// Its key: 16 alphanumerics, unique.
    pub key: String,
    /// When it was registered.
    pub created_at: Timestamp,
}

/// The operations on products.
pub struct Products {
    store: Store,
    clock: Clock,
    random: Random,
}

impl Products {
    /// The products of `store`.
    pub const fn new(store: Store, clock: Clock, random: Random) -> Self {
        Self { store, clock, random }
    }

    /// Registers a product of `owner`, under a generated name if none is given.
    ///
    /// # Errors
    /// [`Error::NameTaken`] if the owner has one of this name.
    pub async fn create(&self, owner: &User, name: Option<Name>) -> Result<Product, Error> {
        let given = name.map(Name::into_text);
        for _ in 0..ATTEMPTS {
            let row = NewProductRow {
                user_id: owner.id,
                name: given.clone().unwrap_or_else(|| format!("product-{}", self.random.alphanumeric(8))),
                product_key: self.random.alphanumeric(16),
                created_at: self.clock.now().millis(),
            };
            match self.store.insert_product(row).await {
                Ok(row) => return Ok(row.into()),
                Err(store::Error::Taken(Unique::ProductName)) if given.is_some() => return Err(Error::NameTaken),
                Err(store::Error::Taken(Unique::ProductName | Unique::ProductKey)) => {}
                Err(other) => return Err(other.into()),
            }
        }
        Err(Error::internal("no free product key was drawn"))
    }
}

impl From<ProductRow> for Product {
    fn from(row: ProductRow) -> Self {
        Self { id: row.id, name: row.name, key: row.product_key, created_at: Timestamp::from_millis(row.created_at) }
    }
}
