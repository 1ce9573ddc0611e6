//! Counts the instructions of the hot paths with callgrind, and fails if one needs more than the committed figure
//! allows.
//!
//! The rule: the figure of a path stands in its `at_most`, as counted in this build on x86-64; the path fails more than
//! 10 % above it. A change that makes a path cheaper, or dearer on purpose, changes its figure. What other threads do
//! (SQLite) is not counted. To add a path, add a function with its figure, and its name to the group.

use std::hint::black_box;

use bench_instructions::{House, PAGE, RESOLVED_PAGE, orders};
use gloss::{
    domain::{
        compare::{
            diff::word_diff,
            text::{Grams, chrf},
        },
        search::{Finder, SearchQuery},
        substance::{Described, Substance, substance},
    },
    model::builtin::BuiltinDescriber,
    port::model::{DescribeAnswer, DescribeRequest, Describer},
};
use gungraun::{Callgrind, EventKind, LibraryBenchmarkConfig, library_benchmark, library_benchmark_group, main};

const TEXT: &str = "The amount that the customer has paid for all lines of the order, in euros, without taxes and \
                    without what was returned later";
const OTHER: &str = "Amount paid by the customer for the lines of an order, in euros, before taxes and returns";

/// The limit on the instructions of a path, from its figure.
fn at_most(figure: u64) -> LibraryBenchmarkConfig {
    let mut callgrind = Callgrind::default();
    callgrind.hard_limits([(EventKind::Ir, figure + figure / 10)]);
    LibraryBenchmarkConfig::default().tool(callgrind).to_owned()
}

// A page of 50 runs, written straight from its cells.
#[library_benchmark(config = at_most(477_000))]
#[bench::runs(House::warm(PAGE))]
fn plain_page(house: House) -> (String, House) {
    (black_box(house.answer(PAGE)), house)
}

// The same page by the resolvers.
#[library_benchmark(config = at_most(10_350_000))]
#[bench::runs(House::warm(RESOLVED_PAGE))]
fn resolved_page(house: House) -> (String, House) {
    (black_box(house.answer(RESOLVED_PAGE)), house)
}

// A document that was never seen, checked against the schema.
#[library_benchmark(config = at_most(677_000))]
#[bench::page(House::warm(PAGE))]
fn new_document(house: House) -> (bool, House) {
    (black_box(house.check(&PAGE.replacen("runs", "first: runs", 1))), house)
}

/// A request that was answered before, so that the vocabulary is read.
fn answered_before() -> (House, DescribeRequest) {
    let (house, request) = (House::warm(PAGE), orders());
    house.run(BuiltinDescriber.describe(&request)).expect("an answer");
    (house, request)
}

// A table of 24 columns with statistics, described by the builtin describer.
#[library_benchmark(config = at_most(33_500_000))]
#[bench::orders(answered_before())]
fn described_table((house, request): (House, DescribeRequest)) -> (DescribeAnswer, House) {
    let answer = house.run(BuiltinDescriber.describe(&request)).expect("an answer");
    (black_box(answer), house)
}

/// Whether a text says more than the name and the comment of an amount.
fn is_informative(request: &DescribeRequest) -> bool {
    let asset = request.table.column_path("tot_amt_eur");
    let of = Described { asset: &asset, data_type: Some("numeric(12,2)"), comment: Some(OTHER) };
    substance(TEXT, of) == Substance::Informative
}

fn judged_before() -> DescribeRequest {
    let request = orders();
    black_box(is_informative(&request));
    request
}

// The substance of a text.
#[library_benchmark(config = at_most(1_354_000))]
#[bench::amount(judged_before())]
fn text_substance(request: DescribeRequest) -> bool {
    black_box(is_informative(&request))
}

// Two texts of a comparison: their likeness and their differences.
#[library_benchmark(config = at_most(282_000))]
#[bench::texts(TEXT, OTHER)]
fn compared_texts(one: &str, other: &str) -> (f64, usize) {
    let likeness = chrf(&Grams::of(one), &Grams::of(other));
    black_box((likeness, word_diff(one, other).len()))
}

/// The number of places where a question's words are found.
fn places(finder: &Finder) -> usize {
    finder.found_in(["tot_amt_eur", "public.sales_ord", TEXT, OTHER]).len()
}

fn searched_before(query: &str) -> Finder {
    let finder = SearchQuery::of(query, false).finder();
    black_box(places(&finder));
    finder
}

// A hit of a search in the texts of an asset.
#[library_benchmark(config = at_most(60_600))]
#[bench::paid(searched_before("amount paid"))]
fn search_hit(finder: Finder) -> usize {
    black_box(places(&finder))
}

library_benchmark_group!(
    name = hot_paths,
    benchmarks = [plain_page, resolved_page, new_document, described_table, text_substance, compared_texts, search_hit]
);

main!(library_benchmark_groups = hot_paths);
