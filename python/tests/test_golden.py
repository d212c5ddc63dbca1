"""The answers are those of every other platform: of the models' golden files."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

import countenance
from countenance import Analyzer


def golden(root: Path, model: str) -> Any:
    return json.loads((root / "models" / countenance.models()[model]["id"] / "golden.json").read_text())


def test_golden_probabilities(root: Path) -> None:
    analyzer = Analyzer(expressions=8)
    file = golden(root, "emotion")
    assert len(file["cases"]) >= 10
    for case in file["cases"]:
        chip = np.frombuffer(bytes.fromhex(case["grey"]), np.uint8).reshape(48, 48)
        answer = analyzer.classify_face(chip)
        assert answer.eight is not None
        for found, expected in [
            (answer.probabilities, case["probabilities"]),
            (answer.eight.probabilities, case["eight"]),
            ({"other": answer.other}, {"other": case["other"]}),
        ]:
            assert found == pytest.approx(expected, rel=0, abs=file["tolerance"]), case["name"]


def test_golden_faces(root: Path) -> None:
    file = golden(root, "detector")
    # Pictures up to 480 pixels are looked at once, as the reference did; larger ones a second time for close-ups.
    cases = [case for case in file["cases"] if re.search(r"_(half|quarter)\.png$", case["picture"])]
    assert len(cases) >= 4
    for case in cases:
        faces = countenance.analyze(root / case["picture"])
        assert len(faces) == len(case["faces"]), case["picture"]
        for face, expected in zip(faces, case["faces"]):
            assert face.confidence == pytest.approx(expected["confidence"], rel=0, abs=file["tolerance"]["confidence"])
            pixels = file["tolerance"]["pixels"]
            assert face.box._asdict() == pytest.approx(expected["boundingBox"], rel=0, abs=pixels)
            assert np.asarray(face.landmarks) == pytest.approx(np.asarray(expected["landmarks"]), rel=0, abs=pixels)


def test_models(root: Path) -> None:
    for model in countenance.models().values():
        assert model["sha256"] in (root / "models" / model["id"] / "MODEL_CARD.md").read_text()


def test_names_are_those_of_the_model() -> None:
    model = countenance.models()["emotion"]
    assert list(get_args(countenance.Emotion)) == model["classes"]
    assert list(get_args(countenance.Emotion8)) == model["eight"]
    assert list(get_args(countenance.Label)) == [*model["classes"], "other", "uncertain"]


def test_cases(root: Path) -> None:
    """The files that once went wrong, read one after the other by one analyzer."""
    folder = root / "tests/cases"
    tolerances = json.loads((folder / "tolerances.json").read_text())
    analyzer = Analyzer()
    cases = sorted(folder.glob("*/expected.json"))
    assert cases
    for case in cases:
        for step in json.loads(case.read_text())["steps"]:
            path = case.parent / step["file"]
            if "error" in step:
                with pytest.raises(countenance.EmotionError, match=step["words"]) as caught:
                    analyzer.analyze(path)
                assert caught.value.code == step["error"]
                continue
            faces = sorted(analyzer.analyze(path), key=lambda face: face.box.x)
            assert len(faces) == len(step["faces"]), path
            for face, expected in zip(faces, sorted(step["faces"], key=lambda face: face["box"]["x"])):
                within = expected.get("tolerance", tolerances["probability"])
                assert face.emotion == expected["emotion"], path
                assert max(face.probabilities.values()) == pytest.approx(expected["probability"], rel=0, abs=within)
                within = expected.get("boxTolerance", tolerances["box"])
                assert face.box._asdict() == pytest.approx(expected["box"], rel=0, abs=within)
