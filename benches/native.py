#!/usr/bin/env python3
"""Our classifier beside onnxruntime's, natively: same network and weights, one thread, CPU time, taking turns.

    python3 benches/native.py

Needs Python's packages onnxruntime and numpy, and Rust and Node as the rest of the repository does.
"""

import json
import pathlib
import resource
import statistics
import subprocess
import time

import numpy
import onnxruntime

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODEL = ROOT / "dist" / "bench" / "classifier.onnx"
PRECISIONS = ["f32", "int8", "int3"]
CALLS = 1000
ROUNDS = 9


def build():
    """Builds the program that classifies, and gives its path."""
    command = ["cargo", "bench", "--bench", "native", "--no-run", "--message-format=json"]
    lines = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    built = [json.loads(line) for line in lines]
    return next(item["executable"] for item in built if item.get("executable"))


def children_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def our_milliseconds(program, precision):
    """Of one call, without what the start takes."""

    def seconds(calls):
        before = children_seconds()
        subprocess.run([program, precision, str(calls)], check=True)
        return children_seconds() - before

    return (seconds(2 * CALLS) - seconds(CALLS)) / CALLS * 1e3


def their_milliseconds(session, feeds):
    before = time.process_time()
    for _ in range(CALLS):
        session.run(None, feeds)
    return (time.process_time() - before) / CALLS * 1e3


def main():
    subprocess.run(["node", "benches/browser/write-onnx.mjs", MODEL], cwd=ROOT, check=True)
    program = build()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(MODEL), options, providers=["CPUExecutionProvider"])
    chip = numpy.add.outer(numpy.arange(48) * 2, numpy.arange(48) * 3) % 256
    feeds = {"face": (chip / 255).astype(numpy.float32).reshape(1, 1, 48, 48)}

    times = {name: [] for name in [*PRECISIONS, "onnxruntime"]}
    their_milliseconds(session, feeds)
    for _ in range(ROUNDS):
        for precision in PRECISIONS:
            times[precision].append(our_milliseconds(program, precision))
        times["onnxruntime"].append(their_milliseconds(session, feeds))
    theirs = statistics.median(times["onnxruntime"])
    for name, samples in times.items():
        ours = statistics.median(samples)
        print(f"{name:12} {ours:.2f} ms ({min(samples):.2f} - {max(samples):.2f}), {ours / theirs:.2f} of onnxruntime's")
    print(f"onnxruntime {onnxruntime.__version__}")


if __name__ == "__main__":
    main()
