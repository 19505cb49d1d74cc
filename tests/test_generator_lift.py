"""The generator on trial: fitted inside every split, never shown an eval row."""

import numpy as np
import pytest
from simulated import Copier, two_classes
from sklearn.linear_model import LogisticRegression

from synthlab import evaluate_generator_lift
from synthlab.dataset import Dataset
from synthlab.errors import ContaminationError, InputError
from synthlab.splits import repeated_folds
from synthlab.stats import intervals

MODEL = LogisticRegression()


class Informed(Copier):
    """Knows the truth: draws fresh rows of the real kind."""

    def sample(self, n, rng, label=None):
        return two_classes(n, "synthetic", int(rng.integers(2**31)), 0.2, columns=200)


class Watcher(Copier):
    """Remembers how many rows it was fitted on, and so do its copies."""

    def __deepcopy__(self, memo):
        return self

    def fit(self, real_train, rng):
        self.seen = [*getattr(self, "seen", []), len(real_train)]
        return super().fit(real_train, rng)


def lift(generator, real=None, n_synth=200, **options):
    real = two_classes(400) if real is None else real
    options = {"model": MODEL, "n_splits": 6} | options
    return evaluate_generator_lift(real, generator, n_synth, **options)


def test_interval_is_nadeau_and_bengios():
    found = lift(Copier(), eval_share=0.25)
    arms = found.arms.pivot(index="seed", columns="arm", values="score")
    lifts = arms["real_plus_synth"] - arms["real_only"]
    expected = intervals.repeated_split_interval(lifts, 100 / 300)
    assert found["ci_low"] == pytest.approx(expected.low)
    assert found["lift"] == pytest.approx(expected.estimate)


def test_generator_is_fitted_in_every_split_on_training_rows_alone():
    watcher = Watcher()
    lift(watcher, eval_share=0.2)
    assert watcher.seen == [320] * 6


def test_knowledge_helps_and_noise_does_not():
    real = two_classes(300, signal=0.2, columns=200)
    informed = lift(Informed(), real, 2_000, n_splits=20, margin=0.0, scoring="roc_auc")
    copied = lift(Copier(noise=3.0), real, 2_000, n_splits=20, margin=0.0, scoring="roc_auc")
    assert informed["verdict"] == "helps"
    assert copied["verdict"] != "helps"


def test_same_random_state_gives_the_same_answer():
    first, again, other = (lift(Copier(), random_state=s)["lift"] for s in (0, 0, 1))
    assert first == again != other


def test_clusters_stay_on_one_side():
    half, clusters = two_classes(100), np.repeat(np.arange(100), 2)
    twins = Dataset(half.X.iloc[clusters], half.y[clusters], "real")
    watcher = Watcher()
    lift(watcher, twins, clusters=clusters)
    assert watcher.rows.X.value_counts().eq(2).all()


class LabelWatcher(Copier):
    """Remembers which label it was asked for, and so do its copies."""

    def __deepcopy__(self, memo):
        return self

    def sample(self, n, rng, label=None):
        self.asked = label
        return super().sample(n, rng, label)


def test_the_generator_is_asked_for_the_label_alone():
    watcher = LabelWatcher()
    lift(watcher, label="yes")
    assert watcher.asked == "yes"


def test_baselines_are_fitted_in_every_split_and_none_is_beaten_by_noise():
    found = lift(Copier(), baselines=True, n_splits=4)
    assert {"duplicated real rows", "class weights", "re-tuned"} <= set(found.baselines["baseline"])
    assert found["beats_baselines"] is False
    assert (found.baselines["verdict"] != "helps").all()


def test_gains_over_baselines_are_nadeau_and_bengios_around_the_difference_of_scores():
    found = lift(Copier(), baselines=True, n_splits=4, eval_share=0.25)
    treated = found["real_plus_synth"]
    for row in found.baselines.itertuples():
        assert row.gain == pytest.approx(treated - row.score)
        assert row.ci_low < row.gain < row.ci_high


def test_a_generator_that_knows_more_than_its_rows_beats_every_baseline():
    real = two_classes(300, signal=0.2, columns=200)
    options = {"n_splits": 20, "margin": 0.0, "scoring": "roc_auc", "baselines": True}
    assert lift(Informed(), real, 2_000, **options)["beats_baselines"] is True


def test_nobody_asked_for_baselines():
    found = lift(Copier(), baselines=False)
    assert found["beats_baselines"] is None
    assert found.baselines.empty


def test_few_positives_give_no_verdict():
    found = lift(Copier(), two_classes(300, share=0.1), scoring="roc_auc")
    assert found["verdict"] == "inconclusive"
    assert "rarest class" in found.reason


def test_generator_that_returns_too_few_rows_is_an_error():
    with pytest.raises(InputError, match=r"Copier.sample returned 195 rows where 200"):
        lift(Copier(short=5))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"n_splits": 1}, "n_splits=1"),
        ({"eval_share": 1.0}, "eval_share"),
        ({"margin": -1}, "margin"),
    ],
)
def test_settings_without_meaning_are_errors(options, told):
    with pytest.raises(InputError, match=told):
        lift(Copier(), **options)


def test_synthetic_rows_cannot_be_the_real_ones():
    with pytest.raises(ContaminationError):
        lift(Copier(), two_classes(100, "synthetic"))


# --- whole rounds of cross-validation ---------------------------------------------------------


def test_whole_rounds_of_cross_validation_get_the_shorter_interval():
    real = two_classes(300)
    folded = lift(Copier(), real, 200, n_splits=10, scoring="roc_auc")
    drawn = lift(Copier(), real, 200, n_splits=9, scoring="roc_auc")
    assert folded.provenance["interval"] == "cross-validated influence"
    assert drawn.provenance["interval"] == "Nadeau-Bengio"
    scores = folded.arms.pivot(index="seed", columns="arm", values="score")
    lifts = scores["real_plus_synth"] - scores["real_only"]
    plain = intervals.repeated_split_interval(lifts, 0.25)
    assert folded["lift"] == pytest.approx(plain.estimate)
    assert folded["ci_high"] - folded["ci_low"] < plain.high - plain.low


def test_every_row_is_held_out_equally_often():
    masks = repeated_folds(np.arange(30) % 2, 5, seeds=[1, 2])
    assert np.sum(masks, axis=0).tolist() == [2] * 30
    assert {mask.sum() for mask in masks} == {6}
    assert not np.array_equal(masks[0], masks[5])


def test_what_is_not_whole_or_not_independent_is_split_at_random():
    real, grouped = two_classes(100), two_classes(100)
    grouped = grouped.replace(groups=np.arange(100) // 2)
    few = real.take(np.flatnonzero(real.y == real.classes[0]).tolist()[:20])
    few += real.take(np.flatnonzero(real.y == real.classes[1]).tolist()[:4])
    cases = {
        "one round": (real, {"n_splits": 5}),
        "no whole rounds": (real, {"n_splits": 12}),
        "no whole folds": (real, {"n_splits": 10, "eval_share": 0.3}),
        "groups": (grouped, {"n_splits": 10}),
        "clusters": (real, {"n_splits": 10, "clusters": np.arange(100) // 2}),
        "a class of four rows": (few, {"n_splits": 10}),
        "a scorer": (real, {"n_splits": 10, "scoring": "recall"}),
    }
    found = {name: lift(Copier(), rows, 50, **how) for name, (rows, how) in cases.items()}
    used = {name: result.provenance["interval"] for name, result in found.items()}
    assert used == dict.fromkeys(cases, "Nadeau-Bengio")
