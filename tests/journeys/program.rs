//! The program `gatehouse` as a process, in an installation of its own.

use std::{
    net::SocketAddr,
    path::Path,
    process::{ExitStatus, Stdio},
};

use contract_tests::{must, wire::Request};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, Command},
    sync::watch,
};

/// A directory with the data of one installation, and the settings for it.
pub struct Installation {
    directory: TempDir,
    settings: Vec<(&'static str, String)>,
}

/// What a command that has ended said.
pub struct Ended {
    pub succeeded: bool,
    pub stdout: String,
    pub stderr: String,
}

/// The applications of the demo realm besides that of `go_api`, with their secrets.
const OTHER_APPS: [(&str, &str); 2] = [
    ("9dd99dd9e6df467a8207d05ea5581125", "insightinsightinsightinsight0001"),
    ("5c1d0a5e3f0b4b6f9f7b2a1c8d4e6f01", "insightinsightinsightinsight0002"),
];

/// A server that listens. It is killed when it is dropped.
pub struct Running {
    /// Its first address.
    pub address: SocketAddr,
    child: Child,
    stdout: Lines,
    log: Lines,
}

impl Installation {
    /// Nothing is installed yet. The log is JSON, so that tests can read it.
    pub fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        Self { directory, settings: vec![("GATEHOUSE_LOG_FORMAT", "json".to_owned())] }
    }

    /// The same with this variable in the environment.
    pub fn setting(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.settings.push((name, value.into()));
        self
    }

    /// Where it is.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The program with these arguments, and with no setting of whoever runs the tests.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gatehouse-under-test"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("GATEHOUSE_") || name == "RUST_LOG" {
                command.env_remove(name);
            }
        }
        let settings = self.settings.iter().map(|(name, value)| (name, value));
        command.args(arguments).envs(settings).current_dir(self.directory()).kill_on_drop(true).stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    pub async fn run(&self, arguments: &[&str]) -> Ended {
        let output =
            must("the end of the command", self.command(arguments).output()).await.expect("the program starts");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program prints UTF-8");
        Ended { succeeded: output.status.success(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// What a command prints that must succeed.
    pub async fn print(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments).await;
        assert!(ended.succeeded, "{arguments:?}: {}", ended.stderr);
        ended.stdout
    }

    /// What a command says that must fail.
    pub async fn refuse(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments).await;
        assert!(!ended.succeeded, "{arguments:?}: {}", ended.stdout);
        assert_eq!(ended.stdout, "", "{arguments:?}");
        ended.stderr
    }

    /// Starts a server on a free port of loopback, and waits until it listens.
    pub async fn serve(&self, arguments: &[&str]) -> Running {
        self.serve_at("127.0.0.1:0", arguments).await
    }

    /// The same at this address.
    pub async fn serve_at(&self, address: &str, arguments: &[&str]) -> Running {
        let arguments = [&["serve", "--listen", address], arguments].concat();
        let mut command = self.command(&arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let stdout = Lines::of(child.stdout.take().expect("a pipe"));
        let log = Lines::of(child.stderr.take().expect("a pipe"));
        let listening = log.until("the server to listen", 1, |line| line.contains("\"listening\"")).await;
        let listening: Value = serde_json::from_str(&listening).expect("the log is JSON");
        let address = listening["address"].as_str().expect("an address").parse().expect("an address");
        Running { address, child, stdout, log }
    }
}

impl Running {
    /// Where clients find it.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Logs in with every application of the demo realm but that of `go_api`, which moves their secrets to the active key.
    pub async fn use_other_secrets(&self) {
        for (id, secret) in OTHER_APPS {
            let login = Request::post("/go-api/external/service/auth/token");
            let login = login.form(&[("app_id", id), ("app_secret", secret)]).send(self.address).await;
            assert_eq!(login.reply.code(), 0, "{login}");
        }
    }

    /// Sends it a signal, such as `TERM`.
    pub async fn signal(&self, name: &str) {
        let id = self.child.id().expect("it runs");
        // The shell's own `kill` is there even where the program of that name is not.
        let sent = Command::new("sh").args(["-c", &format!("kill -{name} {id}")]).status().await;
        assert!(sent.expect("a shell").success());
    }

    /// Waits for a line of the log that has this text.
    pub async fn logged(&self, text: &str) -> String {
        self.logged_again(text, 1).await
    }

    /// Waits for the line of the log that has this text for so many times, counted from 1.
    pub async fn logged_again(&self, text: &str, times: usize) -> String {
        self.log.until(text, times, |line| line.contains(text)).await
    }

    /// Waits for a line of the output that has this text.
    pub async fn said(&self, text: &str) -> String {
        self.stdout.until(text, 1, |line| line.contains(text)).await
    }

    /// Waits for its end.
    pub async fn end(mut self) -> (ExitStatus, String) {
        let status = must("the end of the server", self.child.wait()).await.expect("it ends");
        (status, self.log.all().await)
    }

    /// Asks it to stop and gives its log.
    pub async fn stop(self) -> String {
        self.signal("TERM").await;
        let (status, log) = self.end().await;
        assert!(status.success(), "{status}: {log}");
        log
    }
}

/// What a process writes, line by line.
struct Lines(watch::Receiver<Written>);

#[derive(Default)]
struct Written {
    text: String,
    ended: bool,
}

impl Lines {
    fn of(stream: impl AsyncRead + Unpin + Send + 'static) -> Self {
        let (sender, receiver) = watch::channel(Written::default());
        tokio::spawn(async move {
            let mut lines = BufReader::new(stream).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                sender.send_modify(|written| written.text.push_str(&format!("{line}\n")));
            }
            sender.send_modify(|written| written.ended = true);
        });
        Self(receiver)
    }

    /// The `nth` line that is as wanted, counted from 1, now or later.
    async fn until(&self, what: &str, nth: usize, wanted: impl Fn(&str) -> bool) -> String {
        let find = |text: &str| text.lines().filter(|line| wanted(line)).nth(nth - 1).map(str::to_owned);
        let mut receiver = self.0.clone();
        let waiting = receiver.wait_for(|written| written.ended || find(&written.text).is_some());
        let written = must(what, waiting).await.expect("the reader runs");
        find(&written.text).unwrap_or_else(|| panic!("no {what} in\n{}", written.text))
    }

    /// Everything, once there will be no more.
    async fn all(&self) -> String {
        let mut receiver = self.0.clone();
        must("the end of the output", receiver.wait_for(|written| written.ended)).await.expect("it runs").text.clone()
    }
}
