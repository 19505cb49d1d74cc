r"""Prediction-powered inference: a few human labels and many machine labels, one valid interval.

People label n rows; a machine labels these and N others of the same population.  The machine's mean
over the N rows is precise and biased; on the n rows its bias is seen, and taken off:

    θ(λ)  =  λ · mean(f̃)  +  mean(Y − λ f)

θ has the expectation of mean(Y) whatever the machine says, so its labels cannot bias the estimate;
where they are good they narrow it.  Its variance is var(Y − λ f)/n + λ² var(f)/N, least at

    λ*  =  cov(Y, f) / ((1 + n/N) · var(f))

=========  ==================================================================================
symbol     meaning
=========  ==================================================================================
Y, f       what is averaged, by the human and by the machine's label of the same n rows: whether
           a model was right (an accuracy), whether the label is *spam* (a class share)
f̃          the same by the machine's label of the N other rows
λ          how far the machine is trusted: 0 is the human labels alone, 1 is the first proposal
=========  ==================================================================================

References
----------
Angelopoulos, Bates, Fannjiang, Jordan & Zrnic (2023), Science 382:669,
doi:10.1126/science.adi6000.
Angelopoulos, Duchi & Zrnic (2023), *PPI++: Efficient Prediction-Powered Inference*,
arXiv:2311.01453.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from synthlab.errors import is_number, require
from synthlab.stats.intervals import Interval, VarianceTerm, components_interval, seed_variance

#: With fewer labeled rows on which human and machine differ, λ is not tuned but 0.
MIN_DIFFERING = 10


class PoweredMean(NamedTuple):
    """A prediction-powered estimate.

    Attributes
    ----------
    interval : Interval
    power : float in [0, 1]
        λ.
    n_labels : int
        Human labels that it rests on.
    n_differing : int
        Labeled rows of which the human and the machine value differ: they alone show the bias.
    n_effective : float
        Human labels that would give an interval as narrow if there were no machine: at least about
        ``n_labels`` with the tuned λ.  Infinite where no variance is left.
    human_only : Interval
        From the human labels alone.
    """

    interval: Interval
    power: float
    n_labels: int
    n_differing: int
    n_effective: float
    human_only: Interval


class ScoredRows(NamedTuple):
    """A model's per-row score, such as whether it was right, judged by human and machine labels.

    Attributes
    ----------
    human, machine : array-like of shape (n_labeled,) or (n_seeds, n_labeled)
        On the rows that have both labels.
    machine_only : array-like of shape (n_others,) or (n_seeds, n_others)
        On the rows that the machine alone has labeled.
    """

    human: Any
    machine: Any
    machine_only: Any


def powered_mean(
    human: Any,
    machine: Any,
    machine_only: Any,
    *,
    power: float | None = None,
    confidence: float = 0.95,
) -> PoweredMean:
    """Estimate a mean over a population from a few human and many machine labels.

    Parameters
    ----------
    human, machine : array-like of numbers or bools, shape (n_labeled,) or (n_seeds, n_labeled)
        Y and f: of the same rows in the same order.  The rows must be drawn at random from the
        same population as the others: a choice by hand, or by the machine, voids the interval.
        With several fit seeds, one row per seed: rows are averaged over seeds, and the spread
        between seeds widens the interval.
    machine_only : array-like, shape (n_others,) or (n_seeds, n_others)
        f̃.
    power : float in [0, 1], optional
        λ; default: tuned, which is λ* as the rows estimate it, within [0, 1]; 0, so that the human
        labels stand alone, where human and machine differ on fewer than 10 rows.
    confidence : float in (0, 1), default 0.95

    Returns
    -------
    PoweredMean

    Raises
    ------
    InputError
        The arrays do not fit together, hold a value that is no finite number, or fewer than two
        rows; ``power`` or ``confidence`` is out of its range.

    Notes
    -----
    The interval is Student's t with Satterthwaite's degrees of freedom.  Where all human labels
    say the same, as for a model that was right each time, the rows show no spread, and the interval
    is no wider than a point: ask ``interval.saw_spread``.

    Few rows that differ hide the machine's bias: of intervals for a lift that rested on 8
    discordant rows and one differing row among 150, 74 % covered at a tuned λ and 95 % confidence.
    Hence the limit of 10 rows.  A ``power`` that you name is taken as it is.

    Examples
    --------
    The share of spam: 200 human labels, 5,000 of a machine that is wrong for a tenth of the rows.

    >>> rng = np.random.default_rng(0)
    >>> is_spam = rng.random(5_200) < 0.3
    >>> told = is_spam ^ (rng.random(5_200) < 0.1)
    >>> share = powered_mean(is_spam[:200], told[:200], told[200:])
    >>> share.n_effective > 2 * share.n_labels
    True

    The accuracy of a model: ``powered_mean(predicted == human, predicted == machine, ...)``.
    """
    human, machine, others = _checked(human, machine, machine_only)
    expected = "a number from 0 to 1, or None"
    require(power is None or is_number(power, 0, 1), f"power={power!r}", expected)
    is_level = is_number(confidence) and 0 < confidence < 1
    require(is_level, f"confidence={confidence!r}", "a number above 0 and below 1")
    y, f, rest = (values.mean(axis=0) for values in (human, machine, others))
    n_differing = int((y != f).sum())
    if power is None:
        power = tuned_power(y, f, rest) if n_differing >= MIN_DIFFERING else 0.0
    terms = [_row_term("labeled rows", y - power * f), _row_term("other rows", power * rest)]
    by_seed = power * others.mean(axis=1) + (human - power * machine).mean(axis=1)
    alone = _row_term("labeled rows", y)
    return PoweredMean(
        components_interval(float(by_seed.mean()), terms + _seed_terms(by_seed), confidence),
        float(power),
        len(y),
        n_differing,
        _effective(alone.variance, sum(term.variance for term in terms), len(y)),
        components_interval(float(y.mean()), [alone, *_seed_terms(human.mean(axis=1))], confidence),
    )


def powered_lift(
    real_only: ScoredRows,
    real_plus_synth: ScoredRows,
    *,
    power: float | None = None,
    confidence: float = 0.95,
) -> PoweredMean:
    """Estimate a lift, the mean difference of two models' per-row scores on the same rows.

    Parameters
    ----------
    real_only, real_plus_synth : ScoredRows
        Of both models: the same rows and seeds.
    power, confidence
        As for `powered_mean`.

    Returns
    -------
    PoweredMean
        Of the lift; λ is tuned for the difference, not for either model.

    Raises
    ------
    InputError
        As for `powered_mean`; or the two models were scored on other numbers of rows or seeds.
    """
    differences = []
    for field, before, after in zip(ScoredRows._fields, real_only, real_plus_synth, strict=True):
        before, after = (np.asarray(values, dtype=float) for values in (before, after))
        require(
            before.shape == after.shape,
            f"{field}: real_only of shape {before.shape}, real_plus_synth of {after.shape}",
            "one score per row and seed of both models",
            "A lift compares two models on the same rows.",
            "Score both on all rows.",
        )
        differences.append(after - before)
    return powered_mean(*differences, power=power, confidence=confidence)


def tuned_power(human: np.ndarray, machine: np.ndarray, machine_only: np.ndarray) -> float:
    """Return λ* as the rows estimate it, within [0, 1]; 0 where the machine says one thing only.

    Parameters
    ----------
    human, machine : ndarray of shape (n_labeled,)
    machine_only : ndarray of shape (n_others,)
    """
    variance = np.concatenate([machine, machine_only]).var(ddof=1)
    if np.isclose(variance, 0, atol=1e-15):
        return 0.0
    covariance = np.cov(human, machine)[0, 1]
    best = covariance / ((1 + len(machine) / len(machine_only)) * variance)
    return float(np.clip(best, 0, 1))


def _row_term(source: str, values: np.ndarray) -> VarianceTerm:
    n = len(values)
    return VarianceTerm(source, float(values.var(ddof=1)) / n, n - 1, n)


def _seed_terms(by_seed: np.ndarray) -> list[VarianceTerm]:
    return [seed_variance(by_seed)] if len(by_seed) > 1 else []


def _effective(alone: float, powered: float, n: int) -> float:
    if powered > 0:
        return n * alone / powered
    return np.inf if alone > 0 else float(n)


def _checked(human: Any, machine: Any, machine_only: Any) -> list[np.ndarray]:
    """Return the three as arrays of shape (n_seeds, n_rows)."""
    given = {"human": human, "machine": machine, "machine_only": machine_only}
    arrays = {name: _as_seeds(name, values) for name, values in given.items()}
    shapes = {name: values.shape for name, values in arrays.items()}
    require(
        shapes["human"] == shapes["machine"] and shapes["machine_only"][0] == shapes["human"][0],
        ", ".join(f"{name} of {n} rows × {k} seeds" for name, (k, n) in shapes.items()),
        "as many human as machine values of the labeled rows, and the same seeds in all three",
        "The machine's bias is seen only on rows that both have labeled.",
        "Pass the values of the same rows in the same order.",
    )
    return list(arrays.values())


def _as_seeds(name: str, values: Any) -> np.ndarray:
    expected = "finite numbers of shape (n_rows,) or (n_seeds, n_rows), two rows or more"
    try:
        array = np.atleast_2d(np.asarray(values, dtype=float))
    except (TypeError, ValueError):
        array = np.empty((0, 0))
    is_fine = array.ndim == 2 and len(array) > 0 and array.shape[1] > 1
    is_fine = is_fine and bool(np.isfinite(array).all())
    require(is_fine, name, expected, "No interval exists.", "Correct or drop such rows.")
    return array
