//! The key ring: master secrets, each under a key id, and the keys derived from them.
//!
//! New signatures and hashes are made under the *active* key. An older key verifies what it made until it is retired.
//! Keys for a purpose are derived by HKDF-SHA256, so that no two purposes, and no two dialects, share one.

mod file;

use std::error::Error as StdError;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use aws_lc_rs::hkdf::{self, HKDF_SHA256};
use aws_lc_rs::hmac::{self, HMAC_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::clock::{Clock, Timestamp};
use super::jwt::JwtKey;
use super::random::Random;
use super::secret::Secret;
use file::KeyFile;

/// Bytes of a master secret that this program makes, and the fewest it takes from elsewhere.
const MASTER_BYTES: usize = 32;

/// What a derived key is for. One key for each purpose and dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Hashes of application secrets; applications are shared by the dialects that know them.
    AppSecret,
    /// Signatures of `go_api` tokens.
    GoApiToken,
    /// Hashes of codes that were sent to somebody.
    SentCode,
    /// Hashes of the secrets in opaque tokens.
    OpaqueToken,
}

impl Purpose {
    const ALL: [Self; 4] = [Self::AppSecret, Self::GoApiToken, Self::SentCode, Self::OpaqueToken];

    /// The HKDF info. It must never change: everything made under the derived key depends on it.
    const fn info(self) -> &'static [u8] {
        match self {
            Self::AppSecret => b"gatehouse/1/app-secret/core",
            Self::GoApiToken => b"gatehouse/1/token/go_api",
            Self::SentCode => b"gatehouse/1/sent-code/core",
            Self::OpaqueToken => b"gatehouse/1/token/insight_auth",
        }
    }
}

/// One key of the ring: its id and the keys derived from its master secret.
pub struct Key {
    id: String,
    created_at: Option<Timestamp>,
    extracted: hkdf::Prk,
    derived: [Derived; Purpose::ALL.len()],
}

/// What is derived for one purpose, in the forms that its users want.
struct Derived {
    mac: hmac::Key,
    jwt: JwtKey,
}

impl Key {
    fn from_master(master: &[u8], created_at: Option<Timestamp>) -> Result<Self, KeyError> {
        let extracted = hkdf::Salt::new(HKDF_SHA256, b"gatehouse").extract(master);
        let mut id = [0; 8];
        id.copy_from_slice(&derive(&extracted, b"gatehouse/1/key-id")?.expose()[..8]);
        let id = hex::encode(id);
        let mut derived = Vec::with_capacity(Purpose::ALL.len());
        for purpose in Purpose::ALL {
            let secret = derive(&extracted, purpose.info())?;
            let mac = hmac::Key::new(HMAC_SHA256, secret.expose());
            let jwt = JwtKey::new(secret.expose(), &id).map_err(|_| KeyError::Derivation)?;
            derived.push(Derived { mac, jwt });
        }
        let derived = derived.try_into().map_err(|_| KeyError::Derivation)?;
        Ok(Self { id, created_at, extracted, derived })
    }

    /// The key id: 16 hexadecimal digits, derived from the master secret, so that it says nothing about it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The HMAC-SHA256 key for `purpose`, with its state computed once.
    pub const fn mac(&self, purpose: Purpose) -> &hmac::Key {
        &self.derived[purpose as usize].mac
    }

    /// 32 bytes for what has no [`Purpose`], because it comes in any number, as dialects do. `info` must never change, as
    /// everything made under the derived key depends on it.
    ///
    /// # Errors
    /// None for any input of ours.
    pub(super) fn derive(&self, info: &str) -> Result<Secret<[u8; 32]>, KeyError> {
        derive(&self.extracted, info.as_bytes())
    }

    /// The key for tokens of `purpose`.
    pub const fn jwt(&self, purpose: Purpose) -> &JwtKey {
        &self.derived[purpose as usize].jwt
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("id", &self.id).finish_non_exhaustive()
    }
}

/// HKDF-SHA256 (RFC 5869) with 32 bytes of output.
fn derive(extracted: &hkdf::Prk, info: &[u8]) -> Result<Secret<[u8; 32]>, KeyError> {
    let mut out = [0; 32];
    extracted.expand(&[info], HKDF_SHA256).and_then(|okm| okm.fill(&mut out)).map_err(|_| KeyError::Derivation)?;
    Ok(Secret::new(out))
}

