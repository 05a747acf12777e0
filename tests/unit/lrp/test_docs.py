"""Every snippet of the page on relevance propagation runs, in the order of the page."""

import re
from pathlib import Path

import torch
from torch import nn

from mrelevance.lrp import Explainer
from mrelevance.lrp.engine.operations import BUILDERS

PROJECT = Path(__file__).parents[3]
PAGE = PROJECT / "docs" / "lrp.md"


class Arctangent(nn.Module):
    def forward(self, x):
        return torch.atan(x)


def test_snippets_run(capsys):
    torch.manual_seed(0)
    snippets = re.findall(r"```python\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    assert len(snippets) >= 8
    builders = dict(BUILDERS)
    namespace = {}
    try:
        for snippet in snippets:
            exec(compile(snippet, str(PAGE), "exec"), namespace)
        network = nn.Sequential(nn.Conv3d(6, 4, 1), Arctangent(), nn.Conv3d(4, 2, 1)).eval()
        image = torch.randn(6, 4, 4, 4)
        sums = Explainer(network, image, "alpha1_beta0").shares(image).sum(0)
        torch.testing.assert_close(sums, torch.ones_like(sums))
    finally:
        BUILDERS.clear()
        BUILDERS.update(builders)
    shares = namespace["shares_by_z_plus"]
    torch.testing.assert_close(shares.sum(0), torch.ones_like(shares[0]), rtol=1e-3, atol=1e-3)
    printed = capsys.readouterr().out
    for rule in ("alpha1_beta0", "muted", "epsilon 0.25"):
        assert rule in printed


def test_snippet_of_the_readme_runs(capsys):
    torch.manual_seed(0)
    (snippet,) = re.findall(r"```python\n(.*?)```", (PROJECT / "README.md").read_text(), re.DOTALL)
    namespace = {}
    exec(compile(snippet, "README.md", "exec"), namespace)
    explanation, tumour = namespace["explanation"], namespace["tumour"]
    assert len(namespace["parts"]) == 4
    change = explanation.change[tumour].sum()
    torch.testing.assert_close(namespace["parts"].sum(), change, rtol=1e-3, atol=1e-3)
    assert "tensor(" in capsys.readouterr().out


def test_context_of_the_evaluation_page_is_the_same_in_both_ways():
    torch.manual_seed(0)
    page = (PROJECT / "docs/evaluation.md").read_text()
    (snippet,) = [
        found
        for found in re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
        if "indicators" in found
    ]
    namespace = {}
    exec(compile(snippet, "docs/evaluation.md", "exec"), namespace)
    torch.testing.assert_close(namespace["shares"].sum(), torch.tensor(1.0), rtol=1e-3, atol=1e-3)
