//! The vault: what must be stored and read again, encrypted at rest.
//!
//! Values are sealed by AES-256-GCM under one data key, each bound to its place (table, column, row, version), so that a
//! value copied to another row opens nothing there. The data key is wrapped by RSA-3072 OAEP-SHA256, and the RSA private
//! key is sealed under a key derived from the master secret: one RSA operation at the first use, none afterwards.

use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::{
    KeySize, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, OaepPublicEncryptingKey, PrivateDecryptingKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::sync::OnceCell;

use super::Error;
use super::clock::Clock;
use super::keys::{Key, KeyRing};
use super::random::Random;
use super::secret::Secret;
use crate::store::{self, DataKeyRow, Store, Unique};

/// What the data key is for, in its row.
const PURPOSE: &str = "core";

/// Of the key under which the RSA private key is sealed.
const SEALING_INFO: &str = "gatehouse/1/data-key/core";

/// The place of a sealed value. A value opens at its own place only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// Table and column, such as `project|secret`.
    pub column: &'static str,
    /// What tells the row from all others and never changes.
    pub row: &'a str,
    /// Grows with every change of the value.
    pub version: i64,
}

/// Seals and opens values.
pub struct Vault {
    store: Store,
    keys: Arc<KeyRing>,
    clock: Clock,
    random: Random,
    data_key: OnceCell<LessSafeKey>,
}

impl Vault {
    /// The vault of `store`. Its data key is made or unwrapped when it is first needed.
    pub fn new(store: Store, keys: Arc<KeyRing>, clock: Clock, random: Random) -> Self {
        Self { store, keys, clock, random, data_key: OnceCell::new() }
    }

    /// The value as it is stored: base64 of nonce, ciphertext and tag.
    ///
    /// # Errors
    /// Those of the store; [`Error::Internal`] if the data key cannot be used.
    pub async fn seal(&self, place: Place<'_>, value: &str) -> Result<String, Error> {
        let key = self.data_key().await?;
        seal(key, &self.random, &associated(place), value.as_bytes()).map_err(|_| Error::internal("cannot seal"))
    }

    /// The value that was sealed at this place.
    ///
    /// # Errors
    /// [`Error::Internal`] if it is not what was sealed here.
    pub async fn open(&self, place: Place<'_>, sealed: &str) -> Result<Secret<String>, Error> {
        opened(self.data_key().await?, place, sealed)
    }

    /// The value that was sealed at this place, for whoever only looks: the data key stays under the master key that it is
    /// under, and is unwrapped anew each time.
    ///
    /// # Errors
    /// As [`open`](Self::open); [`Error::Internal`] if there is no data key.
    pub async fn peek(&self, place: Place<'_>, sealed: &str) -> Result<Secret<String>, Error> {
        let row = self.store.data_key(PURPOSE).await?.ok_or_else(|| Error::internal("there is no data key"))?;
        let (key, _) = self.unwrapped(&row)?;
        opened(&key, place, sealed)
    }

    /// Makes or unwraps the data key now, so that no request has to wait for it.
    ///
    /// # Errors
    /// As [`seal`](Self::seal).
    pub async fn warm_up(&self) -> Result<(), Error> {
        self.data_key().await.map(drop)
    }

    /// Moves the data key under the active master key; does nothing where there is no data key yet.
    ///
    /// # Errors
    /// As [`seal`](Self::seal).
    pub async fn settle(&self) -> Result<(), Error> {
        match self.store.data_key(PURPOSE).await? {
            Some(row) => self.unwrap(row).await.map(drop),
            None => Ok(()),
        }
    }

    async fn data_key(&self) -> Result<&LessSafeKey, Error> {
        self.data_key
            .get_or_try_init(|| async {
                let row = match self.store.data_key(PURPOSE).await? {
                    Some(row) => row,
                    None => self.make().await?,
                };
                self.unwrap(row).await
            })
            .await
    }

    /// Makes the data key; if another instance was faster, it is that one's.
    async fn make(&self) -> Result<DataKeyRow, Error> {
        let (active, random, now) = (self.keys.active(), self.random.clone(), self.clock.now().millis());
        // Finding two primes takes a few hundred milliseconds.
        let made = tokio::task::spawn_blocking(move || data_key_row(&active, &random, now)).await;
        let row = made.map_err(Error::internal)?.ok_or_else(|| Error::internal("no data key could be made"))?;
        match self.store.insert_data_key(row).await {
            Ok(()) | Err(store::Error::Taken(Unique::DataKeyPurpose)) => {}
            Err(error) => return Err(error.into()),
        }
        self.store.data_key(PURPOSE).await?.ok_or_else(|| Error::internal("the data key is gone"))
    }

