# What can be done with readerd's source. `make` alone explains it.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Swift jobs at a time: the compiler wants about 1 GB for each.
JOBS ?= $(shell nproc)
SWIFT_SOURCES := Sources Tests Package.swift
# What passed or merely began is not shown, test by test; what explains a failure is.
QUIETLY := sed -uE ':s; /^✘/{:a; n; /^↳/ba; bs}; /^(◇|↳)/d; /^✔ /{/Test run with/!d}'
TEST_TARGETS := $(notdir $(wildcard Tests/*Tests))
CONTRACT_ENVIRONMENT := .venv-contract
MONITORING_TOOLS := .build-monitoring
# What is installed: Swift's runtime linked in, no exported names, and relative relocations packed (glibc 2.36 and later read them).
RELEASE := -c release --static-swift-stdlib -Xswiftc -use-ld=lld -Xlinker -z -Xlinker pack-relative-relocs \
	-Xlinker --version-script=$(CURDIR)/packaging/no-exports.map

.PHONY: help setup swift build demo test suite lint format contract docs documents monitoring simulate coverage mutants fuzz sanitize memcheck release bench bench-sweep soak soak-briefly deb deb-test clean

help: ## Explain the targets
	@echo 'usage: make TARGET'
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12 | sed 's/^/  /'

# The one list of what the build and the tests need beside Swift: Debian package, and how to see that it is there. Asking for the thing and not for
# the package finds what came another way, as a Python of one's own.
define REQUIREMENTS
pkg-config           command -v pkg-config
libsqlite3-dev       pkg-config --exists sqlite3 || test -e /usr/include/sqlite3.h
libusb-1.0-0-dev     pkg-config --exists libusb-1.0 || test -e /usr/include/libusb-1.0/libusb.h
umockdev             command -v umockdev-wrapper
python3-gi           /usr/bin/python3 -c "import gi"
gir1.2-umockdev-1.0  /usr/bin/python3 -c "import gi; gi.require_version('UMockdev', '1.0')"
udev                 command -v udevadm
ca-certificates      test -s /etc/ssl/certs/ca-certificates.crt
curl                 command -v curl
openssl              command -v openssl
sqlite3              command -v sqlite3
python3              command -v python3
python3-venv         python3 -c "import ensurepip, venv"
debhelper            command -v dh
shellcheck           command -v shellcheck
systemd              command -v systemd-analyze
iproute2             command -v ip
pandoc               command -v pandoc
groff-base           command -v groff
default-jre-headless command -v java
golang-go            command -v go
endef
export REQUIREMENTS

setup: swift ## Install the Debian packages that are missing (says which; sudo when not root)
	@missing=(); \
	while read -r package check; do \
		[ -z "$$package" ] || bash -c "$$check" >/dev/null 2>&1 || missing+=("$$package"); \
	done <<< "$$REQUIREMENTS"; \
	if [ $${#missing[@]} -eq 0 ]; then exit 0; fi; \
	if ! command -v apt-get >/dev/null; then \
		echo "Missing, by the names of their Debian packages: $${missing[*]}. This system has no apt-get: install them its own way." >&2; exit 1; \
	fi; \
	echo "Installing with apt-get: $${missing[*]}"; \
	root=(); if [ "$$(id -u)" -ne 0 ]; then root=(sudo); fi; \
	"$${root[@]}" apt-get update -qq; \
	"$${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$${missing[@]}"

swift:
	@command -v swift >/dev/null || { \
		echo 'Swift is not on PATH. Install Swift 6.3 for Debian 12 from https://www.swift.org/install/linux/ and try again.' >&2; exit 1; }

build: setup ## Build readerd, readerctl and readersim into .build/debug
	swift build -j $(JOBS)

demo: build ## Open a simulated store, start the real daemon and take three payments (KEEP=1: leave it running)
	.build/debug/readersim demo $(if $(KEEP),--keep)

test: setup ## Run every check: build, tests, lint, contract, documents, and 20,000 simulated stores
	swift build --build-tests -j $(JOBS)
	@$(MAKE) suite lint contract documents monitoring soak-briefly
	@echo "== simulation"; $(MAKE) simulate SEEDS=20000 SEED=

suite: # One target after another, each in a process of its own: their deadlines are not meant for a crowd. All run, whatever one says.
	@log=$$(mktemp); trap 'rm -f "$$log"' EXIT; failed=(); \
	try() { swift test --skip-build --disable-xctest --filter "^$$1\." 2>&1 | tee "$$log" | $(QUIETLY); }; \
	told() { grep -aqE 'Test run with [1-9]' "$$log"; }; \
	for target in $(TEST_TARGETS); do \
		echo "== $$target"; \
		if ! try $$target; then failed+=("$$target"); continue; fi; \
		if told; then continue; fi; \
		echo "$$target ended without a word of what it had run: once more"; \
		{ try $$target && told; } || failed+=("$$target"); \
	done; \
	if [ $${#failed[@]} -gt 0 ]; then echo "Failed: $${failed[*]}" >&2; exit 1; fi

lint: swift ## Check the form of the sources, strictly
	swift format lint --strict -r $(SWIFT_SOURCES)

format: swift ## Bring the sources into form
	swift format -i -r $(SWIFT_SOURCES)

contract: build $(CONTRACT_ENVIRONMENT)/ready ## Try the running daemon against its OpenAPI document, by independent tools
	$(CONTRACT_ENVIRONMENT)/bin/python Tests/Contract/check.py .build/debug $(if $(EXAMPLES),--examples $(EXAMPLES)) $(if $(SEED),--seed $(SEED))

docs: build documents ## Build the documents as plain HTML into .build/documentation, and say what to open
	@echo "Open in a browser: file://$(CURDIR)/.build/documentation/html/index.html"

documents: # Of what was built.
	python3 Tests/Documents/build.py .build/debug .build/documentation

monitoring: $(MONITORING_TOOLS)/ready # What monitoring is told, held against Debian's Prometheus.
	@echo '== monitoring'
	PATH="$(CURDIR)/$(MONITORING_TOOLS)/usr/bin:$$PATH" python3 Tests/Package/monitoring.py .build/debug

# Unpacked and not installed: Debian's packages would start two servers on this computer.
$(MONITORING_TOOLS)/ready: | setup
	@echo 'Fetching the Debian packages prometheus and prometheus-node-exporter into $(MONITORING_TOOLS)'
	@rm -rf $(MONITORING_TOOLS); mkdir -p $(MONITORING_TOOLS)
	@cd $(MONITORING_TOOLS) && fetch() { apt-get download -qq prometheus prometheus-node-exporter; }; \
	fetch || { root=(); if [ "$$(id -u)" -ne 0 ]; then root=(sudo); fi; "$${root[@]}" apt-get update -qq; fetch; }; \
	for package in *.deb; do dpkg-deb -x "$$package" .; rm "$$package"; done
	@touch $@

$(CONTRACT_ENVIRONMENT)/ready: Tests/Contract/requirements.txt | setup
	@echo 'Installing the contract checks with pip into $(CONTRACT_ENVIRONMENT): openapi-spec-validator, schemathesis, openapi-python-client, openapi-generator-cli'
	python3 -m venv --clear $(CONTRACT_ENVIRONMENT)
	$(CONTRACT_ENVIRONMENT)/bin/python -m pip install --quiet --disable-pip-version-check -r Tests/Contract/requirements.txt
	@touch $@

simulate: setup ## Prove the decisions in simulated stores (SEEDS=100000 FROM=1: how many, from which; SEED=42: replay one and tell what happens; LOOKS=1: with an agent that looks for readers)
	swift build -c release --product simulate --scratch-path .build-simulate -j $(JOBS)
	.build-simulate/release/simulate $(if $(SEED),--seed $(SEED),--seeds $(or $(SEEDS),100000) --from $(or $(FROM),1) --threads $(JOBS)) $(if $(LOOKS),--looks)

coverage: setup ## Print how much of what decides the simulated stores run through, by file (SEEDS=20000: how many)
	python3 Tests/Coverage/coverage.py $(if $(SEEDS),--seeds $(SEEDS))

mutants: setup ## Make one mistake after another in a copy of what decides, and see that the simulated stores find each (ONLY=word: those with it in their names)
	python3 Tests/Mutants/mutate.py --threads $(JOBS) $(if $(ONLY),--only $(ONLY))

FUZZ_TARGETS := $(notdir $(wildcard Tests/Fuzz/Corpus/*))

# Chance finds no word of eleven letters: what our own sources look for is given to libFuzzer as its dictionary. What was found stays in .build-fuzz
# and is gone on with the next time.
fuzz: setup ## Fuzz what parses other people's bytes (TARGET=request: which, all without it; SECONDS=60: for how long each)
	@for target in $(or $(TARGET),$(FUZZ_TARGETS)); do \
		[ -d "Tests/Fuzz/Corpus/$$target" ] || { echo "There is no such target; there are: $(FUZZ_TARGETS)" >&2; exit 64; }; \
	done
	READERD_FUZZ=1 swift build --product fuzz --scratch-path .build-fuzz -j $(JOBS)
	@grep -rhoE '"[A-Za-z_][A-Za-z0-9_.-]{2,30}"' --include='*.swift' Sources | sort -u > .build-fuzz/words.dict
	@failed=(); \
	for target in $(or $(TARGET),$(FUZZ_TARGETS)); do \
		echo "== $$target"; mkdir -p .build-fuzz/found/$$target; \
		SWIFT_BACKTRACE=enable=no nice .build-fuzz/debug/fuzz $$target -max_total_time=$(or $(SECONDS),60) -timeout=10 -rss_limit_mb=1024 \
			-max_len=4096 -dict=.build-fuzz/words.dict -print_final_stats=1 -verbosity=1 -artifact_prefix=.build-fuzz/found/$$target- \
			.build-fuzz/found/$$target Tests/Fuzz/Corpus/$$target 2>&1 \
			| grep -E '^(==|#[0-9]+.*(INITED|DONE)|stat::|SUMMARY|Fatal|artifact|.*ERROR|.*[Ff]atal error)' || failed+=("$$target"); \
	done; \
	[ $${#failed[@]} -eq 0 ] || { echo "Found something: $${failed[*]}. The inputs are in .build-fuzz/found; each becomes a test." >&2; exit 1; }

# What takes an address or a thread from another is found in the targets whose tests run in one process.
SANITIZED := CheckoutTests JournalTests ReaderTests BackendTests DiscoveryTests RecordingTests ProgramTests ClientTests DiagnosticsTests StoreSimulatorTests

sanitize: setup ## Run the tests that run in one process under the thread sanitizer and the address sanitizer (KIND=thread, TARGET=JournalTests: only that)
	@failed=(); \
	for kind in $(or $(KIND),thread address); do \
		swift build --build-tests --sanitize $$kind --scratch-path .build-$$kind -j $(JOBS); \
		for target in $(or $(TARGET),$(SANITIZED)); do \
			echo "== $$target, $$kind sanitizer"; \
			TSAN_OPTIONS=halt_on_error=0:exitcode=66:suppressions=$(CURDIR)/Tests/Sanitizers/thread.suppressions ASAN_OPTIONS=detect_leaks=0 \
				swift test --skip-build --disable-xctest --sanitize $$kind --scratch-path .build-$$kind --filter "^$$target\." 2>&1 | $(QUIETLY) \
				|| failed+=("$$target, $$kind"); \
		done; \
	done; \
	[ $${#failed[@]} -eq 0 ] || { printf 'Did not pass: %s\n' "$${failed[@]}" >&2; exit 1; }

memcheck: setup ## Run what stands at libusb under valgrind, with its emulated devices (Debian package valgrind)
	@command -v valgrind >/dev/null || { echo 'valgrind is missing: install the Debian package valgrind.' >&2; exit 1; }
	swift build --build-tests -j $(JOBS)
	rm -rf .build/memcheck
	READERD_PROBE_UNDER="$(CURDIR)/Tests/Sanitizers/memcheck" \
		swift test --skip-build --disable-xctest --no-parallel --filter '^USBTests\.(StreamTests|WatchTests)/$(ONLY)' 2>&1 | $(QUIETLY)
	@! grep -v '^###' .build/memcheck/*.found

bench: release ## Measure what a till feels and what a box bears, of a release build, and fail where a limit is missed (ONLY=prompts: that alone)
	python3 Tests/Bench/bench.py .build-release/release/readerd .build-release/release/readerctl .build-release/release/readersim \
		--json .build-release/bench.json --svg .build-release/bench.svg $(if $(ONLY),--only $(ONLY))
	python3 Tests/USB/plugged.py .build-release/release/readerd

release: setup
	for product in readerd readerctl readersim; do \
		swift build $(RELEASE) --product $$product --scratch-path .build-release -j $(JOBS); \
	done

soak: release ## Let a release build work among faults, and see that nothing grows (MINUTES=120: for how long)
	python3 Tests/Bench/soak.py .build-release/release/readerd .build-release/release/readersim --minutes $(or $(MINUTES),120) --csv .build-release/soak.csv

soak-briefly: # Of what was built.
	@echo '== soak'
	python3 Tests/Bench/soak.py .build/debug/readerd .build/debug/readersim --minutes 2

bench-sweep: build ## Measure a sweep of a /24 by a release build against nmap, in network namespaces (root; Debian packages iproute2, nmap)
	swift build $(RELEASE) --product readerd --scratch-path .build-release -j $(JOBS)
	python3 Tests/Bench/sweep.py .build-release/release/readerd .build/debug/readersim

deb: release ## Make the Debian packages (MAINTAINER='Name <address>'): release build, Swift runtime linked in, checked with lintian where that is installed
	rm -f .build-deb/*.deb
	MAINTAINER='$(MAINTAINER)' packaging/build-deb .build-release/release .build-deb
	if command -v lintian >/dev/null; then lintian --fail-on error,warning --allow-root .build-deb/*.deb; fi

deb-test: ## Install the packages in a fresh Debian 12 and 13, take a payment there, upgrade and purge (root; Debian package mmdebstrap; DEB_SUITES=trixie)
	@command -v mmdebstrap >/dev/null || { echo 'mmdebstrap is missing: sudo apt install mmdebstrap' >&2; exit 1; }
	@ls .build-deb/readerd_*.deb >/dev/null 2>&1 || $(MAKE) deb
	$(if $(filter 0,$(shell id -u)),,sudo) Tests/Package/chroot .build-deb $(DEB_SUITES)

clean: ## Remove what was built and installed in this directory
	rm -rf .build .build-* $(CONTRACT_ENVIRONMENT)
