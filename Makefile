# Needs Python >= 3.11 and make; everything else is set up by the targets themselves, in .venv and build/.
.DEFAULT_GOAL := help
.PHONY: help demo test check bench bench-page bench-detect bench-bed train contract lock package package-check package-proof vm-proof
# Debian keeps mosquitto where an ordinary user does not look.
export PATH := $(PATH):/usr/sbin
RUN := .venv/bin/python -m
# Real homes: NAME.home.toml, and NAME.jsonl.gz beside it.
DATA ?= $(or $(HEARTHWATCH_DATA),../shared/data)/tihm

help: ## this list
	@grep -E '^[a-z-]+: .*##' Makefile | sed -E 's/^([a-z-]+): .*## /  make \1\t/'

demo: ## a simulated home, live, through the real pipeline; ends by itself, or with STAY=1 serves its page
	@deploy/bootstrap.sh $(if $(shell PATH="$(PATH)" command -v mosquitto),requirements.lock,requirements-demo.lock)
	@mkdir -p build
	@$(RUN) agent demo --page build/demo-day.html $(if $(STAY),--stay)

test: ## all tests, against real parts; what was skipped is printed last
	@deploy/bootstrap.sh requirements-dev.lock
	@deploy/test-parts.sh
	@$(RUN) pytest

# Another seed each day unless one is named; the nine thousand go at five a second, for half an hour.
soak: SEED ?= $(shell date +%Y%m%d)
soak: ## what make test does in short, at length: 2,000 kills, 10,000 alerts of an outage, a wired day; an hour
	@deploy/bootstrap.sh requirements-dev.lock
	@deploy/test-parts.sh
	@HEARTHWATCH_KILLS=2000 HEARTHWATCH_SEED=$(SEED) HEARTHWATCH_BACKLOG_CRITICAL=1000 HEARTHWATCH_BACKLOG_SLOW=9000 \
		HEARTHWATCH_WIRED_MOVES=2000 $(RUN) pytest tests/test_killed.py tests/test_backlog.py tests/test_wired_hub.py

# atheris comes for Python 3.11 to 3.13 on x86-64, and has a Python of its own: nothing else needs it.
FUZZ := build/fuzz/bin/python
fuzz: RUNS ?= 1000000
fuzz: ## RUNS inputs to each end of the serial line: the board's core by libFuzzer, the hub's parser by atheris; needs clang
	@command -v clang >/dev/null || deploy/apt-install.sh "fuzzing needs clang" clang libclang-rt-14-dev
	@cmp -s requirements-fuzz.lock build/fuzz/lock || { python3 -m venv --clear build/fuzz && \
		$(FUZZ) -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-fuzz.lock && \
		cp requirements-fuzz.lock build/fuzz/lock; }
	$(MAKE) -C firmware-bridge fuzz RUNS=$(RUNS)
	@mkdir -p build/fuzz/corpus
	$(FUZZ) -m tests.fuzz_line -runs=$(RUNS) -seed=1 -max_len=200 -artifact_prefix=build/fuzz/ \
		build/fuzz/corpus tests/fixtures/hostile_line

check: ## style, types, floors and house rules
	@deploy/bootstrap.sh requirements-dev.lock
	$(RUN) ruff check
	$(RUN) ruff format --check
	$(RUN) mypy agent centre tests bench training
	.venv/bin/lint-imports --no-cache
	$(RUN) pytest -q tests/test_architecture.py

bench: ## speed, memory and wear, measured on this machine
	@deploy/bootstrap.sh requirements-dev.lock
	@$(RUN) bench

bench-centre: ## 2,000 hubs against one receiver: alerts a second, receipts, and how they come back to a lost broker
	@deploy/bootstrap.sh requirements-dev.lock
	@$(RUN) bench.centre

bench-page: ## the family's page of a home with a year behind it, and an alert in a flood of requests; three minutes
	@deploy/bootstrap.sh requirements-dev.lock
	@$(RUN) bench.page

bench-detect: ## how soon a fall would be told, how often wrongly, on homes unseen in training; a quarter of an hour
	@deploy/bootstrap.sh requirements-dev.lock
	@$(RUN) bench.detect --data $(DATA)
	@$(RUN) bench.routine --data $(DATA) --out build/bench-routine

bench-bed: ## how well a bed that is felt is judged, on simulated nights; a quarter of an hour
	@deploy/bootstrap.sh requirements-dev.lock
	@$(RUN) bench.bed

train: ## the two models, from the homes of DATA; KEY signs them and puts them in their places
	@deploy/bootstrap.sh requirements-dev.lock
	@ldconfig -p | grep -q libgomp.so.1 || deploy/apt-install.sh "training needs OpenMP" libgomp1
	@$(RUN) training --data $(DATA) --out build/train $(if $(KEY),--key $(KEY))

contract: ## docs/ for programs, of the line to a centre and of a day: JSON Schema and AsyncAPI, from the code
	@deploy/bootstrap.sh requirements-dev.lock
	@$(RUN) deploy.contract

package: ## the Debian packages of a hub, for a Raspberry Pi and for a PC, into build/packages; some minutes
	@deploy/bootstrap.sh requirements-dev.lock
	@deploy/package/build.sh

# Twice into folders of their own, and not a byte may differ; then what Debian's own judge finds.
package-check: package ## that the packages are the same each time, and that lintian finds nothing
	@command -v lintian >/dev/null || deploy/apt-install.sh "the packages are judged by it" lintian
	@OUT=build/packages-again deploy/package/build.sh
	@cd build/packages && sha256sum *.deb *.json | tee SHA256SUMS
	@cd build/packages-again && sha256sum --check --quiet ../packages/SHA256SUMS && echo "hearthwatch: built twice, the same bytes"
	@lintian --no-cfg --allow-root --fail-on error,warning build/packages/*.deb && echo "hearthwatch: lintian finds nothing"

package-proof: ## installs the packages on fresh Debians (amd64; arm64 emulated), runs, removes them; needs root
	@ls build/packages/*.deb >/dev/null 2>&1 || $(MAKE) package
	@deploy/package/prove.sh

vm-proof: ## the amd64 packages on a Debian that boots, emulated, under its own systemd: hung, killed, reboots; needs root
	@ls build/packages/*_amd64.deb >/dev/null 2>&1 || $(MAKE) package
	@deploy/package/vm.sh

lock: ## new versions of everything, pinned by hash (needs uv)
	deploy/lock.sh
