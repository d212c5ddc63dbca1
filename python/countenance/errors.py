"""The one kind of exception that the package raises."""

from __future__ import annotations


class EmotionError(ValueError):
    """Something could not be read or done.

    ``code`` says what in a stable word, the same as in the JavaScript API, the command line and the server:
    ``invalid-image``, ``image-too-large``, ``unreadable-file``, ``invalid-frame``, ``invalid-options``,
    ``invalid-box``, ``invalid-timestamp``, ``invalid-calibration``, ``out-of-memory``, ``inference`` or ``model-load``.
    """

    code: str
    """What went wrong, to compare with."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code

    def __str__(self) -> str:
        return str(self.args[1])


class UnreadableFileError(EmotionError, OSError):
    """A file that is not there, or that the system refuses to give: the code is ``unreadable-file``."""
