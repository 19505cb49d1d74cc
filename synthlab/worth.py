"""How many real labels are synthetic rows worth?

======  =====================================================================================
symbol  meaning
======  =====================================================================================
N, n₀   rows of real_train; those of them that the synthetic rows are added to
m       further real rows, labelled instead of generating; 0 … N − n₀
d(m)    score(n₀ + m real) − score(n₀ real + synthetic), on the same real eval rows
J       repeats, each with its own order of real_train: the first n₀ rows are the start
ρ       share of real_train that n₀ + m rows draw
======  =====================================================================================

The worth is the *set* of m whose interval of d(m) holds 0: a test at every m, inverted.  It may
be open at either end, and is never an estimate ± something.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from html import escape
from importlib.metadata import version
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin

from synthlab import guards, stats
from synthlab.arms import MIN_DISCORDANT, MIN_EVAL_POSITIVES, check_settings
from synthlab.control import fingerprint
from synthlab.dataset import Dataset, first
from synthlab.errors import ContaminationError, InputError
from synthlab.models import Metric, default_model, fit_with_seed, get_metric, grade, output_of


@dataclass(frozen=True, eq=False, repr=False)
class Worth:
    """What synthetic rows are worth, in real labels.

    Attributes
    ----------
    low, high : int or None
        Ends of the set, rounded outward to two digits; None where it is open: below, the rows
        may be worth less than none; above, more than were at hand.  ``high`` is 0 where they
        are worth less than none.
    has_gaps : bool
        Whether the set is no interval, and ``low`` and ``high`` are the ends of its hull.
    curve : pandas.DataFrame
        A row a size: ``m``, ``n_real`` (n₀ + m), the real-only ``score`` with its interval
        ``low``, ``high``; ``difference`` (d(m)) with its interval ``difference_low``,
        ``difference_high``; ``in_set``.
    synthetic : dict
        ``score`` of the start with the synthetic rows, and its interval ``low``, ``high``.
    about : dict
        Metric, estimand, sizes, costs, versions and fingerprints of the data.
    """

    low: int | None
    high: int | None
    has_gaps: bool
    curve: pd.DataFrame
    synthetic: dict[str, float]
    about: dict[str, Any]

    @property
    def is_open(self) -> bool:
        """Whether the set has no lower or no upper end."""
        return self.low is None or self.high is None

    @property
    def kind(self) -> str:
        """*between*, *at least*, *at most*, *less than none* or *cannot tell*."""
        if self.high is None:
            return "cannot tell" if self.low is None else "at least"
        return "between" if self.low is not None else "at most" if self.high else "less than none"

    def sentence(self) -> str:
        """Return the worth in one sentence."""
        v, span = self.about, _span(self.low, self.high)
        told = {
            "between": f"are worth {span} real labels",
            "at least": f"are worth {span} real labels ({v['n_tried']:,} more were at hand)",
            "at most": f"are worth {span} real labels, perhaps none or less",
            "less than none": "are worth less than none: the score is higher without them",
            "cannot tell": "may be worth anything from less than none to more than "
            f"{v['n_tried']:,} real labels: these data cannot tell",
        }[self.kind]
        return (
            f"these {v['n_synth']:,} synthetic rows ({v['name']}) {told}"
            f"{'; not every number in between fits' if self.has_gaps else ''} ({v['metric']} on "
            f"{v['n_real_eval']:,} real eval rows, beside {v['n_start']:,} real training rows; "
            f"{v['confidence']:.0%} confidence)"
        )

    def advice(self) -> str:
        """Return what is cheaper, to label or to generate; empty without costs."""
        price = self.about["cost_per_label"]
        if price is None:
            return ""
        spent = self.about["cost_per_row"] * self.about["n_synth"]
        rows = f"the synthetic rows cost {spent:,.10g}"
        if self.kind == "less than none":
            return f"{rows} and lower the score: do without them."
        if self.kind == "cannot tell":
            return f"{rows}; what as good labels would cost, these data cannot tell."
        low, high = (None if end is None else end * price for end in (self.low, self.high))
        generate, label = spent < (low or 0), high is not None and spent > high
        choice = "generate" if generate else "label" if label else "either may be cheaper"
        labels = _span(self.low, self.high)
        return f"labelling {labels} would cost {_span(low, high)}; {rows}: {choice}."

    def to_json(self) -> str:
        """Return strict JSON (no NaN): the fields, and ``kind``, ``sentence``, ``advice``."""
        content = {"kind": self.kind, "sentence": self.sentence(), "advice": self.advice()}
        content |= vars(self) | {"curve": self.curve.to_dict("records")}
        return json.dumps(content, indent=2, allow_nan=False)

    def plot(self, ax=None):
        """Draw learning curve, score with the synthetic rows, and set; return matplotlib Axes."""
        from synthlab import plots

        ax = plots.new_axes() if ax is None else ax
        v, x, y = self.about, self.curve["n_real"], self.synthetic
        real, both = plots.COLORS["real only"], plots.COLORS["real + synthetic"]
        if self.kind != "less than none":
            ends = self.low or 0, v["n_tried"] if self.high is None else self.high
            ax.axvspan(*(v["n_start"] + end for end in ends), color="0.9", label="worth the same")
        ax.fill_between(x, self.curve["low"], self.curve["high"], color=real, alpha=0.2)
        ax.plot(x, self.curve["score"], "o-", color=real, label="real only")
        ax.axhspan(y["low"], y["high"], color=both, alpha=0.2)
        ax.axhline(y["score"], color=both, label=f"{v['n_start']:,} real + synthetic")
        ax.set(xscale="log", xlabel="real training rows", ylabel=v["metric"])
        ax.legend(frameon=False)
        return ax

    def __repr__(self) -> str:
        return f"Worth: {self.sentence()}"

    def _repr_html_(self) -> str:
        return (
            "<div style='border-left:5px solid #0072B2;padding:2px 12px;max-width:46em'>"
            f"<b>{self.kind}</b>: {escape(self.sentence())}<br>{escape(self.advice())}</div>"
        )


def _span(low: float | None, high: float | None) -> str:
    ends = [f"{end:,.10g}" for end in (low, high) if end is not None]
    word = "at most " if low is None else "at least " if high is None else ""
    return word + " to ".join(dict.fromkeys(ends))


def worth_in_labels(
    real_train: Dataset,
    synthetic: Dataset | Any,
    real_eval: Dataset,
    *,
    n_start: int | None = None,
    grid: Sequence[int] | None = None,
    n_synth: int | None = None,
    n_repeats: int = 20,
    model: ClassifierMixin | None = None,
    scoring: str | None = None,
    confidence: float = 0.95,
    cost_per_label: float | None = None,
    cost_per_row: float | None = None,
    random_state: int = 0,
) -> Worth:
    """Find how many further real labels are as good as the synthetic rows.

    Parameters
    ----------
    real_train, real_eval : Dataset
        All real.
    synthetic : Dataset or generator
        Recorded rows; the real ones they were made from (``derived_from``) are in every start.
        Or an object with ``fit(real_train, rng)``, which returns the fitted generator, and
        ``sample(n, rng)``: a copy is fitted anew on the start of every repeat.
    n_start : int, optional
        n₀, at most a quarter of real_train, which is the default.
    grid : sequence of int, optional
        The m to fit at; between them the intervals' ends are interpolated by log(n₀ + m).
        By default 8, evenly spaced so, up to N − n₀; 0 is always added.
    n_synth : int, optional
        Rows to sample from a generator, which needs it; recorded rows all take part.
    n_repeats : int ≥ 2, default 20
        J.  Each fits once a size and once with the synthetic rows, and twice with half of them
        if they are recorded.
    model, scoring, confidence, random_state
        As for `control.evaluate_synthetic_lift`.
    cost_per_label, cost_per_row : float ≥ 0, optional
        Of a real label and of a synthetic row, in the same money.  Both, or neither.

    Returns
    -------
    Worth

    Raises
    ------
    ContaminationError
        See `guards.check_roles`; or a generated row names a parent outside its start.
    InputError
        Unusable labels, columns, metric, model, sizes or costs.

    Notes
    -----
    Asked is how many labels *one would have to buy*: real rows are a draw, of which real_train
    is a sample, and so are eval rows.  The variance of the mean of d over repeats has three
    parts, and its t interval Satterthwaite's degrees of freedom.

    *Eval rows.*  All repeats share them, so that their spread never shows this part.  It comes
    from the gradient of the score by row, averaged over repeats and differenced.

    *Real training rows.*  s²/J, and what the mean over repeats keeps because subsets of one
    real_train overlap: at most ρV, V being the variance over fresh draws (Hoeffding), and
    s² = V − what is kept.  So (1/J + ρ/(1 − ρ)) s²: Nadeau and Bengio's form with rows drawn
    against rows left out, as in the delete-d jackknife (theirs has n_eval/n_train, for eval
    rows that change with the split).  What is kept of d is bounded so, and by the sum of what
    is kept of both arms; the smaller bound is taken.  As ρ nears 1, s² vanishes: beyond ½ the
    bound at the largest ρ ≤ ½ stands in, since what is kept hardly grows with m.

    *Recorded synthetic rows* are one draw of what might have been recorded.  They are halved
    at random; two repeats share a split, and the product of their differences between halves
    is free of what the starts did to either.  Its mean, scaled as if rows acted additively, is
    the variance.  A generator is sampled anew in every repeat instead.

    Where fewer than 10 eval rows tell the arms apart, or fewer than 20 are of the rarer class
    (metrics of two classes), the interval is widened to hold 0.

    References
    ----------
    Nadeau & Bengio (2003), Machine Learning 52:239, doi:10.1023/A:1024068626366.
    Shao & Wu (1989), Annals of Statistics 17:1176, doi:10.1214/aos/1176347263.
    """
    check_settings(None, confidence, n_repeats=n_repeats)
    metric = get_metric(scoring, len(real_train.classes))
    _check_inputs(real_train, synthetic, real_eval, n_synth)
    _check_costs(cost_per_label, cost_per_row)
    sizes, always = _sizes(real_train, synthetic, n_start, grid)
    model = default_model(real_train) if model is None else model
    job = _Job(real_train, synthetic, real_eval, n_synth, model, metric, sizes, always)
    rows, fits = zip(*(_repeat(job, random_state, j) for j in range(n_repeats)), strict=True)
    curve, with_synthetic = _curve(job, list(fits), len(rows[0]), confidence)
    about = {
        "metric": metric.name,
        "estimand": "labels to buy, over draws of real, synthetic and eval rows",
        "confidence": confidence,
        "random_state": random_state,
        "n_repeats": n_repeats,
        "name": rows[0].name,
        "n_start": int(sizes[0]),
        "n_tried": int(sizes[-1] - sizes[0]),
        "n_synth": len(rows[0]),
        "n_real_eval": len(real_eval),
        "cost_per_label": cost_per_label,
        "cost_per_row": cost_per_row,
        "versions": {name: version(name) for name in ("synthlab", "scikit-learn")},
        "fingerprints": [fingerprint(data) for data in (real_train, rows[0], real_eval)],
    }
    return Worth(*_worth_set(curve), curve, with_synthetic, about)


class _Job(NamedTuple):
    real_train: Dataset
    synthetic: Any
    real_eval: Dataset
    n_synth: int | None
    model: ClassifierMixin
    metric: Metric
    sizes: np.ndarray  # n₀ + m, from m = 0
    always: np.ndarray  # positions of the real rows that are in every start


def _sizes(
    real_train: Dataset, synthetic: Any, n_start: int | None, grid: Sequence[int] | None
) -> tuple[np.ndarray, np.ndarray]:
    """Choose the sizes of the learning curve, and the rows that every start holds."""
    n = len(real_train)
    start = n // 4 if n_start is None else n_start
    parents = _parents(synthetic) if isinstance(synthetic, Dataset) else set()
    always = np.flatnonzero([row in parents for row in real_train.ids] if parents else [])
    least = len(always) + len(set(real_train.classes) - set(real_train.y[always]))
    if not least <= start <= n // 4:
        raise InputError(
            f"n_start={start}: expected {least} (a row of each class, and the {len(always)} that "
            f"the synthetic rows were made from) to {n // 4} (a quarter of {real_train.name}). "
            f"Too little is left to compare with, or to start from. Choose from that."
        )
    if grid is None:
        grid = np.geomspace(start, n, 9)[1:].round().astype(int) - start
    wrong = np.array([m for m in grid if m != int(m) or not 0 <= m <= n - start])
    sizes = start + np.unique([0, *map(int, grid)])
    if len(wrong) or len(sizes) < 2:
        raise InputError(
            f"grid: {first(wrong) or 'no number above 0'}; expected whole numbers from 1 to "
            f"{n - start}, the rows of {real_train.name} that {start} starting rows leave. Of "
            f"labels that nobody has, nothing can be said. Leave these out."
        )
    return sizes, always


def _repeat(job: _Job, random_state: int, number: int) -> tuple[Dataset, list[stats.Gradient]]:
    """Fit and grade each arm on one order of real_train; return the synthetic rows too.

    The arms: real only, a size each; start + synthetic; start + either half of recorded rows.
    """
    rng = np.random.default_rng([random_state, number])
    order = _stratified_order(job.real_train.y, job.always, rng)
    arms = [job.real_train.take(order[:size]) for size in job.sizes]
    start, rows = arms[0], job.synthetic
    if isinstance(rows, Dataset):
        by_pair = np.random.default_rng([random_state, number // 2, 1])
        half = _rank_in_class(rows.y, by_pair.permutation(len(rows))) % 2 == 0
        arms += [start + part for part in (rows, rows.take(half), rows.take(~half))]
    else:
        rows = deepcopy(rows).fit(start, rng).sample(job.n_synth, rng)
        _check_sample(job, rows, start)
        arms.append(start + rows)
    seed, scores = int(rng.integers(2**32)), []
    for arm in arms:
        fitted = fit_with_seed(job.model, arm, seed)
        output = output_of(fitted, job.real_eval, job.metric.needs)
        scores.append(grade(output, job.real_eval, job.metric, fitted.classes_))
    return rows, scores


def _stratified_order(y: np.ndarray, always: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Shuffle so that every prefix has the classes' shares, less than one row ahead of each.

    The rows of ``always`` come first, then the first row of every class that they lack.
    """
    shuffled = rng.permutation(len(y))
    shuffled = np.concatenate([always, shuffled[~np.isin(shuffled, always)]]).astype(int)
    _, codes, counts = np.unique(y, return_inverse=True, return_counts=True)
    due = _rank_in_class(y, shuffled) / counts[codes]
    due[always] = -1
    return shuffled[np.argsort(due[shuffled], kind="stable")]


