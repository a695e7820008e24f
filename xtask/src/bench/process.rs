//! The processes that are measured: started on a port of loopback, kept to one core, read through `/proc`, and ended with
//! the value that stands for them.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::floor;
use super::http::{self, Request};
use crate::{Context, Failure};

/// The largest limit there is a round number for: the limiter counts every request and refuses none.
const RATE_LIMIT: &str = "4000000000";

/// A server that takes longer than this to be ready never will be.
const PATIENCE: Duration = Duration::from_secs(60);

/// Which of two cores a process is kept to.
#[derive(Clone, Copy)]
pub(super) enum Core {
    Server = 0,
    Client = 1,
}

/// What a server is started for.
pub(super) enum Purpose {
    /// To see how long it takes on an empty store: unpinned, as users start it.
    StartUp,
    /// To be loaded: with the demo data, on its core, logging what the filter `log` lets through.
    Load { log: String },
}

/// A running server. It is killed when this value goes.
pub(super) struct Server {
    child: Child,
    pub(super) address: SocketAddr,
    /// From the start of the process to the first success.
    pub(super) started_in: Duration,
}

/// Processor time since the start of a process, in seconds.
pub(super) struct Cpu {
    pub(super) user: f64,
    pub(super) system: f64,
}

impl Server {
    /// Starts `gatehouse serve` on the new directory `data`, and waits until it is ready.
    pub(super) fn gatehouse(binary: &Path, data: &Path, purpose: &Purpose) -> Result<Self, Failure> {
        std::fs::create_dir(data).context(data.display())?;
        let address = free_address()?;
        let (mut command, mode) = match purpose {
            Purpose::StartUp => (Command::new(binary), None),
            Purpose::Load { log } => {
                let mut command = pinned(binary, Core::Server);
                command.env("RUST_LOG", log);
                (command, Some("--demo"))
            }
        };
        // The settings of whoever runs this are not what is measured.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GATEHOUSE_")) {
            command.env_remove(name);
        }
        command.env("GATEHOUSE_GO_API__RATE_LIMIT", RATE_LIMIT);
        // Requests that are under way at once present one refresh token, the last of them after the others' replies.
        command.env("GATEHOUSE_EDGE_GATEWAY__REFRESH_GRACE", "3600");
        command.arg("serve").args(mode);
        command.arg("--listen").arg(address.to_string()).arg("--data-dir").arg(data).current_dir(data);
        Self::start(command, address, "/readyz", data)
    }

    /// Starts one of the floors, which this very program is.
    pub(super) fn floor(xtask: &Path, kind: &str, replies: Option<&Path>) -> Result<Self, Failure> {
        let address = free_address()?;
        let directory = tempfile::tempdir().context("cannot make a directory")?;
        let mut command = pinned(xtask, Core::Server);
        command.args(["floor", kind, "--listen", &address.to_string()]);
        if let Some(replies) = replies {
            command.arg("--replies").arg(replies);
        }
        Self::start(command, address, floor::READY, directory.path())
    }

    /// Starts `command` and asks for `path` until it is answered with a success. Nothing is waited for in between: the
    /// time is what is measured.
    fn start(mut command: Command, address: SocketAddr, path: &str, directory: &Path) -> Result<Self, Failure> {
        let log = directory.join("server.log");
        let output = File::create(&log).context(log.display())?;
        let errors = output.try_clone().context(log.display())?;
        command.stdin(Stdio::null()).stdout(output).stderr(errors);
        let name = command.get_program().to_string_lossy().into_owned();
        let began = now();
        let child = command.spawn().context(format_args!("cannot start {name}"))?;
        let mut server = Self { child, address, started_in: Duration::ZERO };
        let request = Request::get(path);
        loop {
            if http::send(address, &request).is_ok_and(|reply| reply.status == 200) {
                server.started_in = now() - began;
                return Ok(server);
            }
            let ended = server.child.try_wait().context(&name)?;
            if ended.is_some() || now() - began > PATIENCE {
                let told = std::fs::read_to_string(&log).unwrap_or_default();
                return Err(Failure::new(format!("{command:?} is not ready on {address}:\n{told}")));
            }
            std::thread::yield_now();
        }
    }

    /// The processor time that the process has used.
    pub(super) fn cpu(&self) -> Result<Cpu, Failure> {
        let stat = self.proc("stat")?;
        let ticks = cpu_ticks(&stat).context("/proc/<pid>/stat cannot be read")?;
        let second = ticks_a_second()?;
        Ok(Cpu { user: ticks.0 as f64 / second, system: ticks.1 as f64 / second })
    }

    /// The memory that is resident, in KiB.
    pub(super) fn resident_kib(&self) -> Result<u64, Failure> {
        let status = self.proc("status")?;
        let line =
            status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("/proc/<pid>/status has no VmRSS")?;
        line.trim().trim_end_matches(" kB").parse().context("VmRSS is no number")
    }

    fn proc(&self, file: &str) -> Result<String, Failure> {
        let path = format!("/proc/{}/{file}", self.child.id());
        std::fs::read_to_string(&path).context(format_args!("{path} (bench reads Linux's /proc)"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself, and then there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether there are two cores and the tool that keeps processes to them.
pub(super) fn can_pin() -> bool {
    std::thread::available_parallelism().is_ok_and(|cores| cores.get() > 1) && has("taskset")
}

/// A command that runs `program` on its core, where that is possible, and that does not outlive this process even
/// when this process is killed.
pub(super) fn pinned(program: impl AsRef<std::ffi::OsStr>, core: Core) -> Command {
    let mut words = Vec::new();
    if has("setpriv") {
        words.extend(["setpriv", "--pdeathsig", "KILL"].map(String::from));
    }
    if can_pin() {
        words.extend(["taskset".to_owned(), "--cpu-list".to_owned(), (core as u8).to_string()]);
    }
    match words.split_first() {
        None => Command::new(program),
        Some((first, rest)) => {
            let mut command = Command::new(first);
            command.args(rest).arg(program);
            command
        }
    }
}

fn has(tool: &str) -> bool {
    Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// A port that is free now; the server binds it a moment later.
fn free_address() -> Result<SocketAddr, Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("cannot listen on loopback")?;
    listener.local_addr().context("cannot listen on loopback")
}

/// User and system ticks, the 14th and 15th field. The second is the command's name, which may hold anything, so
/// counting begins after its closing bracket.
fn cpu_ticks(stat: &str) -> Option<(u64, u64)> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

fn ticks_a_second() -> Result<f64, Failure> {
    let output = Command::new("getconf").arg("CLK_TCK").output().context("cannot run getconf")?;
    String::from_utf8_lossy(&output.stdout).trim().parse().context("getconf CLK_TCK is no number")
}

#[expect(clippy::disallowed_methods, reason = "measuring real time is what this task is for")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_found_behind_any_name() {
        let stat = "12 (a) b) S 1 2 3 4 5 6 7 8 9 10 77 88 0 0 20";
        assert_eq!(cpu_ticks(stat), Some((77, 88)));
        assert_eq!(cpu_ticks("12 (a"), None);
    }

    #[test]
    fn own_process_can_be_read() {
        let child = Command::new("sh").args(["-c", "read line"]).stdin(Stdio::piped()).spawn().unwrap();
        let server = Server { child, address: ([127, 0, 0, 1], 1).into(), started_in: Duration::ZERO };
        assert!(server.cpu().unwrap().user >= 0.0);
        assert!(server.resident_kib().is_ok());
    }
}
