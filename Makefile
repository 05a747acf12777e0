# make help lists what there is. CONFIG, DATA and CORES are explained there.

CONFIG ?= config/config.yaml
CORES ?= all
DATA ?=
TARGET ?= all

# Each configuration has its own folder; the default one works in the project's.
FOLDER := $(if $(filter config,$(basename $(notdir $(CONFIG)))),.,runs/$(basename $(notdir $(CONFIG))))
REPORT := $(FOLDER)/results/report/report.html

VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
INSTALLED := $(VENV)/installed-$(firstword $(shell cat envs/requirements.txt pyproject.toml | cksum))
SNAKEMAKE = PATH="$(BIN):$$PATH" snakemake --directory $(FOLDER) --configfile $(CONFIG) \
	$(if $(DATA),--config 'cohort={data: "$(abspath $(DATA))"}')

.PHONY: help reproduce report verify test lint format bench clean
.DEFAULT_GOAL := help

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /make \1\t/p' $(MAKEFILE_LIST) | expand -t 20
	@echo
	@echo "CONFIG=config/quick.yaml   another configuration; its results are in runs/<name>/results"
	@echo "DATA=path                  folder that the image paths of the sample sheet start from"
	@echo 'TARGET="all references"    more than the study itself: see README.md'
	@echo "CORES=4                    processor cores to use (all)"

reproduce: $(INSTALLED) ## run the study, from images to report
	@mkdir -p $(FOLDER)
	@$(SNAKEMAKE) --cores $(CORES) $(TARGET)
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
	@$(BIN)/python -m mrelevance.verify $(FOLDER)/results

test: $(INSTALLED) ## run all tests
	@$(BIN)/python -m pytest

lint: $(INSTALLED) ## check the style of code and workflow
	@$(BIN)/ruff check src tests workflow benchmarks
	@$(BIN)/ruff format --check src tests workflow benchmarks
	@$(BIN)/snakefmt --check Snakefile workflow
	@$(SNAKEMAKE) --lint

format: $(INSTALLED) ## bring code and workflow into style
	@$(BIN)/ruff check --fix src tests workflow benchmarks
	@$(BIN)/ruff format src tests workflow benchmarks
	@$(BIN)/snakefmt Snakefile workflow

bench: $(INSTALLED) ## print time and memory of every stage of the last run
	@$(BIN)/python benchmarks/stages.py $(FOLDER)/results/benchmarks

clean: ## remove the results of this configuration
	rm -rf $(FOLDER)/results $(FOLDER)/.snakemake

# The list of versions is complete, so pip need not look for more: one package (nnU-Net's networks,
# for the tests) asks for others that its networks do not use and that would replace torch.
$(INSTALLED):
	@command -v python3.11 > /dev/null || { echo "Error: python3.11 is not installed; \
	install Python 3.11, for example with your package manager or from python.org"; exit 1; }
	@echo "Setting up $(VENV); the first time this takes some minutes."
	@python3.11 -m venv $(VENV)
	@$(BIN)/pip install --quiet $$(grep '^torch==' envs/requirements.txt)
	@$(BIN)/pip install --quiet --no-deps --requirement envs/requirements.txt
	@$(BIN)/pip install --quiet --no-deps --editable .
	@rm -f $(VENV)/installed-*
	@touch $@
