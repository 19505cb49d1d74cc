"""A row never forgets where it came from, and nothing that is handed in is changed."""

from dataclasses import FrozenInstanceError
from functools import partial

import numpy as np
import pandas as pd
import pytest
from cases import unclear
from hypothesis import given, settings
from hypothesis import strategies as st

from synthlab.dataset import REAL, SYNTHETIC, Dataset
from synthlab.errors import InputError

STEADY = settings(deadline=None, derandomize=True, max_examples=50)
FIELDS = ("y", "origin", "ids", "derived_from", "is_edge_case")


def mail(texts=("hello bob", "win money", "see you"), labels=("ham", "spam", "ham"), **options):
    return Dataset(pd.Series(texts), labels, **{"origin": REAL, "name": "mail", **options})


def table(n=4, origin=REAL, **options):
    frame = pd.DataFrame({"age": np.arange(n), "city": [f"city {i}" for i in range(n)]})
    return Dataset(frame, np.arange(n) % 2, origin, **options)


def refusal(make, *args, **options) -> str:
    with pytest.raises(InputError) as caught:
        make(*args, **options)
    return str(caught.value)


@st.composite
def datasets(draw, prefix, min_size=0):
    """Texts of mixed origin, with ids, parents and edge cases by row."""
    n = draw(st.integers(min_size, 5))
    rows = [draw(st.tuples(st.sampled_from([REAL, SYNTHETIC]), st.booleans())) for _ in range(n)]
    return Dataset(
        pd.Series([f"text {prefix} {i}" for i in range(n)], dtype="str"),
        np.array([draw(st.sampled_from(["ham", "spam"])) for _ in range(n)], dtype="U4"),
        np.array([origin for origin, _ in rows], dtype="U9"),
        prefix,
        [draw(st.sampled_from([None, f"{prefix}{i}"])) for i in range(n)],
        [draw(st.sampled_from([(), ("p1",), ("p1", "p2")])) for _ in range(n)],
        np.array([edge for _, edge in rows], dtype=bool),
    )


def rows_of(data):
    """Everything that a data set knows of each row."""
    X = data.X.to_numpy() if data.is_text else map(tuple, np.asarray(data.X))
    return list(zip(X, *(getattr(data, field) for field in FIELDS), strict=True))


# --- joining -------------------------------------------------------------------------------


@STEADY
@given(a=datasets("a"), b=datasets("b"))
def test_joined_rows_are_those_of_the_first_then_those_of_the_second(a, b):
    assert rows_of(a + b) == rows_of(a) + rows_of(b)


@STEADY
@given(a=datasets("a"), b=datasets("b"))
def test_joining_adds_up_lengths(a, b):
    assert len(a + b) == len(a) + len(b)


@STEADY
@given(a=datasets("a"), b=datasets("b"), c=datasets("c"))
def test_joining_is_associative(a, b, c):
    assert rows_of((a + b) + c) == rows_of(a + (b + c))


@STEADY
@given(a=datasets("a"), b=datasets("b"))
def test_joining_changes_neither_side(a, b):
    before = rows_of(a), rows_of(b)
    _ = a + b
    assert (rows_of(a), rows_of(b)) == before


def test_joining_names_both():
    assert (mail(name="mine") + mail(name="yours")).name == "mine + yours"


def test_joining_with_a_side_without_ids_leaves_these_rows_without():
    joined = mail(ids=["1", "2", "3"]) + mail()
    assert joined.ids.tolist() == ["1", "2", "3", None, None, None]


def test_joining_without_ids_has_none():
    assert (mail() + mail()).ids is None


def test_joining_puts_columns_in_the_order_of_the_first():
    swapped = Dataset(table().X[["city", "age"]], table().y, SYNTHETIC)
    pd.testing.assert_frame_equal((table() + swapped).X.iloc[4:].reset_index(drop=True), table().X)


def test_joining_the_same_id_twice_is_refused():
    text = refusal(mail(ids=["1", "2", "3"]).__add__, mail(ids=["7", "2", "3"]))
    assert "2 ids repeat (first: 2, 3)" in text
    assert "Drop the repeats" in text


def test_joining_other_columns_is_refused():
    renamed = Dataset(table().X.rename(columns={"city": "town"}), table().y, SYNTHETIC, "fakes")
    text = refusal(table(name="people").__add__, renamed)
    assert "people and fakes differ in 2 column(s): city, town" in text
    assert "Give both the same columns" in text


