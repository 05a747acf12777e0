"""Write in words what was done: the methods for a paper, and a reporting checklist."""

from pathlib import Path

from mrelevance.networks.of_study import number_of_weights
from mrelevance.reporting.facts import study_facts
from mrelevance.reporting.text import fill
from mrelevance.runtime.files import read_json, read_table, written_whole
from mrelevance.runtime.logs import log_to

log_to(snakemake.log[0])

inputs = snakemake.input
record, card = read_json(inputs.record), read_json(inputs.card)
facts = study_facts(
    record,
    card,
    number_of_weights(card),
    {name: read_table(inputs[name]) for name in ("split", "motion", "scores", "agreement")},
)
templates = Path(snakemake.scriptdir).parent / "report"
for name in ("methods", "claim_checklist"):
    text = fill((templates / f"{name}.md").read_text(), facts)
    with written_whole(snakemake.output[name]) as beside:
        beside.write_text(text)
