"""Set other networks beside the study's: are they as good, do they look at the same sequences?"""

from pathlib import Path

import pandas as pd

from mrelevance.analysis.networks import (
    SEED,
    network_agreement,
    network_values,
    networks_verdict,
)
from mrelevance.attribution.shares import MEASURED
from mrelevance.protocol.selection import paired_scores
from mrelevance.reporting.provenance import write_beside
from mrelevance.runtime.configuration import STUDY
from mrelevance.runtime.files import read_table, read_tables, write_table
from mrelevance.runtime.logs import log_to

logger = log_to(snakemake.log[0])

inputs, params = snakemake.input, snakemake.params
networks = {name: changes for name, changes in params.networks.items() if changes is not None}


def of_network(paths, network):
    """Tables of all patients: results/networks/{network}/{stage}/{patient}/{table}.tsv."""
    return read_tables([path for path in paths if Path(path).parts[2] == network])


scores, lesions = {STUDY: read_table(inputs.scores)}, {STUDY: read_table(inputs.lesions)}
relevance = {STUDY: read_table(inputs.relevance)}
for network in networks:
    scores[network] = of_network(inputs.scores_other, network)
    lesions[network] = of_network(inputs.lesions_other, network)
    relevance[network] = pd.concat(
        [of_network(inputs[f"{kind}_other"], network) for kind in ("relevance", "shapley")]
    )
composites = [MEASURED, params.composite]
seeds = [name for name, changes in networks.items() if set(changes) == {SEED}]
bootstrap = {**params.summary, "seed": params.seed}
values = network_values(paired_scores(scores, lesions), relevance, composites, **bootstrap)
agreement = network_agreement(relevance, seeds, composites, **bootstrap)
verdicts = networks_verdict(values, agreement, params.margin)
logger.info("\n%s", verdicts.to_string(index=False))
tables = {"values": values, "agreement": agreement, "verdict": verdicts}
for name, content in tables.items():
    write_table(content, snakemake.output[name])
write_beside([snakemake.output[name] for name in tables], snakemake.config, inputs)
