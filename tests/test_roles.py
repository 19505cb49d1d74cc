"""Every way to a wrong number is refused, with the offender and the remedy in the text."""

import numpy as np
import pandas as pd
import pytest

from synthlab.checks import roles
from synthlab.dataset import REAL, SYNTHETIC, Dataset
from synthlab.errors import ContaminationError, InputError


def mail(texts, origin=REAL, name="mail", labels=None, **options):
    labels = ["ham", "spam", *["ham"] * len(texts)][: len(texts)] if labels is None else labels
    return Dataset(pd.Series(texts, dtype="str"), np.array(labels, "U4"), origin, name, **options)


def real_train(texts=("lunch at noon", "win a prize", "minutes attached"), **options):
    return mail(texts, **{"name": "inbox", "ids": [f"r{i}" for i in range(len(texts))], **options})


def synth_train(texts=("dear friend", "claim it now"), **options):
    return mail(texts, **{"origin": SYNTHETIC, "name": "fakes", **options})


def real_eval(texts=("see you at four", "cheap pills", "build is green"), **options):
    return mail(texts, **{"name": "later", "ids": [f"e{i}" for i in range(len(texts))], **options})


def check(**changes):
    trio = {"real_train": real_train(), "synth_train": synth_train(), "real_eval": real_eval()}
    roles.check_roles(**{**trio, **changes})


def refusal(kind, **changes) -> str:
    with pytest.raises(kind) as caught:
        check(**changes)
    assert type(caught.value) is kind
    return str(caught.value)


def says(text, *parts) -> bool:
    return not [part for part in parts if part not in text]


def test_clean_roles_pass():
    check()


# --- origins -------------------------------------------------------------------------------


def test_a_synthetic_row_in_eval_is_refused():
    text = refusal(ContaminationError, real_eval=real_eval(origin=[REAL, REAL, SYNTHETIC]))
    assert says(text, "later is an eval set", "1 of 3 rows are not real (rows 2)")
    assert says(text, "likeness to the generator", "data.take(data.origin == 'real')")


def test_a_synthetic_row_in_the_control_is_refused():
    text = refusal(ContaminationError, real_train=real_train(origin=[SYNTHETIC, REAL, REAL]))
    assert says(text, "inbox is the control's training set", "1 of 3 rows are not real (rows 0)")
    assert says(text, "controls for nothing", "data.take(data.origin == 'real')")


def test_a_real_row_on_trial_is_refused():
    text = refusal(ContaminationError, synth_train=synth_train(origin=[SYNTHETIC, REAL]))
    assert says(text, "fakes is the synthetic training set", "rows are not synthetic (rows 1)")
    assert says(text, "credited to the generator", "data.take(data.origin == 'synthetic')")


def test_the_remedy_for_mixed_origins_works():
    mixed = real_eval(origin=[REAL, REAL, SYNTHETIC])
    check(real_eval=mixed.take(mixed.origin == "real"))


# --- edge cases ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "make", "forbidden"),
    [
        ("real_train", real_train, "train"),
        ("synth_train", synth_train, "train"),
        ("real_eval", real_eval, "be scored"),
    ],
)
def test_an_edge_case_is_refused_in_every_role(role, make, forbidden):
    edge = np.arange(len(make())) == 1
    text = refusal(ContaminationError, **{role: make(is_edge_case=edge)})
    assert says(text, f"{make().name}: 1 rows are edge cases (rows 1)", f"may not {forbidden}")
    assert says(text, "skewed", "data.take(~data.is_edge_case)")


def test_the_remedy_for_edge_cases_works():
    mixed = real_eval(is_edge_case=[False, False, True])
    check(real_eval=mixed.take(~mixed.is_edge_case))


# --- labels and sizes ----------------------------------------------------------------------


@pytest.mark.parametrize("make", [real_train, synth_train, real_eval])
def test_an_empty_set_is_refused(make):
    text = refusal(InputError, **{make.__name__: make(())})
    assert says(text, f"{make().name} is empty", "Hand in rows")


def test_training_on_one_class_is_refused():
    text = refusal(InputError, real_train=real_train(labels=["ham"] * 3))
    assert says(text, "inbox: all 3 labels are 'ham'", "expected two classes or more")
    assert says(text, "Add rows of another class")


def test_an_eval_label_that_training_never_shows_is_refused():
    text = refusal(InputError, real_eval=real_eval(labels=["ham", "bulk", "bulk"]))
    assert says(text, "later: label 'bulk' stands in 2 eval rows (rows 1, 2)")
    assert says(text, "inbox never shows it", "Relabel or drop them, or train on that class")


def test_a_synthetic_label_that_real_training_never_shows_is_refused():
    text = refusal(InputError, synth_train=synth_train(labels=["ham", "Spam"]))
    assert says(text, "fakes", "'Spam'")


def test_synthetic_rows_may_be_of_one_class():
    check(synth_train=synth_train(labels=["spam", "spam"]))


