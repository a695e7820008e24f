//! `cargo xtask bench`: loads the server and two floors in turn, and prints what a request costs and how far the server
//! is from each floor.
//!
//! The *constant* floor sends back bytes that the server sent once; nothing in hyper can be faster. The floor *by hand*
//! does the server's work, written straight down. All three are up at the same time and loaded one after the other,
//! so the ratios of one round stand under the same weather; the median over the rounds is what is printed.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde::Deserialize;

use crate::{Context, Failure, cargo};

mod case;
pub mod floor;
mod http;
mod process;
mod report;
mod wrk;

use case::{CASES, Case, LOGIN_CASE, PING_CASE, Session};
use http::Reply;
use process::Server;
use report::{BesideLogins, Report, Sample, Target};

/// How many times an empty store is started for the start-up time.
const STARTS: usize = 7;

/// How much the mean reply under load may differ in length from the one that was checked before.
const LENGTH_TOLERANCE: f64 = 0.05;

#[derive(Args)]
pub struct Options {
    /// Print the result as JSON, to standard output; progress stays on standard error
    #[arg(long)]
    json: bool,
    /// Seconds that each case is measured for, in each round
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Rounds; ratios are formed within one, and the median is printed
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=99))]
    rounds: u64,
    /// Measure this case only; may be given several times
    #[arg(long, value_name = "CASE", value_parser = CASES.iter().map(|case| case.name).collect::<Vec<_>>())]
    only: Vec<String>,
    /// The cargo profile of what is measured; `dev` is for trying out this task
    #[arg(long, default_value = "release")]
    profile: String,
    /// What the loaded server logs (RUST_LOG); with `info` it writes a line for each request, which no floor does
    #[arg(long, value_name = "FILTER", default_value = "warn")]
    log: String,
    /// Measure the floors against each other, without the server
    #[arg(long)]
    floors: bool,
}

/// A server that is loaded, with the session in which it is asked.
struct Subject {
    target: Target,
    server: Server,
    session: Session,
}

pub fn run(options: &Options) -> Result<(), Failure> {
    wrk::require()?;
    let cases: Vec<&Case> = CASES
        .iter()
        .filter(|case| options.only.is_empty() || options.only.iter().any(|name| name == case.name))
        .collect();
    let xtask = build(&options.profile, "xtask", "xtask")?;
    let cases: Vec<&Case> = match options.floors {
        true => cases.into_iter().filter(|case| case.floors.contains(&Target::ByHand)).collect(),
        false => cases,
    };
    let gatehouse = match options.floors {
        true => None,
        false => Some(build(&options.profile, "gatehouse-server", "gatehouse")?),
    };

    let directory = tempfile::Builder::new().prefix("gatehouse-bench-").tempdir().context("cannot make a directory")?;
    let mut report = Report::new(options.rounds, options.seconds, process::can_pin(), &options.log);
    if let Some(gatehouse) = &gatehouse {
        eprintln!("starting on an empty store, {STARTS} times");
        for number in 0..STARTS {
            let data = directory.path().join(format!("start-{number}"));
            report.starts.push(Server::gatehouse(gatehouse, &data, &process::Purpose::StartUp)?.started_in);
        }
    }
    let purpose = process::Purpose::Load { log: options.log.clone() };
    let subjects = start(&xtask, gatehouse.as_deref().map(|binary| (binary, &purpose)), directory.path(), &cases)?;
    let mut expected = Vec::new();
    for subject in &subjects {
        for case in &cases {
            expected.push(if subject.answers(case) { Some(length(subject, case)?) } else { None });
        }
    }
    let has_logins = cases.iter().any(|case| case.name == LOGIN_CASE);
    // Logins come last, because Argon2id takes memory on purpose: what everything else leaves is told before them.
    for logins in [false, true].into_iter().take(1 + usize::from(has_logins)) {
        for round in 0..options.rounds {
            for (index, case) in cases.iter().enumerate().filter(|(_, case)| (case.name == LOGIN_CASE) == logins) {
                for (place, subject) in subjects.iter().enumerate() {
                    let Some(length) = expected[place * cases.len() + index] else {
                        continue;
                    };
                    eprintln!("round {}/{}: {} on {}", round + 1, options.rounds, case.name, subject.target.name());
                    let sample =
                        measure(subject, case, length, Duration::from_secs(options.seconds), directory.path())?;
                    report.samples.push(Sample { round, case: case.name, target: subject.target, ..sample });
                }
            }
        }
        for subject in &subjects {
            let asked = cases.iter().filter(|case| subject.answers(case) && case.script.is_none());
            for case in asked.filter(|case| (case.name == LOGIN_CASE) == logins) {
                probe(subject, case)?;
            }
            match (logins, subject.target) {
                (false, target) => report.memory.push((target, subject.server.resident_kib()?)),
                (true, Target::Gatehouse) => report.memory_after_logins = Some(subject.server.resident_kib()?),
                (true, Target::Constant | Target::ByHand) => {}
            }
        }
    }
    if let (Some(server), true) = (subjects.first(), has_logins) {
        for round in 0..options.rounds {
            eprintln!("round {}/{}: {PING_CASE} alone and beside {LOGIN_CASE}", round + 1, options.rounds);
            let time = Duration::from_secs(options.seconds);
            report.beside_logins.push(beside_logins(server, time, directory.path())?);
        }
    }
    match options.json {
        true => println!("{:#}", report.json(&cases)),
        false => print!("{}", report.table(&cases)),
    }
    Ok(())
}

