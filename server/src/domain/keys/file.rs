//! The key file: JSON, readable by its owner only, replaced as a whole or not at all.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize, Serializer};

use super::{KeyError, KeyInfo, KeyState, MASTER_BYTES};
use crate::domain::clock::Timestamp;
use crate::domain::random::Random;
use crate::domain::secret::Secret;

/// The name of the file in its directory.
const NAME: &str = "master.json";

/// What the file holds, the oldest key first; the last one with a secret is the active one.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    version: u32,
    keys: Vec<Entry>,
}

/// One key of the file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    id: String,
    /// Unix seconds.
    created_at: i64,
    /// Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retired_at: Option<i64>,
    /// Base64; erased when the key is retired.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "exposed")]
    secret: Option<Secret<String>>,
}

/// The only place where a master secret is written out: into the file that is its home.
fn exposed<S: Serializer>(secret: &Option<Secret<String>>, serializer: S) -> Result<S::Ok, S::Error> {
    match secret {
        Some(secret) => serializer.serialize_str(secret.expose()),
        None => serializer.serialize_none(),
    }
}

impl Document {
    pub(super) fn newest_first(&self) -> impl Iterator<Item = &Entry> {
        self.keys.iter().rev()
    }
}

impl Entry {
    fn generate(now: Timestamp, random: &Random) -> Result<Self, KeyError> {
        let master = Secret::new(random.bytes::<MASTER_BYTES>());
        Ok(Self {
            id: super::Key::from_master(master.expose(), None)?.id,
            created_at: now.seconds(),
            retired_at: None,
            secret: Some(Secret::new(STANDARD.encode(master.expose()))),
        })
    }

    pub(super) const fn created_at(&self) -> Timestamp {
        Timestamp::from_seconds(self.created_at)
    }

    /// The master secret, unless the key is retired.
    pub(super) fn master(&self) -> Result<Option<Secret<Vec<u8>>>, KeyError> {
        let Some(encoded) = &self.secret else { return Ok(None) };
        match STANDARD.decode(encoded.expose()).map(Secret::new) {
            Ok(master) if master.expose().len() >= MASTER_BYTES => Ok(Some(master)),
            _ => Err(KeyError::Malformed(PathBuf::from(NAME), format!("the secret of key {} is damaged", self.id))),
        }
    }

    pub(super) fn info(&self) -> KeyInfo {
        KeyInfo {
            id: self.id.clone(),
            state: KeyState::Retired,
            created_at: Some(self.created_at()),
            retired_at: self.retired_at.map(Timestamp::from_seconds),
        }
    }
}

/// The file's place.
pub(super) struct KeyFile {
    directory: PathBuf,
    path: PathBuf,
}

impl KeyFile {
    /// The file in `directory`; both are made if they are missing. Of two processes that make it at once one wins, and
    /// both use that one's keys.
    pub(super) fn open(directory: &Path, now: Timestamp, random: &Random) -> Result<Self, KeyError> {
        let file = Self { directory: directory.to_owned(), path: directory.join(NAME) };
        DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(|error| file.failed(error))?;
        if !file.path.try_exists().map_err(|error| file.failed(error))? {
            let _lock = file.lock()?;
            if !file.path.try_exists().map_err(|error| file.failed(error))? {
                file.write(&Document { version: 1, keys: vec![Entry::generate(now, random)?] })?;
            }
        }
        Ok(file)
    }

    /// Whether there is a file in `directory`.
    pub(super) fn is_there(directory: &Path) -> Result<bool, KeyError> {
        let path = directory.join(NAME);
        path.try_exists().map_err(|error| KeyError::File(path, error))
    }

