//! One run of `wrk`. Its script says what to send, and prints the result as one line of JSON.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde::Deserialize;

use super::http::Request;
use super::process;
use crate::{Context, Failure};

/// Connections that are open at a time. Enough to keep one core busy, few enough that a reply does not wait long.
const CONNECTIONS: u32 = 32;

/// What one run measured.
pub(super) struct Load {
    pub(super) requests: u64,
    pub(super) seconds: f64,
    /// All that was received.
    pub(super) bytes: u64,
    /// Latencies in microseconds.
    pub(super) p50: f64,
    pub(super) p99: f64,
}

/// The line that the script prints.
#[derive(Deserialize)]
struct Summary {
    requests: u64,
    microseconds: u64,
    bytes: u64,
    p50: f64,
    p99: f64,
    /// Failed connects, reads and writes, replies of status 400 and more, and timeouts.
    errors: [u64; 5],
}

/// Fails where `wrk` is not installed.
pub(super) fn require() -> Result<(), Failure> {
    let found = Command::new("wrk").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    let sentence = "wrk is not on the PATH: install it, for example with `apt-get install wrk` or `brew install wrk`";
    found.map(drop).map_err(|_| Failure::new(sentence))
}

/// What is sent.
pub(super) struct Ammunition<'a> {
    /// Its name, after which the script's file is called.
    pub(super) name: &'a str,
    pub(super) request: Request,
    /// Lua by which each reply changes the next request.
    pub(super) script: Option<&'a str>,
}

/// Sends a request over and over for `time`. Every reply counts: one error fails the run.
pub(super) fn load(
    address: SocketAddr,
    ammunition: &Ammunition<'_>,
    time: Duration,
    directory: &Path,
) -> Result<Load, Failure> {
    let Ammunition { name, request, script: steps } = ammunition;
    let file = directory.join(format!("{name}.lua"));
    let text = format!("{}{}", script(request), steps.unwrap_or_default());
    std::fs::write(&file, text).context("cannot write wrk's script")?;
    let mut command = process::pinned("wrk", process::Core::Client);
    command.args(["--threads", "1", "--latency", "--timeout", "10s"]);
    command.args(["--connections", &CONNECTIONS.to_string(), "--duration", &format!("{}s", time.as_secs())]);
    command.arg("--script").arg(&file).arg(format!("http://{address}{}", request.path));
    let output = command.stdin(Stdio::null()).output().context("cannot run wrk")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find_map(|line| line.strip_prefix(MARK));
    let told = || format!("wrk gave no result: {text}{}", String::from_utf8_lossy(&output.stderr));
    let summary: Summary = serde_json::from_str(line.context(told())?).context(told())?;
    if summary.errors != [0; 5] || summary.requests == 0 || text.contains("Non-2xx") {
        let [connect, read, write, status, timeout] = summary.errors;
        return Err(Failure::new(format!(
            "{} {} failed under load: of {} requests {status} had another status, {timeout} timed out; sockets failed \
             {connect} times at connecting, {read} at reading, {write} at writing",
            request.method, request.path, summary.requests
        )));
    }
    Ok(Load {
        requests: summary.requests,
        seconds: summary.microseconds as f64 / 1e6,
        bytes: summary.bytes,
        p50: summary.p50,
        p99: summary.p99,
    })
}

/// What the script's line begins with, to be found among wrk's own.
const MARK: &str = "measured ";

/// The script. Where the request is fixed, wrk builds it once and no Lua runs while it measures.
fn script(request: &Request) -> String {
    let mut script = format!("wrk.method = {}\nwrk.path = {}\n", lua(&request.method), lua(&request.path));
    if !request.body.is_empty() {
        script.push_str(&format!("wrk.body = {}\n", lua(&request.body)));
    }
    for (name, value) in &request.headers {
        script.push_str(&format!("wrk.headers[{}] = {}\n", lua(name), lua(value)));
    }
    script.push_str(&format!(
        r#"
function done(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format(
        '{MARK}{{"requests":%d,"microseconds":%d,"bytes":%d,"p50":%.1f,"p99":%.1f,"errors":[%d,%d,%d,%d,%d]}}\n',
        summary.requests, summary.duration, summary.bytes, latency:percentile(50), latency:percentile(99),
        errors.connect, errors.read, errors.write, errors.status, errors.timeout))
end
"#
    ));
    script
}

/// A Lua text: every byte that is not plain is written as its number.
fn lua(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'"' | b'\\' | 0..=31 | 127.. => format!("\\{byte:03}"),
        plain => char::from(plain).to_string(),
    };
    format!("\"{}\"", text.bytes().map(byte).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_survive_lua() {
        assert_eq!(lua("a\"b\\c\n\u{e9}"), "\"a\\034b\\092c\\010\\195\\169\"");
    }

    #[test]
    fn the_script_sends_the_request() {
        let script = script(&Request::form("/a", "b=c").header("x-token", "d"));
        assert!(script.starts_with("wrk.method = \"POST\"\nwrk.path = \"/a\"\nwrk.body = \"b=c\"\n"), "{script}");
        assert!(script.contains("wrk.headers[\"x-token\"] = \"d\"\n"), "{script}");
    }
}
