//! Medians of the rounds, ratios, and their tables.

use serde::Serialize;
use serde_json::{Value, json};

use crate::{Result, measure::Figures};

/// The rounds of one server or one case.
#[derive(Debug, Clone, Serialize)]
pub struct Measured {
    pub name: String,
    /// Number of connections that sent the requests.
    pub connections: usize,
    pub rounds: Vec<Figures>,
    /// Why there are no further rounds.
    pub error: Option<String>,
}

/// The medians of rounds.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Medians {
    pub requests_per_second: f64,
    pub cpu_us: Option<f64>,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub memory_mb: Option<f64>,
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let at = values.len() / 2;
    match values.len() {
        0 => None,
        length if length % 2 == 1 => Some(values[at]),
        _ => Some(f64::midpoint(values[at - 1], values[at])),
    }
}

impl Measured {
    pub fn new(name: &str, connections: usize) -> Self {
        Self { name: name.to_owned(), connections, rounds: Vec::new(), error: None }
    }

    /// Adds a round, or notes why it failed.
    pub fn add(&mut self, round: Result<Figures>) {
        match round {
            Ok(figures) => self.rounds.push(figures),
            Err(error) => self.error = Some(error.to_string()),
        }
    }

    pub fn medians(&self) -> Medians {
        let of = |value: fn(&Figures) -> f64| median(self.rounds.iter().map(value).collect()).unwrap_or_default();
        let known = |value: fn(&Figures) -> Option<f64>| median(self.rounds.iter().filter_map(value).collect());
        Medians {
            requests_per_second: of(|round| round.requests_per_second),
            cpu_us: known(|round| round.cpu_us),
            p50_ms: of(|round| round.p50_ms),
            p99_ms: of(|round| round.p99_ms),
            memory_mb: known(|round| round.memory_mb),
        }
    }

    /// Returns the median of the rounds' ratios of one figure. Both sides of a ratio come from the same round, so a
    /// machine that was slower in one round changes it little.
    pub fn ratio(&self, other: &Self, figure: fn(&Figures) -> Option<f64>) -> Option<f64> {
        let pairs = self.rounds.iter().zip(&other.rounds);
        median(
            pairs.filter_map(|(one, other)| Some(figure(one)? / figure(other)?)).filter(|it| it.is_finite()).collect(),
        )
    }
}

fn rate(figures: &Figures) -> Option<f64> {
    Some(figures.requests_per_second)
}

fn cpu(figures: &Figures) -> Option<f64> {
    figures.cpu_us
}

fn p50(figures: &Figures) -> Option<f64> {
    Some(figures.p50_ms)
}

fn number(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.digits$}"))
}

fn row(cells: &[String]) -> String {
    let (name, others) = cells.split_first().expect("a row has a name");
    let others: Vec<String> = others.iter().map(|cell| format!("{cell:>10}")).collect();
    format!("{name:<46}{}", others.join(""))
}

fn head(cells: &[&str]) -> String {
    row(&cells.iter().map(ToString::to_string).collect::<Vec<_>>())
}

/// Prints the servers. The last two columns compare Gloss, the first server, with each.
pub fn print_servers(servers: &[Measured]) {
    let Some(gloss) = servers.first() else { return };
    println!("{}", head(&["server", "req/s", "CPU µs", "p50 ms", "p99 ms", "MB", "× req/s", "× CPU"]));
    for server in servers {
        let medians = server.medians();
        println!(
            "{}",
            row(&[
                server.name.clone(),
                number(Some(medians.requests_per_second), 0),
                number(medians.cpu_us, 0),
                number(Some(medians.p50_ms), 2),
                number(Some(medians.p99_ms), 2),
                number(medians.memory_mb, 0),
                number(gloss.ratio(server, rate), 2),
                number(gloss.ratio(server, cpu), 2),
            ])
        );
    }
}

/// Prints the cases. The last two columns compare each case with the page, the first case. Latencies are compared only
/// over the same number of connections.
pub fn print_cases(cases: &[Measured]) {
    let Some(page) = cases.first() else { return };
    println!("{}", head(&["request to gloss", "senders", "req/s", "CPU µs", "p50 ms", "p99 ms", "× p50", "× CPU"]));
    for case in cases {
        if let Some(error) = &case.error {
            println!("{:<46}    {error}", case.name);
            continue;
        }
        let medians = case.medians();
        let same = case.connections == page.connections;
        println!(
            "{}",
            row(&[
                case.name.clone(),
                case.connections.to_string(),
                number(Some(medians.requests_per_second), 0),
                number(medians.cpu_us, 0),
                number(Some(medians.p50_ms), 2),
                number(Some(medians.p99_ms), 2),
                number(case.ratio(page, p50).filter(|_| same), 2),
                number(case.ratio(page, cpu), 2),
            ])
        );
    }
}

/// Returns the servers as JSON, with Gloss's ratios to each.
pub fn servers_json(servers: &[Measured]) -> Value {
    let Some(gloss) = servers.first() else { return json!([]) };
    let one = |server: &Measured| {
        json!({ "name": server.name, "medians": server.medians(), "rounds": server.rounds,
            "glossRatio": { "requestsPerSecond": gloss.ratio(server, rate), "cpu": gloss.ratio(server, cpu),
                "p50": gloss.ratio(server, p50) } })
    };
    servers.iter().map(one).collect()
}

/// Returns the cases as JSON, with their ratios to the page.
pub fn cases_json(cases: &[Measured]) -> Value {
    let Some(page) = cases.first() else { return json!([]) };
    let one = |case: &Measured| {
        json!({ "name": case.name, "connections": case.connections, "error": case.error,
            "medians": case.medians(), "rounds": case.rounds,
            "pageRatio": { "requestsPerSecond": case.ratio(page, rate), "cpu": case.ratio(page, cpu),
                "p50": case.ratio(page, p50) } })
    };
    cases.iter().map(one).collect()
}
