"""The command line as the package brings it; its own tests are in cli/tests."""

from __future__ import annotations

import csv
import io
import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import countenance


def as_written(value: Any) -> Any:
    """With the keys of the JavaScript API, and the digits that a number of 32 bits needs."""
    if isinstance(value, dict):
        return {re.sub("_(.)", lambda part: part[1].upper(), key): as_written(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_written(item) for item in value]
    return float(str(np.float32(value))) if isinstance(value, float) else value


def test_the_package_brings_the_command_line(python: str, astronaut: Path, tmp_path: Path) -> None:
    program = Path(python).with_name("countenance")
    commands: list[list[str]] = [[str(program)], [python, "-m", "countenance"]]
    for command in commands:
        run = subprocess.run(
            [*command, "read", str(astronaut)], cwd=tmp_path, check=True, capture_output=True, text=True
        )
        assert '"emotion":"happy"' in run.stdout.replace(" ", "")
        wrong = subprocess.run([*command, "unheard-of"], cwd=tmp_path, capture_output=True, text=True)
        assert wrong.returncode == 2
        assert "unheard-of" in wrong.stderr


def test_it_answers_as_the_functions_do(python: str, astronaut: Path) -> None:
    [face] = countenance.analyze(astronaut, expressions=8)
    command = [str(Path(python).with_name("countenance")), "read", str(astronaut), "--expressions", "8"]
    [line] = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    assert json.loads(line)["faces"] == [as_written(face.to_dict())]
    table = subprocess.run([*command, "--csv"], check=True, stdout=subprocess.PIPE, text=True).stdout
    [columns, _] = csv.reader(io.StringIO(table))
    [row] = countenance.to_rows([(astronaut, [face])], expressions=8)
    # What depends on the settings, and the time of a video's frame, only the command line has.
    assert [name for name in columns if name in row] == [*row]
    assert {*columns} - {*row} == {"more_faces", "seconds", "uncertain_below", "calibrated"}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one process")
def test_ctrl_c_stops_it(python: str, astronaut: Path) -> None:
    command = [str(Path(python).with_name("countenance")), "read", *[str(astronaut)] * 5000]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as child:
        assert child.stdout is not None
        assert "happy" in child.stdout.readline()
        child.send_signal(signal.SIGINT)
        rest = child.stdout.read()
        assert child.wait(timeout=60) == 130
    assert len(rest.splitlines()) < 4000