def _rank_in_class(y: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Number the rows of each class from 0, in the given order."""
    labels = pd.Series(y)[order]
    return labels.groupby(labels).cumcount().sort_index().to_numpy()


# --- intervals -----------------------------------------------------------------------------


def _curve(
    job: _Job, fits: list[list[stats.Gradient]], n_synth: int, confidence: float
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Return real-only scores and d by size, and the synthetic arm's score, with intervals."""
    n_sizes, drawn = len(job.sizes), job.sizes - len(job.always)
    values = np.array([[score.value for score in scores] for scores in fits])
    by_row = np.mean([[score.by_row for score in scores] for scores in fits], axis=0)
    real, synth, halves = np.split(values, [n_sizes, n_sizes + 1], axis=1)
    rows, synth_rows, _ = np.split(by_row, [n_sizes, n_sizes + 1])
    shares = drawn / (len(job.real_train) - len(job.always))
    kept, kept_synth = _kept(real, shares), _kept(synth, shares[:1])
    kept_d = np.minimum(_kept(real - synth, shares), kept + kept_synth)
    luck = _luck(halves, job.sizes[0], n_synth)
    _, codes, counts = np.unique(job.real_eval.y, return_inverse=True, return_counts=True)
    curve = _intervals(real, rows, kept, [], codes, confidence)
    d = _intervals(real - synth, rows - synth_rows, kept_d, luck, codes, confidence)
    gap = rows - synth_rows
    few = (np.abs(gap - np.median(gap, axis=1, keepdims=True)) > 1e-12).sum(axis=1) < MIN_DISCORDANT
    few |= job.metric.binary_only and counts.min() < MIN_EVAL_POSITIVES
    d.loc[few, "low"] = d.loc[few, "low"].clip(upper=0)
    d.loc[few, "high"] = d.loc[few, "high"].clip(lower=0)
    curve[["difference", "difference_low", "difference_high"]] = d
    curve["in_set"] = (d["low"] <= 0) & (d["high"] >= 0)
    curve.insert(0, "m", job.sizes - job.sizes[0])
    curve.insert(1, "n_real", job.sizes)
    with_synthetic = _intervals(synth, synth_rows, kept_synth, luck, codes, confidence)
    return curve, with_synthetic.iloc[0].to_dict()


def _kept(values: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Bound what means over repeats (n_repeats, n_sizes) keep of the variance of a draw."""
    odds = shares / (1 - np.minimum(shares, 0.5))
    bound = pd.Series(values.var(axis=0, ddof=1) * odds)
    return bound.where(shares <= 0.5).ffill().to_numpy()


def _luck(halves: np.ndarray, n_start: int, n_synth: int) -> list[stats.VarianceTerm]:
    """Return the variance due to the draw of recorded rows, from scores (n_repeats, 2)."""
    differ = (halves[:, 0] - halves[:, 1]) if halves.size else np.zeros(2)
    products = differ[: len(differ) // 2 * 2].reshape(-1, 2).prod(axis=1)
    dilution = (n_start + n_synth / 2) / (n_start + n_synth)
    variance = max(0.0, float(products.mean())) * dilution**2
    return [stats.VarianceTerm("synthetic rows", variance, len(products), 2)]


def _intervals(values, by_row, kept, luck, codes, confidence) -> pd.DataFrame:
    """Return the mean over repeats with its interval, a row a column of the values."""
    j, found = len(values), []
    for mean, s2, g, k in zip(values.mean(0), values.var(0, ddof=1), by_row, kept, strict=True):
        draws = stats.VarianceTerm("real rows", s2 / j + k, j - 1, j)
        terms = [*stats.row_variance(g, codes), draws, *luck]
        found.append(stats.components_interval(float(mean), terms, confidence)[:3])
    return pd.DataFrame(found, columns=["score", "low", "high"])


def _worth_set(curve: pd.DataFrame) -> tuple[int | None, int | None, bool]:
    """Return the ends of the set of m whose interval holds 0, and whether it has gaps."""
    tried, x = int(curve["m"].iloc[-1]), np.log(curve["n_real"])
    at = np.log(curve["n_real"].iloc[0] + np.arange(tried + 1))
    low, high = (np.interp(at, x, curve[f"difference_{end}"]) for end in ("low", "high"))
    side = np.sign(np.clip(low, 0, None)) + np.sign(np.clip(high, None, 0))
    is_open = side[0] >= 0, side[-1] <= 0
    inside = side == 0
    leaps = np.flatnonzero(np.abs(np.diff(side)) == 2)  # from one side to the other within a label
    inside[leaps] = inside[leaps + 1] = True
    m = np.flatnonzero(inside)
    if not len(m):
        return (None, 0, False) if is_open[0] else (tried, None, False)
    path = [*([-1] if is_open[0] else []), *m, *([tried + 1] if is_open[1] else [])]
    least, most = (int(m[0]), int(m[-1]))
    least -= least % 10 ** max(0, len(str(least)) - 2)
    most += -most % 10 ** max(0, len(str(most)) - 2)
    low, high = None if is_open[0] else max(1, least), None if is_open[1] else min(tried, most)
    return low, high, bool((np.diff(path) > 1).any())


# --- checks --------------------------------------------------------------------------------


def _parents(rows: Dataset) -> set[str]:
    return {parent for parents in rows.derived_from for parent in parents}


def _check_inputs(
    real_train: Dataset, synthetic: Any, real_eval: Dataset, n_synth: int | None
) -> None:
    if isinstance(synthetic, Dataset) and n_synth is None:
        guards.check_roles(real_train, synthetic, real_eval)
    elif isinstance(synthetic, Dataset) or not (
        hasattr(synthetic, "fit") and hasattr(synthetic, "sample") and (n_synth or 0) >= 1
    ):
        raise InputError(
            f"synthetic is a {type(synthetic).__name__} and n_synth={n_synth}; expected a Dataset "
            f"alone (take() some of its rows), or an object with fit and sample and an n_synth of "
            f"1 or more. It is unclear what to value. Hand in one of these."
        )


def _check_sample(job: _Job, rows: Dataset, start: Dataset) -> None:
    """Refuse sampled rows that no arm may hold, or that were made from rows outside the start."""
    guards.check_roles(job.real_train, rows, job.real_eval)
    strangers = _parents(rows) - set([] if start.ids is None else start.ids)
    if strangers:
        raise ContaminationError(
            f"{rows.name}: rows were made from {len(strangers)} real rows outside the {len(start)} "
            f"that the generator was fitted on (first: {first(sorted(strangers))}). They would "
            f"smuggle in labels that they are compared with. Sample from what fit() was given."
        )


def _check_costs(cost_per_label: float | None, cost_per_row: float | None) -> None:
    costs = (cost_per_label, cost_per_row)
    if costs != (None, None) and not all(c is not None and 0 <= c < np.inf for c in costs):
        raise InputError(
            f"cost_per_label={cost_per_label}, cost_per_row={cost_per_row}: expected two numbers "
            f"of 0 or more. One price alone, or a negative one, compares nothing. Give both, or "
            f"neither."
        )
