"""Translation of a Containerfile into a definition file, which Apptainer builds from alone."""

import re


def definition(recipe: str) -> str:
    """Definition file with the same stages as a Containerfile.

    Handles the instructions FROM, COPY, RUN and ENV. USER is left out, because Apptainer runs
    steps as the user who calls it.

    Raises
    ------
    ValueError
        The recipe has another instruction.
    """
    stages = []
    without_comments = re.sub(r"^\s*#.*\n", "", recipe, flags=re.MULTILINE)
    for line in re.sub(r"\s*\\\n\s*", " ", without_comments).splitlines():
        if not line.strip():
            continue
        instruction, rest = line.split(maxsplit=1)
        if instruction == "FROM":
            image, _, stage = rest.partition(" AS ")
            stages.append({"header": _header(image, stage), "files": "", "post": [], "values": []})
        elif instruction == "COPY":
            stages[-1]["files"] += _files(rest)
        elif instruction == "RUN":
            stages[-1]["post"].append(rest)
        elif instruction == "ENV":
            stages[-1]["post"].append(f"export {rest}")
            stages[-1]["values"].append(f"export {rest}")
        elif instruction != "USER":
            raise ValueError(
                f"cannot translate {instruction} for Apptainer; "
                "add it to mrelevance.runtime.definition"
            )
    return "\n".join(
        stage["header"]
        + stage["files"]
        + _section("post", stage["post"])
        + _section("environment", stage["values"])
        for stage in stages
    )


def _header(image: str, stage: str) -> str:
    header = f"Bootstrap: docker\nFrom: {image}\n"
    return f"{header}Stage: {stage}\n" if stage else header


def _files(arguments: str) -> str:
    *sources, target = arguments.split()
    origin = ""
    if sources[0].startswith("--from="):
        origin = f" from {sources.pop(0).removeprefix('--from=')}"
    return _section(f"files{origin}", [f"{source} {target}" for source in sources])


def _section(name: str, lines: list[str]) -> str:
    return "".join([f"\n%{name}\n", *(f"    {line}\n" for line in lines)]) if lines else ""
