//! What was measured, as a table and as JSON. Every figure is the median over the rounds; a ratio is formed within each
//! round first.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

use super::case::{Case, PING_CASE};

/// At most this many times the user time of the floor by hand.
const CPU_GOAL: f64 = 2.0;
/// Ready within this time on an empty store.
const START_GOAL: Duration = Duration::from_millis(200);
/// Resident after load, in MiB.
const MEMORY_GOAL: f64 = 40.0;

/// At most this many times the p99 of pings, while logins keep the threads of passwords busy.
const LATENCY_GOAL: f64 = 2.0;

/// What is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Gatehouse,
    Constant,
    ByHand,
}

impl Target {
    const ALL: [Self; 3] = [Self::Gatehouse, Self::Constant, Self::ByHand];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Gatehouse => "gatehouse",
            Self::Constant => "constant",
            Self::ByHand => "by-hand",
        }
    }
}

/// One case on one target in one round. Times are microseconds; processor times are those of one request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    pub(super) round: u64,
    pub(super) case: &'static str,
    pub(super) target: Target,
    pub(super) requests_per_second: f64,
    pub(super) p50: f64,
    pub(super) p99: f64,
    pub(super) user: f64,
    pub(super) system: f64,
}

/// A column: its name in the table, its key in JSON, the decimals it deserves, and where it is in a sample.
type Column = (&'static str, &'static str, usize, fn(&Sample) -> f64);

const COLUMNS: [Column; 5] = [
    ("requests/s", "requests_per_second", 0, |sample| sample.requests_per_second),
    ("p50 µs", "p50_us", 0, |sample| sample.p50),
    ("p99 µs", "p99_us", 0, |sample| sample.p99),
    ("user µs", "user_us_per_request", 1, |sample| sample.user),
    ("system µs", "system_us_per_request", 1, |sample| sample.system),
];

/// A ratio of the server to a floor.
struct Ratio {
    name: &'static str,
    key: &'static str,
    floor: Target,
    value: fn(&Sample) -> f64,
}

const RATIOS: [Ratio; 3] = [
    Ratio {
        name: "requests/s to constant",
        key: "requests_to_constant",
        floor: Target::Constant,
        value: |sample| sample.requests_per_second,
    },
    Ratio {
        name: "requests/s to by-hand",
        key: "requests_to_by_hand",
        floor: Target::ByHand,
        value: |sample| sample.requests_per_second,
    },
    Ratio { name: "user µs to by-hand", key: "user_to_by_hand", floor: Target::ByHand, value: |sample| sample.user },
];

/// The p99 of pings in microseconds, in one round.
pub(super) struct BesideLogins {
    /// With nothing else to do.
    pub(super) alone: f64,
    /// While logins saturate the threads of passwords.
    pub(super) beside: f64,
}

/// All that one run of the task measured.
pub(super) struct Report {
    rounds: u64,
    seconds: u64,
    pinned: bool,
    /// The loaded server's log filter.
    log: String,
    pub(super) samples: Vec<Sample>,
    /// Pings alone and beside logins, one a round.
    pub(super) beside_logins: Vec<BesideLogins>,
    /// Starts on an empty store.
    pub(super) starts: Vec<Duration>,
    /// Resident memory after the load of everything but logins, in KiB.
    pub(super) memory: Vec<(Target, u64)>,
    /// The server's after logins, in KiB; each thread of passwords keeps what Argon2id takes.
    pub(super) memory_after_logins: Option<u64>,
}

impl Report {
    pub(super) fn new(rounds: u64, seconds: u64, pinned: bool, log: &str) -> Self {
        let log = log.to_owned();
        Self {
            rounds,
            seconds,
            pinned,
            log,
            samples: Vec::new(),
            beside_logins: Vec::new(),
            starts: Vec::new(),
            memory: Vec::new(),
            memory_after_logins: None,
        }
    }

    pub(super) fn table(&self, cases: &[&Case]) -> String {
        let mut out = String::new();
        // Writing to a String cannot fail.
        let _ = self.write(cases, &mut out);
        out
    }