/// What [`KeyRing::list`] says about a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyInfo {
    /// The key id.
    pub id: String,
    /// Its part in the ring.
    pub state: KeyState,
    /// When it was made; not known of a key that comes from the environment.
    pub created_at: Option<Timestamp>,
    /// When it was retired, if it was.
    pub retired_at: Option<Timestamp>,
}

/// The part that a key plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Signs, hashes and verifies.
    Active,
    /// Only verifies what it once made.
    Verifying,
    /// Is gone, its secret erased.
    Retired,
}

impl fmt::Display for KeyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Active => "active",
            Self::Verifying => "verifying",
            Self::Retired => "retired",
        })
    }
}

/// Why a key operation failed.
#[derive(Debug)]
pub enum KeyError {
    /// The key file or its directory could not be read or written.
    File(PathBuf, std::io::Error),
    /// The key file's mode lets its group or others at it; the mode follows.
    Exposed(PathBuf, u32),
    /// The key file is not what this program writes.
    Malformed(PathBuf, String),
    /// The master secret of the environment is not base64 of at least 32 bytes.
    BadEnvironment,
    /// The master secret comes from the environment, where this program cannot change it.
    FromEnvironment,
    /// No key has this id.
    Unknown(String),
    /// The active key cannot be retired.
    StillActive(String),
    /// So many stored secrets can only be checked with this key.
    InUse(String, u64),
    /// HKDF refused, which it does for no input of ours.
    Derivation,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, _) => write!(f, "cannot use the key file {}", path.display()),
            Self::Exposed(path, mode) => write!(
                f,
                "{} has mode {mode:04o}, so that others can use the keys; make it private with `chmod 600`",
                path.display()
            ),
            Self::Malformed(path, why) => write!(f, "{} is not a key file: {why}", path.display()),
            Self::BadEnvironment => {
                write!(f, "GATEHOUSE_MASTER_KEY must be base64 of at least {MASTER_BYTES} random bytes")
            }
            Self::FromEnvironment => f.write_str(
                "the master secret comes from GATEHOUSE_MASTER_KEY, so keys are changed there and not by this command",
            ),
            Self::Unknown(id) => write!(f, "there is no key {id}"),
            Self::StillActive(id) => write!(f, "key {id} is the active one; rotate first"),
            Self::InUse(id, count) => write!(
                f,
                "{count} stored secret(s) still depend on key {id}; each moves to the active key when it is next used, \
                 and `--force` retires the key now and makes them useless"
            ),
            Self::Derivation => f.write_str("key derivation failed"),
        }
    }
}

impl StdError for KeyError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::File(_, source) => Some(source),
            _ => None,
        }
    }
}

/// The keys as of now, the active one first.
struct Ring {
    keys: Vec<Arc<Key>>,
    retired: Vec<KeyInfo>,
}

/// The master secrets of this installation and what is derived from them.
pub struct KeyRing {
    file: Option<KeyFile>,
    ring: ArcSwap<Ring>,
    clock: Clock,
    random: Random,
}

impl KeyRing {
    /// Opens the ring of `data_dir` (`keys/master.json` in it), making it if there is none. With `master`, the value of
    /// `GATEHOUSE_MASTER_KEY`, the ring is that one key and no file is touched.
    ///
    /// # Errors
    /// The file cannot be used, is open to others, or is malformed; or `master` is not a key.
    pub fn open(
        data_dir: &Path,
        master: Option<&Secret<String>>,
        clock: Clock,
        random: Random,
    ) -> Result<Self, KeyError> {
        let (file, ring) = match master {
            Some(encoded) => (None, Ring::from_environment(encoded)?),
            None => {
                let file = KeyFile::open(&data_dir.join("keys"), clock.now(), &random)?;
                let ring = Ring::from_file(&file)?;
                (Some(file), ring)
            }
        };
        Ok(Self { file, ring: ArcSwap::from_pointee(ring), clock, random })
    }

    /// Whether [`open`](Self::open) finds a ring in `data_dir`, rather than making one. Changes nothing.
    ///
    /// # Errors
    /// The directory cannot be looked into.
    pub fn is_there(data_dir: &Path) -> Result<bool, KeyError> {
        KeyFile::is_there(&data_dir.join("keys"))
    }

