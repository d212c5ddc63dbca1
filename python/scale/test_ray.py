"""The Ray example on a local cluster of several worker processes."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.dataset
import pyarrow.parquet
import pytest

import countenance

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "python/examples/ray_pictures.py"
COUNT = 450
WORKER = "ray::MapWorker(MapBatches(Reader"

Row = dict[str, Any]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As many files: one face, six faces, no picture, and so on."""
    folder = tmp_path_factory.mktemp("pictures")
    sources = [
        ROOT / "tests/fixtures/astronaut.png",
        ROOT / "www/samples/group.webp",
        ROOT / "tests/cases/tolerances.json",
    ]
    for index in range(COUNT):
        source = sources[index % len(sources)]
        shutil.copy(source, folder / f"{index:03}{source.suffix}")
    return folder


@pytest.fixture(scope="module")
def expected(pictures: Path) -> list[Row]:
    """The rows that one process reads."""
    return ordered(countenance.to_rows(countenance.analyze_many(map(str, sorted(pictures.iterdir())))))


def ordered(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (row["file"], row["face"] or 0))


def rows_of(output: Path) -> list[Row]:
    return ordered(pyarrow.dataset.dataset(output, format="parquet").to_table().to_pylist())


def files_of(output: Path) -> set[str]:
    """The pictures whose rows are there while the run goes on."""
    files: set[str] = set()
    for part in output.glob("*.parquet"):
        try:
            files.update(pyarrow.parquet.read_table(part, columns=["file"])["file"].to_pylist())
        except pyarrow.ArrowInvalid:
            continue  # it is being written
    return files


def start(output: Path, pictures: Path, log: Path) -> subprocess.Popen[bytes]:
    command = [str(EXAMPLE), str(output), str(pictures), "--workers", "3"]
    # As many workers as are asked for, however many cores there are.
    script = (
        f"import ray, runpy, sys; ray.init(num_cpus=4); sys.argv = {command!r}; "
        "runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    with log.open("ab") as file:
        return subprocess.Popen([sys.executable, "-c", script], cwd=log.parent, stdout=file, stderr=file)


def finish(child: subprocess.Popen[bytes], log: Path) -> str:
    assert child.wait(timeout=300) == 0, log.read_text()[-5000:]
    return log.read_text()


def wait_for(what: Callable[[], Any], child: subprocess.Popen[bytes], log: Path) -> Any:
    end = time.monotonic() + 180
    while time.monotonic() < end:
        assert child.poll() is None, f"it ended too early: {log.read_text()[-5000:]}"
        if found := what():
            return found
        time.sleep(0.02)
    raise AssertionError(log.read_text()[-5000:])


def workers() -> list[int]:
    """The worker processes, by Ray's name for them."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cmdline").read_text().startswith(WORKER):
                found.append(int(process.name))
        except OSError:
            continue
    return found


def wait_for_workers_to_end() -> None:
    end = time.monotonic() + 60
    while workers():
        assert time.monotonic() < end, "the workers go on after their run was killed"
        time.sleep(0.1)


def test_the_same_rows_as_one_process(pictures: Path, expected: list[Row], tmp_path: Path) -> None:
    output, log = tmp_path / "output", tmp_path / "log"
    said = finish(start(output, pictures, log), log)
    assert f"{COUNT} pictures read" in said
    assert rows_of(output) == expected
    assert {row["error"] for row in expected} == {None, "invalid-image"}
    # Nothing is left to read.
    assert "0 pictures read" in finish(start(output, pictures, log), log)
    assert rows_of(output) == expected


def test_a_worker_that_is_killed_loses_and_doubles_nothing(pictures: Path, expected: list[Row], tmp_path: Path) -> None:
    output, log = tmp_path / "output", tmp_path / "log"
    child = start(output, pictures, log)
    wait_for(lambda: files_of(output), child, log)
    os.kill(wait_for(workers, child, log)[0], signal.SIGKILL)
    assert len(files_of(output)) < COUNT
    finish(child, log)
    assert rows_of(output) == expected


def test_a_run_that_is_killed_is_resumed(pictures: Path, expected: list[Row], tmp_path: Path) -> None:
    output, log = tmp_path / "output", tmp_path / "log"
    child = start(output, pictures, log)
    wait_for(lambda: files_of(output), child, log)
    child.kill()
    child.wait()
    wait_for_workers_to_end()
    (output / "unfinished.parquet").write_bytes(b"PAR1")
    before = files_of(output)
    assert 0 < len(before) < COUNT
    said = finish(start(output, pictures, log), log)
    assert f"{COUNT - len(before)} pictures read" in said
    assert rows_of(output) == expected


def test_the_documentation(tmp_path: Path) -> None:
    [code] = re.findall(
        r"^```python worker.py\n(.*?)^```$", (ROOT / "docs/scale.md").read_text(), re.MULTILINE | re.DOTALL
    )
    shutil.copy(ROOT / "tests/fixtures/astronaut.png", tmp_path / "photo.jpg")
    # A worker of Ray has another working folder.
    code = code.replace('"photo.jpg"', repr(str(tmp_path / "photo.jpg"))).replace(
        '"rows"', repr(str(tmp_path / "rows"))
    )
    (tmp_path / "worker.py").write_text(code)
    subprocess.run([sys.executable, "worker.py"], cwd=tmp_path, check=True)
    assert [row["emotion"] for row in rows_of(tmp_path / "rows")] == ["happy"] * 4
