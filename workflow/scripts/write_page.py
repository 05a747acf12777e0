"""Write the report page: the answer, figures, tables, and the patients in a viewer."""

from pathlib import Path

from mrelevance.reporting.page.page import write_page
from mrelevance.reporting.page.study import Study, up_to_date
from mrelevance.runtime.files import read_rows
from mrelevance.runtime.logs import log_to

logger = log_to(snakemake.log[0])

inputs, params = snakemake.input, snakemake.params
results = Path(inputs.record).parent
known = ["known_answer"] if params.known_answer else []
comparisons = [target for target in params.comparisons if up_to_date(results, target)]
study = Study(
    results,
    params.configuration,
    [row["patient"] for row in read_rows(inputs.split) if row["split"] == "test"],
    ("all", *known, *comparisons),
)
captions = Path(snakemake.scriptdir).parent / "report"
write_page(study, captions, Path(snakemake.output.page), Path(snakemake.output.patients))
size = Path(snakemake.output.page).stat().st_size
logger.info("%.1f MB; comparisons: %s", size / 1e6, ", ".join(comparisons) or "none")
