"""Ask Snakemake's cache for the keys of the jobs of a project.

Tests call `ask_cache`, which runs this file in a process of its own, in the project's folder:
python cache_keys.py < cases.json. Each case may change files, or values of the configuration, for
as long as its keys are made.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from snakemake.api import SnakemakeApi
from snakemake.settings.types import (
    ConfigSettings,
    DAGSettings,
    DeploymentMethod,
    DeploymentSettings,
    OutputSettings,
    Quietness,
    ResourceSettings,
    WorkflowSettings,
)

from mrelevance.runtime import code

TINY = "tests/integration/tiny.yaml"
# What comes from the last of the steps that are shared.
TABLES = [f"results/{table}" for table in (
    "relevance/T1/relevance.tsv",
    "relevance/T1/context.tsv",
    "evaluation/T1/shapley.tsv",
    "evaluation/T1/ablation.tsv",
    "evaluation/T1/gradient_methods.tsv",
)]  # fmt: skip


def ask_cache(project, cases: list[dict], cache: Path, packages: str = "") -> list[dict]:
    """What `cache_keys` says about each case; `packages` is one more folder of libraries."""
    cases = [{"configfile": TINY, "targets": TABLES} | case for case in cases]
    library = os.pathsep.join(filter(None, [packages, str(project.folder / "src")]))
    done = subprocess.run(
        [sys.executable, __file__],
        input=json.dumps(cases),
        cwd=project.folder,
        env=os.environ | {"PYTHONPATH": library, "SNAKEMAKE_OUTPUT_CACHE": str(cache)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    return [json.loads(line) for line in lines]


def cache_keys(case: dict) -> dict:
    """Rule and key of every cached job by its first output, and how many lie in a cache already."""
    methods = {DeploymentMethod.APPTAINER} if case.get("container") else set()
    with SnakemakeApi(OutputSettings(quiet={Quietness.ALL})) as api:
        study = api.workflow(
            resource_settings=ResourceSettings(cores=case.get("cores", 2)),
            config_settings=ConfigSettings(
                config=case.get("config", {}), configfiles=[Path(case["configfile"])]
            ),
            workflow_settings=WorkflowSettings(cache=[]),
            deployment_settings=DeploymentSettings(deployment_method=methods),
            snakefile=Path("Snakefile"),
            workdir=Path("."),
        )
        study.dag(DAGSettings(targets=frozenset(case["targets"])))
        workflow = study._workflow
        workflow._prepare_dag(forceall=False, ignore_incomplete=True, lock_warn_only=True)
        workflow._build_dag()
        key_of = workflow.output_file_cache.provenance_hash_map.get_provenance_hash
        keys = {
            str(job.output[0]): [job.rule.name, workflow.async_run(key_of(job))]
            for job in workflow.dag.jobs
            if job.rule.cache.output
        }
        return {"keys": keys, "from_cache": workflow.globals["taken_from_cache"](None, None)}


def main() -> None:
    """Print the keys of each case, one line of JSON per case."""
    for case in json.load(sys.stdin):
        before = {path: Path(path).read_bytes() for path in case.get("files", {})}
        for path, added in case.get("files", {}).items():
            Path(path).write_bytes(before[path] + added.encode())
        forget_code(before)
        print(json.dumps(cache_keys(case)))
        for path, content in before.items():
            Path(path).write_bytes(content)
        forget_code(before)


def forget_code(changed: Iterable[str]) -> None:
    """Read the code again if it is among what changed, which no other process does."""
    if any(path.endswith(".py") for path in changed):
        code.code_version.cache_clear()
        code._read_code.cache_clear()


if __name__ == "__main__":
    main()
