r"""How often do intervals hold the truth?  Random shares, groups, weights, looks, and estimand B.

Run from the repository's root (ten minutes on two cores; resumable while the package is the same)::

    OMP_NUM_THREADS=1 python tests/bench/coverage.py

It writes ``data/coverage.md``.  Where `calibration` studies fit seeds near the ends of the scale,
this studies how evaluation rows are drawn.

==========  =================================================================================
symbol      meaning
==========  =================================================================================
π           share of positives
x           one number per row, normal with variance 1 around d for positives, 0 for negatives
logit       what a model says: d·x′ + c, where x′ is x with the model's own noise; a shift of c is
            what training rows of another class share do to a model (the SMOTE case)
icc         share of the variance of x that rows of one group have in common
==========  =================================================================================

Truths come from two million fresh rows (estimand A) or from four hundred fresh samples with
20,000 evaluation rows each (estimand B; of e-mails, all that are left).  The settings were
committed before the first run.
"""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.preprocessing import OrdinalEncoder

import synthlab as sl
from synthlab.control.arms import Fit
from synthlab.control.judge import compare_fits, compare_splits
from synthlab.dataset import Dataset
from synthlab.metrics.grading import METRICS, grade
from synthlab.stats import intervals
from synthlab.sweep import grid, package_digest, run_sweep

SEED, REPETITIONS, PARTS = 20_262, 2_000, 8
N_TRUTH = 2_000_000
REPORT = Path(__file__).resolve().parents[2] / "data" / "coverage.md"
CELLS = Path(".cache") / "coverage"
BAND = (0.93, 0.985)


@dataclass(frozen=True)
class Setting:
    """One way to draw evaluation rows, and two models that they compare."""

    metric: str
    n_rows: int
    share: float = 0.3
    distance: float = 2.0
    noise: float = 0.3  # of the treatment's x′
    prior_shift: float = 0.0  # of the treatment's logits
    stratified: bool = False  # fixed class shares, and declared as such
    group_size: int = 1
    icc: float = 0.0

    @property
    def name(self) -> str:
        """How the report calls it."""
        drawn = "fixed shares" if self.stratified else "random shares"
        if self.group_size > 1:
            kind = "repeats" if self.icc == 1 else f"icc {self.icc:g}"
            drawn = f"{self.n_rows // self.group_size} groups of {self.group_size}, {kind}"
        shift = ", shifted prior" if self.prior_shift else ""
        return f"{self.metric}, {self.n_rows:,} rows, π {self.share:g}{shift}, {drawn}"


_FIVE = ("accuracy", "neg_brier_score", "neg_log_loss", "balanced_accuracy", "f1")
SETTINGS = [
    # random class shares, where the treatment's prior is shifted and where it is not
    *(Setting(metric, 1_000, prior_shift=1.0) for metric in _FIVE),
    *(Setting(metric, 1_000) for metric in _FIVE),
    *(Setting(metric, 200, prior_shift=1.0) for metric in _FIVE[:3]),
    *(Setting(metric, 5_000, share=0.05, prior_shift=2.0) for metric in _FIVE),
    *(Setting(metric, 1_000, prior_shift=1.0) for metric in ("roc_auc", "average_precision")),
    # fixed class shares, declared
    *(Setting(metric, 1_000, prior_shift=1.0, stratified=True) for metric in _FIVE),
    *(Setting(metric, 1_000, stratified=True) for metric in ("roc_auc", "average_precision")),
    # groups
    *(
        Setting(metric, 400, share=0.5, group_size=10, icc=icc, distance=1.5)
        for metric in ("accuracy", "roc_auc", "neg_brier_score")
        for icc in (1.0, 0.8, 0.2)
    ),
    *(
        Setting(metric, 2_000, share=0.3, group_size=5, icc=0.5)
        for metric in ("accuracy", "average_precision", "balanced_accuracy")
    ),
]
BY_NAME = {setting.name: setting for setting in SETTINGS}


# --- estimand A: planted outputs -----------------------------------------------------------


