"""Where the repository's pictures are."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from numpy.typing import NDArray

ROOT = Path(__file__).parents[2]
ASTRONAUT = ROOT / "tests/fixtures/astronaut.png"


@pytest.fixture
def root() -> Path:
    """The repository's folder."""
    return ROOT


@pytest.fixture
def astronaut() -> Path:
    """A picture of one happy face."""
    return ASTRONAUT


@pytest.fixture
def pixels() -> NDArray[np.uint8]:
    """The same as RGB pixels."""
    with PIL.Image.open(ASTRONAUT) as image:
        return np.asarray(image.convert("RGB"))


@pytest.fixture
def python() -> str:
    """The interpreter that has the package."""
    return sys.executable