    fn write(&self, cases: &[&Case], out: &mut String) -> std::fmt::Result {
        let place = match self.pinned {
            true => "server on core 0, wrk on core 1",
            false => "server and wrk share the cores",
        };
        let Self { rounds, seconds, log, .. } = self;
        writeln!(out, "{rounds} rounds of {seconds} s a case; {place}; log filter {log}; medians of the rounds\n")?;
        write!(out, "{:<10} {:<10}", "case", "server")?;
        for (name, ..) in COLUMNS {
            write!(out, " {name:>11}")?;
        }
        writeln!(out)?;
        for case in cases {
            for target in Target::ALL.into_iter().filter(|target| self.of(case.name, *target).next().is_some()) {
                write!(out, "{:<10} {:<10}", case.name, target.name())?;
                for (_, _, decimals, value) in COLUMNS {
                    let median = self.median(case.name, target, value).unwrap_or(f64::NAN);
                    write!(out, " {median:>11.decimals$}")?;
                }
                writeln!(out)?;
            }
        }
        if self.has(Target::Gatehouse) {
            writeln!(out)?;
            for case in cases {
                for ratio in &RATIOS {
                    let Some(value) = self.ratio(case.name, ratio) else {
                        continue;
                    };
                    let goal = match ratio.key {
                        "requests_to_constant" => case.goal.map(|goal| (value >= goal, format!("at least {goal:.2}"))),
                        "user_to_by_hand" => Some((value <= CPU_GOAL, format!("at most {CPU_GOAL:.1}"))),
                        _ => None,
                    };
                    writeln!(out, "{:<10} {:<24} {value:>6.2}{}", case.name, ratio.name, judged(goal))?;
                }
            }
        }
        if let Some(ratio) = self.latency_beside_logins() {
            let goal = (ratio <= LATENCY_GOAL, format!("at most {LATENCY_GOAL:.1}"));
            writeln!(out, "{:<10} {:<24} {ratio:>6.2}{}", PING_CASE, "p99 µs beside logins", judged(Some(goal)))?;
        }
        writeln!(out)?;
        if let Some(start) = median(self.starts.iter().map(Duration::as_secs_f64)) {
            let goal = (start < START_GOAL.as_secs_f64(), format!("under {} ms", START_GOAL.as_millis()));
            writeln!(out, "ready on an empty store after {:.0} ms{}", start * 1e3, judged(Some(goal)))?;
        }
        for &(target, kib) in &self.memory {
            let mib = kib as f64 / 1024.0;
            let goal =
                (target == Target::Gatehouse).then(|| (mib < MEMORY_GOAL, format!("under {MEMORY_GOAL:.0} MiB")));
            writeln!(out, "resident after load, {:<10} {mib:>5.1} MiB{}", target.name(), judged(goal))?;
        }
        if let Some(kib) = self.memory_after_logins {
            writeln!(out, "resident after logins, gatehouse {:>5.1} MiB", kib as f64 / 1024.0)?;
        }
        Ok(())
    }

    pub(super) fn json(&self, cases: &[&Case]) -> Value {
        let object = |pairs: Vec<(&str, Value)>| {
            pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<serde_json::Map<_, _>>()
        };
        let figures = |case: &Case, target: Target| {
            let value = |column: Column| (column.1, json!(self.median(case.name, target, column.3)));
            Value::Object(object(COLUMNS.map(value).into()))
        };
        let case = |case: &&Case| {
            let targets = Target::ALL.into_iter().filter(|target| self.of(case.name, *target).next().is_some());
            json!({
                "case": case.name,
                "servers": object(targets.map(|target| (target.name(), figures(case, target))).collect()),
                "ratios": object(RATIOS.iter().map(|ratio| (ratio.key, json!(self.ratio(case.name, ratio)))).collect()),
            })
        };
        let memory = self.memory.iter().map(|(target, kib)| (target.name(), json!(kib)));
        json!({
            "rounds": self.rounds,
            "seconds": self.seconds,
            "pinned": self.pinned,
            "log": self.log,
            "cases": cases.iter().map(case).collect::<Vec<_>>(),
            "ping_p99_beside_logins": self.latency_beside_logins(),
            "start_ms": median(self.starts.iter().map(|start| start.as_secs_f64() * 1e3)),
            "resident_kib": object(memory.collect()),
            "resident_after_logins_kib": self.memory_after_logins,
        })
    }

    /// The median over the rounds of the p99 of pings beside logins divided by that of pings alone.
    fn latency_beside_logins(&self) -> Option<f64> {
        median(self.beside_logins.iter().map(|round| round.beside / round.alone))
    }

    fn has(&self, target: Target) -> bool {
        self.samples.iter().any(|sample| sample.target == target)
    }

