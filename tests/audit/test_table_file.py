"""A table of labels and scores: what is read of it, against plain reading; what is refused."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincell.audit import TableColumns, TaskWords, audit_people, read_table, table_file
from coincell.errors import DataError
from coincell.evaluation import NO_DECISION
from coincell.project import AuditSettings

HEAD = ("who", "sex", "label", "score", "said")
ROWS = [
    ("ann", "F", "yes", "0.9", "yes"),
    ("ann", "F", "no", "0.2", "no"),
    ("bob", "M", "yes", "0.4", "no"),
    ("bob", "?", "no", "0.5", "yes"),
    ("cid", "M", "no", "0.1", ""),
]
SCORED = TableColumns("label", {"": "score"}, person="who")
DECIDED = TableColumns("label", decision="said", person="who")
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a table."""

    def make(
        rows: Sequence[Sequence[str]] = ROWS, head: Sequence[str] = HEAD, mark: str = ","
    ) -> Path:
        path = tmp_path / "table.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, delimiter=mark).writerows([head, *rows])
        return path

    return make


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_scores_of_the_obvious_label(write: Write, mark: str) -> None:
    table = read_table(write(mark=mark), SCORED)
    assert table.labels == ("no", "yes")
    assert table.truth.tolist() == [1, 0, 1, 0, 0]
    assert table.decisions.tolist() == [1, 0, 0, 1, 0]
    assert table.scores is not None
    assert np.allclose(table.scores[:, 1], [0.9, 0.2, 0.4, 0.5, 0.1])
    assert np.allclose(table.scores.sum(axis=1), 1)
    people = table.people(AuditSettings(person="who"))
    assert (people.count, people.by) == (3, "who")
    sex = next(column for column in people.columns if column.name == "sex")
    assert sex.values == ("F", "M", "not told")
    assert sex.codes.tolist() == [0, 0, 1, 2, 1]


def test_decisions_alone(write: Write) -> None:
    table = read_table(write(), DECIDED)
    assert table.scores is None
    assert table.decisions.tolist() == [1, 0, 0, 1, NO_DECISION]
    assert table.notes == ("Rows without a decision, which is no right answer: 1.",)


def test_a_threshold_of_ones_own(write: Write) -> None:
    columns = TableColumns("label", {"": "score"}, threshold=0.2)
    assert read_table(write(), columns).decisions.tolist() == [1, 1, 1, 1, 0]


def test_several_classes(write: Write) -> None:
    rows = [("a", "x", "0.2", "0.5", "0.3"), ("b", "y", "0.1", "0.2", "0.7")]
    path = write(rows, ("label", "sex", "one", "two", "three"))
    columns = TableColumns("label", {"a": "one", "b": "two", "c": "three"})
    table = read_table(path, columns)
    assert table.labels == ("a", "b", "c")
    assert table.truth.tolist() == [0, 1]
    assert table.decisions.tolist() == [1, 2]


def test_one_label_against_all_others(write: Write) -> None:
    rows = [("a", "0.7"), ("b", "0.6"), ("c", "0.1")]
    columns = TableColumns("label", {"": "score"}, positive="b")
    table = read_table(write(rows, ("label", "score")), columns)
    assert table.labels == ("not b", "b")
    assert table.truth.tolist() == [0, 1, 0]


def test_rows_without_an_answer_are_left_out_and_counted(write: Write) -> None:
    rows = [*ROWS, ("dan", "M", "", "0.5", "no"), ("eve", "F", "yes", "NaN", "no")]
    table = read_table(write(rows), SCORED)
    assert len(table.truth) == len(ROWS)
    assert table.notes == (
        "Rows without 'label': 1, left out.",
        "Rows without 'score': 1, left out.",
    )


def test_labels_that_only_one_side_has_are_named(write: Write) -> None:
    rows = [*ROWS, ("dan", "M", "yes", "0.5", "yess"), ("eve", "F", "perhaps", "0.5", "no")]
    notes = read_table(write(rows), DECIDED).notes
    assert "'yess' is decided, and never true." in notes
    assert "'perhaps' is true, and never decided." in notes


def test_a_column_of_ten_thousand_values_and_groups_of_one(write: Write) -> None:
    generator = np.random.default_rng(0)
    truth = generator.random(10_000) < 0.5
    rows = [
        (f"z{at}", "lonely" if at == 7 else "ab"[at % 2], str(int(real)), f"{score:.4f}")
        for at, (real, score) in enumerate(zip(truth, generator.random(10_000), strict=True))
    ]
    table = read_table(
        write(rows, ("zip", "team", "label", "score")), TableColumns("label", {"": "score"})
    )
    settings = AuditSettings(rounds=100)
    facts = audit_people(
        table.people(settings), [table.place], settings, TaskWords(""), seed=1, labels=table.labels
    )
    notes = table.noted(facts["notes"])
    assert any("'zip' is no group: it has 10,000 values" in note for note in notes)
    assert any("Set --person" in note for note in notes)
    (column,) = facts["columns"]
    claimed = {group["value"]: group["claimed"] for group in column["groups"]}
    assert claimed == {"a": True, "b": True, "lonely": False}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("ann", "F", "yes", "1.2", "no"), "line 7: a score is a number from 0 to 1; .* '1.2'"),
        (("ann", "F", "yes", "-3", "no"), "'-3'"),
        (("ann", "F", "yes", "inf", "no"), "'inf'"),
        (("ann", "F", "yes", "high", "no"), "'high'"),
        (("ann", "F", "yes", "0.1"), "line 7: 5 columns expected, 4 found"),
        (("ann" * 100, "F", "yes", "0.1", "no"), "'who' must have at most 200 characters"),
        (("ann", "F", "maybe", "0.1", "no"), "which label the scores are of must be told"),
    ],
)  # fmt: skip
def test_rows_that_cannot_be(write: Write, change: Sequence[str], says: str) -> None:
    with pytest.raises(DataError, match=says):
        read_table(write([*ROWS, change]), SCORED)


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        (TableColumns("label"), "received neither"),
        (TableColumns("labels", {"": "score"}), "no column 'labels'; its first line names 'who'"),
        (TableColumns("label", {"": "score"}, groups=("age",)), "no column 'age'"),
        (TableColumns("label", {"": "score"}, positive="maybe"), "has no 'maybe'"),
        (TableColumns("label", {"": "score"}, threshold=2.0), "received 2.0"),
        (TableColumns("label", {"yes": "score"}), "'no' of 'label' .* is no class"),
        (TableColumns("who", decision="who "), "no column 'who '"),
    ],
)
def test_columns_that_cannot_be(write: Write, columns: TableColumns, says: str) -> None:
    with pytest.raises(DataError, match=says):
        read_table(write(), columns)


