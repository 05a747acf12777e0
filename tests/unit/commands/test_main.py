"""The command line: what every command has in common."""

from pathlib import Path

import pytest

import mrelevance.commands
from mrelevance.__main__ import COMMANDS, main


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_explains_itself(name, capsys):
    module = COMMANDS[name]
    assert module.HELP.endswith(".") and "\n" not in module.HELP
    with pytest.raises(SystemExit) as end:
        main([name, "--help"])
    assert end.value.code == 0
    assert " ".join(module.HELP.split()) in " ".join(capsys.readouterr().out.split())


def test_all_modules_of_commands_are_listed():
    (folder,) = mrelevance.commands.__path__
    modules = {path.stem for path in Path(folder).glob("*.py")} - {"__init__"}
    assert modules == {module.__name__.rpartition(".")[2] for module in COMMANDS.values()}


@pytest.mark.parametrize("arguments", [[], ["unknown"], ["init"], ["init", "a", "--unknown"]])
def test_wrong_usage_ends_with_status_2(arguments, capsys):
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert "usage: mrelevance" in capsys.readouterr().err


def test_a_users_error_is_one_line_and_status_1(tmp_path, capsys):
    assert main(["init", str(tmp_path / "none")]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("Error: ") and "none is not a folder" in line
