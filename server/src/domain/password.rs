//! Passwords: the digest that stands for one everywhere, and Argon2id over it.
//!
//! Argon2id is slow and takes memory on purpose. It runs on threads of its own, as many as the machine has processors
//! and no more, below the priority of everything else: however many log in, other requests are served as before.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use md5::{Digest as _, Md5};
use thread_priority::{
    NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy, set_thread_priority_and_policy, thread_native_id,
};
use tokio::sync::oneshot;

use super::Error;
use super::random::Random;
use super::secret::Secret;

/// Memory of one computation in KiB, passes and lanes: the first choice of OWASP's password storage cheat sheet.
const PARAMS: (u32, u32, u32) = (19_456, 2, 1);

/// Computations at once; each takes 19 MiB.
const THREADS_MAX: usize = 4;

/// Logins that may wait for a thread. At some 30 ms each the last of them waits a few seconds.
const QUEUE: usize = 256;

/// A hash that belongs to no password, for the time that an unknown user takes.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm9ibw$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The canonical credential: 32 lower-case hexadecimal digits, the MD5 of the password. The documented systems send,
/// store and sign this, so that it is as good as the password itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Digest(Secret<String>);

impl Digest {
    /// The digest of a password.
    pub fn of(password: &str) -> Self {
        Self(Secret::new(hex::encode(Md5::digest(password.as_bytes()))))
    }

    /// The digest that a client computed; `None` unless it is 32 hexadecimal digits, whose case does not matter.
    pub fn parse(text: &str) -> Option<Self> {
        let hexadecimal = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        hexadecimal.then(|| Self(Secret::new(text.to_ascii_lowercase())))
    }

    /// The digits. Keep the borrow short, and never format it.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// Hashes and verifies digests on its own threads, which end with it.
pub struct Passwords {
    queue: SyncSender<Job>,
    random: Random,
}

struct Job {
    digest: Digest,
    work: Work,
    done: oneshot::Sender<Result<Outcome, String>>,
}

enum Work {
    Hash { salt: [u8; 16] },
    Verify { hash: String },
}

enum Outcome {
    Hashed(String),
    Matches(bool),
}

impl Passwords {
    /// Starts the threads.
    ///
    /// # Errors
    /// The operating system's, if it has no thread left.
    pub fn start(random: Random) -> std::io::Result<Self> {
        let (queue, jobs) = sync_channel(QUEUE);
        let jobs = Arc::new(Mutex::new(jobs));
        let threads = thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX);
        for _ in 0..threads {
            let jobs = Arc::clone(&jobs);
            thread::Builder::new().name("password".to_owned()).spawn(move || work(&jobs))?;
        }
        Ok(Self { queue, random })
    }

    /// The hash to store for a digest, as a PHC string.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if too many wait already.
    pub async fn hash(&self, digest: Digest) -> Result<String, Error> {
        match self.run(digest, Work::Hash { salt: self.random.bytes() }).await? {
            Outcome::Hashed(hash) => Ok(hash),
            Outcome::Matches(_) => Err(Error::internal("a hash was asked for and a comparison was made")),
        }
    }

    /// Whether a digest is the one of `hash`. Without a hash the answer is no, and takes as long.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if too many wait already, [`Error::Internal`] if the hash is damaged.
    pub async fn verify(&self, digest: Digest, hash: Option<&str>) -> Result<bool, Error> {
        let work = Work::Verify { hash: hash.unwrap_or(NOBODY).to_owned() };
        match self.run(digest, work).await? {
            Outcome::Matches(matches) => Ok(matches && hash.is_some()),
            Outcome::Hashed(_) => Err(Error::internal("a comparison was asked for and a hash was made")),
        }
    }

