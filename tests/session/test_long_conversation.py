"""Half an hour of conversation needs no more memory than five minutes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.session.long_conversation import MINUTES, STATM

# What is said stays, for as long as the server has it too: some 2 MB. All the records would be 25 MB, all the sound 70.
MOST_GROWTH_MB = 8.0
ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(not STATM.exists(), reason="memory is read as Linux shows it")
def test_half_an_hour_of_conversation_leaves_memory_flat(tmp_path: Path) -> None:
    """Speech, silence, replies, the log read on each minute: what is held at minute 5 is held at minute 30."""
    command = [sys.executable, "-m", "tests.session.long_conversation", str(tmp_path / "run")]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["duration_ms"] > MINUTES * 60_000
    assert told["turns"] > 150
    assert told["heard_ms"] > 150 * 2_000
    held_mb = dict(enumerate(told["held_mb"], start=1))
    assert held_mb[30] - held_mb[5] < MOST_GROWTH_MB, held_mb
