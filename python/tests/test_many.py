"""Many pictures on threads, one analyzer in many threads, and videos."""

from __future__ import annotations

import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import countenance
from countenance import Analyzer, EmotionError

Pixels = NDArray[np.uint8]


def test_many_pictures_in_order(astronaut: Path, tmp_path: Path, pixels: Pixels) -> None:
    bad = tmp_path / "notes.png"
    bad.write_text("no picture")
    half = astronaut.with_name("astronaut_half.png")
    pictures = [astronaut, bad, tmp_path / "missing.png", half, pixels, 5, astronaut]
    answers = list(countenance.analyze_many(pictures, threads=3))  # type: ignore[type-var]
    assert all(picture is given for (picture, _), given in zip(answers, pictures))
    said = [
        answer.code if isinstance(answer, EmotionError) else [face.emotion for face in answer] for _, answer in answers
    ]
    assert said == [
        *(["happy"], "invalid-image", "unreadable-file", ["happy"]),
        *(["happy"], "invalid-frame", ["happy"]),
    ]
    assert answers[0][1] == answers[6][1] == countenance.analyze(astronaut)


def test_a_generator_is_not_run_ahead(astronaut: Path) -> None:
    taken = 0

    def endless() -> Iterator[Path]:
        nonlocal taken
        while True:
            taken += 1
            yield astronaut

    answers = countenance.analyze_many(endless(), threads=2)
    for given in range(1, 10):
        next(answers)
        assert given <= taken <= given + 4
    before = threading.active_count()
    answers.close()  # type: ignore[attr-defined]
    assert threading.active_count() < before


def test_a_generator_that_fails(astronaut: Path) -> None:
    def failing() -> Iterator[Path]:
        yield astronaut
        raise LookupError("from the generator")

    with pytest.raises(LookupError, match="from the generator"):
        list(countenance.analyze_many(failing()))
    assert list(countenance.analyze_many([])) == []


def test_threads_are_at_least_one() -> None:
    with pytest.raises(EmotionError, match="threads must be at least 1, not 0"):
        countenance.analyze_many([], threads=0)


def test_other_threads_run_meanwhile(pixels: Pixels) -> None:
    """Without a switch by time, another thread runs only when the lock is released."""
    go, ran = threading.Event(), threading.Event()
    analyzer = Analyzer()

    def wait() -> None:
        go.wait()
        ran.set()

    other = threading.Thread(target=wait)
    other.start()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1000)
    try:
        go.set()
        for _ in range(200):
            analyzer.analyze(pixels)
            if ran.is_set():
                break
        assert ran.is_set()
    finally:
        sys.setswitchinterval(interval)
        other.join()


def test_one_analyzer_in_many_threads(astronaut: Path) -> None:
    analyzer = Analyzer()
    quarter = astronaut.with_name("astronaut_quarter.png")
    expected = [analyzer.analyze(astronaut), analyzer.analyze(quarter)]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(analyzer.analyze, [astronaut, quarter] * 20))
    assert answers == expected * 20


def test_an_analyzer_can_be_sent_to_a_process(astronaut: Path) -> None:
    analyzer = pickle.loads(pickle.dumps(Analyzer(expressions=8)))
    assert analyzer.options == {"expressions": 8}
    assert analyzer.analyze(astronaut) == countenance.analyze(astronaut, expressions=8)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one process")
def test_ctrl_c_ends_the_threads(python: str, astronaut: Path, tmp_path: Path) -> None:
    script = f"""
import itertools, countenance
for n, _ in enumerate(countenance.analyze_many(itertools.repeat({str(astronaut)!r}))):
    if n == 5: print("reading", flush=True)
"""
    with subprocess.Popen(
        [python, "-c", script], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "reading\n"
        child.send_signal(signal.SIGINT)
        _, errors = child.communicate(timeout=60)
    assert child.returncode == -signal.SIGINT
    assert errors.endswith("KeyboardInterrupt\n")


def moving(pixels: Pixels) -> list[Pixels]:
    """The face as it drifts to the right, two pixels a frame."""
    return [pixels[:, 40 - 2 * index : 440 - 2 * index] for index in range(20)]


def test_a_face_in_a_video_keeps_its_id(pixels: Pixels) -> None:
    frames = list(countenance.analyze_video(moving(pixels), fps=25))
    assert [[(face.id, face.emotion) for face in faces] for faces in frames] == [[(1, "happy")]] * 20
    places = [faces[0].box.x for faces in frames]
    assert places[-1] - places[0] == pytest.approx(38, abs=6)
    # Smoothed over time, but not at first.
    assert frames[0][0].probabilities == pytest.approx(frames[0][0].raw)
    assert frames[5][0].probabilities != pytest.approx(frames[5][0].raw)


def test_videos_know_nothing_of_each_other(pixels: Pixels) -> None:
    analyzer = Analyzer()
    seconds = [index / 25 for index in range(20)]
    by_rate = analyzer.analyze_video(iter(moving(pixels)), fps=25)
    by_time = analyzer.analyze_video(moving(pixels), timestamps=iter(seconds))
    assert list(zip(by_rate, by_time)) == [
        (faces, faces) for faces in countenance.analyze_video(moving(pixels), fps=25)
    ]


def test_time_counts_in_a_video(pixels: Pixels) -> None:
    nothing = np.zeros_like(pixels)
    # A face that is missed for a moment is still reported; after more than 200 ms it is gone.
    answers = list(
        countenance.analyze_video([pixels] * 5 + [nothing] * 2, timestamps=[0, 0.04, 0.08, 0.12, 0.16, 0.2, 0.5])
    )
    assert [len(faces) for faces in answers] == [1, 1, 1, 1, 1, 1, 0]


def test_videos_that_cannot_be_read(pixels: Pixels, astronaut: Path) -> None:
    analyzer = Analyzer()
    for wrong, words in [
        ({}, "either fps or timestamps"),
        ({"fps": 25, "timestamps": []}, "either fps or timestamps"),
        ({"fps": 0}, "fps must be above 0, not 0"),
        ({"fps": float("nan")}, "fps must be above 0, not nan"),
    ]:
        with pytest.raises(EmotionError, match=words) as caught:
            analyzer.analyze_video([pixels], **wrong)  # type: ignore[arg-type]
        assert caught.value.code == "invalid-options"
    for times in ([1, 0.5], [float("nan"), 1], [0.0]):
        with pytest.raises(EmotionError) as caught:
            list(analyzer.analyze_video([pixels, pixels], timestamps=times))
        assert caught.value.code == "invalid-timestamp"
    with pytest.raises(EmotionError, match="decode it first") as caught:
        analyzer.analyze_video(astronaut, fps=25)  # type: ignore[arg-type]
    assert caught.value.code == "invalid-frame"
