"""Every Python example of the README and of the documentation, run as it stands there."""

from __future__ import annotations

import re
import runpy
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Each example, and what it prints.
EXAMPLES = {
    "README.md": {"five-lines.py": r"^happy \{'happy': 0\.9"},
    "docs/python.md": {
        "first.py": r"^happy Box\(x=178",
        "many.py": r"holidays/astronaut.png \['happy'\](.|\n)*|holidays/notes.txt invalid-image",
        "video.py": r"^0.00 s \{(.|\n)*1: 'happy'(.|\n)*'neutral'",
        "table.py": r"happy +0\.9",
        "why.py": r"^happy rather than \w+: see \d+, \d+ of 48 x 48 \(48, 48\)",
        "calibrate.py": r"'neutral': 0\.\d",
    },
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that the examples name."""
    folder = tmp_path_factory.mktemp("documents")
    fixtures = ROOT / "tests/fixtures"
    shutil.copytree(fixtures, folder / "tests/fixtures")
    shutil.copy(fixtures / "astronaut.png", folder / "photo.jpg")
    shutil.copy(fixtures / "faces.mp4", folder / "film.mp4")
    (folder / "holidays").mkdir()
    shutil.copy(fixtures / "astronaut.png", folder / "holidays")
    (folder / "holidays/notes.txt").write_text("no picture")
    return folder


@pytest.mark.parametrize("document", EXAMPLES)
def test_examples(
    document: str, folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (ROOT / document).read_text()
    found = dict(re.findall(r"^```python (\S+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    assert [*found] == [*EXAMPLES[document]]
    monkeypatch.chdir(folder)
    for name, code in found.items():
        (folder / name).write_text(code)
        runpy.run_path(name)
        printed = capfd.readouterr().out
        assert re.search(EXAMPLES[document][name], printed), f"{name}: {printed}"


def test_no_example_is_left_out() -> None:
    for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        document = str(path.relative_to(ROOT))
        # Those of two pages are run by scale/test_ray.py and test_onnx.py.
        if document not in {*EXAMPLES, "docs/scale.md", "docs/onnx.md"}:
            assert "```python" not in path.read_text(), document
