"""Reads the expressions in very many pictures on a Ray cluster, into Parquet files: a row for each face.

    python ray_pictures.py OUTPUT PICTURES_OR_FOLDERS... [--workers 8]

Run it again after it was stopped: pictures whose rows are there are not read again. docs/scale.md describes it.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.dataset
import pyarrow.parquet
import ray

import countenance

BATCH = 32
"""Pictures of one call: what is read again after a worker was lost."""


class Reader:
    """A worker: one process on one core, with an analyzer that it keeps."""

    def __init__(self) -> None:
        self.analyzer = countenance.Analyzer()

    def __call__(self, batch: dict[str, Any]) -> pyarrow.Table:
        """The rows of these pictures. One that can't be read has a row with its error."""
        answers = self.analyzer.analyze_many(batch["file"].tolist(), threads=1)
        return countenance.to_frame(answers, "arrow")


def files(paths: Iterable[Path]) -> Iterator[str]:
    """The files, and all those in and below the folders, in order."""
    for path in paths:
        if path.is_dir():
            yield from (str(file) for file in sorted(path.rglob("*")) if file.is_file())
        else:
            yield str(path)


def already_read(output: Path) -> set[str]:
    """The pictures whose rows are there. A file that a lost worker left unfinished is removed."""
    done: set[str] = set()
    for part in output.glob("*.parquet"):
        try:
            done.update(pyarrow.parquet.read_table(part, columns=["file"])["file"].to_pylist())
        except pyarrow.ArrowInvalid:
            part.unlink()
    return done


def read(output: Path, paths: Iterable[Path], workers: int) -> int:
    """Reads the pictures that have no rows yet, and gives their number."""
    done = already_read(output)
    wanted = [{"file": file} for file in files(paths) if file not in done]
    if wanted:
        pictures = ray.data.from_items(wanted, override_num_blocks=-(-len(wanted) // BATCH))
        pool = ray.data.ActorPoolStrategy(size=workers)
        pictures.map_batches(Reader, batch_size=None, compute=pool, num_cpus=1).write_parquet(str(output))
    return len(wanted)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Reads the expressions in pictures on a Ray cluster.")
    parser.add_argument("output", type=Path, help="a folder that all workers see")
    parser.add_argument("pictures", type=Path, nargs="+", help="pictures, or folders of them, that all workers see")
    parser.add_argument("--workers", type=int, default=2, help="processes; each takes one core")
    given = parser.parse_args(arguments)
    count = read(given.output, given.pictures, given.workers)
    print(f"{count} pictures read")


if __name__ == "__main__":
    main()
