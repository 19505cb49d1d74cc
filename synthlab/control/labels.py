"""How many real labels are synthetic rows worth?

Of the N rows of real_train, n₀ are the start.  d(m) is the start's score with m further real rows,
minus that with the synthetic rows, on the same real eval rows; a mean over J repeats, each with
its own order of real_train, of which n₀ + m rows are drawn, a share ρ.  The worth is the *set* of
m whose interval of d(m) holds 0: a test at every m, inverted.  It may be open at either end, and
is never an estimate ± something.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin

from synthlab.checks import roles
from synthlab.checks.leaks import find_leaks, refuse_leaks
from synthlab.control.evidence import MIN_DISCORDANT, Draw
from synthlab.control.label_result import LabelValue
from synthlab.control.settings import check_settings
from synthlab.dataset import Dataset, fingerprint
from synthlab.errors import ContaminationError, InputError, first
from synthlab.generators.base import draw
from synthlab.metrics.grading import Metric, get_metric, grade
from synthlab.models import default_model, fit_with_seed, output_of
from synthlab.stats import intervals
from synthlab.stats.influence import Score


def label_value(
    real_train: Dataset,
    source: Dataset | Any,
    real_eval: Dataset,
    *,
    n_start: int | None = None,
    grid: list[int] | None = None,
    n_synth: int | None = None,
    n_repeats: int = 20,
    model: ClassifierMixin | None = None,
    scoring: str | None = None,
    confidence: float = 0.95,
    cost_per_label: float | None = None,
    cost_per_row: float | None = None,
    random_state: int = 0,
) -> LabelValue:
    """Find how many further real labels are as good as the synthetic rows.

    Parameters
    ----------
    real_train, real_eval : Dataset
    source : Dataset or generator
        Recorded rows; the real ones they were made from (``derived_from``) are in every start.
        Or what has ``fit(real_train, rng)``, which returns it fitted, and ``sample(n, rng)``;
        a copy is fitted on each start.
    n_start : int, optional
        n₀, at most a quarter of real_train, which is the default.
    grid : list of int, optional
        The m to fit at, and 0; intervals in between are interpolated by log(n₀ + m).  By
        default 8, evenly spaced so, up to N − n₀.
    n_synth : int, optional
        Rows to sample from a generator, which needs it; recorded rows all take part.
    n_repeats : int ≥ 2, default 20
        J.  Each fits every size, the synthetic arm, and that with either half of recorded rows.
    model, scoring, confidence, random_state
        As for `lift.evaluate_synthetic_lift`.
    cost_per_label, cost_per_row : float ≥ 0, optional
        Of a real label and a synthetic row, in the same money.  Both, or neither.

    Raises
    ------
    ContaminationError, InputError
        See `roles.check_roles`; also where a generated row names a parent outside its start,
        and for unusable settings, sizes or costs.

    Notes
    -----
    Asked is how many labels *one would have to buy*: the real rows are a sample of what could
    be labelled, the eval rows another.  The mean of d over repeats has three variances:

    *Eval rows.*  Repeats share them, so that their spread never shows this part: it comes from
    the gradient of the score by row, averaged over repeats and differenced.

    *Real training rows.*  s²/J, and what the mean keeps because subsets of one real_train
    overlap: at most ρV (Hoeffding), V being the variance over fresh draws.  As s² is V less
    what is kept, that is ρ/(1 − ρ) s²: Nadeau and Bengio's form, with rows drawn against rows
    left out, since eval rows stay; or the delete-d jackknife.  (Or the sum of those of both
    arms, if smaller.)  As ρ nears 1, s² vanishes: beyond ½ the largest ρ ≤ ½ stands in.

    *Recorded synthetic rows* are one draw.  Pairs of repeats share a random split of them: the
    mean product of their differences between the halves is free of what the starts did to
    either; it is scaled as if rows acted additively.  A generator is sampled anew.

    Fewer than 10 eval rows on which the models differ, or, for metrics of two classes, fewer than
    20 of the rarer class, exclude nothing: the interval is widened to hold 0.

    References
    ----------
    Shao & Wu (1989), Annals of Statistics 17:1176, doi:10.1214/aos/1176347263.
    """
    check_settings(None, confidence, random_state, n_repeats=(n_repeats, 2))
    metric = get_metric(scoring, real_train.classes, by_influence=True)
    _check_inputs((real_train, source, real_eval), n_synth, (cost_per_label, cost_per_row))
    sizes, always = curve_sizes(real_train, source, n_start, grid)
    model = default_model(real_train) if model is None else model
    n_synth = len(source) if n_synth is None else n_synth
    job = _Job(real_train, source, real_eval, n_synth, model, metric, sizes, always)
    repeats = [_repeat(job, random_state, number) for number in range(n_repeats)]
    curve, with_synthetic = _curve(job, repeats, confidence)
    provenance = {
        "metric": metric.name,
        "confidence": confidence,
        "random_state": random_state,
        "n_repeats": n_repeats,
        "name": getattr(source, "name", type(source).__name__),
        "n_start": int(sizes[0]),
        "n_tried": int(sizes[-1] - sizes[0]),
        "n_synth": n_synth,
        "n_real_eval": len(real_eval),
        "cost_per_label": cost_per_label,
        "cost_of_rows": None if cost_per_row is None else cost_per_row * n_synth,
        "versions": {name: version(name) for name in ("synthlab", "scikit-learn")},
        "fingerprints": [fingerprint(d) for d in job[:3] if isinstance(d, Dataset)],
    }
    return LabelValue(*label_set(curve), curve, with_synthetic, provenance)


class _Job(NamedTuple):
    real_train: Dataset
    synthetic: Any
    real_eval: Dataset
    n_synth: int
    model: ClassifierMixin
    metric: Metric
    sizes: np.ndarray  # n₀ + m, from m = 0
    always: np.ndarray  # positions of the real rows that are in every start


def curve_sizes(real_train: Dataset, synthetic: Any, n_start: Any, grid: Any) -> list[np.ndarray]:
    """Choose the sizes of the learning curve, and the rows that every start holds."""
    n = len(real_train)
    start = n // 4 if n_start is None else n_start
    parents = {parent for row in getattr(synthetic, "derived_from", ()) for parent in row}
    always = np.flatnonzero([row in parents for row in real_train.ids] if parents else [])
    least = max(1, len(always) + len(set(real_train.classes) - set(real_train.y[always])))
    if not (start == int(start) and least <= start <= n // 4):
        raise InputError(
            f"n_start={start}: expected {least} (every class, and the {len(always)} rows that the "
            f"synthetic ones were made from) to {n // 4} (a quarter of {real_train.name}), or too "
            f"few are left to start from or to compare with. Choose from that."
        )
    grid = np.geomspace(start, n, 9)[1:].round().astype(int) - start if grid is None else grid
    wrong = np.array([m for m in grid if m != int(m) or not 0 <= m <= n - start])
    sizes = int(start) + np.unique([0, *map(int, grid)])
    if len(wrong) or len(sizes) < 2:
        raise InputError(
            f"grid: {first(wrong) or 'no number above 0'}; expected whole numbers from 1 to "
            f"{n - start}, the rows of {real_train.name} that {start} starting ones leave. Labels "
            f"that nobody has cannot be compared with. Leave these out."
        )
    return [sizes, always]


def _repeat(job: _Job, random_state: int, number: int) -> list[Score]:
    """Grade real rows of each size, start + synthetic, and start + either half, in one order."""
    rng = np.random.default_rng([random_state, number])
    order = stratified_order(job.real_train.y, job.always, rng)
    arms = [job.real_train.take(order[:size]) for size in job.sizes]
    start, rows = arms[0], job.synthetic
    if isinstance(rows, Dataset):
        shuffled = np.random.default_rng([random_state, number // 2, 1]).permutation(len(rows))
        halves = shuffled[np.argsort(rows.y[shuffled], kind="stable")]
        arms += [start + part for part in (rows, rows.take(halves[::2]), rows.take(halves[1::2]))]
    else:
        rows = draw(rows, start, job.n_synth, rng)
        _check_sample(job, rows, start)
        arms.append(start + rows)
    seed, scores = int(rng.integers(2**32)), []
    for arm in arms:
        fitted = fit_with_seed(job.model, arm, seed)
        output = output_of(fitted, job.real_eval, job.metric.needs)
        scores.append(grade(output, job.real_eval, job.metric, fitted.classes_))
    return scores


def stratified_order(y: np.ndarray, always: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Shuffle all but the first rows, so that every prefix has every class in its share."""
    rest = rng.permutation(np.setdiff1d(np.arange(len(y)), always))
    labels = pd.Series(y)[[*always, *rest]]
    due = labels.groupby(labels).cumcount() / labels.groupby(labels).transform("size")
    due[always] = -1
    return due.sort_values(kind="stable").index.to_numpy()