/// Starts the server where there is one, and both floors. The constant floor repeats what the first of them answered.
fn start(
    xtask: &Path,
    gatehouse: Option<(&Path, &process::Purpose)>,
    directory: &Path,
    cases: &[&Case],
) -> Result<Vec<Subject>, Failure> {
    let by_hand = Subject::new(Target::ByHand, Server::floor(xtask, "by-hand", None)?)?;
    let server = match gatehouse {
        Some((binary, purpose)) => {
            let server = Server::gatehouse(binary, &directory.join("loaded"), purpose)?;
            let mut subject = Subject::new(Target::Gatehouse, server)?;
            subject.session.prepare()?;
            Some(subject)
        }
        None => None,
    };
    let original = server.as_ref().unwrap_or(&by_hand);
    let mut replies = Vec::new();
    for case in cases.iter().filter(|case| case.floors.contains(&Target::Constant) && original.answers(case)) {
        let request = (case.request)(&original.session);
        replies.push(floor::constant::Recorded::new(&request, &probe(original, case)?));
    }
    // The floor is asked for a token before it is loaded, whichever cases are measured.
    if let Some(token) = CASES.iter().find(|case| case.name == "token")
        && cases.iter().all(|case| case.name != token.name)
    {
        replies.push(floor::constant::Recorded::new(&(token.request)(&original.session), &probe(original, token)?));
    }
    let recorded = directory.join("replies.json");
    let text = serde_json::to_vec(&replies).context("cannot write the recorded replies")?;
    std::fs::write(&recorded, text).context("cannot write the recorded replies")?;
    let mut constant = Subject::new(Target::Constant, Server::floor(xtask, "constant", Some(&recorded))?)?;
    constant.session.users = original.session.users.clone();
    Ok(server.into_iter().chain([constant, by_hand]).collect())
}

impl Subject {
    fn new(target: Target, server: Server) -> Result<Self, Failure> {
        let session = Session::open(server.address).map_err(|failure| named(target, &failure))?;
        Ok(Self { target, server, session })
    }

    /// Whether this one can be asked a case.
    fn answers(&self, case: &Case) -> bool {
        self.target == Target::Gatehouse || case.floors.contains(&self.target)
    }
}

/// Pings for `time`, and then again while logins keep the threads of passwords busy: one directly after the other,
/// because the slowest hundredth changes with the weather more than anything else does.
fn beside_logins(subject: &Subject, time: Duration, directory: &Path) -> Result<BesideLogins, Failure> {
    let (ping, login) = (case::named(PING_CASE)?, case::named(LOGIN_CASE)?);
    let length = probe(subject, ping)?.length;
    let alone = measure(subject, ping, length, time, directory)?.p99;
    let beside = std::thread::scope(|scope| {
        // It begins before the first ping that counts, and ends after the last.
        let logins = scope.spawn(|| {
            let time = time + Duration::from_secs(3);
            wrk::load(subject.server.address, &ammunition(subject, login), time, directory)
        });
        let pings = measure(subject, ping, length, time, directory);
        match logins.join() {
            Ok(logins) => logins.and(pings),
            Err(_) => Err(Failure::new("the thread of the logins panicked")),
        }
    })?;
    Ok(BesideLogins { alone, beside: beside.p99 })
}

