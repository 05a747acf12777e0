"""Tests of the precision that the network computes in."""

import os
import subprocess
import sys

import pytest
import torch
from helpers.needs import OLDER_PROCESSOR

CHECK = """
from mrelevance.runtime.errors import InputError
from mrelevance.networks.precision import check_precision
try:
    check_precision({configured})
except InputError as error:
    print(error)
"""
BOTH = {"training.precision": "bfloat16", "evaluation.precision": "bfloat16"}


def checked(configured: dict, variables: dict) -> str:
    """What the check says in a process that has these variables."""
    done = subprocess.run(
        [sys.executable, "-c", CHECK.format(configured=configured)],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the variables are for these processors")
@pytest.mark.parametrize(
    ("configured", "keys"),
    [
        (BOTH, "training.precision and evaluation.precision"),
        (BOTH | {"training.precision": "float32"}, "evaluation.precision"),
    ],
)
def test_bfloat16_without_the_instructions_is_an_error_in_one_line(configured, keys):
    said = checked(configured, OLDER_PROCESSOR)
    assert said.startswith(f"configuration: {keys}: bfloat16 takes ")
    assert said.endswith("as long as float32 on this processor, and there is no GPU; set float32\n")
    assert said.count("\n") == 1


def test_float32_is_taken_everywhere():
    assert checked(dict.fromkeys(BOTH, "float32"), OLDER_PROCESSOR) == ""


def test_verdict_is_that_of_the_library_that_computes():
    """oneDNN knows the processor's instructions; the check goes by the clock."""
    assert (
        checked(BOTH, {"CUDA_VISIBLE_DEVICES": ""}) == ""
    ) == torch.ops.mkldnn._is_mkldnn_bf16_supported()
