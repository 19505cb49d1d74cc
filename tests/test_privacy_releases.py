"""A release is judged on rows of its own; broken mechanisms are caught, whole ones are not."""

import math

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from synthlab.dataset import Dataset
from synthlab.errors import InputError
from synthlab.privacy import (
    PublicTree,
    VerbatimCopy,
    auc_of,
    judge_release,
    mislabel,
    noisy_counts,
    share_refuted,
    split_people,
)


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"x": rng.normal(size=1_000), "z": rng.normal(size=1_000)})
    y = np.where(X["x"] + rng.normal(size=1_000) > 0, "yes", "no")
    return Dataset(X, y, "real", "persons", [f"p{i}" for i in range(1_000)])


@pytest.fixture(scope="module")
def split(rows):
    return split_people(rows, 400, 300, n_public=100, n_people=50)


def refusal(call, *arguments, **options):
    with pytest.raises(InputError) as caught:
        call(*arguments, **options)
    return str(caught.value)


def test_no_row_has_two_roles_and_people_are_of_their_side(split):
    ids = {name: set(getattr(split, name).ids) for name in ("train", "held_out", "public")}
    assert [len(one) for one in ids.values()] == [400, 300, 100]
    assert len(set.union(*ids.values())) == 800
    everyone = split.people.groups[0]
    assert set(everyone.targets.ids) <= ids["train"]
    assert set(everyone.controls.ids) <= ids["held_out"]


def test_the_same_seed_splits_alike_and_another_does_not(rows, split):
    again = split_people(rows, 400, 300, n_public=100, n_people=50)
    other = split_people(rows, 400, 300, n_people=50, random_state=1)
    assert list(again.train.ids) == list(split.train.ids) != list(other.train.ids)
    assert len(other.public) == 0


def test_the_area_is_scikit_learns(split):
    found = auc_of(LogisticRegression(), split.train, split.held_out)
    scores = LogisticRegression().fit(split.train.X, split.train.y).predict_proba(split.held_out.X)
    assert found == pytest.approx(roc_auc_score(split.held_out.y == "yes", scores[:, 1]))
    assert found > 0.7


def test_a_verbatim_release_is_told_by_its_record(split):
    copy = Dataset(split.train.X, split.train.y, "synthetic", "copy")
    records = pd.DataFrame(judge_release(copy, split, 0.8, secret="z"))
    assert set(records["auc"]) == {0.8}
    assert set(records["n_rows"]) == {400}
    of = records[records["group"] == "everyone"].set_index("attack")["advantage"]
    assert of["membership by distance"] == 1


def test_without_a_secret_nobody_is_attacked(split):
    (record,) = judge_release(split.train, split, 0.8)
    assert set(record) == {"auc", "n_rows", "lost"}


def test_what_cannot_be_split_or_ranked_is_refused(rows, split):
    assert "sum to 1,000 at most" in refusal(split_people, rows, 900, 101)
    assert "n_train=0" in refusal(split_people, rows, 0, 100)
    one = split.train.take(split.train.y == "yes")
    assert "1 labels: expected two" in refusal(auc_of, LogisticRegression(), one, split.held_out)


def test_one_hot_rows_have_a_one_per_column():
    tree = PublicTree(["x"], {"town": None, "age": None}, {"town": ("A", "B")}, {"age": (0, 9, 99)})
    X = pd.DataFrame({"age": [1, 50], "town": ["B", "A"]})
    found = tree.one_hot(Dataset(X, ["x", "x"], "real", "two", ["a", "b"]))
    assert found.X.tolist() == [[0, 1, 1, 0], [1, 0, 0, 1]]
    assert list(found.ids) == ["a", "b"]


def test_noise_that_was_forgotten_is_caught_and_all_of_it_is_not():
    pytest.importorskip("opendp", reason="opendp is missing: make setup-privacy")
    sizes = {"n_canaries": 1_000, "n_guesses": 500, "n_audits": 3}
    assert share_refuted(**sizes, divisor=math.inf) == 1
    assert share_refuted(**sizes) == 0
    assert noisy_counts(10, 1.0, divisor=3).epsilon == pytest.approx(3.294, abs=0.001)


def test_a_further_column_depends_on_the_label_alone():
    tree = PublicTree(["x"], {"town": None}, {"town": ("A", "B")}).with_column("audit", ("u", "v"))
    assert tree.parents == {"town": None, "audit": None}
    assert tree.n_values("audit") == 2


def test_a_verbatim_copy_publishes_each_row_once_and_names_it(split):
    fitted, rng = VerbatimCopy().fit(split.train, None), np.random.default_rng(0)
    made = fitted.sample(400, rng)
    assert set(made.origin) == {"synthetic"}
    assert sorted(parent for parents in made.derived_from for parent in parents) == sorted(
        split.train.ids
    )
    assert set(fitted.sample(50, rng, "yes").y) == {"yes"}
    assert "at most the 400 rows" in refusal(fitted.sample, 401, rng)


def test_wrong_labels_are_as_many_as_asked_for(split):
    spoiled = mislabel(split.train, 0.25, np.random.default_rng(0))
    assert (spoiled.y != split.train.y).mean() == pytest.approx(0.25, abs=0.06)
    assert set(spoiled.y) == {"no", "yes"}
    assert (mislabel(split.train, 0, np.random.default_rng(0)).y == split.train.y).all()
    assert "share=2" in refusal(mislabel, split.train, 2, np.random.default_rng(0))


def test_no_audit_is_refused():
    assert "n_audits=0" in refusal(share_refuted, 1_000, 500, n_audits=0)
