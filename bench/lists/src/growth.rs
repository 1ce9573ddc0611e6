//! How the lists grow: the latency of some requests in stores of three sizes, over one connection, as a plot and a
//! table in the documentation.

use std::{
    fmt::Write as _,
    fs,
    path::Path,
    time::{Duration, Instant},
};

use crate::{
    Result,
    cases::{self, Case},
    measure::{Request, measure},
    server::Server,
    store::Store,
};

/// The numbers of runs.
const SIZES: [i64; 3] = [1_000, 100_000, 1_000_000];
/// Suggestions for each run.
const SUGGESTIONS: i64 = 2;
/// Smallest number of suggestions that a store has.
const FEWEST_SUGGESTIONS: i64 = 10_000;
/// The requests: their names here, and the names of their cases or what those begin with.
const REQUESTS: [(&str, &str); 9] = [
    ("newest page", "the page"),
    ("page at nine tenths of the list", "page after row"),
    ("order by duration", "order DURATION DESC"),
    ("search that finds few", "search, rare"),
    ("search that finds many", "search, frequent"),
    ("total", "totalCount, no filter"),
    ("total of a search that finds many", "totalCount, search, frequent"),
    ("chips of a search that finds many", "kindCounts and statusCounts, search, frequent"),
    ("page of suggestions", "suggestions, 50 rows"),
];
/// The latency from which a list feels slow, in milliseconds.
const SLOW_MS: f64 = 200.0;

/// What was measured in one store.
struct Point {
    runs: i64,
    /// Median latencies in milliseconds, in the order of the requests.
    latencies: Vec<f64>,
    /// From starting the process to the first page, in milliseconds.
    start_ms: f64,
    memory_mb: f64,
}

/// Measures all sizes and writes `growth.svg` and the table of `speed.md` in a folder.
pub async fn run(binary: &Path, folder: &Path) -> Result<()> {
    let mut points = Vec::new();
    for runs in SIZES {
        let store = Store::prepare(binary, runs, (runs * SUGGESTIONS).max(FEWEST_SUGGESTIONS)).await?;
        points.push(point(binary, &store, runs).await?);
    }
    fs::write(folder.join("growth.svg"), plot(&points))?;
    let page = folder.join("speed.md");
    let text = fs::read_to_string(&page)?;
    let (head, rest) = text.split_once("<!-- growth -->\n").ok_or("speed.md has no <!-- growth -->")?;
    let (_, tail) = rest.split_once("<!-- /growth -->").ok_or("speed.md has no <!-- /growth -->")?;
    fs::write(page, format!("{head}<!-- growth -->\n{}<!-- /growth -->{tail}", table(&points)))?;
    Ok(())
}

async fn point(binary: &Path, store: &Store, runs: i64) -> Result<Point> {
    let began = Instant::now();
    let gloss = Server::gloss(binary, &store.folder, 0).await?;
    let page = Case::page();
    Request::new(&gloss, &page.query, &page.variables).await?;
    let start_ms = began.elapsed().as_secs_f64() * 1_000.0;
    let mut cases = cases::all(&gloss.address, store).await?;
    cases.push(page);
    let mut latencies = Vec::new();
    for (_, name) in REQUESTS {
        let case =
            cases.iter().find(|case| case.name == name).or_else(|| cases.iter().find(|it| it.name.starts_with(name)));
        let case = case.ok_or_else(|| format!("there is no case {name}"))?;
        let (request, _) = Request::new(&gloss, &case.query, &case.variables).await?;
        let figures = measure(&gloss, &request, 1, Duration::from_secs(2)).await?;
        eprintln!("{runs} runs, {name}: {:.2} ms", figures.p50_ms);
        latencies.push(figures.p50_ms);
    }
    let memory_mb = gloss.memory_mb().unwrap_or_default();
    gloss.end().await?;
    Ok(Point { runs, latencies, start_ms, memory_mb })
}

