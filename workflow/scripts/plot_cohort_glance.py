"""Draw the cohort at a glance: its lesions, and the sequences of its first test patient."""

from pathlib import Path

from mrelevance.figures.cohort_glance import cohort_glance
from mrelevance.figures.slices import radiological
from mrelevance.figures.style import save
from mrelevance.runtime.files import read_table
from mrelevance.runtime.images import read_image
from mrelevance.runtime.logs import log_to

log_to(snakemake.log[0])

image, spacing_mm = radiological(read_image(snakemake.input.image))
label, _ = radiological(read_image(snakemake.input.label))
figure = cohort_glance(
    read_table(snakemake.input.split),
    read_table(snakemake.input.lesions),
    image,
    label > 0,
    spacing_mm,
    snakemake.params.sequences,
    Path(snakemake.input.image).parent.name,
    snakemake.params.seed,
)
save(figure, Path(snakemake.output.png).with_suffix(""))
