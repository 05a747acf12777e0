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
for configured in {all_configured}:
    try:
        check_precision(configured)
        print("accepted")
    except InputError as error:
        print(error)
"""
BOTH = {"training.precision": "bfloat16", "evaluation.precision": "bfloat16"}


def checked(variables: dict, *all_configured: dict) -> list[str]:
    """What the check says, in a line each, in a process that has these variables."""
    done = subprocess.run(
        [sys.executable, "-c", CHECK.format(all_configured=all_configured)],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the variables are for these processors")
def test_bfloat16_without_the_instructions_is_an_error_in_one_line():
    in_float32 = dict.fromkeys(BOTH, "float32")
    one = BOTH | {"training.precision": "float32"}
    both_said, one_said, accepted = checked(OLDER_PROCESSOR, BOTH, one, in_float32)
    for said, keys in (
        (both_said, "training.precision and evaluation.precision"),
        (one_said, "evaluation.precision"),
    ):
        assert said.startswith(f"configuration: {keys}: bfloat16 takes ")
        assert said.endswith(
            "as long as float32 on this processor, and there is no GPU; set float32"
        )
    assert accepted == "accepted"


def test_verdict_is_that_of_the_library_that_computes():
    """oneDNN knows the processor's instructions; the check goes by the clock."""
    assert (
        checked({"CUDA_VISIBLE_DEVICES": ""}, BOTH) == ["accepted"]
    ) == torch.ops.mkldnn._is_mkldnn_bf16_supported()
