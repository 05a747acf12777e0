"""Write the page on which a reader checks every registration, the worst first."""

from pathlib import Path

from mrelevance.figures.motion_page import motion_page, pictured, worst_first
from mrelevance.figures.overlay import cohort_pictures
from mrelevance.runtime.files import read_tables, written_whole
from mrelevance.runtime.logs import log_to

logger = log_to(snakemake.log[0])

inputs, params = snakemake.input, snakemake.params
taken, registered = (
    {(Path(path).parent.name, Path(path).name.removesuffix(".nii.gz")): path for path in paths}
    for paths in (inputs.taken, inputs.registered)
)
ordered = worst_first(read_tables(inputs.quality))
shown = pictured(ordered)[["patient", "sequence"]]
logger.info("%s; %d pictures", ordered["flag"].value_counts().to_dict(), len(shown))

pairs = list(shown.itertuples(index=False, name=None))
pictures = cohort_pictures(pairs, taken, registered, params.fixed_sequence)
template = Path(snakemake.scriptdir).parent / "report/motion_page.html"
page = motion_page(template.read_text(), ordered, pictures, params.fixed_sequence, params.motion)
with written_whole(snakemake.output.page) as beside:
    beside.write_text(page)
