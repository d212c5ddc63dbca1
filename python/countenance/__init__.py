"""Reads the expression a face displays: happy, neutral, sad or surprise, and says when it shows none of these.

>>> import countenance
>>> for face in countenance.analyze("tests/fixtures/astronaut.png"):
...     print(face.emotion)
happy

Detector, network and weights of both are compiled in: nothing is downloaded, and no picture leaves the machine. It
reports which expression a face *displays*, never what the person feels.
"""

from .analyzer import Analyzer
from .answers import Box, Emotion, Emotion8, Explanation, Expression, Face, HeatMap, Label, Quality, Reading, Reason
from .errors import EmotionError, UnreadableFileError
from .functions import analyze, analyze_many, analyze_video, explain, fit_calibration, models
from .options import Options
from .pictures import Picture
from .table import to_frame, to_rows

__all__ = [
    "Analyzer",
    "Box",
    "Emotion",
    "Emotion8",
    "EmotionError",
    "Explanation",
    "Expression",
    "Face",
    "HeatMap",
    "Label",
    "Options",
    "Picture",
    "Quality",
    "Reading",
    "Reason",
    "UnreadableFileError",
    "analyze",
    "analyze_many",
    "analyze_video",
    "explain",
    "fit_calibration",
    "models",
    "to_frame",
    "to_rows",
]