fn thousands(number: i64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn table(points: &[Point]) -> String {
    let mut text = String::from("\n| request, ms |");
    for point in points {
        let _ = write!(text, " {} runs |", thousands(point.runs));
    }
    text += "\n|---|";
    text += &"--:|".repeat(points.len());
    text.push('\n');
    let mut line = |name: &str, value: &dyn Fn(&Point) -> f64, digits: usize| {
        let _ = write!(text, "| {name} |");
        for point in points {
            let _ = write!(text, " {:.digits$} |", value(point));
        }
        text.push('\n');
    };
    for (at, (name, _)) in REQUESTS.iter().enumerate() {
        line(name, &|point| point.latencies[at], 2);
    }
    line("start, to the first page", &|point| point.start_ms, 0);
    line("resident memory after all of these, MB", &|point| point.memory_mb, 0);
    text.push('\n');
    text
}

/// Draws the latencies over the number of runs, both on logarithmic scales.
fn plot(points: &[Point]) -> String {
    const COLOURS: [&str; 9] =
        ["#0b6b62", "#1453b8", "#6a36b8", "#17672f", "#a81c24", "#5a636e", "#8f3d0e", "#c2410c", "#0a6375"];
    let (left, top, width, height) = (56.0, 20.0, 520.0, 360.0);
    let (low, high) = (0.1_f64, 1_000.0_f64);
    #[expect(clippy::cast_precision_loss, reason = "sizes of stores are exact")]
    let x = |runs: i64| {
        let (first, last) = (SIZES[0] as f64, SIZES[SIZES.len() - 1] as f64);
        left + width * ((runs as f64).ln() - first.ln()) / (last.ln() - first.ln())
    };
    let y = |ms: f64| top + height * (1.0 - (ms.clamp(low, high).ln() - low.ln()) / (high.ln() - low.ln()));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 880 430\" font-family=\"system-ui, sans-serif\" \
         font-size=\"12\" role=\"img\" aria-label=\"Latency of lists by the number of runs\">\n\
         <rect width=\"880\" height=\"430\" fill=\"#ffffff\"/>\n"
    );
    for ms in [0.1, 1.0, 10.0, 100.0, 1_000.0] {
        let at = y(ms);
        let _ = writeln!(
            svg,
            "<line x1=\"{left}\" x2=\"{}\" y1=\"{at}\" y2=\"{at}\" stroke=\"#dfe3e8\"/><text x=\"{}\" y=\"{}\" \
             text-anchor=\"end\" fill=\"#5a636e\">{ms} ms</text>",
            left + width,
            left - 6.0,
            at + 4.0
        );
    }
    let slow = y(SLOW_MS);
    let _ = writeln!(
        svg,
        "<line x1=\"{left}\" x2=\"{}\" y1=\"{slow}\" y2=\"{slow}\" stroke=\"#a81c24\" stroke-dasharray=\"4 4\"/>",
        left + width
    );
    for runs in SIZES {
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\" fill=\"#5a636e\">{} runs</text>",
            x(runs),
            top + height + 24.0,
            thousands(runs)
        );
    }
    for (at, ((name, _), colour)) in REQUESTS.iter().zip(COLOURS).enumerate() {
        let line: Vec<String> =
            points.iter().map(|point| format!("{:.1},{:.1}", x(point.runs), y(point.latencies[at]))).collect();
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
            line.join(" ")
        );
        for point in points {
            let _ = writeln!(
                svg,
                "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\" fill=\"{colour}\"/>",
                x(point.runs),
                y(point.latencies[at])
            );
        }
        let row = top + 12.0 + 24.0 * f64::from(u8::try_from(at).unwrap_or_default());
        let _ = writeln!(
            svg,
            "<rect x=\"{}\" y=\"{}\" width=\"14\" height=\"4\" fill=\"{colour}\"/><text x=\"{}\" y=\"{}\" \
             fill=\"#16191d\">{name}</text>",
            left + width + 24.0,
            row - 6.0,
            left + width + 46.0,
            row
        );
    }
    svg + "</svg>\n"
}
