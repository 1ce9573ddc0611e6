//! Markdown: one table per section, for people. Winners are bold.

use super::{Head, Line, LineVerdict, Writer};
use crate::{
    domain::Result,
    service::export::markdown::{cell, escaped, heading, row},
};

/// Returns a verdict as text: the winner and the judge, then the reason for each order, each on its line.
fn told(LineVerdict { judge, winner, opinions: [one, two] }: &LineVerdict) -> String {
    let (first, second) = (one.shown_first, two.shown_first);
    let outcome = match winner {
        Some(winner) => format!("#{winner} is better than #{}", if *winner == first { second } else { first }),
        None => format!("#{first} and #{second} are equally good"),
    };
    format!("{outcome} (judged by #{judge})\n#{first} first: {}\n#{second} first: {}", one.reason, two.reason)
}

/// Writes Markdown.
pub struct Markdown;

impl Writer for Markdown {
    fn head(&mut self, head: &Head) -> Result<String> {
        let names: Vec<String> = head.runs.iter().map(|run| format!("#{}", run.number)).collect();
        let mut text = format!("# Comparison of {}\n\n", names.join(", "));
        if !head.complete {
            text.push_str("A run is still in progress; its suggestions so far are compared.\n\n");
        }
        text.push_str(&heading(&["Comparison".to_owned(), "Value".to_owned()]));
        for (name, value) in head.facts() {
            text.push_str(&row([name.to_owned(), cell(value.as_deref())]));
        }
        let section = |title: &str, columns: &[&str]| {
            let columns: Vec<String> = columns.iter().map(|it| (*it).to_owned()).chain(names.clone()).collect();
            format!("\n## {title}\n\n{}", heading(&columns))
        };
        text.push_str(&section("Runs", &["Run"]));
        for (name, values) in head.run_facts() {
            text.push_str(&row([name.to_owned()].into_iter().chain(values.iter().map(|value| cell(value.as_deref())))));
        }
        text.push_str(&section("Differences", &["Setting"]));
        for difference in &head.differences {
            let values = difference.values.iter().map(|value| cell(value.as_deref()));
            text.push_str(&row([difference.setting.to_owned()].into_iter().chain(values)));
        }
        text.push_str(&section("Metrics", &["Metric", "Direction", "Unit"]));
        for metric in &head.metrics {
            let values = head.runs.iter().zip(&metric.values).map(|(run, value)| match value {
                Some(value) if metric.winners.contains(&run.number) => format!("**{value}**"),
                Some(value) => value.to_string(),
                None => String::new(),
            });
            let fixed = [escaped(metric.name), escaped(metric.direction), cell(metric.unit)];
            text.push_str(&row(fixed.into_iter().chain(values)));
        }
        let of_runs =
            names.iter().flat_map(|name| [name.clone(), format!("{name} confidence"), format!("{name} review")]);
        let fixed = ["Asset", "Kind", "Agreement", "Similarity", "Reference"].map(str::to_owned);
        text.push_str("\n## Assets\n\n");
        let verdicts = ["Verdicts".to_owned()];
        text.push_str(&heading(&fixed.into_iter().chain(of_runs).chain(verdicts).collect::<Vec<_>>()));
        Ok(text)
    }

    fn lines(&mut self, lines: &[Line]) -> Result<String> {
        let mut text = String::new();
        for line in lines {
            let similarity = line.similarity.map(|value| value.to_string()).unwrap_or_default();
            let fixed = [
                cell(Some(&line.asset)),
                escaped(line.kind),
                escaped(line.agreement),
                similarity,
                cell(line.reference.as_deref()),
            ];
            let cells = line.cells.iter().flat_map(|it| match it {
                Some(it) => [cell(Some(&it.description)), it.confidence.to_string(), escaped(it.review)],
                None => [const { String::new() }; 3],
            });
            let verdicts = line.verdicts.iter().map(told).collect::<Vec<_>>().join("\n");
            text.push_str(&row(fixed.into_iter().chain(cells).chain([cell(Some(&verdicts))])));
        }
        Ok(text)
    }

    fn end(&mut self) -> String {
        String::new()
    }
}