    async fn run(&self, digest: Digest, work: Work) -> Result<Outcome, Error> {
        let (done, outcome) = oneshot::channel();
        match self.queue.try_send(Job { digest, work, done }) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => return Err(Error::Unavailable("too many logins wait already".into())),
            Err(TrySendError::Disconnected(_)) => return Err(Error::internal("the password threads have ended")),
        }
        match outcome.await {
            Ok(Ok(outcome)) => Ok(outcome),
            Ok(Err(damage)) => Err(Error::internal(damage)),
            Err(_) => Err(Error::internal("a password thread has ended")),
        }
    }
}

/// What each thread does until the queue is gone.
fn work(jobs: &Mutex<Receiver<Job>>) {
    give_way();
    loop {
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        // Whoever asked may have left, and then nobody wants the answer.
        if !job.done.is_closed() {
            let _left = job.done.send(compute(&job.digest, &job.work));
        }
    }
}

/// Lets this thread run only while nothing else wants the processor (`SCHED_IDLE`), which interrupts it at once. Where
/// the system refuses, logins compete with other requests, and everything still works.
fn give_way() {
    let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
    let _refused = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, idle);
}

fn compute(digest: &Digest, work: &Work) -> Result<Outcome, String> {
    let (memory, passes, lanes) = PARAMS;
    let params = Params::new(memory, passes, lanes, None).map_err(|error| error.to_string())?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let digest = digest.expose().as_bytes();
    match work {
        Work::Hash { salt } => {
            let hash = argon2.hash_password_with_salt(digest, salt).map_err(|error| error.to_string())?;
            Ok(Outcome::Hashed(hash.to_string()))
        }
        Work::Verify { hash } => match argon2.verify_password(digest, hash.as_str()) {
            Ok(()) => Ok(Outcome::Matches(true)),
            Err(argon2::password_hash::Error::PasswordInvalid) => Ok(Outcome::Matches(false)),
            Err(error) => Err(error.to_string()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_the_md5_in_lower_case() {
        assert_eq!(Digest::of("123456").expose(), "e10adc3949ba59abbe56e057f20f883e");
        let parsed = Digest::parse("E10ADC3949BA59ABBE56E057F20F883E").unwrap();
        assert!(parsed == Digest::of("123456"));
        for bad in ["", "123456", "g10adc3949ba59abbe56e057f20f883e", "e10adc3949ba59abbe56e057f20f883e0"] {
            assert!(Digest::parse(bad).is_none(), "{bad}");
        }
    }

    #[tokio::test]
    async fn a_hash_verifies_its_own_digest_only() {
        let passwords = Passwords::start(Random::system()).unwrap();
        let hash = passwords.hash(Digest::of("123456")).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(passwords.hash(Digest::of("123456")).await.unwrap(), hash, "the salt is drawn");
        assert!(passwords.verify(Digest::of("123456"), Some(&hash)).await.unwrap());
        assert!(!passwords.verify(Digest::of("123457"), Some(&hash)).await.unwrap());
    }

    #[tokio::test]
    async fn nobody_has_no_password_and_a_damaged_hash_is_told() {
        let passwords = Passwords::start(Random::system()).unwrap();
        assert!(!passwords.verify(Digest::of("123456"), None).await.unwrap());
        assert!(matches!(passwords.verify(Digest::of("x"), Some("$argon2id$")).await, Err(Error::Internal(_))));
    }

    #[tokio::test]
    async fn no_more_wait_than_the_queue_holds() {
        let (queue, jobs) = sync_channel(1);
        let passwords = Passwords { queue, random: Random::system() };
        let waiting = tokio::spawn(async move {
            let first = passwords.verify(Digest::of("a"), None);
            let second = passwords.verify(Digest::of("b"), None);
            let (first, second) = tokio::join!(first, second);
            (first.is_ok(), matches!(second, Err(Error::Unavailable(_))))
        });
        tokio::task::yield_now().await;
        thread::spawn(move || work(&Mutex::new(jobs)));
        assert_eq!(waiting.await.unwrap(), (true, true));
    }
}
