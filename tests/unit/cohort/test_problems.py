import subprocess
import sys
from pathlib import Path

SOURCES = Path(__file__).parents[3] / "src"

WITHOUT_READER = """
import sys
sys.path.insert(0, {sources!r})
sys.modules["SimpleITK"] = sys.modules["numpy"] = None
from pathlib import Path
from mrelevance.cohort.problems import image_problems
sheet = {{"p1": {{"T1": "t1.nii", "label": "label.nii"}}}}
print(*image_problems({{"sequences": ["T1"]}}, sheet, Path({folder!r})), sep="\\n")
"""


def test_without_a_reader_of_images_missing_files_are_named(tmp_path):
    """Snakemake's own environment has neither SimpleITK nor numpy."""
    (tmp_path / "t1.nii").write_text("no image")
    code = WITHOUT_READER.format(sources=str(SOURCES), folder=str(tmp_path))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    (problem,) = done.stdout.splitlines()
    assert problem.startswith("patient p1, label: ") and "label.nii does not exist" in problem