    /// The data key of a row, which moves under the active master key if it is not there yet.
    async fn unwrap(&self, row: DataKeyRow) -> Result<LessSafeKey, Error> {
        let (key, private) = self.unwrapped(&row)?;
        let active = self.keys.active();
        if active.id() != row.key_id {
            let sealed = sealing_key(&active)
                .and_then(|key| seal(&key, &self.random, PRIVATE_KEY, private.expose()).ok())
                .ok_or_else(damaged)?;
            self.store.move_data_key(row.id, &row.key_id, active.id(), &sealed).await?;
        }
        Ok(key)
    }

    /// The data key of a row, and the private key that it is wrapped for.
    fn unwrapped(&self, row: &DataKeyRow) -> Result<(LessSafeKey, Secret<Vec<u8>>), Error> {
        let lost = || Error::internal(format!("the data key needs the master key {}, which is gone", row.key_id));
        let master = self.keys.by_id(&row.key_id).ok_or_else(lost)?;
        let private = sealing_key(&master).and_then(|key| open(&key, PRIVATE_KEY, &row.private_key));
        let private = private.ok_or_else(damaged)?;
        let wrapped = STANDARD.decode(&row.wrapped).map_err(Error::internal)?;
        let key = unwrap(private.expose(), &wrapped).ok_or_else(damaged)?;
        Ok((key, private))
    }
}

fn damaged() -> Error {
    Error::internal("the data key is damaged")
}

fn opened(key: &LessSafeKey, place: Place<'_>, sealed: &str) -> Result<Secret<String>, Error> {
    let value = open(key, &associated(place), sealed).ok_or_else(|| Error::internal("a sealed value is damaged"))?;
    let text = String::from_utf8(value.expose().clone()).map_err(|_| Error::internal("a sealed value is no text"))?;
    Ok(Secret::new(text))
}

/// What the sealed RSA private key is bound to.
const PRIVATE_KEY: &[u8] = b"data_key|private_key|core|1";

fn associated(place: Place<'_>) -> Vec<u8> {
    format!("{}|{}|{}", place.column, place.row, place.version).into_bytes()
}

fn aes(key: &[u8]) -> Option<LessSafeKey> {
    UnboundKey::new(&AES_256_GCM, key).ok().map(LessSafeKey::new)
}

fn sealing_key(master: &Key) -> Option<LessSafeKey> {
    aes(master.derive(SEALING_INFO).ok()?.expose())
}

fn seal(
    key: &LessSafeKey,
    random: &Random,
    associated: &[u8],
    value: &[u8],
) -> Result<String, aws_lc_rs::error::Unspecified> {
    let nonce: [u8; NONCE_LEN] = random.bytes();
    let mut sealed = value.to_vec();
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(associated), &mut sealed)?;
    Ok(STANDARD.encode([nonce.as_slice(), &sealed].concat()))
}

fn open(key: &LessSafeKey, associated: &[u8], sealed: &str) -> Option<Secret<Vec<u8>>> {
    let mut bytes = STANDARD.decode(sealed).ok()?;
    let (nonce, sealed) = bytes.split_at_mut_checked(NONCE_LEN)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let value = key.open_in_place(nonce, Aad::from(associated), sealed).ok()?;
    Some(Secret::new(value.to_vec()))
}

fn data_key_row(master: &Key, random: &Random, now: i64) -> Option<DataKeyRow> {
    let pair = PrivateDecryptingKey::generate(KeySize::Rsa3072).ok()?;
    let private: Pkcs8V1Der<'_> = pair.as_der().ok()?;
    let data_key = Secret::new(random.bytes::<32>());
    let public = OaepPublicEncryptingKey::new(pair.public_key()).ok()?;
    let mut wrapped = vec![0; public.ciphertext_size()];
    let wrapped = public.encrypt(&OAEP_SHA256_MGF1SHA256, data_key.expose(), &mut wrapped, None).ok()?;
    Some(DataKeyRow {
        id: 0,
        purpose: PURPOSE.to_owned(),
        key_id: master.id().to_owned(),
        private_key: seal(&sealing_key(master)?, random, PRIVATE_KEY, private.as_ref()).ok()?,
        wrapped: STANDARD.encode(&*wrapped),
        created_at: now,
    })
}