    fn of<'a>(&'a self, case: &'a str, target: Target) -> impl Iterator<Item = &'a Sample> {
        self.samples.iter().filter(move |sample| sample.case == case && sample.target == target)
    }

    fn median(&self, case: &str, target: Target, value: fn(&Sample) -> f64) -> Option<f64> {
        median(self.of(case, target).map(value))
    }

    /// The median over the rounds of the server's value divided by the floor's in the same round.
    fn ratio(&self, case: &str, ratio: &Ratio) -> Option<f64> {
        let of_round = |ours: &Sample| {
            let floor = self.of(case, ratio.floor).find(|floor| floor.round == ours.round)?;
            Some((ratio.value)(ours) / (ratio.value)(floor))
        };
        median(self.of(case, Target::Gatehouse).filter_map(of_round))
    }
}

/// A goal and whether it is reached, behind a figure.
fn judged(goal: Option<(bool, String)>) -> String {
    match goal {
        None => String::new(),
        Some((true, goal)) => format!("   reached: {goal}"),
        Some((false, goal)) => format!("   MISSED: {goal}"),
    }
}

/// The middle value, or the mean of the middle two; nothing where there are none.
fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(values[middle]),
        _ => Some(f64::midpoint(values[middle - 1], values[middle])),
    }
}

#[cfg(test)]
mod tests {
    use super::super::case::CASES;
    use super::*;

    fn sample(round: u64, target: Target, requests_per_second: f64, user: f64) -> Sample {
        Sample { round, case: "ping", target, requests_per_second, p50: 100.0, p99: 900.0, user, system: 3.0 }
    }

    /// Three rounds, in the second of which everything is half as fast.
    fn report() -> Report {
        let mut report = Report::new(3, 5, true, "warn");
        for (round, weather) in [(0, 1.0), (1, 0.5), (2, 1.0)] {
            report.samples.push(sample(round, Target::Gatehouse, 60.0 * weather, 9.0 / weather));
            report.samples.push(sample(round, Target::Constant, 100.0 * weather, 2.0 / weather));
            report.samples.push(sample(round, Target::ByHand, 80.0 * weather, 4.0 / weather));
        }
        report.beside_logins =
            vec![BesideLogins { alone: 900.0, beside: 1800.0 }, BesideLogins { alone: 900.0, beside: 2700.0 }];
        report.starts = [50, 90, 70].map(Duration::from_millis).into();
        report.memory = vec![(Target::Gatehouse, 41 * 1024), (Target::Constant, 8 * 1024)];
        report
    }

    #[test]
    fn medians_of_odd_even_and_none() {
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), Some(2.0));
        assert_eq!(median([4.0, 1.0, 2.0, 3.0].into_iter()), Some(2.5));
        assert_eq!(median([].into_iter()), None);
    }

    #[test]
    fn ratios_are_formed_within_a_round() {
        let json = report().json(&[&CASES[0]]);
        let ratios = &json["cases"][0]["ratios"];
        assert_eq!(ratios["requests_to_constant"], 0.6);
        assert_eq!(ratios["requests_to_by_hand"], 0.75);
        assert_eq!(ratios["user_to_by_hand"], 2.25);
        assert_eq!(json["cases"][0]["servers"]["gatehouse"]["requests_per_second"], 60.0);
        assert_eq!(json["start_ms"], 70.0);
        assert_eq!(json["ping_p99_beside_logins"], 2.5);
        assert_eq!(json["resident_kib"]["gatehouse"], 41 * 1024);
    }

    #[test]
    fn the_table_judges_each_goal() {
        let table = report().table(&[&CASES[0]]);
        let line = |part: &str| table.lines().find(|line| line.contains(part)).unwrap_or_else(|| panic!("{table}"));
        assert!(line("requests/s to constant").ends_with("0.60   MISSED: at least 0.62"), "{table}");
        assert!(line("user µs to by-hand").ends_with("2.25   MISSED: at most 2.0"), "{table}");
        assert!(line("beside logins").ends_with("2.50   MISSED: at most 2.0"), "{table}");
        assert!(line("empty store").ends_with("70 ms   reached: under 200 ms"), "{table}");
        assert!(line("resident after load, gatehouse").ends_with("41.0 MiB   MISSED: under 40 MiB"), "{table}");
        assert!(line("resident after load, constant").ends_with("8.0 MiB"), "{table}");
    }
}
