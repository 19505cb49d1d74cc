"""The GAN: rows become blocks and come back; it learns what it is shown, and keeps the contract."""

import subprocess
import sys
from dataclasses import replace

import joblib
import numpy as np
import pandas as pd
import pytest
from simulated import two_classes, zipf_texts

from synthlab.dataset import Dataset
from synthlab.errors import InputError
from synthlab.privacy import ConditionalGan
from synthlab.privacy.blocks import Blocks

for needed in ("jax", "optax"):
    pytest.importorskip(needed, reason=f"{needed} is missing: make setup-privacy")


LEARNER = ConditionalGan(n_steps=4_000, n_hidden=32, batch=100)
SMALL = replace(LEARNER, n_steps=3)  # it learns nothing, and jax has compiled it already


def guests(n=2_000, seed=0):
    """A town, its region, and a wage; 90 % of Ulm say yes, 10 % of the others."""
    rng = np.random.default_rng(seed)
    town = rng.choice(["Ulm", "Bonn", "Kiel"], n, p=[0.5, 0.3, 0.2])
    is_ulm = town == "Ulm"
    X = pd.DataFrame(
        {
            "town": pd.Categorical(town),
            "region": pd.Series(town).map({"Ulm": "south", "Bonn": "west", "Kiel": "north"}),
            "wage": rng.integers(1, 9, n) + 20 * is_ulm,
            "far": ~is_ulm,
            "height": rng.normal(size=n),
        }
    )
    return Dataset(X, np.where(rng.random(n) < np.where(is_ulm, 0.9, 0.1), "yes", "no"), "real")


def as_array(rows):
    return rows.replace(X=rows.X.to_numpy(np.float32), y=np.arange(len(rows)) % 3)


def sample(rows, gan=SMALL, n=40, label=None, seed=0):
    rng = np.random.default_rng(seed)
    return gan.fit(rows, rng).sample(n, rng, label)


def same(one, other):
    X = [pd.DataFrame(rows.X) for rows in (one, other)]
    return X[0].equals(X[1]) and np.array_equal(one.y, other.y)


def refusal(call, *arguments, **options):
    with pytest.raises(InputError) as caught:
        call(*arguments, **options)
    return str(caught.value)


@pytest.fixture(scope="module")
def trained():
    """A GAN that had time to learn."""
    return LEARNER.fit(guests(), np.random.default_rng(0)).sample(6_000, np.random.default_rng(1))


# --- blocks --------------------------------------------------------------------------------


def test_categories_and_whole_numbers_come_back_as_they_were():
    rows = guests()
    blocks, x = Blocks.of(rows, SMALL)
    assert x.shape == (2_000, 3 + 3 + 1 + 2 + 1)
    assert np.abs(x).max() <= 1
    exact = ["town", "region", "wage", "far"]
    pd.testing.assert_frame_equal(blocks.decode(x)[exact], rows.X[exact])


def test_numbers_with_fractions_come_back_nearly_and_never_leave_their_range():
    rows = two_classes(500)
    blocks, x = Blocks.of(rows, SMALL)
    assert np.allclose(blocks.decode(x), rows.X, atol=1e-4)
    beyond = blocks.decode(np.where(x > 0, 9, -9))
    assert np.array_equal(beyond.max(), rows.X.max())
    assert np.array_equal(beyond.min(), rows.X.min())


def test_uniform_ranks_become_the_numbers_own_distribution():
    rows = Dataset(pd.DataFrame({"code": [0] * 70 + [999] * 30}), ["a", "b"] * 50, "real")
    blocks, _ = Blocks.of(rows, SMALL)
    ranks = np.linspace(-1, 1, 10_001)[:, None]
    assert (blocks.decode(ranks)["code"] == 999).mean() == pytest.approx(0.3, abs=0.01)


# --- what it learns ------------------------------------------------------------------------


def test_it_learns_the_shares_of_levels(trained):
    shares = trained.X["town"].value_counts(normalize=True)
    assert np.abs(shares - guests().X["town"].value_counts(normalize=True)).max() < 0.1


def test_it_learns_what_follows_from_a_category(trained):
    joint = pd.crosstab(trained.X["town"], trained.X["region"], normalize="index")
    region = {"Ulm": "south", "Bonn": "west", "Kiel": "north"}
    assert all(joint.loc[town, region[town]] > 0.9 for town in region)
    is_high = trained.X["wage"] > 20
    assert (is_high == (trained.X["town"] == "Ulm")).mean() > 0.9


