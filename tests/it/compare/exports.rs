//! The three export formats hold the same content and parse back to the values of the API.

use serde_json::{Value, json};

/// The content of an export in any format: each value as text, empty if there is none.
#[derive(Debug, PartialEq, Default)]
struct Read {
    complete: String,
    runs: Vec<Vec<String>>,
    differences: Vec<Vec<String>>,
    /// Name, direction, unit, the values, the winners as `#1`.
    metrics: Vec<Vec<String>>,
    /// Name, kind, agreement, similarity, reference, and per run text, confidence, review.
    assets: Vec<Vec<String>>,
    /// Asset, judge, the winner or `tie`, and the reason for each order.
    verdicts: Vec<[String; 5]>,
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Number(number) => number.as_f64().unwrap().to_string(),
        other => other.to_string(),
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().unwrap().iter()
}

fn from_json(export: &str) -> Read {
    let all: Value = serde_json::from_str(export).unwrap();
    let runs: Vec<&Value> = list(&all["runs"]).collect();
    let facts = [
        "kind",
        "command",
        "status",
        "scope",
        "dbProfile",
        "llmProfile",
        "model",
        "createdAt",
        "startedAt",
        "finishedAt",
    ];
    let fact =
        |name: &&str| std::iter::once((*name).to_owned()).chain(runs.iter().map(|run| text(&run[*name]))).collect();
    let metric = |metric: &Value| {
        let fixed = ["name", "direction", "unit"].map(|field| text(&metric[field]));
        let winners: Vec<String> = list(&metric["winners"]).map(|run| format!("#{run}")).collect();
        fixed.into_iter().chain(list(&metric["values"]).map(text)).chain([winners.join(" ")]).collect()
    };
    let asset = |asset: &Value| {
        let fixed = ["asset", "kind", "agreement", "similarity", "reference"].map(|field| text(&asset[field]));
        let cells = list(&asset["cells"])
            .flat_map(|cell| ["description", "confidence", "review"].map(|field| text(&cell[field])));
        fixed.into_iter().chain(cells).collect()
    };
    let verdict = |asset: &Value, verdict: &Value| {
        let winner = verdict["winner"].as_i64().map_or_else(|| "tie".to_owned(), |run| format!("#{run}"));
        let [one, two] = [0, 1].map(|at: usize| text(&verdict["opinions"][at]["reason"]));
        [text(&asset["asset"]), format!("#{}", verdict["judge"]), winner, one, two]
    };
    Read {
        complete: text(&all["complete"]),
        runs: facts.iter().map(fact).collect(),
        differences: list(&all["differences"])
            .map(|it| std::iter::once(text(&it["setting"])).chain(list(&it["values"]).map(text)).collect())
            .collect(),
        metrics: list(&all["metrics"]).map(metric).collect(),
        assets: list(&all["assets"]).map(asset).collect(),
        verdicts: list(&all["assets"])
            .flat_map(|asset| list(&asset["verdicts"]).map(|it| verdict(asset, it)).collect::<Vec<_>>())
            .collect(),
    }
}

/// Returns a cell without the prefix that keeps a spreadsheet from running it as a formula.
fn without_mark(cell: &str) -> String {
    let bare = cell.trim_start_matches('\'');
    let marked = bare.starts_with(['=', '+', '-', '@', '\t', '\r']) && bare.parse::<f64>().is_err();
    cell.strip_prefix('\'').filter(|_| marked).unwrap_or(cell).to_owned()
}

fn from_csv(export: &str) -> Read {
    let mut reader = csv::Reader::from_reader(export.as_bytes());
    let header = reader.headers().unwrap().clone();
    let runs: Vec<&str> = header.iter().skip(7).step_by(3).collect();
    let mut read = Read::default();
    for record in reader.records() {
        let record: Vec<String> = record.unwrap().iter().map(without_mark).collect();
        let of_runs: Vec<&[String]> = record[7..].chunks(3).collect();
        let values = || of_runs.iter().map(|run| run[0].clone());
        let named = || std::iter::once(record[1].clone()).chain(values()).collect();
        match record[0].as_str() {
            "comparison" if record[1] == "complete" => read.complete.clone_from(&record[2]),
            "comparison" => {}
            "run" => read.runs.push(named()),
            "difference" => read.differences.push(named()),
            "metric" => {
                let winners: Vec<&str> =
                    runs.iter().zip(&of_runs).filter(|(_, run)| run[2] == "winner").map(|(name, _)| *name).collect();
                let fixed = record[1..4].iter().cloned();
                read.metrics.push(fixed.chain(values()).chain([winners.join(" ")]).collect());
            }
            "asset" => {
                let fixed = [1, 2, 4, 5, 6].map(|at: usize| record[at].clone());
                read.assets.push(fixed.into_iter().chain(of_runs.concat()).collect());
            }
            "verdict" => {
                let judged: Vec<(&str, &&[String])> =
                    runs.iter().copied().zip(&of_runs).filter(|(_, run)| !run[0].is_empty()).collect();
                let winner = judged.iter().find(|(_, run)| run[2] == "winner").map_or("tie", |(name, _)| name);
                assert!(winner != "tie" || judged.iter().all(|(_, run)| run[2] == "tie"), "{record:?}");
                let [one, two] = [0, 1].map(|at: usize| judged[at].1[0].clone());
                read.verdicts.push([record[1].clone(), record[2].clone(), winner.to_owned(), one, two]);
            }
            other => panic!("a section {other}"),
        }
    }
    read
}

