"""Draw what every method says of the sequence about which the truth is known."""

from pathlib import Path

from mrelevance.figures.known_answer import known_truth
from mrelevance.figures.style import save
from mrelevance.runtime.files import read_table
from mrelevance.runtime.logs import log_to

log_to(snakemake.log[0])

inputs = snakemake.input
figure = known_truth(read_table(inputs.relevance), read_table(inputs.truth))
save(figure, Path(snakemake.output.png).with_suffix(""))