fn unwrap(private: &[u8], wrapped: &[u8]) -> Option<LessSafeKey> {
    let private = OaepPrivateDecryptingKey::new(PrivateDecryptingKey::from_pkcs8(private).ok()?).ok()?;
    let mut key = vec![0; private.min_output_size()];
    let key = private.decrypt(&OAEP_SHA256_MGF1SHA256, wrapped, &mut key, None).ok()?;
    aes(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::Timestamp;
    use crate::testing::{Backend, TestDatabase};

    const PLACE: Place<'static> = Place { column: "project|secret", row: "a", version: 1 };

    struct Fixture {
        store: Store,
        keys: Arc<KeyRing>,
        clock: Clock,
        _database: TestDatabase,
        _dir: tempfile::TempDir,
    }

    impl Fixture {
        async fn new() -> Self {
            let database = TestDatabase::create(Backend::Sqlite).await;
            let dir = tempfile::tempdir().unwrap();
            let (clock, _) = Clock::manual(Timestamp::from_seconds(1));
            let keys = Arc::new(KeyRing::open(dir.path(), None, clock.clone(), Random::system()).unwrap());
            Self { store: database.store().await, keys, clock, _database: database, _dir: dir }
        }

        fn vault(&self) -> Vault {
            Vault::new(self.store.clone(), Arc::clone(&self.keys), self.clock.clone(), Random::system())
        }
    }

    #[tokio::test]
    async fn a_value_opens_at_its_place_only_and_in_every_instance() {
        let fixture = Fixture::new().await;
        let (one, two) = (fixture.vault(), fixture.vault());
        let sealed = one.seal(PLACE, "hunter2").await.unwrap();
        assert!(!sealed.contains("hunter2"));
        assert_ne!(one.seal(PLACE, "hunter2").await.unwrap(), sealed, "the nonce is drawn");
        assert_eq!(two.open(PLACE, &sealed).await.unwrap().expose(), "hunter2");
        for other in [
            Place { row: "b", ..PLACE },
            Place { version: 2, ..PLACE },
            Place { column: "user_account|password", ..PLACE },
        ] {
            assert!(two.open(other, &sealed).await.is_err(), "{other:?}");
        }
        for damaged in ["", "AAAA", "?", &sealed[..sealed.len() - 4]] {
            assert!(two.open(PLACE, damaged).await.is_err(), "{damaged}");
        }
    }

    #[tokio::test]
    async fn instances_that_start_together_agree_on_one_data_key() {
        let fixture = Fixture::new().await;
        let (one, two) = (fixture.vault(), fixture.vault());
        let (made, found) = tokio::join!(one.seal(PLACE, "x"), two.warm_up());
        found.unwrap();
        assert_eq!(two.open(PLACE, &made.unwrap()).await.unwrap().expose(), "x");
    }

    #[tokio::test]
    async fn the_data_key_moves_with_the_master_key() {
        let fixture = Fixture::new().await;
        fixture.vault().settle().await.unwrap();
        let sealed = fixture.vault().seal(PLACE, "x").await.unwrap();
        let old = fixture.keys.active().id().to_owned();
        let new = fixture.keys.rotate().unwrap().id().to_owned();
        assert_eq!(fixture.store.count_data_keys_under(&old).await.unwrap(), 1);
        assert_eq!(fixture.vault().open(PLACE, &sealed).await.unwrap().expose(), "x");
        assert_eq!(fixture.store.count_data_keys_under(&old).await.unwrap(), 0);
        assert_eq!(fixture.store.count_data_keys_under(&new).await.unwrap(), 1);
        fixture.keys.retire(&old, 0, false).unwrap();
        assert_eq!(fixture.vault().open(PLACE, &sealed).await.unwrap().expose(), "x");
    }

    #[tokio::test]
    async fn looking_at_a_value_leaves_the_data_key_where_it_is() {
        let fixture = Fixture::new().await;
        let sealed = fixture.vault().seal(PLACE, "hunter2").await.unwrap();
        let former = fixture.keys.active().id().to_owned();
        fixture.keys.rotate().unwrap();
        assert_eq!(fixture.vault().peek(PLACE, &sealed).await.unwrap().expose(), "hunter2");
        assert_eq!(fixture.store.count_data_keys_under(&former).await.unwrap(), 1);
        fixture.vault().open(PLACE, &sealed).await.unwrap();
        assert_eq!(fixture.store.count_data_keys_under(&former).await.unwrap(), 0);
    }
}
