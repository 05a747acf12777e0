"""A copy of the project in which the tests run the workflow on a tiny phantom."""

import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock

ROOT = Path(__file__).parents[1]
PARTS = (
    "Snakefile",
    "workflow",
    "config",
    "envs",
    "profiles",
    "src",
    "notebooks",
    "tests/integration",
)
GENERATED = shutil.ignore_patterns("__pycache__", "*.sif", ".build*")
TINY = "tests/integration/tiny.yaml"


def pytest_configure():
    """Let Ctrl-C reach what tests start: a shell's job in the background ignores it, inherited."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items):
    """Begin with what waits longest, so that the rest can run meanwhile in another process."""
    items.sort(key=lambda item: item.path.name != "test_slurm.py")


@dataclass(frozen=True)
class Project:
    """A copy of the project's tree, free to be changed, with results of its own."""

    folder: Path

    def start(
        self, *arguments: str, config: str = TINY, directory: str | None = ".", **options
    ) -> subprocess.Popen:
        """Start Snakemake here, with options of Popen; the library is that of the copy.

        Without a directory Snakemake takes the folder of the project, which it does for the default
        configuration alone.
        """
        programs = Path(sys.executable).parent
        environment = os.environ | {
            "PYTHONPATH": str(self.folder / "src"),
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        }
        place = [] if directory is None else ["--directory", directory]
        command = [programs / "snakemake", "--cores", "2", *place, *arguments]
        return subprocess.Popen(
            [*map(str, command), "--configfile", config],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )

    def snakemake(
        self, *arguments: str, config: str = TINY, directory: str | None = "."
    ) -> subprocess.CompletedProcess:
        """Run Snakemake here to its end."""
        run = self.start(*arguments, config=config, directory=directory)
        output, errors = run.communicate()
        return subprocess.CompletedProcess(run.args, run.returncode, output, errors)

    def plan(self, *arguments: str, config: str = TINY) -> dict[str, int]:
        """Jobs per rule that Snakemake would run, without the rule `all`."""
        done = self.snakemake("--dry-run", *arguments, config=config)
        assert done.returncode == 0, done.stdout + done.stderr
        output = done.stdout + done.stderr
        if "Nothing to be done" in output:
            return {}
        table = re.search(r"Job stats:\n.*\n-.*\n((?:\w+ +\d+\n)+)", output)[1]
        jobs = {rule: int(count) for rule, count in map(str.split, table.splitlines())}
        for summary in ("total", "all"):
            jobs.pop(summary, None)
        return jobs

    def copy(self, folder: Path) -> "Project":
        """A copy with all results, whose files keep their times."""
        return Project(Path(shutil.copytree(self.folder, folder)))

    def replace(self, path: str, old: str, new: str) -> None:
        """Replace a text that occurs in a file of the project."""
        file = self.folder / path
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new, 1))


@pytest.fixture(scope="session")
def fresh_project(tmp_path_factory) -> Project:
    """The project without results; not to be changed."""
    folder = tmp_path_factory.mktemp("fresh") / "project"
    for part in PARTS:
        source, target = ROOT / part, folder / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=GENERATED)
        else:
            shutil.copy(source, target)
    return Project(folder)


@pytest.fixture(scope="session")
def shared(tmp_path_factory, worker_id) -> Path:
    """A folder that is the same for all processes that run tests side by side."""
    folder = tmp_path_factory.getbasetemp()
    return folder if worker_id == "master" else folder.parent


@pytest.fixture(scope="session")
def installing(shared) -> FileLock:
    """To be held while programs are installed on the system, which refuses two at a time."""
    return FileLock(shared / "installing.lock")


@pytest.fixture(scope="session")
def study(fresh_project, tmp_path_factory, shared) -> Project:
    """The project after the whole workflow has run on the tiny phantom; not to be changed.

    The processes that run tests side by side have one study together; whoever is first makes it.
    """
    finished = shared / "finished-study"
    with FileLock(shared / "finished-study.lock"):
        if not finished.exists():
            project = fresh_project.copy(tmp_path_factory.mktemp("study") / "project")
            done = project.snakemake()
            assert done.returncode == 0, done.stdout + done.stderr
            finished.symlink_to(project.folder)
    return Project(finished.resolve())


@pytest.fixture
def changed(study, tmp_path) -> Project:
    """A copy of the finished study, to be changed by one test."""
    return study.copy(tmp_path / "project")
