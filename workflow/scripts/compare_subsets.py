"""Test networks trained on fewer sequences against the network trained on all."""

from pathlib import Path

import pandas as pd

from mrelevance.protocol.selection import DICE, SENSITIVITY, paired_scores, selection, verdict
from mrelevance.reporting.provenance import write_beside
from mrelevance.runtime.files import read_table, read_tables, write_table
from mrelevance.runtime.logs import log_to
from mrelevance.runtime.subset_names import subset_name

logger = log_to(snakemake.log[0])

inputs, params = snakemake.input, snakemake.params
full = subset_name(params.sequences, params.sequences)
subsets = read_table(inputs.subsets)
tables = {
    "scores": {full: read_table(inputs.scores)},
    "lesions": {full: read_table(inputs.lesions)},
}
for kind, of_network in tables.items():
    for subset in subsets["subset"]:
        # results/selection/{subset}/prediction/{patient}/{kind}.tsv
        paths = [path for path in inputs[f"{kind}_subset"] if Path(path).parts[2] == subset]
        of_network[subset] = read_tables(paths)
scores = paired_scores(**tables)
table = selection(
    subsets,
    scores,
    {DICE: params.margin_dice, SENSITIVITY: params.margin_sensitivity},
    params.minutes,
    params.sequences,
    **params.summary,
    seed=params.seed,
)
logger.info("\n%s", table.to_string(index=False))
verdicts = pd.DataFrame({"verdict": [verdict(table)]})
written = {"selection": table, "scores": scores, "verdict": verdicts}
for name, content in written.items():
    write_table(content, snakemake.output[name])
write_beside([snakemake.output[name] for name in written], snakemake.config, inputs)