    /// A ring of one new key, which is kept nowhere and ends with the process.
    ///
    /// # Errors
    /// None for any input of ours.
    pub fn passing(clock: Clock, random: Random) -> Result<Self, KeyError> {
        let master = Secret::new(random.bytes::<MASTER_BYTES>());
        let ring = Ring { keys: vec![Arc::new(Key::from_master(master.expose(), None)?)], retired: Vec::new() };
        Ok(Self { file: None, ring: ArcSwap::from_pointee(ring), clock, random })
    }

    /// The key that signs and hashes.
    pub fn active(&self) -> Arc<Key> {
        Arc::clone(&self.ring.load().keys[0])
    }

    /// The key of this id, unless it is unknown or retired.
    pub fn by_id(&self, id: &str) -> Option<Arc<Key>> {
        self.ring.load().keys.iter().find(|key| key.id == id).cloned()
    }

    /// Whether the key of this id still verifies; cheaper than [`by_id`](Self::by_id).
    pub fn knows(&self, id: &str) -> bool {
        self.ring.load().keys.iter().any(|key| key.id == id)
    }

    /// Makes a new key and lets it be the active one. The former one goes on verifying.
    ///
    /// # Errors
    /// [`KeyError::FromEnvironment`], or the file cannot be written.
    pub fn rotate(&self) -> Result<Arc<Key>, KeyError> {
        let file = self.file.as_ref().ok_or(KeyError::FromEnvironment)?;
        file.add(self.clock.now(), &self.random)?;
        self.reload()?;
        Ok(self.active())
    }

    /// Erases the secret of a key that is not the active one: what it signed is forged from now on. `dependents` is the
    /// number of stored secrets that only this key can check; with any, `force` must say that they may become useless.
    ///
    /// # Errors
    /// The key is unknown, active or in use; [`KeyError::FromEnvironment`]; or the file cannot be written.
    pub fn retire(&self, id: &str, dependents: u64, force: bool) -> Result<(), KeyError> {
        let file = self.file.as_ref().ok_or(KeyError::FromEnvironment)?;
        self.reload()?;
        if self.active().id == id {
            return Err(KeyError::StillActive(id.to_owned()));
        }
        if !self.knows(id) {
            return Err(KeyError::Unknown(id.to_owned()));
        }
        if dependents > 0 && !force {
            return Err(KeyError::InUse(id.to_owned(), dependents));
        }
        file.retire(id, self.clock.now())?;
        self.reload()
    }

    /// Reads the file again, after another process has changed it. Does nothing for a ring from the environment.
    ///
    /// # Errors
    /// As [`open`](Self::open); the ring then stays as it was.
    pub fn reload(&self) -> Result<(), KeyError> {
        if let Some(file) = &self.file {
            self.ring.store(Arc::new(Ring::from_file(file)?));
        }
        Ok(())
    }

    /// Every key that there is or was, the active one first, retired ones last.
    pub fn list(&self) -> Vec<KeyInfo> {
        let ring = self.ring.load();
        let live = ring.keys.iter().enumerate().map(|(place, key)| KeyInfo {
            id: key.id.clone(),
            state: if place == 0 { KeyState::Active } else { KeyState::Verifying },
            created_at: key.created_at,
            retired_at: None,
        });
        live.chain(ring.retired.iter().cloned()).collect()
    }
}

impl Ring {
    fn from_environment(encoded: &Secret<String>) -> Result<Self, KeyError> {
        let master = STANDARD.decode(encoded.expose().trim()).map(Secret::new).map_err(|_| KeyError::BadEnvironment)?;
        if master.expose().len() < MASTER_BYTES {
            return Err(KeyError::BadEnvironment);
        }
        Ok(Self { keys: vec![Arc::new(Key::from_master(master.expose(), None)?)], retired: Vec::new() })
    }