fn ammunition<'a>(subject: &Subject, case: &'a Case) -> wrk::Ammunition<'a> {
    wrk::Ammunition { name: case.name, request: (case.request)(&subject.session), script: case.script }
}

/// How long a reply of the case is, in bytes: the mean, where two requests take turns.
fn length(subject: &Subject, case: &Case) -> Result<usize, Failure> {
    let first = probe(subject, case)?.length;
    let Some(second) = case.second else { return Ok(first) };
    Ok(usize::midpoint(first, ask(subject, case, &second(&subject.session)?)?.length))
}

/// One reply of the case, checked to be a success.
fn probe(subject: &Subject, case: &Case) -> Result<Reply, Failure> {
    ask(subject, case, &(case.request)(&subject.session))
}

/// The reply to one request of the case, checked to be a success.
fn ask(subject: &Subject, case: &Case, request: &http::Request) -> Result<Reply, Failure> {
    let reply = http::send(subject.server.address, request).context(subject.target.name())?;
    let text = String::from_utf8_lossy(&reply.body);
    if reply.status == 200 && text.contains(case.accepted) {
        return Ok(reply);
    }
    let sentence = format!("{} is answered with HTTP {} and {text}", case.name, reply.status);
    Err(named(subject.target, &Failure::new(sentence)))
}

/// Loads the case for `time`, after a second that nobody counts. `length` is the reply's, in bytes.
fn measure(subject: &Subject, case: &Case, length: usize, time: Duration, directory: &Path) -> Result<Sample, Failure> {
    let ammunition = ammunition(subject, case);
    let load = |time| {
        wrk::load(subject.server.address, &ammunition, time, directory)
            .map_err(|failure| named(subject.target, &failure))
    };
    load(Duration::from_secs(1))?;
    let before = subject.server.cpu()?;
    let load = load(time)?;
    let after = subject.server.cpu()?;
    let mean = load.bytes as f64 / load.requests as f64;
    if (mean / length as f64 - 1.0).abs() > LENGTH_TOLERANCE {
        let sentence = format!(
            "{}: the replies under load are {mean:.0} bytes long and the checked one {length}, so they are not all successes",
            case.name
        );
        return Err(named(subject.target, &Failure::new(sentence)));
    }
    Ok(Sample {
        round: 0,
        case: case.name,
        target: subject.target,
        requests_per_second: load.requests as f64 / load.seconds,
        p50: load.p50,
        p99: load.p99,
        user: (after.user - before.user) * 1e6 / load.requests as f64,
        system: (after.system - before.system) * 1e6 / load.requests as f64,
    })
}

fn named(target: Target, failure: &Failure) -> Failure {
    Failure::new(format!("{}: {failure}", target.name()))
}

/// Builds one binary and returns where cargo put it.
fn build(profile: &str, package: &str, binary: &str) -> Result<PathBuf, Failure> {
    /// A line of cargo's report, of which only the artifacts of binaries name an executable.
    #[derive(Deserialize)]
    struct Line {
        target: Option<Named>,
        executable: Option<PathBuf>,
    }
    #[derive(Deserialize)]
    struct Named {
        name: String,
    }

    eprintln!("building {binary} ({profile})");
    // Each package is built by itself: together they would share features, and what is measured would not be what
    // `cargo build --release` makes.
    let mut command: Command = cargo();
    command.args(["build", "--profile", profile, "--package", package, "--bin", binary]);
    let output = command
        .args(["--message-format", "json-render-diagnostics"])
        .stderr(std::process::Stdio::inherit())
        .output()
        .context("cannot run cargo")?;
    if !output.status.success() {
        return Err(Failure::new(format!("{binary} does not build")));
    }
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Line>(line).ok())
        .filter(|line| line.target.as_ref().is_some_and(|target| target.name == binary))
        .find_map(|line| line.executable)
        .context(format_args!("cargo built no {binary}"))
}

/// Which floor to be.
#[derive(Clone, Copy, ValueEnum)]
pub enum Floor {
    Constant,
    ByHand,
}