def test_it_learns_what_goes_with_a_label(trained):
    real = guests()
    for label in ("yes", "no"):
        shares = [(d.X["town"][d.y == label] == "Ulm").mean() for d in (real, trained)]
        assert abs(shares[0] - shares[1]) < 0.1


def test_more_turns_come_nearer(trained):
    real = guests().X["town"].value_counts(normalize=True)

    def distance(made):
        shares = made.X["town"].value_counts(normalize=True)
        return real.sub(shares, fill_value=0).abs().sum()

    untrained = sample(guests(), replace(LEARNER, n_steps=1), 6_000)
    assert distance(trained) < distance(untrained) / 2


# --- the contract --------------------------------------------------------------------------


ROWS = {"table": guests(), "array": as_array(two_classes(60))}


@pytest.fixture(params=ROWS.values(), ids=ROWS)
def rows(request):
    return request.param


def test_rows_are_of_the_same_kind_and_synthetic(rows):
    made = sample(rows, n=7)
    assert len(made) == 7
    assert type(made.X) is type(rows.X)
    if isinstance(rows.X, pd.DataFrame):
        pd.testing.assert_series_equal(made.X.dtypes, rows.X.dtypes)
    else:
        assert made.X.dtype == rows.X.dtype
    assert set(made.y) <= set(rows.y)
    assert set(made.origin) == {"synthetic"}
    assert made.ids is None


def test_a_seed_decides(rows):
    assert same(sample(rows), sample(rows))
    assert not same(sample(rows), sample(rows, seed=1))


def test_nothing_that_was_handed_in_changes(rows):
    before = joblib.hash((rows, SMALL))
    fitted = SMALL.fit(rows, np.random.default_rng(0))
    once, again = (fitted.sample(20, np.random.default_rng(1)) for _ in range(2))
    assert same(once, again)
    assert joblib.hash((rows, SMALL)) == before


def test_a_label_that_is_asked_for_is_given_to_all(rows):
    for label in rows.classes:
        assert set(sample(rows, n=10, label=label).y) == {label}


def test_its_own_rows_can_be_fitted_again():
    rows = ROWS["array"]
    made = sample(sample(rows, n=len(rows)), n=len(rows))
    assert set(made.origin) == {"synthetic"}


def test_no_category_and_no_whole_number_is_new_and_fractions_stay_in_range():
    made = sample(guests(), n=500)
    for column in ("town", "region", "wage", "far"):
        assert set(made.X[column]) <= set(guests().X[column])
    assert made.X["height"].between(guests().X["height"].min(), guests().X["height"].max()).all()


# --- what is refused -----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["n_steps", "n_hidden", "batch", "pack"])
def test_parameters_out_of_range_are_refused(name):
    for value in (0, -1, 2.5, np.nan):
        message = refusal(ConditionalGan, **{name: value})
        assert f"{name}={value}: expected a whole number from 1" in message
        assert "Leave it at" in message


def test_a_pack_that_does_not_divide_the_batch_is_refused():
    assert "pack=7: expected a divisor of batch=500" in refusal(ConditionalGan, pack=7)


def test_rows_that_cannot_be_learned_are_refused():
    gap = guests().replace(X=guests().X.assign(height=np.nan))
    assert "ConditionalGan: 1 columns" in refusal(sample, gap)
    assert "holds texts: expected a table" in refusal(sample, zipf_texts(20))
    assert "has no rows" in refusal(sample, guests().take([]))
    assert "label='nobody'" in refusal(sample, guests(), label="nobody")
    assert "n=0" in refusal(sample, guests(), n=0)


@pytest.mark.parametrize("missing", ["jax", "optax"])
def test_a_missing_extra_is_named(missing):
    code = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "import numpy as np\n"
        "from synthlab.dataset import Dataset\n"
        "from synthlab.privacy import ConditionalGan\n"
        "rows = Dataset(np.eye(2), ['no', 'yes'], 'real')\n"
        "try:\n    ConditionalGan().fit(rows, np.random.default_rng(0))\n"
        "except ImportError as error:\n    print(type(error).__name__, error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"ExtraMissingError {missing}: not installed")
    assert "make setup-privacy" in done.stdout
    assert "pip install synthlab[privacy]" in done.stdout


def test_only_training_needs_jax():
    code = (
        "import sys, synthlab.privacy as face\n"
        "print(len([getattr(face, name) for name in face.__all__]) > 9, 'jax' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]