def test_eval_rows_may_lack_a_class_that_trains():
    check(real_eval=real_eval(labels=["ham"] * 3))


# --- copies of texts -----------------------------------------------------------------------


def test_an_eval_row_of_the_training_set_is_refused_by_id():
    text = refusal(ContaminationError, real_eval=real_eval(ids=["e0", "r2", "e2"]))
    assert says(text, "1 of 3 eval rows of later also stand in inbox, by id (rows 1)")
    assert says(text, "measure memory", "sl.drop_overlap(eval, train)")


def test_an_eval_row_of_the_synthetic_set_is_refused_by_id():
    text = refusal(ContaminationError, synth_train=synth_train(ids=["e0", "f1"]))
    assert says(text, "1 of 3 eval rows of later also stand in fakes, by id (rows 0)")


@pytest.mark.parametrize("copy", ["cheap pills", "CHEAP Pills", "  cheap\n\tpills "])
def test_a_copied_text_is_refused_whatever_its_case_and_blanks(copy):
    text = refusal(ContaminationError, synth_train=synth_train(["dear friend", copy]))
    assert says(text, "1 of 3 eval rows of later also occur in fakes (rows 1)")
    assert says(text, "0 of 3 rows of inbox occur there twice", "measure memory")
    assert says(text, "sl.drop_overlap(eval, train)")


def test_a_text_of_other_words_is_no_copy():
    check(synth_train=synth_train(["dear friend", "cheap pills!"]))


def test_a_copied_text_in_real_train_is_refused_without_ids():
    copies = real_train(["lunch at noon", "cheap pills", "minutes"], ids=None)
    text = refusal(ContaminationError, real_train=copies)
    assert says(text, "1 of 3 eval rows of later also occur in inbox (rows 1)")


def test_a_text_that_repeats_within_eval_excuses_no_copy():
    twins = real_eval(["cheap pills", "see you at four", "see you at four"])
    text = refusal(
        ContaminationError, synth_train=synth_train(["x", "cheap pills"]), real_eval=twins
    )
    assert "1 of 3 eval rows of later also occur in fakes (rows 0)" in text


def test_equal_real_texts_with_ids_of_their_own_are_natures_repeats():
    check(real_train=real_train(["lunch at noon", "cheap pills", "minutes"]))


def test_a_single_missing_id_leaves_the_decision_to_the_content():
    copies = real_train(["lunch at noon", "cheap pills", "minutes"], ids=["r0", "r1", None])
    assert "(rows 1)" in refusal(ContaminationError, real_train=copies)


def test_ids_do_not_excuse_a_synthetic_copy():
    copies = synth_train(["dear friend", "cheap pills"], ids=["f0", "f1"])
    assert "(rows 1)" in refusal(ContaminationError, synth_train=copies)


# --- copies of table rows ------------------------------------------------------------------


def numbers(values, origin=REAL, name="table", **options):
    values = np.reshape(np.asarray(values, dtype=float), (len(values), -1))
    return Dataset(values, np.arange(len(values)) % 2, origin, name, **options)


def repeating_draws(rng, cells, sizes):
    """Fresh draws of one small discrete distribution: real_train, synth_train, real_eval."""
    origins = (REAL, SYNTHETIC, REAL)
    return [numbers(rng.integers(0, cells, n), o) for n, o in zip(sizes, origins, strict=True)]


def with_planted(data, source, n):
    """Overwrite the first n rows of a data set with those of another."""
    X = np.concatenate([source.X[:n], data.X[n:]])
    return Dataset(X, data.y, data.origin, data.name)


def share_refused(trios):
    refused = []
    for trio in trios:
        try:
            roles.check_roles(*trio)
        except ContaminationError:
            refused.append(True)
        else:
            refused.append(False)
    return np.mean(refused)


def draws(n, cells, sizes):
    for seed in range(n):
        yield repeating_draws(np.random.default_rng(seed), cells, sizes)


@pytest.mark.parametrize(
    ("cells", "sizes"),
    [(500, (100, 100, 100)), (2_000, (500, 500, 200)), (2_000, (500, 5_000, 200))],
)
def test_a_fresh_draw_of_repeating_rows_is_hardly_ever_refused(cells, sizes):
    assert share_refused(draws(200, cells, sizes)) <= 0.02


