"""Public data sets that `coincell data fetch` knows: where they are, whose, under which licence.

A hash stands here only where a source that can be named gives it; the others are learned at the
first download and held to from then on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from coincell.errors import DataError
from coincell.project import Sense


@dataclass(frozen=True)
class Download:
    """One file of a data set.

    Attributes:
        address: of the file; http, https or file.
        file: its name.
        size: in bytes; 0 if not known.
        sha256: 64 digits; "" if not known.
    """

    address: str
    file: str
    size: int = 0
    sha256: str = ""


@dataclass(frozen=True)
class PublicSet:
    """A public data set.

    Attributes:
        name: as given to the command.
        title: what it is, in a few words.
        page: where it is described.
        licence: under which it is given, and to whom it is owed.
        sense: of what it is.
        downloads: all its files.
        labels: that its recordings can have; a project takes those in its data.labels.
        source: the folder or file in the unpacked files to import; "" for all.
        layout: see `import_recordings`; "uci-har" is brought to a CSV first.
        hash_source: who gives the hashes, if they are known.
    """

    name: str
    title: str
    page: str
    licence: str
    sense: Sense
    downloads: tuple[Download, ...]
    labels: tuple[str, ...]
    source: str = ""
    layout: Literal["folders", "csv", "speech-commands", "coco", "uci-har"] = "folders"
    hash_source: str = ""


_MINI_WORDS = ("down", "go", "left", "no", "right", "stop", "up", "yes")
_WORDS = (
    "backward", "bed", "bird", "cat", "dog", "down", "eight", "five", "follow", "forward", "four",
    "go", "happy", "house", "learn", "left", "marvin", "nine", "no", "off", "on", "one", "right",
    "seven", "sheila", "six", "stop", "three", "tree", "two", "up", "visual", "wow", "yes", "zero",
)  # fmt: skip
HAR_LABELS = (
    "walking", "walking_upstairs", "walking_downstairs", "sitting", "standing", "laying",
)  # fmt: skip
_TENSORFLOW = "https://storage.googleapis.com/download.tensorflow.org/data"
_COCO = "http://images.cocodataset.org"

_SETS = (
    PublicSet(
        "speech-commands",
        "Speech Commands v0.02: 105,829 one-second clips of 35 words by 2,618 speakers",
        "https://arxiv.org/abs/1804.03209",
        "CC BY 4.0, Pete Warden, Google",
        "sound",
        (
            Download(
                f"{_TENSORFLOW}/speech_commands_v0.02.tar.gz",
                "speech_commands_v0.02.tar.gz",
                2_428_923_189,
                "af14739ee7dc311471de98f5f9d2c9191b18aedfe957f4a6ff791c709868ff58",
            ),
        ),
        _WORDS,
        layout="speech-commands",
        hash_source="the checksums of TensorFlow Datasets and of torchaudio",
    ),
    PublicSet(
        "mini-speech-commands",
        "Mini Speech Commands: 8,000 clips of eight words, taken from Speech Commands",
        "https://www.tensorflow.org/tutorials/audio/simple_audio",
        "CC BY 4.0, Pete Warden, Google",
        "sound",
        (Download(f"{_TENSORFLOW}/mini_speech_commands.zip", "mini_speech_commands.zip"),),
        _MINI_WORDS,
        source="mini_speech_commands",
        layout="speech-commands",
    ),
    PublicSet(
        "uci-har",
        "Human Activity Recognition Using Smartphones: 10,299 windows of 2.56 s at 50 Hz, "
        "six activities of 30 people",
        "https://archive.ics.uci.edu/dataset/240",
        "CC BY 4.0, Jorge Reyes-Ortiz, Davide Anguita, Alessandro Ghio, Luca Oneto, Xavier Parra",
        "motion",
        (
            Download(
                "https://archive.ics.uci.edu/static/public/240/"
                "human+activity+recognition+using+smartphones.zip",
                "uci-har.zip",
            ),
        ),
        HAR_LABELS,
        source="UCI HAR Dataset",
        layout="uci-har",
    ),
    PublicSet(
        "coco-persons",
        "COCO 2017, validation part: 5,000 photographs, with a person or without",
        "https://cocodataset.org",
        "annotations CC BY 4.0, COCO Consortium; each photograph under its own licence at Flickr, "
        "told in the annotations",
        "picture",
        (
            Download(
                f"{_COCO}/annotations/annotations_trainval2017.zip", "annotations_trainval2017.zip"
            ),
            Download(f"{_COCO}/zips/val2017.zip", "val2017.zip"),
        ),
        ("person", "no_person"),
        source="annotations/instances_val2017.json",
        layout="coco",
    ),
)
CATALOGUE: Mapping[str, PublicSet] = {one.name: one for one in _SETS}


def public_set(name: str) -> PublicSet:
    """The data set of that name.

    Raises:
        DataError: there is none.
    """
    if name not in CATALOGUE:
        raise DataError(
            f"The data sets that can be fetched are {', '.join(CATALOGUE)}; received {name!r}.",
            "Anything else: download it yourself, then coincell data import.",
        )
    return CATALOGUE[name]