def test_joining_arrays_of_other_widths_is_refused():
    narrow, wide = (Dataset(np.zeros((2, k)), [0, 1], REAL) for k in (1, 2))
    assert "differ in 1 column(s): 1" in refusal(narrow.__add__, wide)


def test_joining_texts_with_a_table_is_refused():
    text = refusal(mail().__add__, table(name="people"))
    assert "mail holds a Series, people a DataFrame" in text
    assert "same form" in text


def test_joining_with_something_else_is_a_type_error():
    with pytest.raises(TypeError, match="unsupported operand"):
        mail() + "a text"


def test_joining_numbered_with_named_classes_is_refused():
    named = Dataset(table().X, table().y.astype(str), SYNTHETIC)
    assert "label" in refusal(table().__add__, named)


# --- frozen --------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["X", "name", *FIELDS])
def test_fields_cannot_be_set(field):
    with pytest.raises(FrozenInstanceError):
        setattr(mail(), field, None)


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("derive", [lambda d: d, lambda d: d.take([0, 2]), lambda d: d + mail()])
def test_arrays_cannot_be_written(field, derive):
    data = derive(mail(ids=["1", "2", "3"]))
    with pytest.raises(ValueError, match="read-only"):
        getattr(data, field)[0] = None


def test_an_array_of_features_cannot_be_written():
    data = Dataset(np.zeros((2, 2)), [0, 1], REAL)
    with pytest.raises(ValueError, match="read-only"):
        data.X[0, 0] = 1


@pytest.mark.parametrize("kind", [np.array, pd.DataFrame])
def test_features_do_not_follow_their_source(kind):
    X = kind(np.zeros((2, 2)))
    data = Dataset(X, [0, 1], REAL)
    X[:] = 7
    assert not np.asarray(data.X).any()


def test_labels_do_not_follow_their_source():
    y = np.array([0, 1, 0, 1])
    data = Dataset(table().X, y, REAL)
    y[:] = 7
    assert data.y.tolist() == [0, 1, 0, 1]


def test_sources_stay_writeable_and_unchanged():
    X, y, edge = np.ones((2, 2)), np.array([0, 1]), np.array([False, True])
    Dataset(X, y, REAL, is_edge_case=edge)
    assert all(array.flags.writeable for array in (X, y, edge))
    assert (X.sum(), y.tolist(), edge.tolist()) == (4, [0, 1], [False, True])


def test_a_source_frame_keeps_its_index():
    frame = pd.DataFrame({"a": [1, 2]}, index=["x", "y"])
    assert Dataset(frame, [0, 1], REAL).X.index.tolist() == [0, 1]
    assert frame.index.tolist() == ["x", "y"]


# --- rows ----------------------------------------------------------------------------------


@STEADY
@given(data=datasets("a", min_size=1), choice=st.data())
def test_take_by_position_takes_these_rows(data, choice):
    rows = choice.draw(st.lists(st.integers(0, len(data) - 1), unique=True))
    assert rows_of(data.take(rows)) == [rows_of(data)[row] for row in rows]


@STEADY
@given(data=datasets("a", min_size=1), choice=st.data())
def test_take_by_mask_takes_the_marked_rows(data, choice):
    mask = np.array(choice.draw(st.lists(st.booleans(), min_size=len(data), max_size=len(data))))
    assert rows_of(data.take(mask)) == rows_of(data.take(np.flatnonzero(mask)))


@pytest.mark.parametrize("make", [mail, table])
def test_take_keeps_the_kind_of_features(make):
    assert type(make().take([0]).X) is type(make().X)


def test_take_counts_rows_from_zero_again():
    assert mail().take([2, 1]).X.index.tolist() == [0, 1]


def test_take_can_rename():
    assert mail().take([0], name="first").name == "first"


def test_take_by_a_mask_of_another_length_is_refused():
    text = refusal(mail().take, np.array([True, False]))
    assert "2" in text
    assert "3" in text


def test_take_of_an_absent_row_is_an_index_error():
    with pytest.raises(IndexError):
        mail().take([3])


def test_classes_are_sorted_and_distinct():
    assert mail().classes.tolist() == ["ham", "spam"]


