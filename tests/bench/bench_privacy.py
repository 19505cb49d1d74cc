"""Accuracy, detection and time of private tables, PATE and audits on FARS.

    OMP_NUM_THREADS=1 .venv/bin/python tests/bench/bench_privacy.py

Fatal or not, by ten features and without those that give the label away.  The tree was written
down before any score was seen.  OpenDP's noise has no seed: figures move from run to run, and so
each comes with its standard deviation over fits.
"""
# ruff: noqa: T201

from __future__ import annotations

import time
import warnings
from math import inf

import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, OneHotEncoder

from synthlab.dataset import Dataset
from synthlab.datasets.fars import load_fars
from synthlab.generators.copula import GaussianCopula
from synthlab.privacy import (
    Pate,
    PrivateMarginals,
    PublicTree,
    audit,
    audit_levels,
    audit_power,
    count_marginals,
    epsilon_of_rho,
    rho_of_epsilon,
)
from synthlab.privacy.pate import teacher_votes

KIND, SEAT, BELT, DRINK = (
    "PERSON_TYPE",
    "SEATING_POSITION",
    "RESTRAINT_SYSTEM-USE",
    "POLICE_REPORTED_ALCOHOL_INVOLVEMENT",
)
PARENTS = {
    KIND: None,
    SEAT: KIND,
    "AGE": SEAT,
    "SEX": SEAT,
    BELT: KIND,
    "AIR_BAG_AVAILABILITY/DEPLOYMENT": SEAT,
    "EJECTION": BELT,
    "EXTRICATION": "EJECTION",
    DRINK: KIND,
    "POLICE-REPORTED_DRUG_INVOLVEMENT": DRINK,
}
AGES = (0, 1, 5, 10, 15, 16, 18, 21, *range(25, 86, 5), 99, 100)  # 99 means unknown
LABELS = ("fatal", "other")
FITS = 5
#: Noise of checks and of answers, by ε: fixed before any score was seen.
PATE = {1.0: (150.0, 80.0), 4.0: (100.0, 40.0), 10.0: (100.0, 40.0)}


def fatal_or_not(rows: Dataset) -> Dataset:
    """Return ten features and two labels."""
    y = np.where(rows.y == "Fatal_Injury", *LABELS)
    return Dataset(rows.X[list(PARENTS)], y, rows.origin, rows.name, rows.ids)


def fars_tree(rows: Dataset) -> PublicTree:
    """Return the tree, with the levels that the file's header declares, seen or not."""
    levels = {name: tuple(rows.X[name].cat.categories) for name in PARENTS if name != "AGE"}
    return PublicTree(LABELS, PARENTS, levels, {"AGE": AGES})


def numbers(rows: Dataset) -> np.ndarray:
    """Return categories as codes, for gradient boosting."""
    columns = [rows.X[name] if name == "AGE" else rows.X[name].cat.codes for name in PARENTS]
    return np.column_stack(columns)


def boosted_auc(train: Dataset, test: Dataset) -> float:
    """Train gradient boosting on one, score it on the other."""
    categories = [at for at, name in enumerate(PARENTS) if name != "AGE"]
    model = HistGradientBoostingClassifier(categorical_features=categories, random_state=0)
    model.fit(numbers(train), train.y)
    return roc_auc_score(test.y == "fatal", model.predict_proba(numbers(test))[:, 0])


def linear_model() -> Pipeline:
    """Return what teachers and students are."""
    ages = KBinsDiscretizer(10, quantile_method="averaged_inverted_cdf")
    categories = [name for name in PARENTS if name != "AGE"]
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), categories), (ages, ["AGE"])
    )
    return make_pipeline(columns, LogisticRegression(max_iter=300))


def linear_auc(train: Dataset, test: Dataset) -> float:
    """Train a linear model on one, score it on the other."""
    scores = linear_model().fit(train.X, train.y).predict_proba(test.X)[:, 0]
    return roc_auc_score(test.y == "fatal", scores)


def spread(values: list[float]) -> str:
    """Return mean and standard deviation."""
    return f"{np.mean(values):.4f} ± {np.std(values, ddof=1):.4f}"