    fn from_file(file: &KeyFile) -> Result<Self, KeyError> {
        let (mut keys, mut retired) = (Vec::new(), Vec::new());
        for entry in file.read()?.newest_first() {
            match entry.master()? {
                Some(master) => keys.push(Arc::new(Key::from_master(master.expose(), Some(entry.created_at()))?)),
                None => retired.push(entry.info()),
            }
        }
        if keys.is_empty() {
            return Err(file.malformed("it has no key that is not retired"));
        }
        Ok(Self { keys, retired })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(dir: &Path) -> Result<KeyRing, KeyError> {
        let (clock, _) = Clock::manual(Timestamp::from_seconds(1_795_474_800));
        KeyRing::open(dir, None, clock, Random::system())
    }

    #[test]
    fn a_ring_is_made_once_and_then_found() {
        let dir = tempfile::tempdir().unwrap();
        let made = open(dir.path()).unwrap();
        let found = open(dir.path()).unwrap();
        assert_eq!(made.active().id(), found.active().id());
        assert_eq!(made.active().id().len(), 16);
        let tag = hmac::sign(made.active().mac(Purpose::AppSecret), b"x");
        assert!(hmac::verify(found.active().mac(Purpose::AppSecret), b"x", tag.as_ref()).is_ok());
        assert!(hmac::verify(found.active().mac(Purpose::GoApiToken), b"x", tag.as_ref()).is_err());
    }

    #[test]
    fn looking_for_a_ring_makes_none() {
        let dir = tempfile::tempdir().unwrap();
        assert!(!KeyRing::is_there(dir.path()).unwrap());
        let (clock, _) = Clock::manual(Timestamp::from_seconds(0));
        let passing = KeyRing::passing(clock, Random::system()).unwrap();
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        assert_ne!(passing.active().id(), open(dir.path()).unwrap().active().id());
        assert!(KeyRing::is_there(dir.path()).unwrap());
    }

    #[test]
    fn rotation_overlaps_until_the_old_key_is_retired() {
        let dir = tempfile::tempdir().unwrap();
        let ring = open(dir.path()).unwrap();
        let old = ring.active();
        let new = ring.rotate().unwrap();
        assert_ne!(old.id(), new.id());
        assert_eq!(ring.active().id(), new.id());
        assert!(ring.by_id(old.id()).is_some());

        assert!(matches!(ring.retire(new.id(), 0, true), Err(KeyError::StillActive(_))));
        assert!(matches!(ring.retire("0000", 0, true), Err(KeyError::Unknown(_))));
        assert!(matches!(ring.retire(old.id(), 3, false), Err(KeyError::InUse(_, 3))));
        ring.retire(old.id(), 3, true).unwrap();
        assert!(ring.by_id(old.id()).is_none());
        let states: Vec<_> = open(dir.path()).unwrap().list().into_iter().map(|k| (k.id, k.state)).collect();
        assert_eq!(states, [(new.id().to_owned(), KeyState::Active), (old.id().to_owned(), KeyState::Retired)]);
    }

    #[test]
    fn another_process_takes_a_rotation_over_by_reloading() {
        let dir = tempfile::tempdir().unwrap();
        let (server, command) = (open(dir.path()).unwrap(), open(dir.path()).unwrap());
        let new = command.rotate().unwrap();
        assert!(!server.knows(new.id()));
        server.reload().unwrap();
        assert_eq!(server.active().id(), new.id());
    }

    #[test]
    fn a_key_of_the_environment_is_checked_and_cannot_be_changed() {
        let (clock, _) = Clock::manual(Timestamp::from_seconds(0));
        let open = |text: &str| {
            KeyRing::open(
                Path::new("/nonexistent"),
                Some(&Secret::new(text.to_owned())),
                clock.clone(),
                Random::system(),
            )
        };
        assert!(matches!(open("short"), Err(KeyError::BadEnvironment)));
        assert!(matches!(open(&STANDARD.encode([1; 31])), Err(KeyError::BadEnvironment)));
        let ring = open(&STANDARD.encode([1; 32])).unwrap();
        assert_eq!(ring.active().id(), open(&STANDARD.encode([1; 32])).unwrap().active().id());
        assert!(matches!(ring.rotate(), Err(KeyError::FromEnvironment)));
        assert!(matches!(ring.retire("x", 0, true), Err(KeyError::FromEnvironment)));
        assert_eq!(ring.list().len(), 1);
    }

    #[test]
    fn nothing_prints_a_secret() {
        let dir = tempfile::tempdir().unwrap();
        let ring = open(dir.path()).unwrap();
        assert_eq!(format!("{:?}", ring.active()), format!("Key {{ id: {:?}, .. }}", ring.active().id()));
    }

    #[test]
    fn each_purpose_has_its_own_place() {
        for (place, purpose) in Purpose::ALL.into_iter().enumerate() {
            assert_eq!(purpose as usize, place);
        }
    }
}