fn from_markdown(export: &str) -> Read {
    let mut read = Read::default();
    let mut names = Vec::new();
    let (mut section, mut line_of_table) = (String::new(), 0);
    for line in export.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            title.clone_into(&mut section);
        }
        if !line.starts_with('|') {
            line_of_table = 0;
            continue;
        }
        line_of_table += 1;
        let cells = cells(line);
        if line_of_table == 1 && section == "Runs" {
            names = cells[1..].to_vec();
        }
        if line_of_table <= 2 {
            continue;
        }
        match section.as_str() {
            "" if cells[0] == "complete" => read.complete.clone_from(&cells[1]),
            "Runs" => read.runs.push(cells),
            "Differences" => read.differences.push(cells),
            "Metrics" => {
                let bold =
                    |value: &String| value.strip_prefix("**").and_then(|it| it.strip_suffix("**")).map(str::to_owned);
                let winners: Vec<String> = names
                    .iter()
                    .zip(&cells[3..])
                    .filter(|(_, value)| bold(value).is_some())
                    .map(|(name, _)| name.clone())
                    .collect();
                let plain = cells.iter().map(|value| bold(value).unwrap_or_else(|| value.clone()));
                read.metrics.push(plain.chain([winners.join(" ")]).collect());
            }
            "Assets" => {
                let (verdicts, asset) = cells.split_last().unwrap();
                read.assets.push(asset.to_vec());
                read.verdicts.extend(verdicts_of(&asset[0], verdicts));
            }
            _ => {}
        }
    }
    read
}

/// Reads the verdicts of a cell: three lines each.
fn verdicts_of(asset: &str, cell: &str) -> Vec<[String; 5]> {
    let lines: Vec<&str> = cell.lines().collect();
    let verdict = |lines: &[&str]| {
        let (outcome, judge) = lines[0].split_once(" (judged by ").unwrap();
        let winner = outcome.split_once(" is better than ").map_or("tie", |(winner, _)| winner);
        let reason = |line: &str| line.split_once(" first: ").unwrap().1.to_owned();
        let judge = judge.trim_end_matches(')').to_owned();
        [asset.to_owned(), judge, winner.to_owned(), reason(lines[1]), reason(lines[2])]
    };
    lines.chunks(3).map(verdict).collect()
}

/// Returns the cells of a Markdown line as they are displayed.
fn cells(line: &str) -> Vec<String> {
    let mut cells = Vec::new();
    let mut cell = String::new();
    let mut escaped = false;
    for c in line.strip_prefix('|').unwrap().chars() {
        match c {
            '|' if !escaped => cells.push(shown(std::mem::take(&mut cell).trim_matches(' '))),
            _ => cell.push(c),
        }
        escaped = c == '\\' && !escaped;
    }
    cells
}

fn shown(cell: &str) -> String {
    let mut out = String::new();
    let mut rest = cell;
    while let Some(c) = rest.chars().next() {
        // A numeric character reference.
        if let Some((number, after)) = rest.strip_prefix("&#").and_then(|rest| rest.split_once(';')) {
            out.push(number.parse().ok().and_then(char::from_u32).expect("the number of a character"));
            rest = after;
            continue;
        }
        let known = [("<br>", "\n"), ("&lt;", "<"), ("&amp;", "&")];
        if let Some((spelled, plain)) = known.iter().find(|(spelled, _)| rest.starts_with(spelled)) {
            out.push_str(plain);
            rest = &rest[spelled.len()..];
            continue;
        }
        rest = &rest[c.len_utf8()..];
        match (c, rest.chars().next()) {
            ('\\', Some(next)) => {
                out.push(next);
                rest = &rest[next.len_utf8()..];
            }
            _ => out.push(c),
        }
    }
    out
}

/// Checks that all three exports hold the values of the API.
pub fn hold_the_same(all: &Value) {
    let json = from_json(all["json"].as_str().unwrap());
    assert_eq!(from_csv(all["csv"].as_str().unwrap()), json);
    assert_eq!(from_markdown(all["markdown"].as_str().unwrap()), json);
    let whole: Value = serde_json::from_str(all["json"].as_str().unwrap()).unwrap();
    let ours = |field: &str| list(&all["metrics"]).map(|metric| metric[field].clone()).collect::<Vec<_>>();
    for field in ["name", "direction", "values"] {
        assert_eq!(list(&whole["metrics"]).map(|metric| metric[field].clone()).collect::<Vec<_>>(), ours(field));
    }
    let nodes: Vec<Value> = list(&all["assets"]["nodes"])
        .map(|node| {
            let texts: Vec<&Value> = list(&node["cells"]).map(|cell| &cell["suggestion"]["description"]).collect();
            json!([node["agreement"], node["similarity"], node["reference"], texts])
        })
        .collect();
    let lines: Vec<Value> = list(&whole["assets"])
        .map(|asset| {
            let texts: Vec<&Value> = list(&asset["cells"]).map(|cell| &cell["description"]).collect();
            json!([asset["agreement"], asset["similarity"], asset["reference"], texts])
        })
        .collect();
    assert_eq!(lines, nodes);
}
