"""Where incoming clips go: the split that the source gives, that their people have, or by hash.

Of anomaly detection, what is not normal goes to the test split, all of it unless
data.split.strange_validation says otherwise: nothing is learned from it and no threshold chosen by
it, so that it is worth most there. It says nothing about where the
normal recordings of the same machine go, and may stand on another side than they do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from coincell.data.manifest import NOISE_LABEL, RECORDING, SPLITS, Dataset, Sample, Split
from coincell.data.senses import counted
from coincell.data.splits import Unit, assign_splits, position
from coincell.project import Configuration, DataSettings, SplitSettings


@dataclass(frozen=True)
class Incoming:
    """A clip on its way in.

    Attributes:
        sample: its split is provisional, but for noise.
        given: the split that the source gives, else None.
        before: the same clip as it was in the data set, if it was.
    """

    sample: Sample
    given: Split | None
    before: Sample | None


def unit_key(sample: Sample, by: str) -> str:
    """What must stay on one side: the value of the column `by`; else of the recording that the clip
    was cut from, where that is known; else the clip's own content."""
    for column in (by, RECORDING):
        if value := sample.groups.get(column, ""):
            return f"{column}={value}"
    return f"clip={sample.source.sha256 or sample.sha256}"


def place(
    incoming: Sequence[Incoming], dataset: Dataset, configuration: Configuration
) -> list[Sample]:
    """The incoming samples with their final splits, in order.

    A given split is taken as it is; but where the source gives no validation at all, and the
    project wants some, its training part is shared out between the two. A clip that was there keeps
    its side, unless one only now learns whose it is. Noise keeps its own. All others: see
    `assign_splits`.

    Args:
        incoming: new clips, and old ones that changed.
        dataset: as it was before.
        configuration: shares, the column that never crosses, the seed.
    """
    by, normal = configuration.data.split.by, normal_label(configuration)
    learned = [item for item in incoming if not _strange(item.sample, normal)]
    shared: set[str] = set()
    if lacks_validation((item.given for item in learned), configuration.data.split):
        shared = {item.sample.file for item in learned if item.given == "train"}
    incoming = [
        replace(item, given=None) if item.sample.file in shared else item for item in incoming
    ]
    fixed = [_fixed(item, configuration) for item in incoming]
    files = {item.sample.file for item in incoming}
    settled = [s for s in dataset.samples if s.file not in files and not _strange(s, normal)]
    units: tuple[dict[str, set[str]], dict[str, set[str]]] = {}, {}
    for item, split in zip(incoming, fixed, strict=True):
        if split is None:
            labels = units[item.sample.file in shared]
            labels.setdefault(unit_key(item.sample, by), set()).add(item.sample.label)
        elif item.sample.label != NOISE_LABEL and not _strange(item.sample, normal):
            settled.append(replace(item.sample, split=split))
    known: dict[str, Split] = {}
    for side in reversed(SPLITS):  # somebody is on two sides already: training wins
        known |= {unit_key(s, by): side for s in settled if s.split == side}
    covered = {side: frozenset(s.label for s in settled if s.split == side) for side in SPLITS}
    splits = [
        assign_splits(
            [Unit(key, frozenset(labels)) for key, labels in sorted(open_labels.items())],
            sides,
            shares,
            configuration.project.seed,
            covered,
        )
        for open_labels, sides, shares in (
            (units[0], known, configuration.data.split),
            (
                units[1],
                {key: side for key, side in known.items() if side != "test"},
                _without_test(configuration.data.split),
            ),
        )
    ]
    return [
        replace(
            item.sample,
            split=split or splits[item.sample.file in shared][unit_key(item.sample, by)],
        )
        for item, split in zip(incoming, fixed, strict=True)
    ]


def lacks_validation(given: Iterable[Split | None], shares: SplitSettings) -> bool:
    """Whether a source that gives these splits has a training part and none to validate by, where
    the project wants one."""
    told = set(given)
    return shares.validation > 0 and "train" in told and "validation" not in told


def shared_note(incoming: Sequence[Incoming], samples: Sequence[Sample]) -> tuple[str, ...]:
    """A sentence where recordings of a source's training part validate now."""
    pairs = list(zip(incoming, samples, strict=True))
    moved = sum(item.given == "train" and s.split == "validation" for item, s in pairs)
    if not moved:
        return ()
    count = sum(item.given == "train" for item, _ in pairs)
    told = f"{moved} of the {count} recordings of its training part are kept for that"
    return (f"The source has no part for validation: {told}.",)


def _without_test(shares: SplitSettings) -> SplitSettings:
    """The shares of what is not for the test split."""
    validation = shares.validation / (1.0 - shares.test)
    return shares.model_copy(update={"test": 0.0, "validation": validation})


def normal_label(configuration: Configuration) -> str:
    """The label of what is normal; "" where that is not the question."""
    return configuration.data.normal_label if configuration.goal == "normality" else ""


def _strange(sample: Sample, normal: str) -> bool:
    return bool(normal) and sample.label not in (normal, NOISE_LABEL)


def _fixed(item: Incoming, configuration: Configuration) -> Split | None:
    """The clip's split where it is not for `assign_splits` to choose, else None."""
    split, by = configuration.data.split, configuration.data.split.by
    if item.given is not None:
        return item.given
    if _strange(item.sample, normal_label(configuration)):
        place = position(f"strange {unit_key(item.sample, by)}", configuration.project.seed)
        return "validation" if place < split.strange_validation else "test"
    if item.sample.label == NOISE_LABEL:
        return item.sample.split
    if item.before is not None and unit_key(item.before, by) == unit_key(item.sample, by):
        return item.before.split
    return None


def split_notes(dataset: Dataset, settings: DataSettings, normal: str = "") -> tuple[str, ...]:
    """What the splits leave to be desired, one sentence each; `normal` is `normal_label`'s."""
    by = settings.split.by
    notes: list[str] = []
    learned = [s for s in dataset.samples if not _strange(s, normal)]
    spoken = [s for s in learned if s.label != settings.silence_label]
    without = sum(not sample.groups.get(by) for sample in spoken)
    if without:
        have = "has" if without == 1 else "have"
        notes.append(
            f"{without} of {counted(len(spoken), settings.sense)} {have} no {by!r}: they are split "
            f"by recording, so the same {by} may be on both sides, and the figures do not tell how "
            f"the model does on a new {by}."
        )
    sides = {(name, s.split) for s in learned if (name := s.groups.get(by))}
    names = Counter(name for name, _ in sides)
    if crossing := sum(count > 1 for count in names.values()):
        notes.append(
            f"{crossing} of {len(names)} values of {by!r} are on more than one side of the split "
            f"that the source gives: the figures do not tell how the model does on new ones."
        )
    if wrong := sum(_strange(s, normal) and s.split == "train" for s in dataset.samples):
        notes.append(
            f"{wrong} recordings that are not {normal!r} stand in the training part that their "
            "source gives: nothing is learned from them."
        )
    counts = dataset.counts()
    if absent := [label for label in settings.labels if label not in counts]:
        notes.append(f"No recordings yet of: {', '.join(absent)}.")
    shares: Mapping[Split, float] = {
        "train": 1.0,
        "validation": settings.split.validation,
        "test": settings.split.test,
    }
    for split in SPLITS:
        wanted = [normal] if normal and split != "test" else list(counts)
        wanted = [label for label in wanted if label in counts]
        lacking = [label for label in wanted if shares[split] > 0 and not counts[label][split]]
        if lacking:
            notes.append(
                f"Nothing for {split} of: {', '.join(lacking)}. There are too few to share out, or "
                f"the source's own split has none."
            )
    return tuple(notes)
