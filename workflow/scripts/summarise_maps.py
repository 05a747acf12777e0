"""Judge the maps of every method by perturbation and by randomised weights."""

from mrelevance.evaluation.maps import summarise_perturbation, summarise_randomisation
from mrelevance.reporting.provenance import write_beside
from mrelevance.runtime.files import read_table, write_table
from mrelevance.runtime.logs import log_to

logger = log_to(snakemake.log[0])

inputs, output, params = snakemake.input, snakemake.output, snakemake.params
areas = summarise_perturbation(read_table(inputs.curves), **params.summary, seed=params.seed)
stages = summarise_randomisation(
    read_table(inputs.similarities), **params.summary, seed=params.seed
)
logger.info("\n%s\n%s", areas.to_string(index=False), stages.to_string(index=False))
write_table(areas, output.perturbation)
write_table(stages, output.randomisation)
write_beside([output.perturbation, output.randomisation], snakemake.config, inputs)
