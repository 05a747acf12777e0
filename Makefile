# make help lists the targets and explains all variables.

CACHE ?=
CONFIG ?= config/config.yaml
CORES ?= all
DATA ?=
FROM ?=
LABELS ?=
TARGET ?= all
PROFILE ?=
INTERPRETER ?= python3.11
SDM ?=
VERBOSE ?=
VERSION ?=
ifneq ($(filter-out apptainer,$(SDM)),)
$(error SDM=$(SDM) is not known; give SDM=apptainer, or nothing to run without containers)
endif
# Tests and style checks need the whole environment.
ifneq ($(filter test lint format docs wheel library,$(MAKECMDGOALS)),)
override SDM :=
endif

# Each configuration has its own folder: config/quick.yaml has runs/quick, any other file runs/ and its
# whole path, with .yaml. Only the default configuration has the project's. No function of make is
# used on paths, because these split them at spaces.
define FIND_FOLDER
[ -f "$(CONFIG)" ] || exit; \
file=$$(cd "$$(dirname "$(CONFIG)")" && pwd -P)/$$(basename "$(CONFIG)"); \
file=$${file#"$$(pwd -P)/"}; \
case "$$file" in \
	config/config.yaml) echo . ;; \
	config/*/*) echo "runs/$$file" ;; \
	config/*.yaml) echo "runs/$$(basename "$$file" .yaml)" ;; \
	*) echo "runs/$${file#/}" ;; \
esac
endef
FOLDER := $(shell $(FIND_FOLDER))
ifeq ($(FOLDER),)
# What init is to write is not there yet.
ifneq ($(MAKECMDGOALS),init)
$(error CONFIG=$(CONFIG) does not exist; give a configuration file, such as CONFIG=config/quick.yaml)
endif
endif
PAGE := $(FOLDER)/results/report/index.html
REPORT := $(FOLDER)/results/report/report.html
absolute = $(if $(filter /%,$(firstword $(1))),$(1),$(CURDIR)/$(1))

# With containers, only Snakemake and its plugin for the cluster are installed outside.
VENV := $(if $(SDM),.venv-snakemake$(if $(PROFILE),-cluster),.venv)
CODE := src tests workflow benchmarks envs docs
BIN := $(CURDIR)/$(VENV)/bin
PINS := envs/requirements.txt $(if $(SDM),envs/controller.txt,envs/test.txt pyproject.toml)
INSTALLED := $(VENV)/installed-$(firstword $(shell cat $(PINS) | cksum))
DOCS := .venv-docs
DOCS_INSTALLED := $(DOCS)/installed
# Tutorials with their outputs, as the site shows them.
TUTORIALS := $(patsubst docs/%,build/%,$(wildcard docs/tutorials/*.ipynb))
# Snakemake passes --cache on to the nodes of a cluster only with the name of a rule; any name switches
# the cache on for all rules.
SNAKEMAKE = PATH="$(BIN):$$PATH" $(if $(CACHE),SNAKEMAKE_OUTPUT_CACHE="$(call absolute,$(CACHE))") \
	"$(BIN)/python" -m snakemake $(if $(CACHE),--cache train_network) --directory "$(FOLDER)" \
	--configfile "$(CONFIG)" $(if $(SDM),--software-deployment-method $(SDM)) \
	$(if $(DATA),--config "cohort={data: \"$(call absolute,$(DATA))\"}")
# A line for each finished stage; all the rest is in Snakemake's log file.
PLUGIN = PYTHONPATH="$(CURDIR)/workflow/logger:$(CURDIR)/src$${PYTHONPATH:+:$$PYTHONPATH}"
PROGRESS = $(if $(VERBOSE),,--logger progress)
CONTAINER = PYTHONPATH=src python3.11 -m mrelevance.runtime.container
ifeq ($(SDM),)
PYTHON = "$(BIN)/python"
else
PYTHON = APPTAINERENV_PYTHONPATH="$(CURDIR)/src" apptainer exec --bind "$(CURDIR)" \
	$(if $(CACHE),--bind "$(call absolute,$(CACHE))") \
	$(if $(DATA),--bind "$(call absolute,$(DATA))") $(if $(FROM),--bind "$(call absolute,$(FROM))") \
	$(if $(LABELS),--bind "$(call absolute,$(LABELS))") "$$($(CONTAINER) --path)" python
endif

NO_PYTHON = echo "Error: python3.11 is not installed; install Python 3.11, for example with your \
package manager or from python.org"; exit 1

# Snakemake keeps files there, and ends in a traceback if it cannot.
CHECK_HOME = folder="$${XDG_CACHE_HOME:-$$HOME/.cache}"; \
	{ mkdir -p "$$folder" && [ -w "$$folder" ]; } 2> /dev/null || \
	{ echo "Error: the folder $$folder cannot be written, where Snakemake keeps files; set \
XDG_CACHE_HOME to one that can, for example XDG_CACHE_HOME=/tmp/cache make $(MAKECMDGOALS)"; exit 1; }

.PHONY: help init check reproduce report verify container test lint format docs wheel library bench clean
.DEFAULT_GOAL := help

help: ## list the targets and variables
	@sed -n 's/^\([a-z]*\):.*## /make \1\t/p' $(MAKEFILE_LIST) | expand -t 20
	@echo
	@echo "CONFIG=config/quick.yaml   another configuration; its results go to runs/quick/results"
	@echo "DATA=path                  folder that image paths in the sample sheet are relative to"
	@echo "FROM=path                  make init: folder of your images"
	@echo "LABELS=path                make init: folder of the labels, if it is another one"
	@echo 'TARGET="all baselines"     more than the study itself: see docs/variants.md'
	@echo "CORES=4                    processor cores to use (default: all)"
	@echo "PROFILE=profiles/slurm     run on a cluster, which ignores CORES: see docs/cluster.md"
	@echo "SDM=apptainer              run every step in the container: see docs/containers.md"
	@echo "CACHE=path                 folder for sharing expensive results: see docs/cache.md"
	@echo "VERBOSE=1                  make reproduce: show every job, not only finished stages"
	@echo "INTERPRETER=path           make library, docs, wheel: another Python, from 3.11 to 3.13"
	@echo "VERSION=1.2.0              make wheel: fail unless this is the version"

init: $(INSTALLED) ## write sample sheet and configuration for the images in FROM
	@$(PYTHON) -m mrelevance init "$(FROM)" $(if $(LABELS),--labels "$(LABELS)") \
		$(if $(filter-out config/config.yaml,$(CONFIG)),--out "$(CONFIG)")

check: $(INSTALLED) ## check configuration, sample sheet, images and network
	@$(PYTHON) -m mrelevance check "$(CONFIG)" $(if $(DATA),--data "$(call absolute,$(DATA))")

reproduce: $(INSTALLED) ## run the study, from images to report
	@$(CHECK_HOME)
	@mkdir -p "$(FOLDER)" $(if $(CACHE),"$(CACHE)")
	@$(if $(VERBOSE),,$(PLUGIN)) $(SNAKEMAKE) $(PROGRESS) \
		$(if $(PROFILE),--profile $(PROFILE),--cores $(CORES)) -- $(TARGET)
	@$(MAKE) --no-print-directory report
	@echo
	@[ ! -e "$(PAGE)" ] || echo "Report     $(PAGE)"
	@echo "Figures    $(FOLDER)/results/figures/"
	@echo "Tables     $(FOLDER)/results/summary/"
	@echo "Technical  $(REPORT)"

report: $(INSTALLED) ## write the technical report of Snakemake, if results are newer than it
	@if [ -e "$(REPORT)" ] && [ -z "$$(find "$(FOLDER)/results/summary" "$(FOLDER)/results/figures" \
		"$(FOLDER)"/results/report/*.md "$(FOLDER)/results/report/motion.html" workflow/report \
		-newer "$(REPORT)" -print -quit)" ]; then \
		echo "The report is up to date."; \
	else \
		mkdir -p "$(FOLDER)/results/report" && \
		$(SNAKEMAKE) --report results/report/.writing-report.html --quiet all -- $(TARGET) && \
		mv "$(FOLDER)/results/report/.writing-report.html" "$(REPORT)"; \
	fi

verify: $(INSTALLED) ## compare the results with their recorded checksums
	@$(PYTHON) -m mrelevance verify "$(FOLDER)/results"

container: ## build the container for SDM=apptainer
	@command -v python3.11 > /dev/null || { $(NO_PYTHON); }
	@$(CONTAINER)

# Unit tests are small: one process with one thread per core is faster than one process with all cores.
# Integration tests run Snakemake on two cores, or wait; two at a time keep the cores busy. With
# OMP_WAIT_POLICY=PASSIVE, waiting threads leave the cores to those that work.
test: $(INSTALLED) ## run all tests
	@OMP_NUM_THREADS=1 "$(BIN)/python" -m pytest --numprocesses auto --dist loadfile tests/unit
	@OMP_WAIT_POLICY=PASSIVE "$(BIN)/python" -m pytest --numprocesses 2 --dist loadfile \
		--no-loadscope-reorder tests/integration

lint: $(INSTALLED) ## check style and types of code and workflow
	@"$(BIN)/python" -m ruff check $(CODE)
	@"$(BIN)/python" -m ruff format --check $(CODE)
	@"$(BIN)/python" -m snakefmt --check Snakefile workflow
	@"$(BIN)/python" -m mypy
	@$(SNAKEMAKE) --lint

format: $(INSTALLED) ## bring code and workflow into style
	@"$(BIN)/python" -m ruff check --fix $(CODE)
	@"$(BIN)/python" -m ruff format $(CODE)
	@"$(BIN)/python" -m snakefmt Snakefile workflow

docs: $(DOCS_INSTALLED) $(TUTORIALS) ## build the documentation in build/site, which works offline
	@NO_MKDOCS_2_WARNING=1 $(DOCS)/bin/python -m mkdocs build --strict --quiet
	@echo "Documentation  build/site/index.html"

# Building leaves files beside the source, which a later wheel would contain.
wheel: ## build the package in dist/
	@rm -rf dist build/lib build/bdist.* build/package && $(INTERPRETER) -m venv build/package
	@build/package/bin/python -m pip install --quiet build
	@build/package/bin/python -m build --outdir dist > /dev/null
	@rm -rf build/lib build/bdist.*
	@[ -z "$(VERSION)" ] || [ -e "dist/mrelevance-$(VERSION)-py3-none-any.whl" ] || \
		{ echo "Error: the version is not $(VERSION); change it in pyproject.toml and \
src/mrelevance/__init__.py"; exit 1; }

library: wheel ## install the package alone in a fresh environment, and explain a network with it
	@rm -rf build/library && $(INTERPRETER) -m venv build/library
	@build/library/bin/python -m pip install --quiet dist/*.whl
	@build/library/bin/python -I -W ignore tests/helpers/explain_alone.py > /dev/null
	@echo "mrelevance.lrp works with PyTorch and NumPy alone"

bench: $(INSTALLED) ## print the cost of the last run by stage, and an estimate for larger studies
	@$(PYTHON) benchmarks/stages.py "$(FOLDER)/results"

clean: ## remove the results of this configuration
	rm -rf "$(FOLDER)/.snakemake" && [ ! -d "$(FOLDER)/results" ] || \
		find "$(FOLDER)/results" -mindepth 1 -maxdepth 1 ! -name README.md -exec rm -rf {} +

$(DOCS_INSTALLED): envs/docs.txt
	@$(INTERPRETER) -m venv --clear $(DOCS)
	@$(DOCS)/bin/python -m pip install --quiet --no-deps --requirement envs/docs.txt
	@touch $@

build/tutorials/%.ipynb: docs/tutorials/%.ipynb $(shell find src -name '*.py') config/config.yaml \
		| $(INSTALLED)
	@echo "Executing $<"
	@$(PYTHON) docs/execute.py $< $@

# The list of versions is complete, hence --no-deps. Without it, pip would install the dependencies of
# dynamic-network-architectures, which builds networks of nnU-Net: unused packages that replace torch.
$(INSTALLED):
	@$(CHECK_HOME)
	@command -v python3.11 > /dev/null || { $(NO_PYTHON); }
	@echo "Setting up $(VENV); the first time this takes some minutes."
	@python3.11 -m venv --clear $(VENV)
ifeq ($(SDM),)
	@"$(BIN)/python" -m pip install --quiet --constraint envs/requirements.txt torch
	@"$(BIN)/python" -m pip install --quiet --no-deps --requirement envs/requirements.txt \
		--requirement envs/test.txt
	@"$(BIN)/python" -m pip install --quiet --no-deps --editable .
else
	@"$(BIN)/python" -m pip install --quiet --requirement envs/controller.txt \
		$(if $(PROFILE),snakemake-executor-plugin-slurm)
endif
	@rm -f $(VENV)/installed-*
	@touch $@
