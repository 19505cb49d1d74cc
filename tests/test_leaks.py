"""A leak is found through a little noise; what a generator hits by nature is none."""

import numpy as np
import pandas as pd
import pytest
from simulated import two_classes
from sklearn.linear_model import LogisticRegression

from synthlab import evaluate_generator_lift, evaluate_synthetic_lift
from synthlab.checks.contamination import check_contamination
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


def kinds_of_rows(n, seed, origin=REAL):
    """Draw from 3,000 rows of eight unrelated values, which no pair of columns tells of."""
    kinds = np.random.default_rng(0).integers(6, size=(3_000, 8))
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(kinds[rng.integers(len(kinds), size=n)]).add_prefix("c").astype(str)
    return Dataset(X, rng.integers(2, size=n), origin, "kinds of rows")


def test_a_generator_that_knows_the_truth_is_no_leak():
    """No copula writes such rows, yet fresh ones hit evaluation rows: as training rows do."""
    for seed in range(5):
        train, held_out = kinds_of_rows(600, seed), kinds_of_rows(300, 50 + seed)
        found = find_leaks(train, kinds_of_rows(600, 99 + seed, SYNTHETIC), held_out)
        assert found.n_hits > 20
        assert found.baseline_share == pytest.approx(found.n_hits / found.n_unexplained, abs=0.06)
        assert len(found.eval_rows) == 0


def test_a_good_generator_of_rows_that_repeat_is_no_leak():
    """SMOTE saw training rows alone, and writes rows that real persons have, too."""
    train, held_out = load_rare_fars(n_rare=100, n_train=20_000)
    rare = draw(Smote(), train, 2_000, np.random.default_rng(0), "rare")
    found = find_leaks(train, rare, held_out)
    assert found.n_hits > 50
    assert found.n_hits / found.n_unexplained == pytest.approx(found.baseline_share, abs=0.05)
    assert len(found.eval_rows) == 0


def test_copies_are_near_evaluation_rows_and_far_from_training_rows():
    train, held_out = two_classes(400), two_classes(300, seed=1)
    found = find_leaks(train, noisy(held_out, 0.01), held_out)
    assert 0 < found.to_eval < 0.1 < found.to_train
    assert "standard deviations away" in found.summary()


def test_a_copy_whose_categories_no_training_row_has_is_far_from_all_of_them():
    train, held_out = discrete(50, 0, levels=30), discrete(40, 1, levels=30)
    found = find_leaks(train, held_out.replace(origin=SYNTHETIC), held_out)
    assert (found.to_eval, found.to_train) == (0, np.inf)


def test_where_nothing_hits_nothing_needs_a_baseline():
    train, held_out = two_classes(200), two_classes(100, seed=1)
    found = find_leaks(train, two_classes(300, "synthetic", 2), held_out)
    assert (found.n_unexplained, found.n_hits, found.p_value) == (300, 0, 1.0)
    assert np.isnan(found.baseline_share)


def test_the_report_and_the_control_find_the_same():
    train, held_out = two_classes(500), two_classes(300, seed=1)
    synth = made(train, GaussianCopula()) + noisy(held_out, 0.01, share=0.2)
    found, report = (check(train, synth, held_out) for check in (find_leaks, check_contamination))
    assert report.leaked_eval_rows.tolist() == found.eval_rows.tolist()
    assert set(found.synth_rows) <= set(report.leaked_synth_rows)
    assert find_leaks(train, report.without_leaks(synth, held_out)[0], held_out).n_hits == 0


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


def test_a_text_that_copies_a_training_text_is_no_leak():
    """The evaluation set holds a near copy of the training text, too: real mail does."""
    lead, tail = words(0, 30), words(5_000, 12)
    train = Dataset(pd.Series([lead, words(100)]), ["a", "b"], REAL)
    held_out = Dataset(pd.Series([f"{lead} {tail}", words(200)]), ["a", "b"], REAL)
    generated = pd.Series([f"hello {lead}", f"hello {words(200)}"])
    found = find_leaks(train, Dataset(generated, ["a", "b"], SYNTHETIC), held_out)
    assert (found.synth_rows.tolist(), found.eval_rows.tolist()) == ([1], [1])
