"""Pictures, many pictures and videos to faces."""

from __future__ import annotations

import math
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from ._native import Pipeline
from .answers import Explanation, Expression, Face, HeatMap, expression_from, face_from, snake_case
from .errors import EmotionError
from .options import native_options
from .pictures import Picture, native_picture

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from typing_extensions import Unpack

    from .options import Options

Source = TypeVar("Source", bound=Picture)

_CHIP_SHAPE = (48, 48)


class Analyzer:
    """Finds faces and reads the expression that each displays, with the same options every time.

    Any number of threads may use one analyzer at once: each reads with a pipeline of its own, which is kept for the
    next picture. Python's lock is released meanwhile, so threads use as many cores. It can be pickled, for processes.

    Raises :class:`EmotionError` (``invalid-options``, ``invalid-calibration``).
    """

    def __init__(self, **options: Unpack[Options]) -> None:
        self.options = options
        """The options that were given."""
        self._native_options = native_options(options)
        self._idle = [Pipeline(self._native_options)]

    def __repr__(self) -> str:
        return f"Analyzer({', '.join(f'{name}={value!r}' for name, value in self.options.items())})"

    def __getstate__(self) -> dict[str, Any]:
        return {"options": self.options}

    def __setstate__(self, state: dict[str, Any]) -> None:
        Analyzer.__init__(self, **state["options"])

    def analyze(self, picture: Picture) -> list[Face]:
        """The faces of a picture, the most confident first. No face is an empty list.

        Raises :class:`EmotionError`: ``unreadable-file``, ``invalid-image``, ``image-too-large``, ``out-of-memory``,
        ``invalid-frame``.
        """
        decoded = native_picture(picture)
        with self._pipeline() as pipeline:
            return [face_from(answer) for answer in pipeline.analyze(decoded)]

    def analyze_many(
        self, pictures: Iterable[Source], threads: int | None = None
    ) -> Iterator[tuple[Source, list[Face] | EmotionError]]:
        """Reads many pictures on threads, by default as many as the process may use cores.

        Gives each picture, as it was passed, with its faces or with the error that it had; in the order in which they
        were passed. No more than two pictures a thread are taken ahead of the one that is given, so any number may come
        from a generator. Leaving the loop ends the threads.
        """
        if threads is None:
            threads = _cores()
        if threads < 1:
            raise EmotionError("invalid-options", f"threads must be at least 1, not {threads}")
        return self._analyze_many(pictures, threads)

    def _analyze_many(
        self, pictures: Iterable[Source], threads: int
    ) -> Iterator[tuple[Source, list[Face] | EmotionError]]:
        waiting: deque[tuple[Source, Future[list[Face] | EmotionError]]] = deque()
        executor = ThreadPoolExecutor(threads, thread_name_prefix="countenance")
        try:
            for picture in pictures:
                waiting.append((picture, executor.submit(self._answer, picture)))
                while waiting and (len(waiting) == 2 * threads or waiting[0][1].done()):
                    first, answer = waiting.popleft()
                    yield first, answer.result()
            while waiting:
                first, answer = waiting.popleft()
                yield first, answer.result()
        finally:
            executor.shutdown(cancel_futures=True)

    def _answer(self, picture: Picture) -> list[Face] | EmotionError:
        try:
            return self.analyze(picture)
        except EmotionError as error:
            return error

    def analyze_video(
        self,
        frames: Iterable[Picture],
        *,
        fps: float | None = None,
        timestamps: Iterable[float] | None = None,
    ) -> Iterator[list[Face]]:
        """The faces of each frame of a video, the one followed longest first.

        A face keeps its id from frame to frame, its box is steadied, and its probabilities are smoothed over time. So
        the time of each frame must be known: by the frames a second, or by a timestamp for each in seconds, which never
        runs backwards.

        Raises :class:`EmotionError`: ``invalid-options``, ``invalid-timestamp``, and those of :meth:`analyze`.
        """
        if isinstance(frames, (str, bytes, os.PathLike)):
            raise EmotionError(
                "invalid-frame",
                "frames are pictures one after the other, not the path of a video: decode it first, such as by "
                "imageio.v3.imiter(path)",
            )
        if fps is not None and timestamps is None:
            if not (math.isfinite(fps) and fps > 0):
                raise EmotionError("invalid-options", f"fps must be above 0, not {fps}")
            return self._analyze_video(frames, (index / fps for index in count()))
        if timestamps is not None and fps is None:
            return self._analyze_video(frames, iter(timestamps))
        raise EmotionError("invalid-options", "either fps or timestamps must say when each frame is shown")

    def _analyze_video(self, frames: Iterable[Picture], times: Iterator[float]) -> Iterator[list[Face]]:
        pipeline = Pipeline(self._native_options)  # it remembers the faces of this video alone
        for index, frame in enumerate(frames):
            seconds = next(times, None)
            if seconds is None:
                raise EmotionError("invalid-timestamp", f"there are only {index} timestamps, but more frames")
            yield [face_from(answer) for answer in pipeline.analyze_frame(native_picture(frame), 1000 * seconds)]

    def explain(self, picture: Picture, faces: Iterable[Face] | None = None) -> list[Explanation]:
        """Which pixels of each face supported its answer: of these faces, or of all in the picture, the most confident
        first.

        Takes 65 classifications a face. Raises :class:`EmotionError`: ``invalid-box`` for a face outside of the
        picture, and those of :meth:`analyze`.
        """
        decoded = native_picture(picture)
        with self._pipeline() as pipeline:
            if faces is None:
                faces = [face_from(answer) for answer in pipeline.analyze(decoded)]
            return [_explanation(pipeline.explain(decoded, face.box, face.roll), face) for face in faces]

    def classify_face(self, chip: NDArray[np.uint8]) -> Expression:
        """The model's own answer to a face already cut out, 48 x 48 grey pixels of type uint8; not calibrated.

        Raises :class:`EmotionError`: ``invalid-frame``.
        """
        if chip.shape != _CHIP_SHAPE or chip.dtype != np.uint8:
            raise EmotionError(
                "invalid-frame", f"a face is an array of uint8, 48 x 48 and grey, not {chip.dtype} of {chip.shape}"
            )
        with self._pipeline() as pipeline:
            return expression_from(pipeline.classify_face(chip.tobytes()))

    @contextmanager
    def _pipeline(self) -> Iterator[Pipeline]:
        """A pipeline that no other thread uses meanwhile."""
        try:
            pipeline = self._idle.pop()
        except IndexError:
            pipeline = Pipeline(self._native_options)
        try:
            yield pipeline
        finally:
            self._idle.append(pipeline)


def _explanation(answer: dict[str, Any], face: Face) -> Explanation:
    eight = answer.pop("eight", None)
    chip = np.frombuffer(answer.pop("chip"), np.uint8).reshape(_CHIP_SHAPE)
    return Explanation(**_heat_map(answer), face=face, chip=chip, eight=eight and HeatMap(**_heat_map(eight)))


def _heat_map(answer: dict[str, Any]) -> dict[str, Any]:
    values = {snake_case(name): value for name, value in answer.items()}
    return {**values, "heat": np.asarray(values["heat"], np.float32).reshape(_CHIP_SHAPE)}


def _cores() -> int:
    """How many cores the process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
