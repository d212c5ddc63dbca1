"""The ONNX files, and the programs of docs/onnx.md that read them.

`python python/tests/test_onnx.py` writes the golden answers of the weights before they were rounded to few bits.
"""

from __future__ import annotations

import hashlib
import json
import re
import runpy
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime  # type: ignore[import-untyped]
import pytest
from numpy.typing import NDArray
from PIL import Image

import countenance

ROOT = Path(__file__).parents[2]
EMOTION, DETECTOR = re.findall(r'^const (?:EMOTION|DETECTOR): &str = "(.+)";$', (ROOT / "build.rs").read_text(), re.M)
MODEL = ROOT / "models" / EMOTION
HEADS = ["four", "eight", "other", "four_logits", "eight_logits"]
TOLERANCE = 1e-4

Answers = dict[str, NDArray[np.float32]]


def build(*arguments: object) -> None:
    subprocess.run(["node", ROOT / "scripts/build-onnx.mjs", *map(str, arguments)], check=True)


def load(path: Path) -> Any:
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def answer(session: Any, faces: NDArray[np.uint8]) -> Answers:
    return dict(zip(HEADS, session.run(HEADS, {"face": faces})))


def golden(name: str = "golden.json") -> dict[str, Any]:
    return {case["name"]: case for case in json.loads((MODEL / name).read_text())["cases"]}


def golden_faces() -> NDArray[np.uint8]:
    faces = [np.frombuffer(bytes.fromhex(case["grey"]), np.uint8) for case in golden().values()]
    return np.stack(faces).reshape(-1, 1, 48, 48)


def short(value: np.float32) -> float:
    """With the digits that single precision has."""
    return float(str(value))


def cases(session: Any) -> dict[str, Any]:
    """The answers to the golden faces, as a golden file has them."""
    metadata = session.get_modelmeta().custom_metadata_map
    found = answer(session, golden_faces())

    def named(head: str, names: str) -> list[dict[str, float]]:
        return [dict(zip(metadata[names].split(","), map(short, row))) for row in found[head]]

    answers = zip(golden(), named("four", "classes"), named("eight", "classes_eight"), found["other"])
    return {
        name: {"name": name, "probabilities": four, "eight": eight, "other": short(other)}
        for name, four, eight, other in answers
    }


def assert_cases(found: dict[str, Any], expected: dict[str, Any]) -> None:
    assert len(expected) >= 10
    assert [*found] == [*expected]
    for name, case in expected.items():
        for head in ("probabilities", "eight", "other"):
            assert found[name][head] == pytest.approx(case[head], rel=0, abs=TOLERANCE), f"{name}, {head}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the command makes, and beside it what the programs of the page name."""
    folder = tmp_path_factory.mktemp("onnx")
    build("--out", folder)
    build("--weights", MODEL / "model.safetensors", "--out", folder)
    for name in (EMOTION, DETECTOR):
        shutil.copy(folder / name / f"{name}.onnx", folder)
    shutil.copy(MODEL / "model.safetensors", folder)
    shutil.copy(ROOT / "tests/fixtures/astronaut.png", folder / "photo.jpg")
    document = (ROOT / "docs/onnx.md").read_text()
    for name, code in re.findall(r"^```python (\S+)\n(.*?)^```$", document, re.MULTILINE | re.DOTALL):
        (folder / name).write_text(code)
    return folder


@pytest.fixture(scope="module")
def network(folder: Path) -> Any:
    return load(folder / f"{EMOTION}.onnx")


def run_program(folder: Path, name: str) -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return runpy.run_path(name)


def test_golden_answers(network: Any) -> None:
    assert_cases(cases(network), golden())


def test_answers_of_unrounded_weights(folder: Path) -> None:
    found = cases(load(folder / "model.onnx"))
    assert_cases(found, golden("golden_f16.json"))
    rounded = golden()
    apart = [abs(found[name]["other"] - rounded[name]["other"]) for name in rounded]
    assert max(apart) > TOLERANCE  # or these were the rounded ones


