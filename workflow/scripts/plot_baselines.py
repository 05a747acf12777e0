"""Draw what is measured with every baseline."""

from pathlib import Path

from mrelevance.figures.baselines import baselines
from mrelevance.figures.style import save
from mrelevance.runtime.files import read_table
from mrelevance.runtime.logs import log_to

log_to(snakemake.log[0])

inputs = snakemake.input
figure = baselines(
    read_table(inputs.shares), read_table(inputs.agreement), snakemake.params.sequences
)
save(figure, Path(snakemake.output.png).with_suffix(""))
