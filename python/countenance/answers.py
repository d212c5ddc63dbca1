"""What is answered: faces with their expressions, and explanations.

The values are those of the JavaScript API, under the same names in snake case.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Emotion = Literal["happy", "neutral", "sad", "surprise"]
"""An expression that the network's main head distinguishes."""

Emotion8 = Literal["neutral", "happy", "surprise", "sad", "angry", "disgusted", "fearful", "contempt"]
"""An expression that the network's second head distinguishes."""

Label = Literal["happy", "neutral", "sad", "surprise", "other", "uncertain"]
"""The answer: an expression, none of the four, or none that is sure enough."""

Reason = Literal["small", "blurred", "dark", "turned", "cut-off", "covered"]
"""Why an answer may be unsure."""


class Box(NamedTuple):
    """A face's place in pixels of the upright picture; it may reach over the picture's edges."""

    x: float
    """Of the left edge."""
    y: float
    """Of the top edge."""
    width: float
    height: float


@dataclass(frozen=True)
class Quality:
    """How well a face is seen."""

    size: float
    """Side of the square that the network reads, in pixels of the picture."""
    sharpness: float
    """0 to 1."""
    light: float
    """0 to 1."""
    contrast: float
    """0 to 0.5."""
    roll: float
    """How far the face is turned clockwise, -180 to 180 degrees."""
    yaw: float
    """How far it is turned towards the picture's right, -90 to 90 degrees: a rough estimate from five points."""
    pitch: float
    """How far it is raised, -90 to 90 degrees: rougher still."""
    outside: float
    """The share of its box outside of the picture, 0 to 1."""
    mouth_detail: float
    """The detail of the mouth beside that of the eyes, natural logarithm, -4 to 4."""


@dataclass(frozen=True)
class Reading:
    """The answer over the eight expressions."""

    probabilities: Mapping[Emotion8, float] = field(hash=False)
    """Of each expression; they add up to 1."""
    emotion: Emotion8 | Literal["uncertain"]
    likeliest: Emotion8
    """The most probable expression, also where the answer is uncertain."""


@dataclass(frozen=True)
class Expression:
    """The expression that a face displays."""

    probabilities: Mapping[Emotion, float] = field(hash=False)
    """Of each of the four expressions, if the face shows one of them; they add up to 1."""
    other: float
    """The probability that the face shows none of the four, 0 to 1."""
    other_expression: Emotion8
    """What the face looks like if it shows none of the four."""
    emotion: Label
    """The answer."""
    likeliest: Emotion
    """The most probable of the four, also where the answer is uncertain."""
    eight: Reading | None
    """The answer over eight expressions, where ``expressions=8`` asks for it."""

    def to_dict(self) -> dict[str, Any]:
        """All values as plain dictionaries, lists, numbers and strings, ready for ``json.dumps``."""
        return {name: _plain(value) for name, value in asdict(self).items()}


@dataclass(frozen=True, repr=False)
class Face(Expression):
    """One face and the expression that it displays."""

    id: int
    """In a video the same face keeps its id; in a picture faces are numbered from 1, the most confident first."""
    box: Box
    landmarks: tuple[tuple[float, float], ...]
    """Left eye, right eye, nose, left and right corner of the mouth, as the picture shows them: x and y in pixels."""
    confidence: float
    """How sure the detector is that this is a face, 0 to 1."""
    roll: float
    """How far the face is turned clockwise, -180 to 180 degrees."""
    quality: Quality
    reasons: tuple[Reason, ...]
    """Why the answer may be unsure; empty where the face is well seen."""
    raw: Mapping[Emotion, float] = field(hash=False)
    """The network's own probabilities, before calibration and smoothing."""

    def __repr__(self) -> str:
        place = ", ".join(f"{side}={value:.1f}" for side, value in self.box._asdict().items())
        shown = ", ".join(f"{emotion}: {value:.3f}" for emotion, value in self.probabilities.items())
        return f"Face(id={self.id}, emotion={self.emotion!r}, probabilities={{{shown}}}, box=Box({place}))"


@dataclass(frozen=True, eq=False)
class HeatMap:
    """Which pixels of a face supported one answer."""

    heat: NDArray[np.float32] = field(repr=False)
    """48 x 48, rows from the top: above 0 a pixel supported the answer, below 0 it spoke against it. The strongest is 1
    or -1; all are 0 if nothing mattered."""
    strength: float
    """The change of the answer's log-odds (natural logarithm) that a heat of 1 stands for. Near 0, the map shows next
    to nothing."""
    emotion: str
    """The answer explained: the most probable expression."""
    runner_up: str
    """The second most probable expression."""


@dataclass(frozen=True, eq=False)
class Explanation(HeatMap):
    """Why a face got its answer."""

    face: Face
    chip: NDArray[np.uint8] = field(repr=False)
    """What the network saw: 48 x 48 grey pixels, rows from the top."""
    eight: HeatMap | None
    """The same for the answer over eight expressions, where ``expressions=8`` asks for it."""


@cache
def snake_case(name: str) -> str:
    """A name of the JavaScript API in Python's style: ``mouth_detail`` for ``mouthDetail``."""
    return re.sub("[A-Z]", lambda capital: f"_{capital[0].lower()}", name)


def _in_snake_case(values: Mapping[str, Any]) -> dict[str, Any]:
    return {snake_case(name): value for name, value in values.items()}


def expression_from(answer: Mapping[str, Any]) -> Expression:
    """An answer of the native module."""
    eight = answer.get("eight")
    return Expression(**{**_in_snake_case(answer), "eight": eight and Reading(**eight)})


def face_from(answer: Mapping[str, Any]) -> Face:
    """A face of the native module."""
    eight = answer.get("eight")
    values = {
        "box": Box(**answer["box"]),
        "landmarks": tuple(map(tuple, answer["landmarks"])),
        "quality": Quality(**_in_snake_case(answer["quality"])),
        "reasons": tuple(answer["reasons"]),
        "eight": eight and Reading(**eight),
    }
    return Face(**{**_in_snake_case(answer), **values})


def _plain(value: Any) -> Any:
    if isinstance(value, Box):
        return value._asdict()
    return [_plain(item) for item in value] if isinstance(value, tuple) else value