def _curve(job: _Job, fits: list, confidence: float) -> tuple[pd.DataFrame, dict[str, float]]:
    """Return real-only scores and d by size, and the synthetic arm's score, with intervals."""
    cuts = [len(job.sizes), len(job.sizes) + 1]
    values = np.array([[score.value for score in scores] for scores in fits])
    influence = np.mean([[score.influence for score in scores] for scores in fits], axis=0)
    (real, synth, halves), (rows, synth_rows, _) = (
        np.split(values, cuts, 1),
        np.split(influence, cuts),
    )
    shares = (job.sizes - len(job.always)) / (len(job.real_train) - len(job.always))
    kept, kept_arm = kept_variance(real, shares), kept_variance(synth, shares[:1])
    kept_d = np.minimum(kept_variance(real - synth, shares), kept + kept_arm)
    luck = draw_variance(halves, 1 - job.n_synth / 2 / (job.sizes[0] + job.n_synth))
    draw = Draw.of(job.real_eval)
    gaps = rows - synth_rows
    d = curve_intervals(real - synth, gaps, kept_d, luck, draw, confidence)
    few = (np.abs(gaps.T - np.median(gaps, axis=1)) > 1e-12).sum(axis=0) < MIN_DISCORDANT
    few |= draw.n_rarest < job.metric.min_class_rows
    d.loc[few, "low"], d.loc[few, "high"] = d["low"].clip(upper=0), d["high"].clip(lower=0)
    curve = pd.DataFrame({"m": job.sizes - job.sizes[0], "n_real": job.sizes})
    curve = curve.join(curve_intervals(real, rows, kept, [], draw, confidence))
    curve[["difference", "difference_low", "difference_high"]] = d
    curve["in_set"] = (d["low"] <= 0) & (d["high"] >= 0)
    return curve, curve_intervals(synth, synth_rows, kept_arm, luck, draw, confidence).loc[
        0
    ].to_dict()


