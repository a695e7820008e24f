//! The outbox: messages as files, for an installation that sends none, and for whoever tries the product out.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};

use super::Error;
use super::clock::Clock;
use super::random::Random;

/// A directory, only for its owner, with one file a message.
pub struct Outbox {
    directory: PathBuf,
    clock: Clock,
    random: Random,
    last: AtomicI64,
}

impl Outbox {
    /// The outbox in `directory`, which is made once there is a message.
    pub const fn new(directory: PathBuf, clock: Clock, random: Random) -> Self {
        Self { directory, clock, random, last: AtomicI64::new(i64::MIN) }
    }

    /// Writes `content` to a file of its own, `<milliseconds>-<16 hex>.<extension>`, and says where. The file is whole
    /// as soon as it has that name, and names sort as the messages came.
    ///
    /// # Errors
    /// [`Error::Internal`] with what the operating system says.
    pub async fn put(&self, extension: &str, content: Vec<u8>) -> Result<PathBuf, Error> {
        let name = format!("{:013}-{}.{extension}", self.next_millis(), self.random.hex(16));
        let directory = self.directory.clone();
        let written = tokio::task::spawn_blocking(move || write(&directory, &name, &content)).await;
        written.map_err(Error::internal)?.map_err(Error::internal)
    }

    /// The present, or one millisecond after the last message where that is later: a clock that stands or goes back
    /// must not disturb the order of the names.
    fn next_millis(&self) -> i64 {
        let now = self.clock.now().millis();
        let next = |last: i64| now.max(last.saturating_add(1));
        let last = self.last.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |last| Some(next(last)));
        next(last.unwrap_or_else(|last| last))
    }
}

/// Under a hidden name first, so that nobody who looks for the extension reads half a file.
fn write(directory: &Path, name: &str, content: &[u8]) -> io::Result<PathBuf> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let (path, hidden) = (directory.join(name), directory.join(format!(".{name}.part")));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&hidden)?;
    let done = file.write_all(content).and_then(|()| std::fs::rename(&hidden, &path));
    if done.is_err() {
        // The first error is the one to report; what cannot be removed stays hidden.
        let _ignored = std::fs::remove_file(&hidden);
    }
    done.map(|()| path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::time::Duration;

    use super::*;
    use crate::domain::clock::Timestamp;

    fn names(directory: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(directory).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[tokio::test]
    async fn files_are_whole_private_and_in_order() {
        let data = tempfile::tempdir().unwrap();
        let directory = data.path().join("deep/outbox");
        let (clock, time) = Clock::manual(Timestamp::from_millis(1_795_474_800_500));
        let outbox = Outbox::new(directory.clone(), clock, Random::system());
        let mut paths = Vec::new();
        for text in ["one", "two", "three"] {
            paths.push(outbox.put("eml", text.into()).await.unwrap());
        }
        time.set(Timestamp::from_millis(5));
        paths.push(outbox.put("eml", "the clock went back".into()).await.unwrap());
        time.set(Timestamp::from_millis(1_795_474_800_500));
        time.advance(Duration::from_secs(1));
        paths.push(outbox.put("txt", "later".into()).await.unwrap());

        let told: Vec<_> =
            paths.iter().map(|path| path.strip_prefix(&directory).unwrap().to_str().unwrap().to_owned()).collect();
        assert_eq!(names(&directory), told, "nothing else is left there, and the order is that of the messages");
        assert_eq!(std::fs::read_to_string(&paths[3]).unwrap(), "the clock went back");
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&directory), mode(&paths[0])), (0o700, 0o600));
        let (millis, rest) = told[0].split_once('-').unwrap();
        assert_eq!(millis, "1795474800500");
        let hex = rest.strip_suffix(".eml").unwrap();
        assert!(hex.len() == 16 && hex.chars().all(|c| c.is_ascii_hexdigit()), "{rest}");
        assert!(told[3].starts_with("1795474800503-") && told[4].starts_with("1795474801500-"), "{told:?}");
    }

    #[tokio::test]
    async fn a_directory_that_cannot_be_made_is_a_fault() {
        let data = tempfile::tempdir().unwrap();
        let taken = data.path().join("outbox");
        std::fs::write(&taken, "a file").unwrap();
        let outbox = Outbox::new(taken, Clock::system(), Random::system());
        assert!(matches!(outbox.put("eml", Vec::new()).await, Err(Error::Internal(_))));
    }
}
