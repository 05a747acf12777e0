"""mrelevance verify: compare results with the checksums that were recorded for them."""

import argparse
from pathlib import Path

from mrelevance.reporting.verify import newest_record, verify

HELP = "Compare results with the checksums that were recorded for them."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument(
        "results",
        nargs="?",
        default="results",
        type=Path,
        metavar="RESULTS",
        help="folder of the results (default: results)",
    )


def run(options: argparse.Namespace) -> int:
    """Print the differences; 0 if there are none, else 1.

    Raises
    ------
    InputError
        There is no record.
    """
    path, record = newest_record(options.results)
    verification = verify(options.results, record)
    for what in ("changed", "missing", "new"):
        for file in getattr(verification, what):
            print(f"{what:8}{options.results / file}")
    print(
        f"{len(verification.same)} of {len(record['files'])} results are as recorded in {path} "
        f"on {record['recorded']}; {len(verification.changed)} changed, "
        f"{len(verification.missing)} missing, {len(verification.new)} new"
    )
    return 0 if verification.passed else 1