def test_a_batch_answers_as_its_faces_do(network: Any) -> None:
    faces = golden_faces()[:7]
    together = answer(network, faces)
    for index in range(7):
        alone = answer(network, faces[index : index + 1])
        for head in HEADS:
            assert together[head][index] == pytest.approx(alone[head][0], rel=1e-5, abs=1e-6), head
    assert together["four"].shape == (7, 4)
    assert together["other"].shape == (7,)
    assert answer(network, faces[:0])["eight"].shape == (0, 8)


def test_the_detector_takes_several_pictures(folder: Path) -> None:
    detector = load(folder / f"{DETECTOR}.onnx")
    images = np.random.default_rng(1).uniform(0, 255, (3, 3, 64, 96)).astype(np.float32)
    together = detector.run(None, {"image": images})
    assert [maps.shape for maps in together[:4]] == [(3, 96, 1), (3, 96, 1), (3, 96, 4), (3, 96, 10)]
    for index in range(3):
        alone = detector.run(None, {"image": images[index : index + 1]})
        for maps, expected in zip(together, alone):
            assert maps[index] == pytest.approx(expected[0], rel=1e-4, abs=1e-4)


def test_probabilities_are_those_of_the_library(network: Any) -> None:
    """Damaged faces, on which the correction for how a face looks acts in full."""
    rng = np.random.default_rng(1)
    face = golden_faces()[[*golden()].index("astronaut"), 0].astype(float)
    masked = face.copy()
    masked[28:] = 200
    faces = [face * share for share in (0.02, 0.3, 1.5, 3)]
    faces += [face + rng.normal(0, deviation, face.shape) for deviation in (5, 40, 100)]
    faces += [masked, (face + np.roll(face, 1, 0) + np.roll(face, 1, 1)) / 3, np.full(face.shape, 100.0)]
    chips = np.stack(faces).clip(0, 255).astype(np.uint8)
    found = answer(network, chips[:, None])
    analyzer = countenance.Analyzer(expressions=8)
    for index, chip in enumerate(chips):
        expected = analyzer.classify_face(chip)
        assert expected.eight is not None
        for head, probabilities in (("four", expected.probabilities), ("eight", expected.eight.probabilities)):
            by_place = sorted(found[head][index])
            assert by_place == pytest.approx(sorted(probabilities.values()), rel=0, abs=TOLERANCE), f"{index}, {head}"
        assert found["other"][index] == pytest.approx(expected.other, rel=0, abs=TOLERANCE), index


def test_metadata_and_card(folder: Path, network: Any) -> None:
    metadata = network.get_modelmeta().custom_metadata_map
    assert metadata["id"] == EMOTION
    assert metadata["licence"] == "MIT OR Apache-2.0"
    assert metadata["weights_sha256"] == hashlib.sha256((MODEL / "weights.cnw").read_bytes()).hexdigest()
    assert metadata["classes"].split(",") == ["happy", "neutral", "sad", "surprise"]
    assert "BSD" in load(folder / f"{DETECTOR}.onnx").get_modelmeta().custom_metadata_map["licence"]
    metrics = json.loads((MODEL / "metrics.json").read_text())
    for name in (EMOTION, DETECTOR):
        card = (folder / name / "README.md").read_text()
        front, text = re.match(r"---\n(.+?)---\n\n(.+)", card, re.DOTALL).groups()  # type: ignore[union-attr]
        assert text == (ROOT / "models" / name / "MODEL_CARD.md").read_text()
        head = {key: json.loads(value) for key, value in re.findall("^(.+?): (.+)$", front, re.M)}
        assert {"license", "library_name", "pipeline_tag", "tags"} <= {*head}
        for target in re.findall(r"\]\(([\w.]+)\)", text):
            assert (folder / name / target).exists(), target
        if name == EMOTION:
            [result] = head["model-index"][0]["results"]
            assert {"type": "accuracy", "value": metrics["accuracy"]} in result["metrics"]