def draw(setting: Setting, n_rows: int, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Return labels, groups, and the logits of both models on fresh rows."""
    n_groups = n_rows // setting.group_size
    group = np.repeat(np.arange(n_groups), setting.group_size)
    y = (rng.random(n_groups) < setting.share).astype(int)[group]
    if setting.stratified:
        y = (np.arange(n_rows) < round(setting.share * n_rows)).astype(int)
    common = rng.normal(size=n_groups)[group] * np.sqrt(setting.icc)
    x = setting.distance * y + common + rng.normal(size=n_rows) * np.sqrt(1 - setting.icc)
    own = rng.normal(size=n_groups)[group] if setting.icc == 1 else rng.normal(size=n_rows)
    c = logit(setting.share) - setting.distance**2 / 2
    baseline = setting.distance * x + c
    treatment = setting.distance * (x + setting.noise * own) + c + setting.prior_shift
    return y, group, baseline, treatment


def output_of(metric: str, logits: np.ndarray) -> np.ndarray:
    """Return what a metric needs of a model that says these logits."""
    needs = METRICS[metric].needs
    if needs == "classes":
        return (logits > 0).astype(int)
    return logits if needs == "ranking" else np.column_stack([expit(-logits), expit(logits)])


def fits(setting: Setting, y: np.ndarray, group: np.ndarray, *logits: np.ndarray) -> tuple:
    """Return evaluation rows and the graded fits of both models."""
    groups = group if setting.group_size > 1 else None
    rows = Dataset(np.zeros((len(y), 1)), y, "real", "eval", groups=groups)
    outputs = [output_of(setting.metric, one) for one in logits]
    classes = np.array([0, 1])
    metric = METRICS[setting.metric]
    return rows, *([Fit(grade(output, rows, metric, classes), output)] for output in outputs)


@lru_cache
def true_lift(name: str) -> float:
    """Return the lift on two million rows."""
    setting = BY_NAME[name]
    n = N_TRUTH - N_TRUTH % setting.group_size
    _, baseline, treatment = fits(setting, *draw(setting, n, np.random.default_rng(SEED)))
    return treatment[0].score.value - baseline[0].score.value


def cover(name: str, part: int, seed: int) -> list[dict]:
    """Judge a part of the repetitions of one setting: the sweep's cell."""
    setting, truth = BY_NAME[name], true_lift(name)
    rng = np.random.default_rng([seed, part, SETTINGS.index(setting)])
    records = []
    for _ in range(REPETITIONS // PARTS):
        rows, *arms = fits(setting, *draw(setting, setting.n_rows, rng))
        how = {"margin": abs(truth), "stratified_eval": setting.stratified}
        found = compare_fits(*arms, rows, METRICS[setting.metric], **how)
        records.append(_record(found, truth))
    return [_summed(records, truth)]


def _record(found, truth: float) -> tuple:
    return (
        found.ci_low <= truth <= found.ci_high,
        found.ci_high - found.ci_low,
        found.lift,
        (found.verdict == "helps" and truth <= found.margin)
        or (found.verdict == "hurts" and truth >= -found.margin),
    )


def _summed(records: list[tuple], truth: float) -> dict:
    covered, width, lift, wrong = map(np.array, zip(*records, strict=True))
    sums = {"covered": int(covered.sum()), "wrong": int(wrong.sum()), "n": len(records)}
    return sums | {
        "width": float(width.sum()),
        "lift_sum": float(lift.sum()),
        "lift_squares": float((lift**2).sum()),
        "truth": truth,
    }


# --- repeated looks ------------------------------------------------------------------------

LOOKS = (
    "ten looks at a growing set",
    "ten looks, corrected",
    "best of ten",
    "best of ten, corrected",
)


def look(name: str, part: int, seed: int) -> list[dict]:
    """Count how often *helps* is said where nothing helps: the sweep's cell."""
    rng = np.random.default_rng([seed, part, LOOKS.index(name)])
    n_looks = 10 if "corrected" in name else 1
    growing = "growing" in name or name == "ten looks, corrected"
    said = sum(_any_help(rng, n_looks, growing) for _ in range(REPETITIONS // PARTS))
    return [{"said": int(said), "n": REPETITIONS // PARTS}]


def _any_help(rng: np.random.Generator, n_looks: int, growing: bool) -> bool:
    """Two models of equal accuracy, compared ten times on accuracy."""
    y = (rng.random(2_000) < 0.5).astype(int)

    def model() -> np.ndarray:
        return np.where(rng.random(len(y)) < 0.15, 1 - y, y)

    baseline, treatment = model(), model()
    for number in range(1, 11):
        n = 200 * number if growing else len(y)
        treatment = treatment if growing else model()
        rows = Dataset(np.zeros((n, 1)), y[:n], "real", "eval")
        arms = (
            [Fit(grade(out[:n], rows, METRICS["accuracy"], np.array([0, 1])), out[:n])]
            for out in (baseline, treatment)
        )
        how = {"margin": 0.0, "n_looks": n_looks}
        if compare_fits(*arms, rows, METRICS["accuracy"], **how).verdict == "helps":
            return True
    return False


# --- estimand B ----------------------------------------------------------------------------


@dataclass(frozen=True)
class World:
    """A population, and a generator on trial there: noisy copies of training rows."""

    n_rows: int
    share: float
    columns: int
    distance: float
    generator_noise: float
    model: str
    metric: str = "roc_auc"
    pool: str = ""  # of real rows to draw from, in place of normal numbers

    @property
    def name(self) -> str:
        """How the report calls it."""
        drawn = f" × {self.columns}, π {self.share:g}" if not self.pool else f" of {self.pool}"
        return (
            f"{self.metric}, {self.n_rows:,} rows{drawn}, {self.model}, "
            f"noise {self.generator_noise:g}"
        )


#: Eight new ones, committed before the candidate was run on any of them.
WORLDS = [
    World(300, 0.3, 5, 1.0, 1.0, "naive Bayes"),
    World(300, 0.5, 20, 1.5, 0.5, "logistic regression", "accuracy"),
    World(1_000, 0.05, 8, 2.0, 1.0, "naive Bayes", "average_precision"),
    World(1_000, 0.2, 30, 1.0, 2.0, "logistic regression"),
    World(3_000, 0.1, 10, 1.0, 1.0, "naive Bayes", "neg_brier_score"),
    World(3_000, 0.3, 10, 0.8, 3.0, "logistic regression", "accuracy"),
    World(300, 0.3, 1_000, 0.0, 0.3, "multinomial naive Bayes", "accuracy", "e-mails"),
    World(1_000, 0.4, 27, 0.0, 0.3, "naive Bayes", "roc_auc", "accidents"),
]
_WORLD = {world.name: world for world in WORLDS}
_MODELS = {
    "naive Bayes": GaussianNB(),
    "logistic regression": LogisticRegression(),
    "multinomial naive Bayes": MultinomialNB(),
}
B_REPETITIONS, B_PARTS, N_TRUTHS, N_FRESH = 400, 8, 400, 20_000
N_SPLITS = 10  # for Nadeau-Bengio; the candidate uses 2 × 5 folds, as many fits


def population(world: World, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return features and labels of fresh rows."""
    if world.pool:
        X, y = real_rows(world.pool)
        rows = rng.choice(len(y), size=min(n, len(y)), replace=False)
        return X[rows], y[rows]
    y = (rng.random(n) < world.share).astype(int)
    X = rng.normal(size=(n, world.columns))
    X[:, 0] += world.distance * y
    return X, y


@lru_cache
def real_rows(pool: str) -> tuple[np.ndarray, np.ndarray]:
    """Return all real rows of a pool: the counts of 1,000 words, or codes of categories."""
    if pool == "e-mails":
        first, second = sl.load_email()
        words = CountVectorizer(max_features=1_000, binary=True).fit_transform(first.X)
        return words.toarray().astype(float), (first.y == "spam").astype(int)
    first, second = sl.load_fars()
    rows = first + second
    X = rows.X.drop(columns=["RACE", "HISPANIC_ORIGIN"])  # known of the dead alone
    return OrdinalEncoder().fit_transform(X.astype(str)), (rows.y == "Fatal_Injury").astype(int)


def both_arms(world: World, X: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> list:
    """Fit real only, and real + as many noisy copies."""
    rows = rng.integers(len(y), size=len(y))
    if world.pool:  # other rows' values in a share of all cells
        is_other = rng.random(X.shape) < world.generator_noise
        copies = np.where(is_other, X[rng.permutation(rows)], X[rows])
    else:
        copies = X[rows] + world.generator_noise * rng.normal(size=X.shape)
    model = _MODELS[world.model]
    real = type(model)(**model.get_params()).fit(X, y)
    both = type(model)(**model.get_params())
    return [real, both.fit(np.vstack([X, copies]), np.concatenate([y, y[rows]]))]


def graded(world: World, arms: list, X: np.ndarray, y: np.ndarray) -> list:
    """Return each arm's score on rows, with the influence of each."""
    rows, metric = Dataset(X, y, "real", "eval"), METRICS[world.metric]
    method = {"classes": "predict", "ranking": "predict_proba", "probabilities": "predict_proba"}
    outputs = [np.asarray(getattr(arm, method[metric.needs])(X)) for arm in arms]
    outputs = [o[:, 1] if metric.needs == "ranking" else o for o in outputs]
    return [grade(output, rows, metric, np.array([0, 1])) for output in outputs]


@lru_cache
def true_generator_lift(name: str) -> float:
    """Return the mean lift over fresh samples of the training size."""
    world, rng, lifts = _WORLD[name], np.random.default_rng(SEED), []
    n_train = round(0.8 * world.n_rows)
    for _ in range(N_TRUTHS):
        X, y = population(world, n_train + N_FRESH, rng)
        arms = both_arms(world, X[:n_train], y[:n_train], rng)
        real, both = graded(world, arms, X[n_train:], y[n_train:])
        lifts.append(both.value - real.value)
    return float(np.mean(lifts))


def cover_generator(name: str, part: int, seed: int) -> list[dict]:
    """Cover the lift of a generator by both intervals: the sweep's cell."""
    world, truth = _WORLD[name], true_generator_lift(name)
    rng = np.random.default_rng([seed, part, WORLDS.index(world)])
    counts = []
    for _ in range(B_REPETITIONS // B_PARTS):
        X, y = population(world, world.n_rows, rng)
        counts.append((*by_splits(world, X, y, rng), *by_folds(world, X, y, rng)))
    columns = ("nb_low", "nb_high", "nb_lift", "cv_low", "cv_high", "cv_lift")
    frame = pd.DataFrame(counts, columns=columns)
    return [{**row, "truth": truth} for row in frame.to_dict("records")]


def by_splits(world: World, X: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> tuple:
    """Return today's interval: Nadeau and Bengio over repeated splits."""
    scores = []
    for _ in range(N_SPLITS):
        folds = StratifiedKFold(5, shuffle=True, random_state=int(rng.integers(2**31)))
        train, held_out = next(folds.split(X, y))
        arms = both_arms(world, X[train], y[train], rng)
        scores.append([score.value for score in graded(world, arms, X[held_out], y[held_out])])
    found = compare_splits(*np.transpose(scores), eval_to_train=0.25, metric=world.metric)
    return found.ci_low, found.ci_high, found.lift


def by_folds(world: World, X: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> tuple:
    """Return the candidate: repeated stratified 5-fold, SE² = √(V_influence · V_NB)."""
    lifts, influence = [], np.zeros(len(y))
    for _ in range(2):
        folds = StratifiedKFold(5, shuffle=True, random_state=int(rng.integers(2**31)))
        for train, held_out in folds.split(X, y):
            arms = both_arms(world, X[train], y[train], rng)
            real, both = graded(world, arms, X[held_out], y[held_out])
            lifts.append(both.value - real.value)
            influence[held_out] += (both.influence - real.influence) / 10
    n_rarest = int(min(np.bincount(y)))
    found = intervals.cross_validated_interval(np.array(lifts), 0.25, influence, n_rarest)
    return found.low, found.high, found.estimate


# --- the report ----------------------------------------------------------------------------


def main() -> None:
    """Run what the folder lacks, and write the report."""
    how = {"n_jobs": 2, "recipe": package_digest()}
    rows = run_sweep(
        cover, grid(name=[*BY_NAME], part=range(PARTS), seeds=[SEED]), CELLS, label="rows", **how
    )
    looks = run_sweep(
        look, grid(name=[*LOOKS], part=range(PARTS), seeds=[SEED]), CELLS, label="looks", **how
    )
    splits = run_sweep(
        cover_generator,
        grid(name=[*_WORLD], part=range(B_PARTS), seeds=[SEED]),
        CELLS,
        label="generators",
        **how,
    )
    frames = [sweep.require_complete().to_frame() for sweep in (rows, looks, splits)]
    REPORT.write_text(report(*frames), encoding="utf-8")


def report(rows: pd.DataFrame, looks: pd.DataFrame, splits: pd.DataFrame) -> str:
    """Return the page."""
    parts = [_HEAD.format(n=REPETITIONS, low=BAND[0], high=BAND[1]), _rows_table(rows)]
    parts += [_LOOKS_HEAD.format(n=REPETITIONS), _looks_table(looks)]
    parts += [_B_HEAD.format(n=B_REPETITIONS), _splits_table(splits)]
    return "\n\n".join(parts) + "\n"


def _rows_table(rows: pd.DataFrame) -> str:
    sums = rows.groupby("name", sort=False).agg(
        dict.fromkeys(("covered", "wrong", "n", "width", "lift_sum", "lift_squares"), "sum")
        | {"truth": "first"}
    )
    lines = ["| setting | true lift | coverage | half-width | wrong verdicts | target |"]
    lines.append("|---|---|---|---|---|---|")
    for name, s in sums.iterrows():
        spread = np.sqrt(s["lift_squares"] / s["n"] - (s["lift_sum"] / s["n"]) ** 2)
        coverage, half = s["covered"] / s["n"], s["width"] / s["n"] / 2 / spread
        word = "met" if BAND[0] <= coverage <= BAND[1] else "missed"
        lines.append(
            f"| {name} | {s['truth']:+.4f} | {coverage:.1%} | {half:.2f} | "
            f"{s['wrong'] / s['n']:.1%} | {word} |"
        )
    return "\n".join(lines)


def _looks_table(looks: pd.DataFrame) -> str:
    sums = looks.groupby("name", sort=False)[["said", "n"]].sum()
    lines = ["| what is looked at | false *helps* |", "|---|---|"]
    return "\n".join([*lines, *(f"| {k} | {s.said / s.n:.1%} |" for k, s in sums.iterrows())])


def _splits_table(splits: pd.DataFrame) -> str:
    lines = ["| world | true lift | Nadeau-Bengio: coverage, half-width | candidate: the same |"]
    lines.append("|---|---|---|---|")
    for name, s in splits.groupby("name", sort=False):
        cells = []
        for kind in ("nb", "cv"):
            covered = ((s[f"{kind}_low"] <= s["truth"]) & (s["truth"] <= s[f"{kind}_high"])).mean()
            half = (s[f"{kind}_high"] - s[f"{kind}_low"]).mean() / 2 / s[f"{kind}_lift"].std()
            cells.append(f"{covered:.1%}, {half:.2f}")
        lines.append(f"| {name} | {s['truth'].iloc[0]:+.4f} | {' | '.join(cells)} |")
    return "\n".join(lines)


_HEAD = """# How often do intervals hold the truth?

Made by `OMP_NUM_THREADS=1 python tests/bench/coverage.py` (part of `make calibrate`), which
describes the simulated worlds. Nominal coverage is 95 %.

## Estimand A: how evaluation rows are drawn

{n:,} repetitions per setting; wanted are {low:.0%} to {high:.1%}. Half-widths are in standard
deviations of the estimate. *Wrong verdicts*: *helps* or *hurts* where the true lift lies on the
margin itself."""
_LOOKS_HEAD = """## Repeated looks

Two models of equal accuracy, margin 0, {n:,} repetitions; a single look says *helps* in 2.5 %.
*Corrected* passes `n_looks=10`."""
_B_HEAD = """## Estimand B: the generator on trial

{n:,} samples per world. Both intervals use ten fits per arm: ten splits of 80 : 20, or 2 × 5
folds. The candidate's SE² is √(V_influence · V_Nadeau-Bengio), with as many degrees of freedom as
positives less one; it was chosen on other settings, and these eight were committed before it was
run on them.  It covers in all of them and is shorter in seven, so `evaluate_generator_lift` uses it
wherever its splits are whole rounds of cross-validation of independent rows."""


if __name__ == "__main__":
    # Workers import the cells by name, which they cannot do with a script.
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    importlib.import_module("bench.coverage").main()
