# make help lists what there is. CACHE, CONFIG, DATA, CORES, PROFILE and SDM are explained there.

CACHE ?=
CONFIG ?= config/config.yaml
CORES ?= all
DATA ?=
TARGET ?= all
PROFILE ?=
SDM ?=
ifneq ($(filter-out apptainer,$(SDM)),)
$(error SDM=$(SDM) is not known; give SDM=apptainer, or nothing to run without containers)
endif
# Style and tests need the whole environment.
ifneq ($(filter test lint format,$(MAKECMDGOALS)),)
override SDM :=
endif

# Each configuration has its own folder; the default one works in the project's.
FOLDER := $(if $(filter config,$(basename $(notdir $(CONFIG)))),.,runs/$(basename $(notdir $(CONFIG))))
REPORT := $(FOLDER)/results/report/report.html

# With containers, nothing but Snakemake is installed outside of them, and its way to a cluster.
VENV := $(if $(SDM),.venv-snakemake$(if $(PROFILE),-cluster),.venv)
CODE := src tests workflow benchmarks envs
BIN := $(CURDIR)/$(VENV)/bin
PINS := envs/requirements.txt $(if $(SDM),envs/controller.txt,pyproject.toml)
INSTALLED := $(VENV)/installed-$(firstword $(shell cat $(PINS) | cksum))
# Snakemake tells the nodes of a cluster of --cache only if a rule is named; any turns it on for all.
SNAKEMAKE = PATH="$(BIN):$$PATH" $(if $(CACHE),SNAKEMAKE_OUTPUT_CACHE="$(abspath $(CACHE))") \
	snakemake $(if $(CACHE),--cache train_network) --directory $(FOLDER) --configfile $(CONFIG) \
	$(if $(SDM),--software-deployment-method $(SDM)) \
	$(if $(DATA),--config 'cohort={data: "$(abspath $(DATA))"}')
CONTAINER = PYTHONPATH=src python3.11 -m mrelevance.runtime.container
ifeq ($(SDM),)
PYTHON = $(BIN)/python
else
PYTHON = APPTAINERENV_PYTHONPATH="$(CURDIR)/src" apptainer exec --bind "$(CURDIR)" \
	$(if $(CACHE),--bind "$(abspath $(CACHE))") "$$($(CONTAINER) --path)" python
endif

NO_PYTHON = echo "Error: python3.11 is not installed; install Python 3.11, for example with your \
package manager or from python.org"; exit 1

.PHONY: help reproduce report verify container test lint format bench clean
.DEFAULT_GOAL := help

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /make \1\t/p' $(MAKEFILE_LIST) | expand -t 20
	@echo
	@echo "CONFIG=config/quick.yaml   another configuration; its results are in runs/<name>/results"
	@echo "DATA=path                  folder that the image paths of the sample sheet start from"
	@echo 'TARGET="all references"    more than the study itself: see README.md'
	@echo "CORES=4                    processor cores to use (all)"
	@echo "PROFILE=profiles/slurm     on a cluster, which has cores of its own: see docs/cluster.md"
	@echo "SDM=apptainer              every step in the container, nothing but Snakemake outside of it"
	@echo "CACHE=path                 folder to share expensive results through: see docs/cache.md"

reproduce: $(INSTALLED) ## run the study, from images to report
	@mkdir -p $(FOLDER) $(CACHE)
	@$(SNAKEMAKE) $(if $(PROFILE),--profile $(PROFILE),--cores $(CORES)) -- $(TARGET)
	@$(MAKE) --no-print-directory report
	@echo
	@echo "Figures  $(FOLDER)/results/figures/"
	@echo "Tables   $(FOLDER)/results/summary/"
	@echo "Report   $(REPORT)"

report: $(INSTALLED) ## write the self-contained HTML report if results are newer
	@if [ -e $(REPORT) ] && [ -z "$$(find $(FOLDER)/results/summary $(FOLDER)/results/figures \
		$(FOLDER)/results/report/*.md $(FOLDER)/results/report/motion.html workflow/report -newer $(REPORT) -print -quit)" ]; then \
		echo "The report is up to date."; \
	else \
		mkdir -p $(dir $(REPORT)) && \
		$(SNAKEMAKE) --report results/report/.writing-report.html --quiet all -- $(TARGET) && \
		mv $(dir $(REPORT)).writing-report.html $(REPORT); \
	fi

verify: $(INSTALLED) ## compare the results with the checksums that were recorded
	@$(PYTHON) -m mrelevance.reporting.verify $(FOLDER)/results

container: ## build the container that SDM=apptainer runs every step in
	@command -v python3.11 > /dev/null || { $(NO_PYTHON); }
	@$(CONTAINER)

# Unit tests are small: a process with one thread on each core is faster than all cores for one. The
# others run Snakemake on two cores, or wait; two of them side by side leave fewer cores idle. Threads
# that wait by turning in a circle would then hold up those that work.
test: $(INSTALLED) ## run all tests
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --dist loadfile tests/unit
	@OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m pytest --numprocesses 2 --dist loadfile \
		--no-loadscope-reorder tests/integration

lint: $(INSTALLED) ## check the style of code and workflow
	@$(BIN)/ruff check $(CODE)
	@$(BIN)/ruff format --check $(CODE)
	@$(BIN)/snakefmt --check Snakefile workflow
	@$(SNAKEMAKE) --lint

format: $(INSTALLED) ## bring code and workflow into style
	@$(BIN)/ruff check --fix $(CODE)
	@$(BIN)/ruff format $(CODE)
	@$(BIN)/snakefmt Snakefile workflow

bench: $(INSTALLED) ## print what the last run cost, stage by stage, and what larger ones would
	@$(PYTHON) benchmarks/stages.py $(FOLDER)/results

clean: ## remove the results of this configuration
	rm -rf $(FOLDER)/results $(FOLDER)/.snakemake

# The list of versions is complete, so pip need not look for more: one package (nnU-Net's networks,
# for the tests) asks for others that its networks do not use and that would replace torch.
$(INSTALLED):
	@command -v python3.11 > /dev/null || { $(NO_PYTHON); }
	@echo "Setting up $(VENV); the first time this takes some minutes."
	@python3.11 -m venv --clear $(VENV)
ifeq ($(SDM),)
	@$(BIN)/pip install --quiet --constraint envs/requirements.txt torch
	@$(BIN)/pip install --quiet --no-deps --requirement envs/requirements.txt
	@$(BIN)/pip install --quiet --no-deps --editable .
else
	@$(BIN)/pip install --quiet --requirement envs/controller.txt \
		$(if $(PROFILE),snakemake-executor-plugin-slurm)
endif
	@rm -f $(VENV)/installed-*
	@touch $@
