# Everything runs in its own virtual environment, made from pinned requirements on first use.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: help reproduce quick strangers listening speech-commands notebooks docs test lint benchmarks soak fuzz mutants compilers coverage-c clean bundle bundle-strangers bundle-listening page-modules pictures

help:  ## Say what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

reproduce: $(VENV)/.run  ## From recordings to trained networks, an evaluation and a report (results/report.html)
	$(BIN)/kilovox reproduce --out results $(ARGS)

quick: $(VENV)/.run  ## The same in under a minute, with less training
	$(BIN)/kilovox reproduce --quick --out results-quick $(ARGS)

strangers: $(VENV)/.develop  ## Synthetic voices, leave one speaker out, and the recognisers for strangers (an hour; runs/)
	$(BIN)/kilovox data synthesise
	for name in digits digits-pow2; do \
	    $(BIN)/kilovox crossvalidate $$name --robustness && $(BIN)/kilovox train $$name --out runs/$$name --resume || exit 1; \
	done

listening: $(VENV)/.develop  ## Synthetic voices, and the networks that listen, from recordings of people in people/ (100 minutes; runs/)
	$(BIN)/kilovox data synthesise --out people/synthetic --kokoro 6
	$(BIN)/kilovox data synthesise --out people/synthetic --kokoro 130 --espeak 0 --flite 0 --words six,seven,nine
	$(BIN)/kilovox data sentences
	for name in listening listening-pow2; do $(BIN)/kilovox train $$name --out runs/$$name --resume || exit 1; done

speech-commands: $(VENV)/.develop  ## Speech Commands v0.02 (2.4 GB), networks of 12 and 35 words, their official figures (hours; runs/)
	$(BIN)/kilovox data fetch speech-commands --out people/speech_commands_v0.02
	$(BIN)/kilovox data fetch speech-commands-test --out people/speech_commands_test_set_v0.02
	for name in speech-commands-12 speech-commands-12-16KB speech-commands-35; do \
	    $(BIN)/kilovox train $$name --out runs/$$name --resume || exit 1; \
	done
	for name in speech-commands-12 speech-commands-12-16KB; do \
	    $(BIN)/kilovox evaluate runs/$$name/model.safetensors --corpus people/speech_commands_test_set_v0.02 || exit 1; \
	done
	$(BIN)/kilovox evaluate runs/speech-commands-35/model.safetensors

notebooks: $(VENV)/.develop  ## Run the notebooks anew, pictures and all (each in under three minutes)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 -q -p no:cacheprovider --nbmake --nbmake-timeout=600 --overwrite $(ARGS) notebooks

docs: $(VENV)/.develop  ## The documentation as a site, in site/; a warning is an error
	$(BIN)/mkdocs build --strict $(ARGS)

test: $(VENV)/.develop  ## Run the tests
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist worksteal -q $(ARGS)

lint: $(VENV)/.develop  ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

benchmarks: $(VENV)/.develop  ## Measure against named peers
	for script in benchmarks/*.py; do $(BIN)/python $$script || exit 1; done

soak: $(VENV)/.develop  ## An hour of random and one of adversarial sound through the C, under sanitizers
	$(BIN)/python fuzz/run.py soak $(ARGS)

fuzz: $(VENV)/.develop  ## Ten minutes of libFuzzer on the C (needs clang)
	$(BIN)/python fuzz/run.py fuzz $(ARGS)

mutants: $(VENV)/.develop  ## How much wrong code the tests let through: random changes of Python and C (an hour)
	$(BIN)/python fuzz/mutants.py python $(ARGS)
	$(BIN)/python fuzz/mutants.py c $(ARGS)

compilers: $(VENV)/.develop  ## Build the exported self-test in every ordinary way and run it (gcc, clang, s390x, AVR: what is installed)
	$(BIN)/python fuzz/compilers.py

coverage-c: $(VENV)/.develop  ## Lines and branches of the C that these and the self-tests reach
	$(BIN)/python fuzz/run.py coverage

clean:  ## Remove the virtual environment and what was made
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis results results-quick runs site

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v <= (3, 13) else f"Python {v[0]}.{v[1]} found; expected 3.11 to 3.13: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.run: $(VENV)/.python requirements.txt pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.develop: $(VENV)/.run requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

bundle:  ## Put the networks that `make reproduce` trained into the package, as its bundled models
	cp results/networks/2x128-random-42/model.safetensors src/kilovox/integer/bundled/fsdd-float32.safetensors
	cp results/networks/int8-random-42/model.safetensors src/kilovox/integer/bundled/fsdd-int8.safetensors
	cp results/networks/pow2-random-42/model.safetensors src/kilovox/integer/bundled/fsdd-pow2.safetensors

bundle-strangers:  ## The same with those of `make strangers`
	cp runs/digits/model.safetensors src/kilovox/integer/bundled/digits.safetensors
	cp runs/digits-pow2/model.safetensors src/kilovox/integer/bundled/digits-pow2.safetensors

bundle-listening:  ## The same with those of `make listening`
	cp runs/listening/model.safetensors src/kilovox/integer/bundled/listening.safetensors
	cp runs/listening-pow2/model.safetensors src/kilovox/integer/bundled/listening-pow2.safetensors

page-modules: $(VENV)/.develop  ## The WebAssembly that the page brings, from the bundled models
	$(BIN)/python -m kilovox.web.prebuild

pictures: $(VENV)/.develop  ## docs/pictures anew: the page in Chromium, kilovox listen in a terminal
	KILOVOX_PICTURES=$(CURDIR)/docs/pictures $(BIN)/python -m pytest -q -p no:cacheprovider tests/web/test_pictures.py
	$(BIN)/python docs/hooks/listen_svg.py
