"""Draw how near every attribution method comes to the measurement."""

from pathlib import Path

from mrelevance.figures.faithfulness import faithfulness
from mrelevance.figures.style import save
from mrelevance.runtime.files import read_table
from mrelevance.runtime.logs import log_to

log_to(snakemake.log[0])

save(
    faithfulness(read_table(snakemake.input.agreement)), Path(snakemake.output.png).with_suffix("")
)
