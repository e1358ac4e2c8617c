# The entry points. `make help` lists them; each target first says what it does.

SWIFT       ?= swift
PORT        ?= 6379
BIND        ?= 127.0.0.1
THREADS     ?= 1
ARGS        ?=
BENCH       ?= full
SECONDS     ?= 60
PYTHON       = .venv/bin/python
RELEASE      = $(SWIFT) build -c release --static-swift-stdlib
SIDE_BY_SIDE = ../shared/bench/side-by-side

.DEFAULT_GOAL := help
.PHONY: help setup run release test unit compatibility bench hits asan tsan fuzz docs site dist deb image package-test format lint clean

help: ## list the targets
	@echo "Apus: a Redis-compatible server in Swift. Targets:"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | column -t -s '|'

setup: ## install what is missing for building and testing
	@Tools/setup tests

run: ## build in release mode and start the server on 127.0.0.1:6379 (PORT=, ARGS=)
	@echo "make run: installs what is missing, builds Apus in release mode and starts it on $(BIND):$(PORT)."
	@echo "The first build takes one to three minutes on two cores, later ones seconds. Ctrl-C stops the server."
	@Tools/setup build
	$(RELEASE) --product apus-server
	@exec .build/release/apus-server --bind $(BIND) --port $(PORT) $(ARGS)

release: ## build all programs in release mode
	@Tools/setup build
	$(RELEASE)

test: ## run every test (about 25 minutes, builds included): format, unit tests, comparison with redis-server, real clients, sanitizers
	@Tools/setup tests
	@Tools/test all

unit: ## run only the Swift unit tests
	@Tools/setup build
	@Tools/test unit

compatibility: ## run only the tests that start servers (needs Debian's redis-server)
	@Tools/setup tests
	@Tools/test compatibility

bench: ## compare with redis-server (BENCH=quick for a first look, THREADS=1)
	@Tools/setup tests
	$(RELEASE) --product apus-server
	@Tools/bench $(BENCH) $(THREADS)
	@[ $(BENCH) = quick ] || Tools/bench-types --threads $(THREADS) --json .build/bench-types.json

hits: ## compare hit ratios with redis-server's at equal maxmemory (ARGS=, about five minutes)
	@Tools/setup tests
	$(RELEASE) --product apus-server
	@$(PYTHON) Tools/hit-ratio $(ARGS)

asan: ## unit tests and a soak under AddressSanitizer (SECONDS=60)
	@Tools/setup tests
	@Tools/sanitize address $(SECONDS)

tsan: ## unit tests and a soak with 2 and 4 workers under ThreadSanitizer (SECONDS=60)
	@Tools/setup tests
	@Tools/sanitize thread $(SECONDS)

fuzz: ## send malformed requests and damaged payloads under AddressSanitizer (SECONDS=60, SEED= to repeat)
	@Tools/setup tests
	@Tools/sanitize fuzz $(SECONDS) $(SEED)
	@Tools/sanitize payloads $(SECONDS) $(SEED)

docs: ## regenerate docs/commands.md and docs/configuration.md from the tables
	@Tools/setup build
	$(SWIFT) build --build-tests
	APUS_WRITE_DOCS=1 $(SWIFT) test --skip-build --disable-xctest --filter 'CommandDocumentationTests|ConfigurationTableTests'

site: ## render docs/ as a site into .build/site
	@Tools/setup site
	@Tools/package site

dist: ## build an archive that runs on Debian 12 without a toolchain
	@Tools/setup packages
	@Tools/package dist

deb: ## build the Debian package
	@Tools/setup packages
	@Tools/package deb

image: ## build a container image: an OCI layout, and a tar for docker load
	@Tools/setup packages
	@Tools/package image

package-test: ## build and test the archive, the Debian package, the image and the site (about two minutes)
	@Tools/setup package-tests
	@Tools/test packages

format: ## format the Swift sources in place
	@Tools/format

lint: ## check the format without changing anything
	@Tools/test lint

clean: ## remove all build products and the Python environment
	rm -rf .build .venv
	find Tests -name __pycache__ -type d -prune -exec rm -rf {} +
