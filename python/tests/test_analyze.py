"""Everything that a picture can be, and what is answered to it."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
from numpy.typing import NDArray

import countenance
from countenance import Analyzer, EmotionError, Face

Pixels = NDArray[np.uint8]


def assert_near(found: list[Face], expected: list[Face], pixels: float = 6) -> None:
    assert [face.emotion for face in found] == [face.emotion for face in expected]
    for face, other in zip(found, expected):
        assert [*face.box] == pytest.approx([*other.box], rel=0, abs=pixels)


def test_a_face(astronaut: Path) -> None:
    [face] = countenance.analyze(astronaut, expressions=8)
    assert face.emotion == "happy"
    assert f"{face.emotion}" == "happy"
    assert face.likeliest == "happy"
    assert face.probabilities["happy"] == pytest.approx(0.97, abs=0.02)
    assert sum(face.probabilities.values()) == pytest.approx(1)
    assert face.raw == face.probabilities
    assert face.other < 0.1
    assert face.other_expression in countenance.models()["emotion"]["eight"]
    assert (face.id, face.reasons) == (1, ())
    x, y, width, height = face.box
    assert (x, y, width, height) == pytest.approx((178, 63, 89, 113), abs=2)
    assert len(face.landmarks) == 5
    assert all(x < left < x + width and y < top < y + height for left, top in face.landmarks)
    assert 0.9 < face.confidence <= 1
    assert face.roll == face.quality.roll == 0
    assert face.quality.size == pytest.approx(107, abs=2)
    assert face.quality.mouth_detail == pytest.approx(-0.4, abs=0.2)
    assert face.eight is not None
    assert face.eight.emotion == face.eight.likeliest == "happy"
    assert sum(face.eight.probabilities.values()) == pytest.approx(1)


def test_a_face_is_a_value(astronaut: Path) -> None:
    [face] = countenance.analyze(astronaut)
    assert face.eight is None
    assert repr(face).startswith("Face(id=1, emotion='happy', probabilities={happy: 0.97")
    assert pickle.loads(pickle.dumps(face)) == face == copy.deepcopy(face)
    assert {face, *countenance.analyze(astronaut)} == {face}
    with pytest.raises(dataclasses.FrozenInstanceError):
        face.emotion = "sad"  # type: ignore[misc]
    values = json.loads(json.dumps(face.to_dict()))
    assert values["box"] == face.box._asdict()
    assert values["quality"]["mouth_detail"] == face.quality.mouth_detail
    assert values["landmarks"][4] == list(face.landmarks[4])
    assert values["reasons"] == []
    assert {*values} == {field.name for field in dataclasses.fields(Face)}


def test_everything_that_holds_the_same_picture(astronaut: Path, pixels: Pixels) -> None:
    expected = countenance.analyze(astronaut)
    file = astronaut.read_bytes()
    alpha = np.full((*pixels.shape[:2], 1), 255, np.uint8)
    wide = np.zeros((pixels.shape[0], 2 * pixels.shape[1], 3), np.uint8)
    wide[:, ::2] = pixels
    bgr = np.ascontiguousarray(pixels[..., ::-1])
    with PIL.Image.open(astronaut) as image:
        image.load()
    for same in [
        str(astronaut),
        file,
        bytearray(file),
        memoryview(file),
        pixels,
        np.concatenate([pixels, alpha], axis=2),
        np.asfortranarray(pixels),
        wide[:, ::2],
        bgr[..., ::-1],
        pixels[::-1][::-1],
        image,
        image.convert("RGBA"),
    ]:
        assert countenance.analyze(same) == expected, type(same)
    assert countenance.analyze(bgr) != expected


def test_grey_pixels(pixels: Pixels) -> None:
    grey = np.round(pixels @ [0.299, 0.587, 0.114]).astype(np.uint8)
    assert_near(countenance.analyze(grey), countenance.analyze(pixels))
    assert countenance.analyze(grey) == countenance.analyze(np.stack([grey] * 3, axis=2))


def test_transparent_pixels_are_white(pixels: Pixels) -> None:
    hidden = np.concatenate([pixels, np.zeros((*pixels.shape[:2], 1), np.uint8)], axis=2)
    assert countenance.analyze(hidden) == []
    assert countenance.analyze(PIL.Image.fromarray(hidden)) == []


@pytest.mark.parametrize(
    "mode",
    ["L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "HSV", "I", "F", "I;16", "I;16B"],
)
def test_every_mode_of_pillow(astronaut: Path, mode: str) -> None:
    with PIL.Image.open(astronaut) as image:
        grey = np.asarray(image.convert("L"))
        if mode.startswith("I;16"):
            kind = ">u2" if mode.endswith("B") else "<u2"
            size = image.size
            converted = PIL.Image.frombytes(mode, size, (grey.astype(np.uint16) * 257).astype(kind).tobytes())
        elif mode in {"La", "RGBa"}:
            converted = image.convert({"La": "LA", "RGBa": "RGBA"}[mode]).convert(mode)
        elif mode == "PA":
            converted = image.convert("P").convert("PA")
        elif mode in {"HSV", "F", "I"}:
            converted = image.convert("RGB").convert(mode if mode == "HSV" else "L").convert(mode)
        else:
            converted = image.convert("RGB").convert(mode)
    assert converted.mode == mode
    assert_near(countenance.analyze(converted), countenance.analyze(astronaut))


def test_black_and_white_has_a_mode_too(astronaut: Path) -> None:
    with PIL.Image.open(astronaut) as image:
        dithered = image.convert("1")
    assert countenance.analyze(dithered) == countenance.analyze(np.asarray(dithered.convert("L")))


def test_pillow_pictures_are_turned_upright(astronaut: Path, tmp_path: Path) -> None:
    with PIL.Image.open(astronaut) as image:
        sideways = image.convert("RGB").transpose(PIL.Image.Transpose.ROTATE_90)
    exif = PIL.Image.Exif()
    exif[0x0112] = 6  # the first row is the right-hand side
    path = tmp_path / "sideways.png"
    sideways.save(path, exif=exif)
    with PIL.Image.open(path) as image:
        assert countenance.analyze(image) == countenance.analyze(path) == countenance.analyze(astronaut)


def test_a_damaged_picture_of_pillow(astronaut: Path, tmp_path: Path) -> None:
    path = tmp_path / "damaged.png"
    path.write_bytes(astronaut.read_bytes()[:50_000])
    with PIL.Image.open(path) as image, pytest.raises(EmotionError, match="Pillow can't read") as caught:
        countenance.analyze(image)
    assert caught.value.code == "invalid-image"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (np.zeros((3, 40, 40), np.uint8), r"height x width x 3 \(RGB.*this one has the shape \(3, 40, 40\)"),
        (np.zeros((40, 40, 1), np.uint8), r"height x width \(grey\); this one has the shape \(40, 40, 1\)"),
        (np.zeros((1, 40, 40, 3), np.uint8), "OpenCV's BGR"),
        (np.zeros(40, np.uint8), r"shape \(40,\)"),
        (np.zeros((40, 40, 3)), r"array of uint8.*has the type float64; floats from 0 to 1"),
        (np.zeros((40, 40, 3), np.int8), "has the type int8$"),
        (np.zeros((0, 40, 3), np.uint8), "at least one pixel"),
        (np.zeros((1, 16_385, 3), np.uint8), "over the limit of 16384 pixels a side"),
        (None, "a NoneType is not a picture: pass a path"),
        ([[0]], "a list is not a picture"),
    ],
)
def test_what_is_not_a_picture(wrong: Any, words: str) -> None:
    with pytest.raises(EmotionError, match=words) as caught:
        countenance.analyze(wrong)
    assert caught.value.code == "invalid-frame"


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    notes = tmp_path / "notes.jpg"
    notes.write_text("no picture")
    for path, code in [(notes, "invalid-image"), (tmp_path / "missing.jpg", "unreadable-file")]:
        with pytest.raises(EmotionError) as caught:
            countenance.analyze(path)
        assert caught.value.code == code
    for wrong in [str(tmp_path), "a\0b"]:
        with pytest.raises(OSError, match="the file can't be read") as unreadable:
            countenance.analyze(wrong)
        assert isinstance(unreadable.value, EmotionError)
    with pytest.raises(EmotionError, match="the file is empty"):
        countenance.analyze(b"")


def test_errors_are_values() -> None:
    with pytest.raises(ValueError, match="the file is empty") as caught:
        countenance.analyze(b"")
    error = caught.value
    assert isinstance(error, EmotionError)
    copied = pickle.loads(pickle.dumps(error))
    assert (type(copied), copied.code, str(copied)) == (EmotionError, "invalid-image", str(error))
    with pytest.raises(countenance.UnreadableFileError) as missing:
        countenance.analyze("missing.jpg")
    copied = pickle.loads(pickle.dumps(missing.value))
    assert (copied.code, str(copied)) == ("unreadable-file", str(missing.value))
    assert "missing.jpg" in str(copied)
    assert isinstance(missing.value.__cause__, FileNotFoundError)


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        ({"max_face": 1}, "invalid-options", "there is no option 'max_face', only calibration, expressions,"),
        ({"maxFaces": 1}, "invalid-options", "there is no option 'maxFaces'"),
        ({"max_faces": 0}, "invalid-options", "max faces must be between 1 and 1000, not 0"),
        ({"max_faces": -1}, "invalid-options", "max_faces=-1 is not a valid option"),
        ({"max_faces": "all"}, "invalid-options", "max_faces='all' is not a valid option"),
        ({"min_confidence": 1.5}, "invalid-options", "minimum confidence must be between 0 and 1, not 1.5"),
        ({"uncertain_below": float("nan")}, "invalid-options", "uncertain below must be between 0 and 1"),
        ({"picture_size": "large"}, "invalid-options", 'a number of pixels or "auto" is expected'),
        ({"picture_size": 100}, "invalid-options", "picture size must be between 160 and 4096 pixels, not 100"),
        ({"live_size": 2000}, "invalid-options", "live size must be between 160 and 1280 pixels, not 2000"),
        ({"expressions": 5}, "invalid-options", "expressions must be 4 or 8, not 5"),
        ({"calibration": "damaged"}, "invalid-calibration", "calibration='damaged' is not a valid option"),
        ({"calibration": []}, "invalid-calibration", r"calibration=\[\] is not a valid option"),
    ],
)
def test_options_that_are_not_valid(options: dict[str, Any], code: str, words: str, astronaut: Path) -> None:
    with pytest.raises(EmotionError, match=words) as caught:
        countenance.analyze(astronaut, **options)
    assert caught.value.code == code
    with pytest.raises(EmotionError, match=words):
        Analyzer(**options)


def test_options(astronaut: Path) -> None:
    assert countenance.analyze(astronaut, min_confidence=0.99) == []
    assert countenance.analyze(astronaut, uncertain_below=0.999)[0].emotion == "uncertain"
    assert countenance.analyze(astronaut, other_from=0)[0].emotion == "other"
    assert countenance.analyze(astronaut, picture_size=320, max_faces=1)[0].emotion == "happy"
    given = Analyzer(expressions=8, uncertain_below=None)
    assert given.options == {"expressions": 8, "uncertain_below": None}
    assert repr(given) == "Analyzer(expressions=8, uncertain_below=None)"
    assert given.analyze(astronaut) == countenance.analyze(astronaut, expressions=8)
    # Each option by itself has its own answer, whichever came before.
    assert countenance.analyze(astronaut)[0].eight is None


def test_calibration(astronaut: Path) -> None:
    [face] = countenance.analyze(astronaut)
    calibration = countenance.fit_calibration([(face.raw, "neutral")] * 10)
    [shifted] = countenance.analyze(astronaut, calibration=calibration)
    assert shifted.raw == face.raw
    assert shifted.probabilities["neutral"] > face.probabilities["neutral"]
    for frames, words in [
        ([(face.raw, "neutral")], "1 frames of the neutral expression are too few"),
        ([(face.raw, "angry")], 'there is no expression "angry"'),
        ([], "no frames"),
    ]:
        with pytest.raises(EmotionError, match=words) as caught:
            countenance.fit_calibration(frames)  # type: ignore[arg-type]
        assert caught.value.code == "invalid-calibration"


def test_a_face_already_cut_out() -> None:
    for wrong in [np.zeros((48, 47), np.uint8), np.zeros((48, 48)), np.zeros(2304, np.uint8)]:
        with pytest.raises(EmotionError, match="48 x 48 and grey") as caught:
            Analyzer().classify_face(wrong)  # type: ignore[arg-type]
        assert caught.value.code == "invalid-frame"


def test_explanations(astronaut: Path, pixels: Pixels) -> None:
    [explanation] = countenance.explain(astronaut, expressions=8)
    assert (explanation.emotion, explanation.face.emotion) == ("happy", "happy")
    assert explanation.runner_up in {"neutral", "surprise"}
    assert explanation.heat.shape == (48, 48)
    assert explanation.heat.dtype == np.float32
    assert np.abs(explanation.heat).max() == 1
    assert explanation.chip.shape == (48, 48)
    assert explanation.chip.dtype == np.uint8
    assert explanation.strength > 0
    assert explanation.eight is not None
    assert explanation.eight.emotion == "happy"
    # The chip is what the answer was given to.
    again = Analyzer().classify_face(explanation.chip)
    assert again.probabilities == pytest.approx(explanation.face.raw, abs=1e-6)

    [same] = countenance.explain(pixels, faces=[explanation.face])
    assert np.array_equal(same.heat, explanation.heat)
    assert same.eight is None
    assert countenance.explain(np.zeros((200, 200, 3), np.uint8)) == []
    outside = dataclasses.replace(explanation.face, box=countenance.Box(5000, 0, 50, 50))
    with pytest.raises(EmotionError) as caught:
        countenance.explain(pixels, faces=[outside])
    assert caught.value.code == "invalid-box"
