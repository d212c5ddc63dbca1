"""Faces as a table, with the columns of the page's exports (docs/exports.md)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from importlib.util import find_spec
from typing import Any, Literal, Union

from . import _native
from .answers import Face
from .errors import EmotionError

Backend = Literal["pandas", "polars", "arrow"]

Place = Union[str, "os.PathLike[str]", float]
"""Where faces were read: in a picture of this path, or in the frame of a video at this time in seconds."""

Row = dict[str, Any]

_PACKAGES: dict[Backend, str] = {"pandas": "pandas", "polars": "polars", "arrow": "pyarrow"}

_MODEL = _native.models()["emotion"]

_OF_FILES: dict[str, type] = {"file": str, "faces": int, "error": str}
_OF_FRAMES: dict[str, type] = {"seconds": float}
_OF_FACES: dict[str, type] = {
    "face": int,
    "emotion": str,
    **dict.fromkeys(_MODEL["classes"], float),
    "other": float,
    "other_expression": str,
    **dict.fromkeys(["confidence", "x", "y", "width", "height", "roll", "yaw", "pitch", "size"], float),
    **dict.fromkeys(["sharpness", "light", "contrast", "outside", "mouth_detail"], float),
    "reasons": str,
    **{f"raw_{name}": float for name in _MODEL["classes"]},
}
_OF_EIGHT: dict[str, type] = {"eight_emotion": str, **{f"eight_{name}": float for name in _MODEL["eight"]}}


def to_rows(
    faces: Iterable[Face] | Iterable[tuple[Place, list[Face] | EmotionError]], expressions: Literal[4, 8] = 4
) -> list[Row]:
    """A dictionary for each face: see :func:`to_frame`."""
    return _table(faces, expressions)[1]


def to_frame(
    faces: Iterable[Face] | Iterable[tuple[Place, list[Face] | EmotionError]],
    backend: Backend | None = None,
    expressions: Literal[4, 8] = 4,
) -> Any:
    """A data frame with a row for each face, whose columns have the names of the page's exports.

    Of the faces of one picture; or of many, with the path of each, as ``analyze_many`` gives them: these have the
    columns ``file``, ``faces`` (how many there are) and ``error`` (a code) too, and a picture without a face has a row.
    Or of a video's frames, with the seconds of each: these have the column ``seconds``. With 8 expressions there are
    the columns of ``face.eight``, which the faces must then have. Types do not depend on the rows.

    The backend is the library that makes the frame: of those that are installed the first of pandas, Polars and Arrow;
    where there is none, the rows are a list of dictionaries.

    Raises :class:`EmotionError` (``invalid-options``) for a backend that is not there, and for faces without eight
    expressions where these are asked for.
    """
    if backend is not None and backend not in _PACKAGES:
        raise EmotionError("invalid-options", f"there is no backend {backend!r}, only {', '.join(_PACKAGES)}")
    if backend is not None and not find_spec(_PACKAGES[backend]):
        raise EmotionError(
            "invalid-options", f"{_PACKAGES[backend]} is not installed: pip install {_PACKAGES[backend]}"
        )
    columns, rows = _table(faces, expressions)
    if backend is None:
        backend = next((name for name, package in _PACKAGES.items() if find_spec(package)), None)
    values = {name: [row[name] for row in rows] for name in columns}
    if backend == "pandas":
        import pandas

        types = {str: "string", int: "Int64", float: "float64"}
        return pandas.DataFrame({name: pandas.array(values[name], types[kind]) for name, kind in columns.items()})
    if backend == "polars":
        import polars

        return polars.DataFrame(values, schema={**columns})
    if backend == "arrow":
        import pyarrow

        types = {str: pyarrow.string(), int: pyarrow.int64(), float: pyarrow.float64()}
        return pyarrow.table(values, pyarrow.schema([(name, types[kind]) for name, kind in columns.items()]))
    return rows


def _table(faces: Iterable[Any], expressions: int) -> tuple[dict[str, type], list[Row]]:
    """The columns, with the type of each, and the rows."""
    of_places: dict[str, type] = {}
    rows: list[Row] = []
    for item in faces:
        if isinstance(item, Face):
            rows.append(_of_face(item, expressions))
            continue
        place, answer = item
        if isinstance(place, (str, os.PathLike)):
            of_places = _OF_FILES
            rows.extend(_of_file(place, answer, expressions))
        elif isinstance(place, (int, float)):
            of_places = _OF_FRAMES
            rows.extend({"seconds": float(place), **_of_face(face, expressions)} for face in answer)
        else:
            message = (
                f"faces need the path of their picture or the seconds of their frame, not a {type(place).__name__}"
            )
            raise EmotionError("invalid-options", message)
    columns = {**of_places, **_OF_FACES, **(_OF_EIGHT if expressions == 8 else {})}
    return columns, [{name: row.get(name) for name in columns} for row in rows]


def _of_file(path: str | os.PathLike[str], answer: list[Face] | EmotionError, expressions: int) -> Iterator[Row]:
    file = os.fspath(path)
    if isinstance(answer, EmotionError):
        yield {"file": file, "error": answer.code}
    elif not answer:
        yield {"file": file, "faces": 0}
    else:
        for face in answer:
            yield {"file": file, "faces": len(answer), **_of_face(face, expressions)}


def _of_face(face: Face, expressions: int) -> Row:
    row: Row = {
        "face": face.id,
        "emotion": face.emotion,
        **{name: value for name, value in face.probabilities.items()},
        "other": face.other,
        "other_expression": face.other_expression,
        "confidence": face.confidence,
        **face.box._asdict(),
        **asdict(face.quality),
        "reasons": " ".join(face.reasons),
        **{f"raw_{name}": value for name, value in face.raw.items()},
    }
    if expressions == 8:
        if face.eight is None:
            raise EmotionError("invalid-options", "the faces have no answer over eight: read them with expressions=8")
        row["eight_emotion"] = face.eight.emotion
        row.update({f"eight_{name}": value for name, value in face.eight.probabilities.items()})
    return row