def test_repr_counts_rows_by_origin():
    fakes = mail(origin=SYNTHETIC, name="llm")
    expected = "Dataset 'mail + llm': 6 rows (3 real, 3 synthetic), 2 classes"
    assert repr(mail() + fakes) == expected


def test_one_origin_holds_for_every_row():
    assert mail(origin=SYNTHETIC).origin.tolist() == [SYNTHETIC] * 3


def test_origins_by_row_are_kept():
    assert mail(origin=[REAL, SYNTHETIC, REAL]).origin.tolist() == [REAL, SYNTHETIC, REAL]


@pytest.mark.parametrize(
    "labels",
    [
        pd.Series(["u", "v", "u"], index=[7, 8, 9]),
        pd.Categorical(["u", "v", "u"]),
        pd.array(["u", "v", "u"], dtype="string"),
        np.array([["u"], ["v"], ["u"]]),
    ],
)
def test_labels_of_any_container_become_a_plain_array(labels):
    assert mail(labels=labels).y.tolist() == ["u", "v", "u"]


def test_integer_labels_stay_integers():
    assert mail(labels=pd.array([1, 0, 1], dtype="Int64")).y.dtype.kind == "i"


def test_ids_become_texts():
    assert mail(ids=[1, 2, 3]).ids.tolist() == ["1", "2", "3"]


def test_parents_are_texts_as_ids_are():
    fakes = mail(origin=SYNTHETIC, derived_from=[[1], [2, 3], []])
    assert fakes.derived_from.tolist() == [("1",), ("2", "3"), ()]


# --- what is refused -----------------------------------------------------------------------


@pytest.mark.parametrize("missing", [float("nan"), None, pd.NA, pd.NaT])
def test_missing_labels_are_refused(missing):
    text = refusal(mail, labels=["ham", missing, "spam"])
    assert "mail: 1 of 3 labels are missing (rows 1)" in text
    assert "Drop these rows, or label them" in text


def test_a_missing_label_of_a_nullable_column_is_refused():
    assert "1 of 3 labels" in refusal(mail, labels=pd.array([1, None, 0], dtype="Int64"))


@pytest.mark.parametrize("text", ["", "  \n\t", None, float("nan"), 7])
def test_what_is_no_text_is_refused(text):
    message = refusal(mail, texts=["hello", "see you", text])
    assert "1 of 3 texts are empty or no text (rows 2)" in message
    assert "Drop these rows" in message


def test_only_the_first_offenders_are_named():
    text = refusal(mail, texts=[""] * 7, labels=["ham"] * 7)
    assert "(rows 0, 1, 2, 3, 4, …)" in text


def test_repeated_ids_are_refused():
    text = refusal(mail, ids=["a", "b", "a"])
    assert "1 ids repeat (first: a)" in text
    assert "give every row its own id" in text


def test_ids_that_repeat_as_texts_are_refused():
    assert "ids repeat" in refusal(mail, ids=[1, "1", 2])


def test_absent_ids_may_repeat():
    assert mail(ids=[None, float("nan"), "a"]).ids.tolist() == [None, None, "a"]


@pytest.mark.parametrize(
    ("field", "values", "said"),
    [
        ("labels", ["ham", "spam"], "2 labels for 3 rows"),
        ("labels", np.array([["u", "v"]] * 3), "6 labels for 3 rows"),
        ("labels", [["u", "v"]] * 3, "label column holds ['u', 'v'] (3 such values"),
        ("ids", ["1", "2"], "2 ids for 3 rows"),
        ("origin", [REAL], "origin has shape (1,) for 3 rows"),
        ("derived_from", [()], "derived_from lists 1 rows of 3"),
        ("is_edge_case", [True, False], "is_edge_case has shape (2,) for 3 rows"),
    ],
)
def test_other_than_one_value_per_row_is_refused(field, values, said):
    assert f"mail: {said}" in refusal(mail, **{field: values})


@pytest.mark.parametrize("origin", ["Real", "fake", "", [REAL, "scraped", REAL]])
def test_an_unknown_origin_is_refused(origin):
    text = refusal(mail, origin=origin)
    assert "mail: unknown origin" in text
    assert "expected 'real' or 'synthetic'" in text


def test_parents_that_are_not_lists_are_refused():
    assert "derived_from" in refusal(mail, derived_from=["p1", "p2", "p3"])


