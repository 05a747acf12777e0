"""The command line: python -m mrelevance COMMAND, or mrelevance COMMAND."""

import argparse
import sys
from collections.abc import Sequence

from mrelevance.runtime.errors import InputError, StorageError


def missing(error: ModuleNotFoundError) -> str:
    """What to say where a package is not installed, as with the library alone."""
    return (
        f"Error: the package {error.name} is not installed, which this command needs; install "
        "everything with pip install 'mrelevance[workflow]'"
    )


try:
    from mrelevance.commands import check, export, init, verify
except ModuleNotFoundError as error:
    sys.exit(missing(error))

COMMANDS = {"init": init, "check": check, "export": export, "verify": verify}
"""Modules by the name of their command."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; its exit status: 0, 1 (problems found) or 2 (wrong usage).

    `arguments` are those of the command line by default. A user's error is one line on stderr.
    """
    parser = argparse.ArgumentParser(
        prog="mrelevance", description="Which MRI sequences does a segmentation network use?"
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, module in COMMANDS.items():
        command = commands.add_parser(name, help=module.HELP, description=module.HELP)
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    options = parser.parse_args(arguments)
    try:
        return options.run(options)
    except (InputError, StorageError) as error:
        for line in str(error).splitlines():
            print(f"Error: {line}", file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        print(missing(error), file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
