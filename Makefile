# Each target runs the commands of one tool. `make run` and `make test` also do the set-up that they need.

PAGES := playground/dist/.built
PAGE_SOURCES := $(shell find playground -type f -not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null)

.PHONY: run test check schema settings pages screenshots services bench quality instructions

## build the pages where Node is installed, then build and start the server
run: pages
	cargo run

## install the test servers and the browser if it has the rights, then run all tests
test: pages tests/browser/node_modules/.installed tests/clients/node_modules/.installed target/clients-venv/.installed
	@scripts/install-services || echo "the tests of what is not installed are skipped"
	cargo test --workspace

## check formatting, lints, documentation, licences
check:
	cargo fmt --all --check
	@# rustfmt leaves long texts and comments as they are.
	! git ls-files '*.rs' | LC_ALL=C.UTF-8 xargs grep -nE '^.{121,}$$'
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps
	if command -v cargo-deny >/dev/null; then cargo deny check licenses bans sources; else echo "cargo-deny is not installed: licences are not checked"; fi

## print the GraphQL schema into schema.graphql
schema:
	cargo run --quiet -- schema > schema.graphql.new && mv schema.graphql.new schema.graphql

## print the settings into docs/settings.md
settings:
	cargo run --quiet -- config > target/gloss.toml
	sed '/^```toml/,$$d' docs/settings.md > docs/settings.md.new
	(echo '```toml'; cat target/gloss.toml; echo '```') >> docs/settings.md.new
	mv docs/settings.md.new docs/settings.md

## build the pages that the server embeds
pages:
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory $(PAGES); else echo "Node is not installed: the server will run without its pages"; fi

$(PAGES): $(PAGE_SOURCES)
	cd playground && npm ci --no-audit --no-fund && npm run build
	touch $@

## take a screenshot of every page and state of the Studio, light and dark, desktop and phone
screenshots: pages tests/browser/node_modules/.installed
	cargo build
	node tests/browser/screenshots.mjs target/debug/gloss target/screenshots

## install PostgreSQL, MariaDB and Chromium for the tests, if it has the rights
services:
	scripts/install-services

## install the clients that the tests use
tests/%/node_modules/.installed: tests/%/package.json tests/%/package-lock.json
	@if command -v npm >/dev/null; then cd tests/$* && npm ci --no-audit --no-fund && touch node_modules/.installed; else echo "Node is not installed: the tests of tests/$* are skipped"; fi

target/clients-venv/.installed: tests/clients/requirements.txt
	@if python3 -c 'import venv, ensurepip' 2>/dev/null && python3 -m venv target/clients-venv && target/clients-venv/bin/pip install --quiet --disable-pip-version-check -r $<; then touch $@; else echo "Python's gql and dbt cannot be installed: their tests are skipped"; fi

## benchmarks: many subscribers to one run, comparison of runs, search, lists; each with a reference from the same run
bench: bench/lists/node/node_modules/.installed
	cargo build --release
	cd bench/load && cargo run --release -- --gloss ../../target/release/gloss
	cd bench/queries && cargo run --release -- --server ../../target/release/gloss compare
	cd bench/queries && cargo run --release -- --server ../../target/release/gloss search
	cd bench/lists && cargo run --release -- --server ../../target/release/gloss

## measure the quality of the texts against human ones; options in QUALITY: make quality QUALITY="--json now.json"
QUALITY_VENV := bench/quality/target/venv
quality: $(QUALITY_VENV)/.installed
	cargo build --release
	cd bench && quality/target/venv/bin/python -m quality $(QUALITY)

$(QUALITY_VENV)/.installed: bench/quality/requirements.txt
	python3 -m venv $(QUALITY_VENV)
	$(QUALITY_VENV)/bin/pip install --quiet --disable-pip-version-check -r $<
	touch $@

## count the instructions of the hot paths, and fail if one needs more than its figure allows
GUNGRAUN := target/gungraun-runner/bin/gungraun-runner
instructions:
	@if ! command -v valgrind >/dev/null; then echo "valgrind is not installed: instructions are not counted"; else $(MAKE) --no-print-directory $(GUNGRAUN) && cd bench/instructions && GUNGRAUN_RUNNER=$(CURDIR)/$(GUNGRAUN) cargo bench; fi

# The version of the library in bench/instructions.
$(GUNGRAUN):
	cargo install --quiet --locked --root target/gungraun-runner gungraun-runner --version 0.20.0

## install the servers on Node that the benchmark of lists compares with
bench/lists/node/node_modules/.installed: bench/lists/node/package.json bench/lists/node/package-lock.json
	@if command -v npm >/dev/null; then cd bench/lists/node && npm ci --no-audit --no-fund && touch node_modules/.installed; else echo "Node is not installed: the servers of bench/lists/node are skipped"; fi
