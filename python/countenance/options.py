"""The options, by the library's names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypedDict

from . import _native
from .answers import snake_case
from .errors import EmotionError


class Options(TypedDict, total=False):
    """How faces are looked for and when an answer is uncertain. ``None`` stands for the default."""

    min_confidence: float | None
    """The lowest detector confidence that counts as a face, 0 to 1; 0.6 by default."""
    uncertain_below: float | None
    """The answer is "uncertain" when the face shows the top expression with a probability below this, 0 to 1; 0.5 by
    default."""
    other_from: float | None
    """The answer is "other" when ``other`` is at least this, 0 to 1; 0.4 by default."""
    picture_size: int | Literal["auto"] | None
    """The long side at which pictures are searched, 160 to 4096 pixels; by default "auto": so large that faces 48
    pixels wide are found."""
    live_size: int | None
    """The long side at which frames of a video are searched, 160 to 1280 pixels; 320 by default."""
    max_faces: int | None
    """The largest number of faces reported, 1 to 1000, the most confident first; 256 by default."""
    expressions: Literal[4, 8] | None
    """8 adds the answer over eight expressions; 4 by default."""
    calibration: str | None
    """One person's calibration, from :func:`countenance.fit_calibration`; none by default."""


_NATIVE_NAMES = {snake_case(name): name for name in _native.default_options()}


def native_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that are set, by their names in the native module.

    Raises :class:`EmotionError` (``invalid-options``, ``invalid-calibration``) for a name that no option has, and for a
    value of the wrong type. Ranges are checked by the pipeline.
    """
    native = {}
    for name, value in options.items():
        if name not in _NATIVE_NAMES:
            names = ", ".join(sorted(_NATIVE_NAMES))
            raise EmotionError("invalid-options", f"there is no option {name!r}, only {names}")
        if value is None:
            continue
        option = {_NATIVE_NAMES[name]: value}
        try:
            _native.check_options(option)
        except EmotionError as error:
            raise EmotionError(error.code, f"{name}={value!r} is not a valid option: {error}") from None
        native.update(option)
    return native