def test_planted_copies_among_repeating_training_rows_are_refused():
    planted = (
        (with_planted(train, eval, len(eval) // 2), synth, eval)
        for train, synth, eval in draws(50, 20_000, (500, 500, 200))
    )
    assert share_refused(planted) == 1


def test_the_refusal_of_training_rows_names_copies_and_natural_repeats():
    values = np.arange(50) + 100
    text = refusal(
        ContaminationError,
        real_train=numbers(values, name="people"),
        synth_train=numbers(np.arange(50), SYNTHETIC),
        real_eval=numbers(values, name="others"),
    )
    assert says(text, "50 of 50 eval rows of others also occur in people (rows 0, 1, 2, 3, 4, …)")


def test_a_single_repeat_of_a_table_row_is_no_leak():
    check(
        real_train=numbers([0, 1, 2, 3]),
        synth_train=numbers([4], SYNTHETIC),
        real_eval=numbers([3, 9, 5]),
    )


# --- lineage -------------------------------------------------------------------------------


def test_a_row_made_from_an_eval_row_is_refused():
    text = refusal(ContaminationError, synth_train=synth_train(derived_from=[["r0"], ["e1", "r1"]]))
    assert says(text, "1 of 2 rows of fakes (rows 1)", "real rows that stand in later (first: e1)")
    assert says(text, "Keep the rows whose derived_from lies in real_train")


def test_a_row_made_from_a_real_row_that_the_control_never_had_is_refused():
    text = refusal(ContaminationError, synth_train=synth_train(derived_from=[["x9"], ["r1"]]))
    assert says(text, "1 of 2 rows of fakes (rows 0)", "are not in inbox (first: x9)")
    assert says(text, "a lift would be borrowed")


def test_rows_made_from_the_controls_own_rows_pass():
    check(synth_train=synth_train(derived_from=[["r0", "r2"], []]))


@pytest.mark.parametrize("make", [real_train, real_eval])
def test_lineage_that_nobody_can_check_is_refused(make):
    fakes = synth_train(derived_from=[["r0"], ["r1"]])
    text = refusal(InputError, synth_train=fakes, **{make.__name__: make(ids=None)})
    assert says(text, "fakes names the real rows", f"{make().name} has no ids", "Load it with ids")


# --- overlapping_rows and drop_overlap -----------------------------------------------------


def frame(**columns):
    n = len(next(iter(columns.values())))
    return Dataset(pd.DataFrame(columns), np.arange(n) % 2, REAL)


def test_overlapping_rows_are_positions_in_eval():
    found = roles.overlapping_rows(numbers([5, 6, 7]), numbers([9, 7, 8, 5]))
    assert found.tolist() == [1, 3]


def test_a_row_overlaps_only_as_a_whole():
    train, eval = numbers([[1, 2], [3, 4]]), numbers([[1, 4], [3, 2]])
    assert roles.overlapping_rows(train, eval).size == 0


def test_whole_numbers_equal_floats_of_the_same_value():
    assert roles.overlapping_rows(frame(a=[1, 2]), frame(a=[2.0, 0.5])).tolist() == [0]


def test_a_missing_value_equals_a_missing_value():
    train = frame(a=[1.0, np.nan], b=["u", None])
    assert roles.overlapping_rows(train, frame(a=[np.nan], b=[None])).tolist() == [0]


def test_categories_equal_their_texts():
    train = frame(a=pd.Categorical(["u", "v"]))
    assert roles.overlapping_rows(train, frame(a=["v", "w"])).tolist() == [0]


def test_copies_are_found_whatever_the_order_of_columns():
    train, eval = frame(a=[1, 2], b=[3, 4]), frame(b=[3, 9], a=[1, 2])
    assert roles.overlapping_rows(train, eval).tolist() == [0]


def test_dropping_the_overlap_makes_the_check_pass():
    fakes = synth_train(["dear friend", "Cheap  pills"], ids=["f0", "e2"])
    left = roles.drop_overlap(real_eval(), fakes)
    assert left.ids.tolist() == ["e0"]
    check(synth_train=fakes, real_eval=left)


def test_dropping_no_overlap_keeps_every_row():
    assert roles.drop_overlap(real_eval(), real_train()).ids.tolist() == ["e0", "e1", "e2"]


def test_dropping_the_overlap_leaves_eval_as_it_was():
    eval = real_eval()
    roles.drop_overlap(eval, eval)
    assert len(eval) == 3


# --- groups --------------------------------------------------------------------------------


def test_a_group_may_not_stand_on_both_sides():
    train, held_out = real_train(groups=["a", "b", "c"]), real_eval(groups=["x", "b", "y"])
    text = refusal(ContaminationError, real_train=train, real_eval=held_out)
    assert says(text, "rows 1", "first: b", "how well a group is remembered", "split_rows")


def test_groups_of_training_rows_need_groups_of_evaluation_rows():
    text = refusal(InputError, real_train=real_train(groups=["a", "b", "c"]))
    assert says(text, "has groups", "too narrow", "Give the evaluation rows their groups")


def test_one_group_shows_no_spread():
    text = refusal(InputError, real_eval=real_eval(groups=["x"] * 3))
    assert says(text, "1 group(s)", "expected 2 groups or more")


def test_groups_apart_are_fine():
    train, held_out = real_train(groups=["a", "a", "b"]), real_eval(groups=["x", "y", "y"])
    check(real_train=train, real_eval=held_out)
