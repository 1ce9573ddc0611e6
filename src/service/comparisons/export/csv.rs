//! CSV: one table (RFC 4180) with sections, named in the first column. The values of a run are in the columns with its
//! number. A winner is marked `winner`; an asset shows the state of its review. The verdicts on an asset follow it:
//! each of the two judged runs has the reason that was given when its text was shown first, and the mark `winner` or
//! `tie`.

use super::{Head, Line, Writer};
use crate::{domain::Result, service::export::csv::Records};

/// The columns before those of the runs.
const COLUMNS: [&str; 7] = ["section", "name", "detail", "unit", "agreement", "similarity", "reference"];

/// Writes CSV.
#[derive(Default)]
pub struct Csv {
    /// The numbers of the runs.
    runs: Vec<i64>,
}

impl Writer for Csv {
    fn head(&mut self, head: &Head) -> Result<String> {
        self.runs = head.runs.iter().map(|run| run.number).collect();
        let mut records = Records::new();
        let names: Vec<[String; 3]> = head
            .runs
            .iter()
            .map(|run| {
                let number = run.number;
                [format!("#{number}"), format!("#{number} confidence"), format!("#{number} mark")]
            })
            .collect();
        add(&mut records, COLUMNS, names.iter().map(|names| names.each_ref().map(String::as_str)))?;
        let nothing = vec![[""; 3]; self.runs.len()];
        for (name, value) in head.facts() {
            add(
                &mut records,
                ["comparison", name, value.as_deref().unwrap_or_default(), "", "", "", ""],
                nothing.clone(),
            )?;
        }
        let plain = |value: &'_ Option<String>| value.clone().unwrap_or_default();
        for (name, values) in head.run_facts() {
            let values: Vec<String> = values.iter().map(plain).collect();
            add(&mut records, ["run", name, "", "", "", "", ""], values.iter().map(|value| [value.as_str(), "", ""]))?;
        }
        for difference in &head.differences {
            let values: Vec<String> = difference.values.iter().map(plain).collect();
            let of_runs = values.iter().map(|value| [value.as_str(), "", ""]);
            add(&mut records, ["difference", difference.setting, "", "", "", "", ""], of_runs)?;
        }
        for metric in &head.metrics {
            let values: Vec<(String, &str)> = head
                .runs
                .iter()
                .zip(&metric.values)
                .map(|(run, value)| (number(*value), if metric.winners.contains(&run.number) { "winner" } else { "" }))
                .collect();
            let fixed = ["metric", metric.name, metric.direction, metric.unit.unwrap_or_default(), "", "", ""];
            add(&mut records, fixed, values.iter().map(|(value, mark)| [value.as_str(), "", mark]))?;
        }
        records.text()
    }

    fn lines(&mut self, lines: &[Line]) -> Result<String> {
        let mut records = Records::new();
        for line in lines {
            let cells: Vec<(&str, String, &str)> = line
                .cells
                .iter()
                .map(|cell| {
                    let confidence = number(cell.as_ref().map(|cell| cell.confidence));
                    let text = cell.as_ref().map_or("", |cell| cell.description.as_str());
                    (text, confidence, cell.as_ref().map_or("", |cell| cell.review))
                })
                .collect();
            let similarity = number(line.similarity);
            let reference = line.reference.as_deref().unwrap_or_default();
            let fixed = ["asset", &line.asset, line.kind, "", line.agreement, &similarity, reference];
            add(&mut records, fixed, cells.iter().map(|(text, confidence, mark)| [*text, confidence.as_str(), *mark]))?;
            for verdict in &line.verdicts {
                let judge = format!("#{}", verdict.judge);
                let reasons = self.runs.iter().map(|run| {
                    let Some(opinion) = verdict.opinions.iter().find(|opinion| opinion.shown_first == *run) else {
                        return [""; 3];
                    };
                    let mark = match verdict.winner {
                        Some(winner) if winner == *run => "winner",
                        Some(_) => "",
                        None => "tie",
                    };
                    [opinion.reason.as_str(), "", mark]
                });
                add(&mut records, ["verdict", &line.asset, &judge, "", "", "", ""], reasons)?;
            }
        }
        records.text()
    }

    fn end(&mut self) -> String {
        String::new()
    }
}

fn add<'a>(records: &mut Records, fixed: [&'a str; 7], of_runs: impl IntoIterator<Item = [&'a str; 3]>) -> Result<()> {
    records.add(fixed.into_iter().chain(of_runs.into_iter().flatten()))
}

fn number(value: Option<f64>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}
