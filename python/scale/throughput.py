"""Measures the Ray example with one worker and more, and writes the tables of docs/scale.md.

    python python/scale/throughput.py [--pictures 600] [--workers 1 2] [--update]

Each picture is a photograph of 12 megapixels, or of 512 x 512 pixels, in JPEG. A rate counts from the first call of a
worker, when it has started, to the last row. Time of a core is what the workers' processes used, whatever else ran.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import PIL.Image
import ray

import countenance

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs/scale.md"
MARKS = re.compile(r"(<!-- python python/scale/throughput.py --update -->\n).*?(<!-- end -->)", re.DOTALL)

sys.path.insert(0, str(ROOT / "python/examples"))
import ray_pictures

ray.cloudpickle.register_pickle_by_value(ray_pictures)  # workers have no such module

SIDES = {"512 x 512": (512, 512), "12 megapixels": (4000, 3000)}
"""The pictures that are measured: a face, and a photograph with it."""


def picture(folder: Path, size: tuple[int, int]) -> Path:
    """A photograph of this size that shows the astronaut."""
    path = folder / f"{size[0]}.jpg"
    with PIL.Image.open(ROOT / "tests/fixtures/astronaut.png") as image:
        image.convert("RGB").resize(size, PIL.Image.Resampling.BICUBIC).save(path, quality=90)
    return path


def alone(path: Path, seconds: float) -> tuple[float, float]:
    """Pictures a second of one core's time, in one process, and its memory in MB."""
    analyzer = countenance.Analyzer()
    analyzer.analyze(path)
    start, count = time.process_time(), 0
    while time.process_time() - start < seconds:
        analyzer.analyze(path)
        count += 1
    rate = count / (time.process_time() - start)
    return rate, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def in_a_process(path: Path, seconds: float) -> tuple[float, float]:
    """The same in a fresh process, whose memory holds nothing else."""
    import concurrent.futures
    import multiprocessing

    fresh = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=fresh) as executor:
        return executor.submit(alone, path, seconds).result()


class Timed(ray_pictures.Reader):
    """A worker that says when its first call began and how much of a core's time it has used."""

    def __call__(self, batch: dict[str, Any]) -> Any:
        start, used = time.time(), time.process_time()
        rows = super().__call__(batch)
        for name, value in [("began", start), ("ended", time.time()), ("used", time.process_time() - used)]:
            rows = rows.append_column(name, [[value] * len(rows)])
        return rows


def with_workers(pictures: list[str], workers: int) -> tuple[float, float]:
    """Pictures a second, and pictures a second of a core's time, with so many workers."""
    blocks = -(-len(pictures) // ray_pictures.BATCH)
    data = ray.data.from_items([{"file": file} for file in pictures], override_num_blocks=blocks)
    pool = ray.data.ActorPoolStrategy(size=workers)
    rows = data.map_batches(Timed, batch_size=None, compute=pool, num_cpus=1).to_pandas()
    wall = rows["ended"].max() - rows["began"].min()
    core = rows.groupby("began")["used"].first().sum()
    return len(pictures) / wall, len(pictures) / core


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pictures", type=int, default=600)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--update", action="store_true", help="write the tables into docs/scale.md")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    try:
        paths = {name: picture(folder, size) for name, size in SIDES.items()}
        lines = ["| pictures | a second of one core | memory of a worker | a billion |", "|---|---|---|---|"]
        for name, path in paths.items():
            rate, memory = in_a_process(path, given.seconds)
            days = 1e9 / rate / 86_400
            lines.append(f"| {name} | {rate:.1f} | {memory:.0f} MB | {days:,.0f} core-days |")
        small = str(paths["512 x 512"])
        ray.init(num_cpus=max(given.workers) + 1, log_to_driver=False, logging_level="error")
        lines += ["", "| workers | pictures a second | a second of one core |", "|---|---|---|"]
        for workers in given.workers:
            wall, core = with_workers([small] * given.pictures, workers)
            lines.append(f"| {workers} | {wall:.1f} | {core:.1f} |")
        load = os.getloadavg()[0]
        lines.append(
            f"\nPictures of the second table have 512 x 512 pixels. The machine has {os.cpu_count()} cores and was "
            f"shared: its load average was {load:.0f}.\n"
        )
    finally:
        shutil.rmtree(folder)
    text = "\n".join(lines)
    print(text)
    if given.update:
        DOCUMENT.write_text(MARKS.sub(lambda found: f"{found[1]}{text}{found[2]}", DOCUMENT.read_text()))


if __name__ == "__main__":
    main()
