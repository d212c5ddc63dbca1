"""The methods of an analyzer as functions, for those who need not keep one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from . import _native
from .analyzer import Analyzer, Source
from .answers import Emotion, Explanation, Face
from .errors import EmotionError
from .options import native_options
from .pictures import Picture

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .options import Options


def analyze(picture: Picture, **options: Unpack[Options]) -> list[Face]:
    """The faces of a picture: see :meth:`Analyzer.analyze`."""
    return _analyzer(options).analyze(picture)


def analyze_many(
    pictures: Iterable[Source], threads: int | None = None, **options: Unpack[Options]
) -> Iterator[tuple[Source, list[Face] | EmotionError]]:
    """Many pictures on threads, each with its faces or its error: see :meth:`Analyzer.analyze_many`."""
    return _analyzer(options).analyze_many(pictures, threads)


def analyze_video(
    frames: Iterable[Picture],
    *,
    fps: float | None = None,
    timestamps: Iterable[float] | None = None,
    **options: Unpack[Options],
) -> Iterator[list[Face]]:
    """The faces of each frame of a video: see :meth:`Analyzer.analyze_video`."""
    return _analyzer(options).analyze_video(frames, fps=fps, timestamps=timestamps)


def explain(picture: Picture, faces: Iterable[Face] | None = None, **options: Unpack[Options]) -> list[Explanation]:
    """Which pixels supported the answers: see :meth:`Analyzer.explain`."""
    return _analyzer(options).explain(picture, faces)


def fit_calibration(frames: Iterable[tuple[Mapping[Emotion, float], Emotion]]) -> str:
    """Learns one person's calibration, a line of text for the option ``calibration``.

    Each frame is what the model answered to it (``face.raw``), and the expression that the person was asked to show.
    One expression is enough, at best the neutral one, of at least 10 frames.

    Raises :class:`EmotionError`: ``invalid-calibration``.
    """
    return _native.fit_calibration([*frames])


def models() -> dict[str, Any]:
    """The models that are compiled in: of ``emotion`` and ``detector`` the ``id`` and the ``sha256``, and of
    ``emotion`` the ``classes`` and those of the second head, ``eight``.
    """
    return _native.models()


def _analyzer(options: Mapping[str, Any]) -> Analyzer:
    native_options(options)  # names what is wrong with them
    return _kept(tuple(sorted(options.items())))


@lru_cache(maxsize=8)
def _kept(options: tuple[tuple[str, Any], ...]) -> Analyzer:
    return Analyzer(**dict(options))
