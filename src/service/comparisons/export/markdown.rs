//! Markdown: one table per section, for people. Winners are bold.

use super::{Head, Line, Writer};
use crate::{
    domain::Result,
    service::export::markdown::{cell, escaped, heading, row},
};

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
        text.push_str(&heading(&fixed.into_iter().chain(of_runs).collect::<Vec<_>>()));
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
            text.push_str(&row(fixed.into_iter().chain(cells)));
        }
        Ok(text)
    }

    fn end(&mut self) -> String {
        String::new()
    }
}