    pub(super) fn read(&self) -> Result<Document, KeyError> {
        let mode = fs::metadata(&self.path).map_err(|error| self.failed(error))?.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(KeyError::Exposed(self.path.clone(), mode));
        }
        let text = fs::read_to_string(&self.path).map(Secret::new).map_err(|error| self.failed(error))?;
        // The parser's message could quote the text, and with it a secret: only the place is told.
        let document: Document = serde_json::from_str(text.expose())
            .map_err(|error| self.malformed(&format!("line {}, column {}", error.line(), error.column())))?;
        if document.version != 1 {
            return Err(self.malformed("a newer version of this program wrote it"));
        }
        Ok(document)
    }

    /// Adds a new key as the active one.
    pub(super) fn add(&self, now: Timestamp, random: &Random) -> Result<(), KeyError> {
        let _lock = self.lock()?;
        let mut document = self.read()?;
        document.keys.push(Entry::generate(now, random)?);
        self.write(&document)
    }

    /// Erases the secret of the key of this id.
    pub(super) fn retire(&self, id: &str, now: Timestamp) -> Result<(), KeyError> {
        let _lock = self.lock()?;
        let mut document = self.read()?;
        for key in document.keys.iter_mut().filter(|key| key.id == id) {
            key.secret = None;
            key.retired_at = Some(now.seconds());
        }
        self.write(&document)
    }

    pub(super) fn malformed(&self, why: &str) -> KeyError {
        KeyError::Malformed(self.path.clone(), why.to_owned())
    }

    /// Keeps other processes from changing the file until the lock is dropped.
    fn lock(&self) -> Result<File, KeyError> {
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(self.directory.join(".lock"))
            .map_err(|error| self.failed(error))?;
        lock.lock().map_err(|error| self.failed(error))?;
        Ok(lock)
    }

    /// Puts `document` in the file's place at once: a reader, and a start after a crash, sees the old or the new one.
    fn write(&self, document: &Document) -> Result<(), KeyError> {
        let text =
            serde_json::to_string_pretty(document).map(Secret::new).map_err(|error| self.failed(error.into()))?;
        self.replace(text.expose().as_bytes()).map_err(|error| self.failed(error))
    }

    fn replace(&self, content: &[u8]) -> io::Result<()> {
        let draft = self.directory.join(".master.json.new");
        match fs::remove_file(&draft) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        file.write_all(content)?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        fs::rename(&draft, &self.path)?;
        File::open(&self.directory)?.sync_all()
    }

    fn failed(&self, error: io::Error) -> KeyError {
        KeyError::File(self.path.clone(), error)
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn open(directory: &Path) -> Result<KeyFile, KeyError> {
        KeyFile::open(directory, Timestamp::from_seconds(1), &Random::system())
    }

    #[test]
    fn the_file_is_private_from_its_first_moment() {
        let dir = tempfile::tempdir().unwrap();
        let file = open(&dir.path().join("a/keys")).unwrap();
        assert_eq!(fs::metadata(&file.path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(&file.directory).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let file = open(dir.path()).unwrap();
        for mode in [0o640, 0o604, 0o620] {
            fs::set_permissions(&file.path, fs::Permissions::from_mode(mode)).unwrap();
            assert!(matches!(file.read(), Err(KeyError::Exposed(_, seen)) if seen == mode));
        }
        assert!(file.read().err().unwrap().to_string().contains("mode 0620"));
    }

    #[test]
    fn a_damaged_file_is_named_without_its_content() {
        let dir = tempfile::tempdir().unwrap();
        let file = open(dir.path()).unwrap();
        fs::write(&file.path, r#"{"version": 1, "keys": ["hunter2"]}"#).unwrap();
        let said = file.read().err().unwrap().to_string();
        assert!(said.contains("master.json") && !said.contains("hunter2"), "{said}");
        fs::write(&file.path, r#"{"version": 2, "keys": []}"#).unwrap();
        assert!(matches!(file.read(), Err(KeyError::Malformed(..))));
    }

    #[test]
    fn processes_that_start_together_agree_on_one_key() {
        let dir = tempfile::tempdir().unwrap();
        let first_id = || open(dir.path()).unwrap().read().unwrap().keys[0].id.clone();
        let ids: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = (0..6).map(|_| scope.spawn(first_id)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(ids.iter().all(|id| *id == ids[0]));
    }

    #[test]
    fn concurrent_rotations_all_stay() {
        let dir = tempfile::tempdir().unwrap();
        let file = open(dir.path()).unwrap();
        thread::scope(|scope| {
            for _ in 0..5 {
                scope.spawn(|| file.add(Timestamp::from_seconds(2), &Random::system()).unwrap());
            }
        });
        assert_eq!(file.read().unwrap().keys.len(), 6);
    }
}
