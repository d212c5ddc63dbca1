"""Faces as tables, in every library."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import polars
import pyarrow
import pytest

import countenance
from countenance import EmotionError

OF_FACES = """face emotion happy neutral sad surprise other other_expression confidence x y width height roll yaw pitch
    size sharpness light contrast outside mouth_detail reasons raw_happy raw_neutral raw_sad raw_surprise""".split()
OF_EIGHT = """eight_emotion eight_neutral eight_happy eight_surprise eight_sad eight_angry eight_disgusted eight_fearful
    eight_contempt""".split()


def answers(astronaut: Path, tmp_path: Path) -> Any:
    nobody = np.zeros((100, 100, 3), np.uint8)
    return [
        (astronaut, countenance.analyze(astronaut)),
        ("nobody.png", countenance.analyze(nobody)),
        ("missing.png", EmotionError("unreadable-file", "it is not there")),
    ]


def test_faces(astronaut: Path) -> None:
    faces = countenance.analyze(astronaut)
    frame = countenance.to_frame(faces)
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame.columns) == OF_FACES
    assert frame.loc[0, "emotion"] == "happy"
    assert frame.loc[0, "happy"] == faces[0].probabilities["happy"]
    assert frame.loc[0, "mouth_detail"] == faces[0].quality.mouth_detail


def test_the_columns_are_those_of_the_exports(root: Path) -> None:
    """docs/exports.md names each of them, some as the first of a group."""
    documented = {*re.findall(r"`(\w+)`", (root / "docs/exports.md").read_text())}
    grouped = re.compile(r"(raw|eight)_\w+")
    columns = ["file", "faces", "error", "seconds", *OF_FACES, *OF_EIGHT]
    assert [name for name in columns if name not in documented and not grouped.fullmatch(name)] == []
    assert {"raw_happy", "eight_emotion", "eight_neutral"} <= documented


def test_every_backend(astronaut: Path, tmp_path: Path) -> None:
    given = answers(astronaut, tmp_path)
    columns = ["file", "faces", "error", *OF_FACES]
    rows = countenance.to_rows(given)
    assert [list(row) for row in rows] == [columns] * 3
    assert [(row["file"], row["faces"], row["error"], row["emotion"]) for row in rows] == [
        (str(astronaut), 1, None, "happy"),
        ("nobody.png", 0, None, None),
        ("missing.png", None, "unreadable-file", None),
    ]
    arrow = countenance.to_frame(given, "arrow")
    assert isinstance(arrow, pyarrow.Table)
    assert arrow.to_pylist() == rows
    frame = countenance.to_frame(given, "polars")
    assert isinstance(frame, polars.DataFrame)
    assert frame.to_dicts() == rows
    frame = countenance.to_frame(given, "pandas")
    assert frame.astype(object).where(frame.notna(), None).to_dict("records") == rows
    assert str(frame["faces"].dtype) == "Int64"


def test_types_do_not_depend_on_the_rows(astronaut: Path) -> None:
    full = countenance.to_frame([("a.png", countenance.analyze(astronaut, expressions=8))], "arrow", expressions=8)
    empty = countenance.to_frame([("a.png", [])], "arrow", expressions=8)
    assert full.schema == empty.schema
    assert full.column_names == ["file", "faces", "error", *OF_FACES, *OF_EIGHT]
    assert (
        countenance.to_frame([], "arrow").schema == countenance.to_frame(countenance.analyze(astronaut), "arrow").schema
    )


def test_frames_of_a_video(astronaut: Path) -> None:
    faces = countenance.analyze(astronaut)
    rows = countenance.to_rows([(0, faces), (0.04, []), (np.float64(0.08), faces)])
    assert [(row["seconds"], row["emotion"]) for row in rows] == [(0, "happy"), (0.08, "happy")]
    assert list(rows[0]) == ["seconds", *OF_FACES]


def test_faces_without_what_is_asked_for(astronaut: Path) -> None:
    faces: Any = countenance.analyze(astronaut)
    wrongs: list[tuple[Any, dict[str, Any], str]] = [
        (faces, {"backend": "excel"}, "there is no backend 'excel', only pandas, polars, arrow"),
        (faces, {"expressions": 8}, "read them with expressions=8"),
        ([(b"", faces)], {}, "not a bytes"),
    ]
    for given, options, words in wrongs:
        with pytest.raises(EmotionError, match=words) as caught:
            countenance.to_frame(given, **options)
        assert caught.value.code == "invalid-options"


def test_without_any_library(python: str, astronaut: Path, tmp_path: Path) -> None:
    """NumPy is all that the package needs."""
    script = f"""
import sys, importlib.util
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name in ("pandas", "polars", "pyarrow") else found(name, *rest)
import countenance
[row] = countenance.to_frame(countenance.analyze({str(astronaut)!r}))
print(row["emotion"], *sorted({{"pandas", "polars", "pyarrow", "PIL"}} & {{*sys.modules}}))
try: countenance.to_frame([], "polars")
except countenance.EmotionError as error: print(error)
"""
    said = subprocess.run([python, "-c", script], cwd=tmp_path, check=True, stdout=subprocess.PIPE, text=True).stdout
    assert said == "happy\npolars is not installed: pip install polars\n"
