"""Write the page that lets people judge every registration, the worst first."""

from pathlib import Path

from mrelevance.figures.motion_page import motion_page, pictured, worst_first
from mrelevance.figures.overlay import data_uri, overlay_pictures
from mrelevance.runtime.files import read_tables, written_whole
from mrelevance.runtime.images import read_image
from mrelevance.runtime.logs import log_to

logger = log_to(snakemake.log[0])

inputs, params = snakemake.input, snakemake.params
taken, registered = (
    {(Path(path).parent.name, Path(path).name.removesuffix(".nii.gz")): path for path in paths}
    for paths in (inputs.taken, inputs.registered)
)

ordered = worst_first(read_tables(inputs.quality))
shown = pictured(ordered)
logger.info("%s; %d pictures", ordered["flag"].value_counts().to_dict(), len(shown))

pictures = dict.fromkeys(shown[["patient", "sequence"]].itertuples(index=False, name=None))
for patient, sequences in shown.groupby("patient")["sequence"]:
    pairs = {
        sequence: tuple(read_image(paths[patient, sequence]) for paths in (taken, registered))
        for sequence in sequences
    }
    drawn = overlay_pictures(read_image(registered[patient, params.reference]), pairs)
    for sequence, picture in drawn.items():
        pictures[patient, sequence] = data_uri(picture)

template = Path(snakemake.scriptdir).parent / "report/motion_page.html"
page = motion_page(template.read_text(), ordered, pictures, params.reference, params.motion)
with written_whole(snakemake.output.page) as beside:
    beside.write_text(page)