@pytest.mark.parametrize("X", [np.zeros(3), np.zeros((3, 2, 2)), "text"])
def test_an_array_of_other_than_two_dimensions_is_refused(X):
    text = refusal(Dataset, X, [0, 1, 0], REAL, "cube")
    assert f"cube: X has {np.ndim(X)} dimension(s)" in text
    assert "(n_rows, n_columns)" in text


def test_columns_that_cannot_be_told_apart_or_compared_are_refused():
    frames = {
        "column 'a' occurs more than once": pd.DataFrame([[1, 2, 3]], columns=["a", "a", "b"]),
        "column names nan: expected texts": pd.DataFrame({np.nan: [1], "a": [2]}),
        "column names True: expected texts": pd.DataFrame({True: [1]}),
        "column 'a' holds [1] (1 such values, rows 1)": pd.DataFrame({"a": [1, [1]]}),
        "column 'a' holds b'x' (1 such values": pd.DataFrame({"a": [b"x"]}),
        "column 'a' holds complex numbers": pd.DataFrame({"a": [1j]}),
        "column 0 holds {} (1 such values": np.array([[{}]], dtype=object),
    }
    calls = {said: (partial(Dataset, X, [0] * len(X), REAL), said) for said, X in frames.items()}
    assert unclear(calls) == []


def test_a_frame_without_columns_is_refused():
    assert "no feature column" in refusal(Dataset, pd.DataFrame(index=[0, 1]), [0, 1], REAL)


# --- frames --------------------------------------------------------------------------------


def frame():
    return pd.DataFrame({"key": [11, 12], "note": ["hi", "ho"], "age": [3, 4], "kind": ["u", "v"]})


def test_from_frame_takes_all_other_columns_as_features():
    data = Dataset.from_frame(frame(), target="kind", origin=REAL, id="key")
    assert data.X.columns.tolist() == ["note", "age"]
    assert (data.y.tolist(), data.ids.tolist()) == (["u", "v"], ["11", "12"])


def test_from_frame_with_a_text_column_leaves_out_the_others():
    data = Dataset.from_frame(frame(), target="kind", text="note", origin=SYNTHETIC)
    assert data.is_text
    assert data.X.tolist() == ["hi", "ho"]


def test_from_frame_leaves_the_frame_as_it_is():
    source = frame()
    Dataset.from_frame(source, target="kind", text="note", origin=REAL, id="key")
    pd.testing.assert_frame_equal(source, frame())


@pytest.mark.parametrize("role", ["target", "text", "id"])
def test_from_frame_refuses_a_column_that_is_not_there(role):
    options = {"target": "kind", role: "knid"}
    text = refusal(Dataset.from_frame, frame(), origin=REAL, name="people", **options)
    assert f"people: no column 'knid' (asked for as {role})" in text
    assert "'key', 'note', 'age', 'kind'" in text


def test_from_frame_refuses_a_target_without_features():
    assert "no feature" in refusal(
        Dataset.from_frame, frame()[["kind"]], target="kind", origin=REAL
    )


def test_from_frame_refuses_the_label_as_its_own_feature():
    options = {"target": "note", "text": "note", "origin": REAL}
    assert "'note'" in refusal(Dataset.from_frame, frame(), **options)


def test_from_frame_keeps_rows_without_an_id_apart():
    source = frame().assign(key=["a", None])
    assert Dataset.from_frame(source, target="kind", origin=REAL, id="key").ids[1] is None


def test_from_frame_ids_do_not_depend_on_a_gap():
    source = frame().assign(key=[11, None])  # pandas stores these as 11.0 and NaN
    assert Dataset.from_frame(source, target="kind", origin=REAL, id="key").ids[0] == "11"


def test_only_an_edge_case_may_be_an_empty_text():
    texts = pd.Series(["", "hello bob"])
    rows = Dataset(texts, ["ham", "ham"], "synthetic", is_edge_case=[True, False])
    assert rows.X.to_list() == ["", "hello bob"]
    with pytest.raises(InputError, match=r"1 of 2 texts are empty or no text \(rows 0\)"):
        Dataset(texts, ["ham", "ham"], "synthetic", is_edge_case=[False, True])
    with pytest.raises(InputError, match="no text"):
        Dataset(pd.Series([None, "hello"]), ["ham", "ham"], "synthetic", is_edge_case=True)
