"""One page that records words or takes pictures in a contributor's browser, and gives a ZIP.

The page holds everything it needs, and its content security policy forbids it to send anything.
Browsers give access to microphone and camera on pages from https, localhost and, most of them,
files that are opened.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from html import escape
from importlib import resources

from coincell.data.manifest import CORE_COLUMNS, MAX_GROUPS, check_group_names
from coincell.errors import DataError
from coincell.project import Project

MOST_TIMES = 100
MOST_CONSENT = 5000
CONSENT = """\
Your recordings will be used to train and to judge a small program that recognises {what}. They \
are kept by whoever gave you this page, together with what you fill in below, this text, and the \
moment at which you agreed.

You take part of your own will. You may stop at any time before saving, and you may ask later that \
your recordings are deleted: the number shown at the end tells which ones are yours.
"""


def invitation_page(
    project: Project, times: int = 5, groups: Sequence[str] = (), consent: str = ""
) -> str:
    """The page, as HTML.

    Args:
        project: of sound or pictures, with labels.
        times: how often each label is asked for.
        groups: columns that contributors may fill, such as accent; they come into the manifest.
        consent: what they agree to; "" for `CONSENT`.

    Raises:
        DataError: a project of motion or without labels; names or numbers that cannot be.
    """
    settings = project.configuration.data
    labels = [label for label in settings.labels if label != settings.silence_label]
    if settings.sense == "motion" or not labels:
        raise DataError(
            "An invitation records sounds or takes pictures of labels; this project is of "
            f"{settings.sense} with {len(labels)} labels.",
            "For motion: coincell data collect.",
        )
    if not 1 <= times <= MOST_TIMES:
        raise DataError(f"Each label is asked for 1 to {MOST_TIMES} times; received {times}.")
    text = (consent or CONSENT.format(what=", ".join(labels))).strip()
    if not text or len(text) > MOST_CONSENT:
        raise DataError(f"The text to agree to has 1 to {MOST_CONSENT} characters.")
    _check_groups(groups, project)
    name = project.configuration.project.name
    facts = {
        "project": name,
        "file": re.sub(r"[^A-Za-z0-9-]+", "-", name).strip("-") or "recordings",
        "sense": settings.sense,
        "labels": labels,
        "times": times,
        "groups": list(groups),
        "consent": text,
        "rate": settings.sample_rate_hz,
        "seconds": settings.window_ms / 1000.0 + 0.5,
    }
    return _page(f"Recordings for {name}", facts)


def _check_groups(groups: Sequence[str], project: Project) -> None:
    check_group_names(project.data_directory, groups)
    taken = {*CORE_COLUMNS, "speaker", "consent"}
    if len(groups) > MAX_GROUPS - 2 or len(set(groups)) != len(groups) or taken & set(groups):
        raise DataError(
            "Groups are unlike each other and none of file, label, speaker, consent and the like; "
            f"received {', '.join(groups)}."
        )


def _page(title: str, facts: dict[str, object]) -> str:
    folder = resources.files("coincell.data") / "invitation"
    page, style, script = (
        (folder / name).read_text(encoding="utf-8")
        for name in ("page.html", "style.css", "page.js")
    )
    held = json.dumps(facts).replace("<", "\\u003c")  # so that no text ends the script
    filled = {
        "TITLE": escape(title), "STYLE": style, "SETTINGS_JSON": held, "SCRIPT": script,
    }  # fmt: skip
    return re.sub(r"\b(TITLE|STYLE|SETTINGS_JSON|SCRIPT)\b", lambda found: filled[found[0]], page)
