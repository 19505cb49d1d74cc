"""A leak is found through a little noise; what a generator hits by nature is none."""

import numpy as np
import pandas as pd
import pytest
from simulated import two_classes
from sklearn.linear_model import LogisticRegression

from synthlab import evaluate_generator_lift, evaluate_synthetic_lift
from synthlab.checks.leaks import find_leaks, refuse_leaks
from synthlab.dataset import REAL, SYNTHETIC, Dataset
from synthlab.datasets.fars import load_rare_fars
from synthlab.datasets.imbalanced import load_imbalanced
from synthlab.errors import ContaminationError
from synthlab.generators import GaussianCopula, OverSample, Perturb, Smote
from synthlab.generators.base import draw
from synthlab.splits import split_rows

MODEL = LogisticRegression()


def made(real, generator, n=None, seed=0):
    return draw(generator, real, n or len(real), np.random.default_rng(seed))


def noisy(data, sd, seed=0, share=1.0):
    """The rows themselves, as synthetic ones, with noise on every number."""
    rng = np.random.default_rng(seed)
    rows = data.take(np.arange(round(share * len(data))))
    X = rows.X + sd * rng.normal(size=rows.X.shape)
    return Dataset(X, rows.y, SYNTHETIC, "leaked")


def discrete(n, seed, origin=REAL, levels=4, columns=6):
    """A table of few distinct rows, most of which repeat by nature."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.integers(levels, size=(n, columns))).add_prefix("c").astype(str)
    return Dataset(X, rng.integers(2, size=n), origin, "discrete")


# --- tables --------------------------------------------------------------------------------


def test_evaluation_rows_with_a_little_noise_are_found():
    train, held_out = two_classes(400), two_classes(300, seed=1)
    for sd in (0.0, 0.001, 0.01):
        found = find_leaks(train, noisy(held_out, sd), held_out)
        assert len(found.eval_rows) >= 0.98 * len(held_out)
        assert found.p_value < 1e-6


def test_a_leak_of_a_few_percent_is_found_among_generated_rows():
    train, held_out = two_classes(2_000), two_classes(1_000, seed=1)
    for share in (0.02, 0.1):
        synth = made(train, GaussianCopula()) + noisy(held_out, 0.01, share=share)
        found = find_leaks(train, synth, held_out)
        assert len(found.eval_rows) >= 0.9 * share * len(held_out)


def test_what_saw_training_rows_alone_is_no_leak():
    alarms = 0
    for seed in range(10):
        train, held_out = two_classes(300, seed=seed), two_classes(300, seed=100 + seed)
        for generator in (GaussianCopula(), Perturb(), OverSample()):
            alarms += len(find_leaks(train, made(train, generator), held_out).eval_rows) > 0
    assert alarms == 0


def test_rows_that_repeat_by_nature_are_no_leak():
    for seed in range(5):
        train, held_out = discrete(800, seed), discrete(400, 50 + seed)
        found = find_leaks(train, made(train, GaussianCopula(), seed=seed), held_out)
        assert len(found.eval_rows) == 0
        assert found.n_hits > 0


def test_copied_training_rows_are_explained():
    train, held_out = two_classes(300), two_classes(300, seed=1)
    found = find_leaks(train, noisy(train, 0.01), held_out)
    assert found.n_unexplained <= 0.02 * len(train)
    assert len(found.eval_rows) == 0


def test_a_table_that_used_to_be_refused_is_not():
    """Few distinct rows: whatever a copula writes stands in the evaluation set by nature."""
    cars = load_imbalanced("car-good")
    train, held_out = split_rows(cars)
    assert len(find_leaks(train, made(train, GaussianCopula(), 200), held_out).eval_rows) == 0
    result = evaluate_generator_lift(
        cars, GaussianCopula(), 200, n_splits=2, baselines=False, scoring="roc_auc"
    )
    assert result.leaks is None


# --- the control ---------------------------------------------------------------------------


def test_the_control_refuses_a_noisy_leak_and_says_what_to_do():
    train, held_out = two_classes(100), two_classes(400, seed=1)
    with pytest.raises(ContaminationError) as caught:
        evaluate_synthetic_lift(train, noisy(held_out, 0.01), held_out, model=MODEL)
    text = str(caught.value)
    for part in ("evaluation rows", "rows 0, 1, 2, 3, 4, …", "measure memory", "Drop them"):
        assert part in text


def test_a_leak_too_small_to_matter_is_reported_with_the_result():
    train, held_out = two_classes(200), two_classes(2_000, seed=1)
    synth = two_classes(300, "synthetic", 2) + noisy(held_out, 0.0, share=0.003)
    result = evaluate_synthetic_lift(
        train, synth, held_out, model=MODEL, margin=0.01, baselines=False
    )
    assert len(result.leaks.eval_rows) == 6
    assert "6 evaluation rows" in result.summary()
    assert "a copy among 6 of the synthetic rows" in result.summary()


def test_what_could_move_the_score_by_the_margin_is_refused():
    train, held_out = two_classes(200), two_classes(1_000, seed=1)
    synth = noisy(held_out, 0.0, share=0.02)
    found = find_leaks(train, synth, held_out)
    refuse_leaks(found, synth, held_out, largest=21)
    with pytest.raises(ContaminationError):
        refuse_leaks(found, synth, held_out, largest=20)


# --- texts ---------------------------------------------------------------------------------


def words(start, n=40):
    return " ".join(f"w{i}" for i in range(start, start + n))


def test_a_generated_text_that_holds_an_evaluation_text_is_found():
    def texts(starts, origin):
        return Dataset(pd.Series([words(s) for s in starts]), ["a", "b"] * 2, origin)

    train, held_out = texts([0, 100, 200, 300], REAL), texts([400, 500, 600, 700], REAL)
    longer = pd.Series([words(1_000), "well " + words(600) + " then", words(1_200), words(1_300)])
    found = find_leaks(train, Dataset(longer, ["a", "b"] * 2, SYNTHETIC), held_out)
    assert (found.synth_rows.tolist(), found.eval_rows.tolist()) == ([1], [2])
    assert find_leaks(train, texts([800, 900, 950, 990], SYNTHETIC), held_out).summary() == ""


def test_a_good_generator_of_rows_that_repeat_is_reported_and_not_refused():
    """SMOTE saw training rows alone, and writes rows that real persons have, too."""
    train, held_out = load_rare_fars(n_rare=100, n_train=20_000)
    rare = draw(Smote(), train, 2_000, np.random.default_rng(0), "rare")
    found = find_leaks(train, rare, held_out)
    assert not found.is_sure
    refuse_leaks(found, rare, held_out, largest=1)
