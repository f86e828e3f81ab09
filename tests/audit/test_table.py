"""The audit in the terminal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from audit.judged import LABELS, SOUND, judged
from coincell.audit import audit_people
from coincell.cli.audit_table import print_audit
from coincell.project import AuditSettings

SETTINGS = AuditSettings(rounds=600)


def test_it_tells_groups_findings_and_what_int8_added(capsys: pytest.CaptureFixture[str]) -> None:
    clips = judged(harm=0.35, people=60)
    rows = tuple(row | {"room": "\x1b[31mred[/bold]" if at % 2 else "hall"}
                 for at, row in enumerate(clips.groups))  # fmt: skip
    clips = replace(clips, groups=rows)
    hurt = np.array([row["gender"] == "female" for row in clips.groups])
    hurt &= np.random.default_rng(1).random(len(hurt)) < 0.3
    worse = np.where(hurt, -1, clips.decisions)
    places = [clips.place("float"), clips.place("int8", worse)]
    facts = audit_people(clips.people(), places, SETTINGS, SOUND, seed=1, labels=LABELS)
    print_audit(facts)
    text = capsys.readouterr().out
    assert "720 test examples of 60 people (by speaker)." in text
    lines = {line.split()[0]: line for line in text.splitlines() if line.strip()}
    assert lines["female"].split()[1:3] == ["360", "30"]
    assert "A woman's 'stop' was missed in" in text
    assert "in int8, clearly" in text
    assert "\x1b[31mred" not in text
    assert "\\x1b[31mred[/bold]" in text


def test_what_is_no_claim_stands_in_brackets(capsys: pytest.CaptureFixture[str]) -> None:
    clips = judged(people=6, accents=3)
    facts = audit_people(clips.people(), [clips.place()], SETTINGS, SOUND, seed=1, labels=LABELS)
    print_audit(facts)
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("a0 ")]
    assert line.split()[3].startswith("(")
