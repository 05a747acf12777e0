"""Two runs of one configuration on one machine give the same results, byte for byte."""

import pytest
import SimpleITK as sitk

from mrelevance.reporting.record import result_files
from mrelevance.runtime.files import read_json, sha256

pytestmark = pytest.mark.workflow

# What is about the run and not a result: logs, benchmarks, and what is written from the record.
ABOUT_THE_RUN = {"recorded", "rules", "files"}


@pytest.fixture(scope="module")
def runs(study, fresh_project, tmp_path_factory):
    """The results of the study, and of a second run of it in another folder."""
    second = fresh_project.copy(tmp_path_factory.mktemp("second") / "elsewhere")
    done = second.snakemake()
    assert done.returncode == 0, done.stdout + done.stderr
    return study.folder / "results", second.folder / "results"


def test_every_result_is_the_same_byte_for_byte(runs):
    first, second = runs
    files = result_files(first)
    assert files == result_files(second)
    differ = {path for path in files if sha256(first / path) != sha256(second / path)}
    # HDF5 notes when it was written; what it holds is compared below.
    assert {path for path in differ if not path.endswith(".h5")} == set()
    kinds = {path.rsplit(".", 1)[-1] for path in files}
    assert kinds >= {"tsv", "json", "pt", "gz", "nii", "h5", "png", "svg", "pdf", "html", "ipynb"}


def test_every_transform_is_the_same_bit_by_bit(runs):
    transforms = [path for path in result_files(runs[0]) if path.endswith(".h5")]
    assert len(transforms) == 2 * 6 * 6  # forth and back, of six sequences of six patients
    for path in transforms:
        one, other = (sitk.ReadTransform(str(results / path)) for results in runs)
        assert one.GetParameters() == other.GetParameters(), path
        assert one.GetFixedParameters() == other.GetFixedParameters(), path


def test_records_differ_in_times_only(runs):
    first, second = (read_json(results / "provenance.json") for results in runs)
    assert {key for key in first if first[key] != second[key]} <= ABOUT_THE_RUN
    jobs = [
        {rule: times["jobs"] for rule, times in record["rules"].items()}
        for record in (first, second)
    ]
    assert jobs[0] == jobs[1]


def test_methods_are_the_same_but_for_the_date(runs):
    texts = []
    for results in runs:
        date = read_json(results / "provenance.json")["recorded"]
        texts.append((results / "report/methods.md").read_text().replace(date, "then"))
    assert texts[0] == texts[1]