def kept_variance(values: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Bound what means over repeats (n_repeats, n_sizes) keep of the variance of a draw."""
    bound = pd.Series(values.var(axis=0, ddof=1) * shares / (1 - np.minimum(shares, 0.5)))
    return bound.where(shares <= 0.5).ffill().to_numpy()


def draw_variance(halves: np.ndarray, dilution: float) -> list[intervals.VarianceTerm]:
    """Return the variance due to the draw of recorded rows, from scores (n_repeats, 2)."""
    differ = np.diff(halves).ravel() * dilution
    products = [a * b for a, b in zip(differ[::2], differ[1::2], strict=False)] or [0.0]
    variance = max(0.0, float(np.mean(products)))
    return [intervals.VarianceTerm("synthetic rows", variance, len(products), 2)]


def curve_intervals(values, influence, kept, luck, draw, confidence) -> pd.DataFrame:
    """Return the mean over repeats with its interval, a row a column of the values."""
    j, found = len(values), []
    for mean, s2, g, k in zip(values.mean(0), values.var(0, ddof=1), influence, kept, strict=True):
        draws = intervals.VarianceTerm("real rows", s2 / j + k, j - 1, j)
        terms = [*intervals.row_variance(g, draw.strata, draw.groups), draws, *luck]
        found.append(intervals.components_interval(float(mean), terms, confidence)[:3])
    return pd.DataFrame(found, columns=["score", "low", "high"])


def label_set(curve: pd.DataFrame) -> tuple[int | None, int | None, bool]:
    """Return the ends of the set of m whose interval holds 0, and whether it has gaps."""
    n_real, tried = curve["n_real"], int(curve["m"].iloc[-1])
    at, x = np.log(n_real[0] + np.arange(tried + 1)), np.log(n_real)
    low, high = (np.interp(at, x, curve[f"difference_{end}"]) for end in ("low", "high"))
    side = (low > 0).astype(int) - (high < 0)
    open_below, open_above = int(side[0] >= 0), int(side[-1] <= 0)
    leaps = np.flatnonzero(np.abs(np.diff(side)) == 2)  # over the set, between two whole numbers
    inside = [int(m) for m in np.union1d(np.flatnonzero(side == 0), [*leaps, *(leaps + 1)])]
    if not inside:
        return (None, 0, False) if open_below else (tried, None, False)
    gaps = np.diff([*[-1] * open_below, *inside, *[tried + 1] * open_above]) > 1
    units = [10 ** max(0, len(str(end)) - 2) for end in (inside[0], inside[-1])]
    least = max(1, inside[0] - inside[0] % units[0])
    most = min(tried, max(1, inside[-1] + -inside[-1] % units[1]))
    return None if open_below else least, None if open_above else most, bool(gaps.any())


def _check_inputs(sets: tuple, n_synth: int | None, costs: tuple) -> None:
    if isinstance(sets[1], Dataset) and n_synth is None:
        roles.check_roles(*sets)
        refuse_leaks(find_leaks(*sets), sets[1], sets[2], largest=1)
    elif not ({"fit", "sample"} <= {*dir(sets[1])} and (n_synth or 0) >= 1):
        raise InputError(
            f"synthetic is a {type(sets[1]).__name__}, n_synth={n_synth}: expected a Dataset with "
            f"None, or fit and sample with 1 or more. It is unclear what to value. Hand in either."
        )
    if costs != (None, None) and not all(c is not None and 0 <= c < np.inf for c in costs):
        raise InputError(
            f"cost_per_label={costs[0]}, cost_per_row={costs[1]}: expected two costs of 0 or more, "
            f"or none. One alone, or a negative one, compares nothing. Give both, or neither."
        )


def _check_sample(job: _Job, rows: Dataset, start: Dataset) -> None:
    roles.check_roles(job.real_train, rows, job.real_eval)
    known = set() if start.ids is None else set(start.ids)
    strangers = {parent for row in rows.derived_from for parent in row} - known
    if strangers:
        raise ContaminationError(
            f"{rows.name}: rows were made from {len(strangers)} real rows (first: "
            f"{first(sorted(strangers))}) outside the {len(start)} that fit() was given. They "
            f"would smuggle in what they are compared with. Sample from what was fitted."
        )