def test_a_column_has_one_part() -> None:
    with pytest.raises(DataError, match="'label' is named twice"):
        TableColumns("label", decision="label")
    with pytest.raises(DataError, match="each must name its class"):
        TableColumns("label", {"": "one", "a": "two"})


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "received nothing"),
        (b"label,label\n1,2\n", "no two alike"),
        (b"label,,score\n", "each of at most"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b'label,score\n"1,0.5\n', "not a CSV file"),
        (b"label,score\n", "no row has both 'label'"),
        (b"label,score\n1,0.5\n1,0.7\n", "which label the scores are of"),
        (b"label,score\n1,0." + b"5" * 200_000 + b"\n", "field larger than"),
    ],
)
def test_files_that_are_no_tables(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=says):
        read_table(path, TableColumns("label", {"": "score"}))


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        ("label,score\n1,0.5\n".encode("utf-16"), "Save it as UTF-8"),
        ("label,score\n1,0.5\né,0.5\n".encode("latin-1"), "Save it as UTF-8"),
        (b"label;score\n1;0,5\n", "0.5, not 0,5"),
        (b"label;score\n1;1.5\n", "into probabilities"),
    ],
)
def test_what_spreadsheets_write_is_told_how_to_mend(
    tmp_path: Path, content: bytes, hint: str
) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_table(path, TableColumns("label", {"": "score"}))
    assert hint in caught.value.hint


def test_sizes(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write()
    monkeypatch.setattr(table_file, "MOST_ROWS", 4)
    with pytest.raises(DataError, match="at most 4 rows"):
        read_table(path, SCORED)
    monkeypatch.setattr(table_file, "MOST_BYTES", 10)
    with pytest.raises(DataError, match="it is not read"):
        read_table(path, SCORED)
    monkeypatch.undo()
    monkeypatch.setattr(table_file, "MOST_DRAWS", 299)
    with pytest.raises(DataError, match="at most 2 people; received 3"):
        read_table(path, SCORED).people(AuditSettings(person="who", rounds=100))
    monkeypatch.undo()
    monkeypatch.setattr(table_file, "MOST_CELLS", 5)
    with pytest.raises(DataError, match="at most 5; there are 3 such columns"):
        read_table(path, SCORED)
    with pytest.raises(DataError, match="Cannot read"):
        read_table(path.with_name("none.csv"), SCORED)
    with pytest.raises(DataError, match="a plain file"):
        read_table(Path("/dev/zero"), SCORED)


def test_classes_are_few(write: Write) -> None:
    rows = [("a", "b", str(at), "0.5", str(at)) for at in range(150)]
    with pytest.raises(DataError, match="2 to 100 classes; 'label' makes 150"):
        read_table(write(rows), DECIDED)


def test_long_text_in_a_column_that_nobody_named_is_cut(write: Write) -> None:
    rows = [(*row, "x" * 5000 + str(at)) for at, row in enumerate(ROWS)]
    table = read_table(write(rows, (*HEAD, "diary")), SCORED)
    diaries = [row["diary"] for row in table.groups]
    assert len(set(diaries)) == len(ROWS)
    assert max(map(len, diaries)) < 50


_CELLS = st.one_of(
    st.sampled_from(
        ["", "?", "0", "1", "yes", "no", "0.5", "1e400", "-0", "nan", '"', ",", "\x00", "\r"]
    ),
    st.text(max_size=6),
)


@given(st.lists(st.lists(_CELLS, min_size=2, max_size=4), max_size=6), st.binary(max_size=12))
def test_any_bytes_are_a_table_or_refused(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], behind: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    text = "label,score\n" + "\n".join(",".join(row) for row in rows)
    path.write_bytes(text.encode("utf-8", "surrogatepass") + behind)
    for columns in (TableColumns("label", {"": "score"}), TableColumns("label", decision="score")):
        try:
            table = read_table(path, columns)
        except DataError:
            continue
        assert len(table.truth) == len(table.decisions) == len(table.groups) > 0
        assert set(table.truth.tolist()) <= set(range(len(table.labels)))
        assert table.decisions.min() >= NO_DECISION
        assert table.decisions.max() < len(table.labels)
