"""Many text classifiers, fitted and scored together, to see how they rank."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.naive_bayes import BernoulliNB, MultinomialNB
from sklearn.svm import LinearSVC

from synthlab.dataset import Dataset
from synthlab.edges.evidence import matched_threshold
from synthlab.edges.hard_mail import HardMail
from synthlab.edges.suites import Suite

#: Three ways to read a text.
FEATURES: Mapping[str, BaseEstimator] = {
    "words": TfidfVectorizer(sublinear_tf=True, min_df=2),
    "word pairs": TfidfVectorizer(sublinear_tf=True, min_df=2, ngram_range=(1, 2)),
    "common words": CountVectorizer(binary=True, max_features=2_000),
}
#: Seven ways to learn from it.
CLASSIFIERS: Mapping[str, BaseEstimator] = {
    "logistic regression, C=100": LogisticRegression(C=100, max_iter=2_000),
    "logistic regression, C=1": LogisticRegression(C=1, max_iter=2_000),
    "linear SVM": LinearSVC(),
    "ridge": RidgeClassifier(),
    "naive Bayes, α=1": MultinomialNB(alpha=1.0),
    "naive Bayes, α=0.01": MultinomialNB(alpha=0.01),
    "Bernoulli naive Bayes": BernoulliNB(alpha=0.1),
}


def panel_scores(
    train: Dataset, sizes: list[int], sets: Mapping[str, pd.Series], positive: str = "spam"
) -> Iterator[dict]:
    """Fit every classifier on every kind of features and number of rows; score texts.

    Parameters
    ----------
    train : Dataset
        Of texts, in random order: a size takes its first rows.
    sizes : list of int
    sets : mapping of str to pandas.Series of str
        Texts to score, by name.
    positive : str, default "spam"

    Yields
    ------
    dict
        ``features``, ``classifier``, ``n_train``; ``scores``: by set, a number per text, higher
        where the text looks more like ``positive``; ``calls``: by set, whether it is called so.
    """
    for (name, features), n in product(FEATURES.items(), sizes):
        rows = train.take(np.arange(n))
        reader = clone(features)
        X = reader.fit_transform(rows.X)
        read = {key: reader.transform(texts) for key, texts in sets.items()}
        for kind, classifier in CLASSIFIERS.items():
            fitted = clone(classifier).fit(X, rows.y)
            yield {
                "features": name,
                "classifier": kind,
                "n_train": n,
                "scores": {key: _score(fitted, texts, positive) for key, texts in read.items()},
                "calls": {key: fitted.predict(texts) == positive for key, texts in read.items()},
            }


def panel_failures(
    mail: HardMail, suites: Sequence[Suite], sizes: list[int], *, recall: float = 0.95
) -> pd.DataFrame:
    """Return how often every classifier of the panel fails, on suites and on real mail.

    Parameters
    ----------
    mail : HardMail
        Its first part trains.
    suites : sequence of Suite
        Of texts.  A case fails where it does not get its own label, whatever the suite expects.
    sizes : list of int
        Training rows.
    recall : float in (0, 1], default 0.95
        Share of real evaluation spam that every model finds at its *matched* threshold.

    Returns
    -------
    pandas.DataFrame
        Two rows per model, whose ``threshold`` is "matched" and "default": ``features``,
        ``classifier``, ``n_train``; ``hard mail`` and ``ordinary mail``, the shares of hard and
        of ordinary legitimate real mail that are called spam; and the failure rate by suite.
    """
    is_spam = mail.real_eval.y == "spam"
    sets = {"hard mail": mail.hard.X, "eval": mail.real_eval.X}
    sets |= {suite.name: suite.cases.X for suite in suites}
    rows = []
    for model in panel_scores(mail.real_train, sizes, sets):
        threshold = matched_threshold(model["scores"]["eval"][is_spam], recall)
        matched = {name: scores >= threshold for name, scores in model["scores"].items()}
        about = {key: model[key] for key in ("features", "classifier", "n_train")}
        for kind, calls in {"matched": matched, "default": model["calls"]}.items():
            real = {"hard mail": calls["hard mail"], "ordinary mail": calls["eval"][~is_spam]}
            failures = real | {s.name: calls[s.name] != (s.cases.y == "spam") for s in suites}
            shares = {name: failed.mean() for name, failed in failures.items()}
            rows.append(about | {"threshold": kind} | shares)
    return pd.DataFrame(rows)


def _score(fitted: BaseEstimator, X, positive: str) -> np.ndarray:
    column = fitted.classes_.tolist().index(positive)
    if hasattr(fitted, "decision_function"):
        return fitted.decision_function(X) * (1 if column else -1)
    odds = fitted.predict_joint_log_proba(X)  # probabilities of long texts are 0 or 1
    return odds[:, column] - odds[:, 1 - column]
