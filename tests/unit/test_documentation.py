"""Pages lead where they say, their snippets run, and generated pages have everything."""

import importlib.util
import json
import logging
import re
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

import mrelevance.lrp

ROOT = Path(__file__).parents[2]
TRACKED = subprocess.run(
    ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md", "docs/*.ipynb"],
    cwd=ROOT, capture_output=True, text=True, check=True,
).stdout.splitlines()  # fmt: skip
PAGES = [path for path in TRACKED if not path.startswith((".github", "workflow/report"))]
FENCED = re.compile(r"^ *```.*?^ *```", re.DOTALL | re.MULTILINE)


TUTORIALS = sorted((ROOT / "docs/tutorials").glob("*.ipynb"))


def loaded(name: str):
    place = importlib.util.spec_from_file_location(name, ROOT / f"docs/{name}.py")
    module = importlib.util.module_from_spec(place)
    place.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def hooks():
    return loaded("hooks")


@pytest.fixture(scope="module")
def notebooks():
    return loaded("notebooks")


def text_of(path: Path) -> str:
    """Text of a page, or of a notebook, without code."""
    if path.suffix != ".ipynb":
        return FENCED.sub("", path.read_text())
    cells = json.loads(path.read_text())["cells"]
    return "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")


def anchors(path: Path) -> set[str]:
    """Anchors of the headings of a page, as GitHub and the site derive them."""
    titles = re.findall(r"^#+ (.*)$", text_of(path), re.MULTILINE)
    plain = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).lower() for title in titles]
    return {re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for title in plain}


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_to_a_file_and_a_heading(page, hooks):
    wrong = []
    for _, _, target in hooks.LINK.findall(text_of(ROOT / page)):
        path, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        file = (ROOT / page).parent / path if path else ROOT / page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            wrong.append(target)
    assert wrong == []


def navigation() -> set[str]:
    """Pages in the navigation of the site."""
    # The tag names a function of the site's own environment.
    text = (ROOT / "mkdocs.yml").read_text().replace("!!python/object/apply:pymdownx", "# ")
    pages = []

    def collect(entry):
        if isinstance(entry, str):
            pages.append(entry)
        else:
            for part in entry.values() if isinstance(entry, dict) else entry:
                collect(part)

    collect(yaml.safe_load(text)["nav"])
    assert len(set(pages)) == len(pages)
    return set(pages)


def test_the_navigation_has_every_page_once(hooks):
    written = {path.name for path in (ROOT / "docs").glob("*.md")}
    written |= {f"tutorials/{path.stem}.md" for path in TUTORIALS}
    made = {*hooks.PAGES.values(), "reference/configuration.md", "reference/api.md"}
    assert navigation() == written | made


def test_links_of_a_page_lead_to_pages_of_the_site(hooks, caplog):
    def rewritten(text, uri):
        return hooks.on_page_markdown(text, SimpleNamespace(file=SimpleNamespace(src_uri=uri)))

    assert (
        rewritten("[a](../config/README.md#cohort)", "lrp.md") == "[a](reference/manual.md#cohort)"
    )
    assert rewritten("[a](docs/lrp.md)", "index.md") == "[a](lrp.md)"
    assert rewritten("[`a`](../docs/cache.md)", "reference/manual.md") == "[`a`](../cache.md)"
    assert rewritten("![a](docs/figure_1.png)", "index.md") == "![a](figure_1.png)"
    assert rewritten("[`b`](../src/mrelevance/lrp/rules.py).", "lrp.md") == "`b`."
    assert rewritten("[a](b.ipynb)", "tutorials/a.md") == "[a](b.md)"
    assert rewritten("[a](docs/tutorials/b.ipynb)", "index.md") == "[a](tutorials/b.md)"
    kept = "[a](https://example.org) [b](#here)\n```\n[c](none.md)\n```\n"
    assert rewritten(kept, "lrp.md") == kept and not caplog.records
    with caplog.at_level(logging.WARNING):
        rewritten("[a](../none.md)", "lrp.md")
    assert "leads nowhere" in caplog.text


def test_the_configuration_page_has_every_key_with_its_default(hooks):
    page = hooks.configuration_page()
    default = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    schemas = ROOT / "workflow/schemas"
    for name, part in json.loads((schemas / "config.schema.json").read_text())[
        "properties"
    ].items():
        if "$ref" not in part:
            assert f"| `{name}` |" in page
            continue
        section = json.loads((schemas / part["$ref"]).read_text())
        if section.get("properties"):
            body = re.search(rf"^## `{name}`$(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)[1]
            for key in section["properties"]:
                assert re.search(rf"^\| `{key}[`.]", body, re.MULTILINE), f"{name}.{key}"
    assert f"| `{default['relevance']['tau']}` |" in re.search(r"^\| `tau` .*", page, re.M)[0]
    assert "≥" in page


def test_the_interface_page_has_all_that_is_public(hooks):
    assert set(hooks.INTERFACE) == set(mrelevance.lrp.__all__)
    assert "::: mrelevance.lrp.quantus.explain" in hooks.interface_page()


def test_the_snippets_about_the_library_run(capsys):
    text = (ROOT / "docs/library.md").read_text()
    names = {}
    for snippet in re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        exec(snippet, names)
    assert "tensor" in capsys.readouterr().out
    assert float(names["delta"].abs().max()) < 1e-3


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_a_tutorial_is_kept_without_outputs(path):
    notebook = json.loads(path.read_text())
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert len(code) > 3 and not any(cell["outputs"] or cell["execution_count"] for cell in code)
    assert "".join(notebook["cells"][0]["source"]).startswith("# ")


def executed(*outputs: dict) -> dict:
    """A notebook with a title and one executed cell."""
    return {
        "cells": [
            {"cell_type": "markdown", "source": ["# Title\n", "\n", "Text."]},
            {"cell_type": "code", "source": ["1 + 1"], "outputs": list(outputs)},
        ]
    }


def test_a_tutorial_becomes_a_page_with_its_outputs(notebooks):
    page, pictures = notebooks.as_page(
        executed(
            {"output_type": "stream", "name": "stdout", "text": ["printed\n"]},
            {
                "output_type": "execute_result",
                "data": {
                    "text/plain": ["2"],
                    "text/html": ["<style>p {}</style>\n<table>2</table>"],
                },
            },
            {"output_type": "display_data", "data": {"image/png": "AAEC", "text/plain": ["x"]}},
        ),
        "name",
    )
    assert page.startswith("# Title\n\nText.\n\n")
    assert '<a href="name.ipynb" download>' in page
    assert "```python\n1 + 1\n```\n\n```text\nprinted\n```\n\n<table>2</table>" in page
    assert page.endswith("![Title](name-1.png)\n") and pictures == {"name-1.png": bytes([0, 1, 2])}


def test_a_tutorial_that_warns_is_not_shown(notebooks):
    warned = {"output_type": "stream", "name": "stderr", "text": ["Warning: old"]}
    with pytest.raises(ValueError, match="Warning: old"):
        notebooks.as_page(executed(warned), "name")
