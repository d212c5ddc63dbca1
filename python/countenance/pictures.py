"""What can be passed as a picture."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, Union

import numpy as np

from . import _native
from .errors import EmotionError, UnreadableFileError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

Picture = Union[str, "os.PathLike[str]", bytes, bytearray, memoryview, "NDArray[np.uint8]", "Image.Image"]
"""A path, the bytes of a JPEG, PNG, WebP or GIF file, pixels in an array, or an image of Pillow."""

_CHANNELS = {2: (None,), 3: (3, 4)}
_EXPECTED = (
    "a picture is an array of uint8: height x width x 3 (RGB, and of OpenCV's BGR array[..., ::-1]), height x width x "
    "4 (RGBA) or height x width (grey)"
)


def native_picture(source: Picture) -> _native.Picture:
    """The picture for the native module.

    Raises :class:`EmotionError`: ``unreadable-file``, ``invalid-image``, ``image-too-large`` or ``out-of-memory`` for a
    file, ``invalid-frame`` for pixels of a wrong shape and for what is not a picture.
    """
    if isinstance(source, (str, os.PathLike)):
        return _native.Picture.decode(_read(source))
    if isinstance(source, (bytes, bytearray, memoryview)):
        return _native.Picture.decode(bytes(source))
    if isinstance(source, np.ndarray):
        return _of_array(source)
    pillow = sys.modules.get("PIL.Image")
    if pillow is not None and isinstance(source, pillow.Image):
        return _of_array(_pixels_of(source))
    raise EmotionError(
        "invalid-frame",
        f"a {type(source).__name__} is not a picture: pass a path, the bytes of a file, an array of NumPy or an image "
        "of Pillow",
    )


def _read(path: str | os.PathLike[str]) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except (OSError, ValueError) as error:  # a path with a null character is a ValueError
        raise UnreadableFileError("unreadable-file", f"the file can't be read: {error}") from error


def _of_array(array: NDArray[Any]) -> _native.Picture:
    channels = array.shape[2] if array.ndim == 3 else None
    if channels not in _CHANNELS.get(array.ndim, ()):
        raise EmotionError("invalid-frame", f"{_EXPECTED}; this one has the shape {array.shape}")
    if array.dtype != np.uint8:
        hint = "; floats from 0 to 1: pass (array * 255).round().astype('uint8')" if array.dtype.kind == "f" else ""
        raise EmotionError("invalid-frame", f"{_EXPECTED}; this one has the type {array.dtype}{hint}")
    height, width = array.shape[:2]
    return _native.Picture.of_pixels(array.tobytes(), width, height, channels or 1)


def _pixels_of(image: Image.Image) -> NDArray[np.uint8]:
    """The pixels of an image of Pillow, upright."""
    import PIL.Image
    import PIL.ImageOps

    try:
        upright = PIL.ImageOps.exif_transpose(image)
        if upright.mode.startswith("I;16"):
            # Pillow itself would cut off all that is brighter than 255.
            return np.round(np.asarray(upright) / 257).astype(np.uint8)
        if upright.mode == "La":
            upright = upright.convert("LA")
        is_transparent = "transparency" in upright.info or {"A", "a"} & {*upright.getbands()}
        return np.asarray(upright.convert("RGBA" if is_transparent else "RGB"))
    except (OSError, SyntaxError, ValueError, PIL.Image.DecompressionBombError) as error:
        raise EmotionError("invalid-image", f"Pillow can't read this picture: {error}") from error