def bench_tables(train: Dataset, test: Dataset) -> None:
    """Print accuracy and error of marginals by ε, with and without consistency."""
    tree, rng = fars_tree(train), np.random.default_rng(0)
    exact = count_marginals(train, tree)
    print(f"cells {sum(cells.size for cells in exact.values()):,}, real AUC ", end="")
    print(f"{boosted_auc(train, test):.4f} boosted, {linear_auc(train, test):.4f} linear")
    for epsilon in (0.1, 1.0, 3.0, 10.0, inf):
        for is_consistent in (True, False):
            boosted, linear, error, seconds = [], [], [], []
            for _ in range(FITS):
                began = time.perf_counter()
                fitted = PrivateMarginals(tree, epsilon, is_consistent=is_consistent).fit(
                    train, rng
                )
                made = fitted.sample(len(train), rng)
                seconds.append(time.perf_counter() - began)
                boosted.append(boosted_auc(made, test))
                linear.append(linear_auc(made, test))
                error.append(total_variation(fitted.weights, exact))
            print(
                f"eps {epsilon:4} consistent {is_consistent!s:5} AUC {spread(boosted)} boosted, "
                f"{spread(linear)} linear, marginals off by {np.mean(error):.4f}, "
                f"{np.median(seconds):.2f} s",
                flush=True,
            )


def total_variation(weights: dict, exact: dict) -> float:
    """Return the mean over marginals of the total variation between their shares."""
    pairs = [(weights[column], exact[column]) for column in exact]
    return np.mean([np.abs(a / a.sum() - b / b.sum()).sum() / 2 for a, b in pairs])


def bench_pate(train: Dataset, public: Dataset, test: Dataset) -> None:
    """Print what students learn by ε."""
    began, rng = time.perf_counter(), np.random.default_rng(0)
    asked = public.take(np.arange(2_000))
    votes = teacher_votes(train, asked, LABELS, linear_model(), 250, rng)
    print(f"250 teachers, 2,000 rows: {time.perf_counter() - began:.1f} s")
    for epsilon, (check, answer) in PATE.items():
        n_queries = 2_000 if epsilon == 10 else 500
        noise = {"check_scale": check, "answer_scale": answer}
        pate = Pate(asked, LABELS, linear_model(), 250, n_queries, epsilon, **noise)
        fits = [pate.answer(votes[:n_queries]) for _ in range(FITS)]
        students = [linear_auc(fit.answered, test) for fit in fits]
        right = [(fit.labels == asked.y[fit.rows]).mean() for fit in fits]
        print(
            f"PATE eps {epsilon:4} asked {fits[0].n_asked}, answered {len(fits[0].rows)} "
            f"({np.mean(right):.3f} right), spent {fits[0].spent:.2f}, AUC {spread(students)}"
        )


def counts_alone(epsilon: float, n_canaries: int) -> PrivateMarginals:
    """Return noisy counts of the audit column alone."""
    return PrivateMarginals(
        PublicTree(["canary"], {"audit": None}, {"audit": audit_levels(n_canaries)}), epsilon
    )


def bench_audits(train: Dataset) -> None:
    """Print how often which promise is refuted, and the time of an audit."""
    rho = rho_of_epsilon(1.0)
    for m, r, divisor in (
        (1_000, 500, 1), (1_000, 500, inf), (10_000, 1_000, 1), (10_000, 1_000, 2),
        (10_000, 1_000, 3), (10_000, 1_000, 5),
    ):  # fmt: skip
        kept = counts_alone(epsilon_of_rho(rho * divisor**2), m)
        began = time.perf_counter()
        found = [audit(kept, n_canaries=m, n_guesses=r, random_state=s) for s in range(10)]
        seconds = (time.perf_counter() - began) / 10
        bounds = [result.epsilon_lower for result in found]
        print(
            f"m {m:6,} r {r:5,} noise / {divisor}: eps 1 refuted "
            f"{sum(result.refutes(1.0) for result in found)} of 10, bound {spread(bounds)}, "
            f"{seconds:.2f} s an audit",
            flush=True,
        )
    began = time.perf_counter()
    found = [
        audit(GaussianCopula(), train.take(np.arange(3_000)), random_state=s) for s in (0, 1, 2)
    ]
    print(f"copula: {[round(result.epsilon_lower, 2) for result in found]}, ", end="")
    print(f"{(time.perf_counter() - began) / 3:.2f} s an audit")
    began = time.perf_counter()
    table = audit_power((1.0, 3.0, 10.0), (1.0, 2.0, 3.0, inf))
    print(table.round(3).to_string(index=False), f"\n{time.perf_counter() - began:.1f} s")


def main() -> None:
    """Run all three."""
    warnings.simplefilter("ignore")
    real_train, real_eval = map(fatal_or_not, load_fars(50_000, n_eval=35_000))
    public, test = real_eval.take(np.arange(5_000)), real_eval.take(np.arange(5_000, 35_000))
    bench_tables(real_train, test)
    bench_pate(real_train, public, test)
    bench_audits(real_train)


if __name__ == "__main__":
    main()