def test_faces_are_found_and_cut_out(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    program = run_program(folder, "faces.py")
    assert re.match(r"happy \[0\.97", capfd.readouterr().out)
    golden_detector = json.loads((ROOT / "models" / DETECTOR / "golden.json").read_text())
    tolerance = golden_detector["tolerance"]
    for case in golden_detector["cases"]:
        with Image.open(ROOT / case["picture"]) as image:
            picture = np.asarray(image.convert("RGB"))
        found = program["detect"](picture)
        assert len(found) == len(case["faces"]), case["picture"]
        for (box, points, confidence), expected in zip(found, case["faces"]):
            where = expected["boundingBox"]
            assert box == pytest.approx([*where.values()], rel=0, abs=tolerance["pixels"]), case["picture"]
            assert points == pytest.approx(np.array(expected["landmarks"]), rel=0, abs=tolerance["pixels"])
            assert confidence == pytest.approx(expected["confidence"], rel=0, abs=tolerance["confidence"])
        name = Path(case["picture"]).stem
        if name in golden():
            chip = np.frombuffer(bytes.fromhex(golden()[name]["grey"]), np.uint8).reshape(48, 48)
            # The box of a reference a hundredth of a pixel away.
            assert np.abs(program["crop"](picture, found[0][0]).astype(int) - chip).max() <= 1, name


def test_opencv_takes_the_detector(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    program = run_program(folder, "read.py")
    assert re.search(r"^happy 0\.97\d* other ", capfd.readouterr().out, re.M)
    # OpenCV rounds the square and averages otherwise.
    expected = [*golden()["astronaut"]["probabilities"].values()]
    assert program["four"][0] == pytest.approx(expected, rel=0, abs=0.02)
    assert len(program["found"]) == 1


def convolve(maps: NDArray[np.float64], kernel: NDArray[np.float64]) -> NDArray[np.float64]:
    padded = np.pad(maps, ((0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    return np.tensordot(kernel, windows, ([1, 2, 3], [0, 3, 4]))


def logits(tensors: dict[str, NDArray[np.float64]], face: NDArray[np.uint8]) -> dict[str, NDArray[np.float64]]:
    """The network in double precision, as src/network.rs describes it."""

    def norm(values: NDArray[np.float64], name: str) -> NDArray[np.float64]:
        by_channel = (-1, *[1] * (values.ndim - 1))
        parts = [tensors[f"{name}.{part}"].reshape(by_channel) for part in ("weight", "bias", "mean", "var")]
        weight, bias, mean, variance = parts
        return (values - mean) / np.sqrt(variance + 1e-3) * weight + bias

    values = face / 255
    for block in range(1, 6):
        values = convolve(values, tensors[f"conv{block}.weight"]) + tensors[f"conv{block}.bias"][:, None, None]
        values = np.maximum(values, 0)
        if block > 1:
            values = norm(values, f"bn{block}")
            values = np.where(values < 0, 0.1 * values, values)
        channels, side = len(values), len(values[0]) // 2
        values = values[:, : 2 * side, : 2 * side].reshape(channels, side, 2, side, 2).max((2, 4))
    values = values.ravel()
    for layer in (1, 2):
        values = np.maximum(tensors[f"dense{layer}.weight"] @ values + tensors[f"dense{layer}.bias"], 0)
        values = norm(values, f"dense_bn{layer}")
    heads = {"four_logits": "dense3", "eight_logits": "eight"}
    return {head: tensors[f"{name}.weight"] @ values + tensors[f"{name}.bias"] for head, name in heads.items()}


def test_a_network_in_numpy_gives_the_same_logits(folder: Path) -> None:
    program = run_program(folder, "weights.py")
    tensors = {name: tensor.astype(np.float64) for name, tensor in program["tensors"].items()}
    session = load(folder / "model.onnx")
    faces = golden_faces()
    found = answer(session, faces)
    for index, face in enumerate(faces):
        for head, expected in logits(tensors, face).items():
            assert found[head][index] == pytest.approx(expected, rel=1e-4, abs=1e-4), f"{index}, {head}"
    assert program["metadata"]["temperature"] == session.get_modelmeta().custom_metadata_map["temperature"]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        build("--weights", MODEL / "model.safetensors", "--out", made)
        file = {"tolerance": TOLERANCE, "cases": [*cases(load(Path(made) / "model.onnx")).values()]}
    (MODEL / "golden_f16.json").write_text(json.dumps(file, indent=2) + "\n")
