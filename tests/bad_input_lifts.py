"""Bad rows and bad models for the control, by name: each is sound but for one thing."""

from functools import partial

import numpy as np
import pandas as pd
from simulated import two_classes, zipf_texts
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.svm import LinearSVC

from synthlab.dataset import Dataset


class Spoilt(ClassifierMixin, BaseEstimator):
    """Logistic regression whose answers are spoilt on the way out."""

    def __init__(self, how="not at all"):
        self.how = how

    def fit(self, X, y):
        if self.how == "fit fails":
            raise ValueError("cannot take this")
        if self.how == "fit writes":
            X.iloc[:, 0] = 0.0
        self.inner_ = LogisticRegression().fit(np.asarray(X), y)
        self.classes_ = self.inner_.classes_
        if self.how == "renamed classes":
            self.classes_ = np.arange(len(self.classes_))
        return self

    def predict(self, X):
        labels = self.inner_.predict(np.asarray(X))
        ways = {
            "codes": lambda: np.searchsorted(self.classes_, labels),
            "a row less": lambda: labels[:-1],
            "an unknown label": lambda: np.where(np.arange(len(labels)) == 3, "zzz", labels),
            "a column of labels": lambda: labels[:, None],
        }
        return ways.get(self.how, lambda: labels)()

    def predict_proba(self, X):
        shares = self.inner_.predict_proba(np.asarray(X))
        ways = {
            "not a number": lambda: np.where(np.arange(len(shares))[:, None] == 3, np.nan, shares),
            "above one": lambda: shares * 1.2,
            "below zero": lambda: shares - 0.2,
            "not adding up": lambda: shares / 2,
            "three columns": lambda: np.hstack([shares, shares[:, :1]]),
            "one column": lambda: shares[:, 1],
            "half of the rows": lambda: shares[::2],
            "words": lambda: shares.astype(str),
            "nothing": lambda: None,
        }
        return ways.get(self.how, lambda: shares)()


def sound():
    """Return real rows, synthetic rows and evaluation rows of which nothing is wrong."""
    return {
        "real_train": two_classes(60, "real", 1),
        "synth_train": two_classes(40, "synthetic", 2),
        "real_eval": two_classes(120, "real", 3),
    }


def with_column(data, **columns):
    return data.replace(X=data.X.assign(**columns))


def everywhere(make):
    """Change all three sets alike."""
    return {name: make(data) for name, data in sound().items()}


def one(name, make):
    """Change one of the three sets."""
    parts = sound()
    return parts | {name: make(parts)}


def copies_of_eval(noise):
    def make(parts):
        rng = np.random.default_rng(0)
        X = parts["real_eval"].X
        return Dataset(X + noise * rng.normal(size=X.shape), parts["real_eval"].y, "synthetic", "s")

    return one("synth_train", make)


def texts(change=lambda where: where[2]):
    made = {
        "real_train": zipf_texts(60, "real", 1),
        "synth_train": zipf_texts(40, "synthetic", 2),
        "real_eval": zipf_texts(60, "real", 3),
    }
    return {
        name: data.replace(X=pd.Series([change((name, n, text)) for n, text in enumerate(data.X)]))
        for name, data in made.items()
    }


def of_class(parts, name, label):
    return parts[name].take(parts[name].y == label)


SETS = {
    "sound": sound,
    "empty evaluation": partial(one, "real_eval", lambda p: p["real_eval"].take([])),
    "empty synthetic": partial(one, "synth_train", lambda p: p["synth_train"].take([])),
    "empty real": partial(one, "real_train", lambda p: p["real_train"].take([])),
    "one evaluation row": partial(one, "real_eval", lambda p: p["real_eval"].take([0])),
    "ten evaluation rows": partial(one, "real_eval", lambda p: p["real_eval"].take(range(10))),
    "evaluation of one class": partial(one, "real_eval", lambda p: of_class(p, "real_eval", "no")),
    "training of one class": partial(one, "real_train", lambda p: of_class(p, "real_train", "no")),
    "exact copies of evaluation": partial(copies_of_eval, 0.0),
    "noisy copies of evaluation": partial(copies_of_eval, 0.01),
    "synthetic is real": partial(one, "synth_train", lambda p: p["real_train"]),
    "evaluation is training": partial(one, "real_eval", lambda p: p["real_train"]),
    "evaluation is synthetic": partial(one, "real_eval", lambda p: p["synth_train"]),
    "real training is synthetic": partial(one, "real_train", lambda p: p["synth_train"]),
    "edge cases in training": partial(
        one, "synth_train", lambda p: p["synth_train"].replace(is_edge_case=True)
    ),
    "edge cases in evaluation": partial(
        one, "real_eval", lambda p: p["real_eval"].replace(is_edge_case=True)
    ),
    "a parent in evaluation": lambda: (
        sound()
        | {
            "real_train": sound()["real_train"].replace(ids=[f"t{n}" for n in range(60)]),
            "real_eval": sound()["real_eval"].replace(ids=[f"e{n}" for n in range(120)]),
            "synth_train": sound()["synth_train"].replace(derived_from=[["e7"]] * 40),
        }
    ),
    "shared ids": lambda: (
        sound()
        | {
            "real_train": sound()["real_train"].replace(ids=[f"a{n}" for n in range(60)]),
            "real_eval": sound()["real_eval"].replace(ids=[f"a{n}" for n in range(120)]),
        }
    ),
    "shared groups": lambda: (
        sound()
        | {
            "real_train": sound()["real_train"].replace(groups=[n % 9 for n in range(60)]),
            "real_eval": sound()["real_eval"].replace(groups=[n % 9 for n in range(120)]),
        }
    ),
    "infinite numbers": partial(everywhere, lambda d: with_column(d, x0=np.inf)),
    "missing numbers": partial(everywhere, lambda d: with_column(d, x0=np.nan)),
    "numbers that overflow": partial(everywhere, lambda d: with_column(d, x0=d.X["x0"] * 1e308)),
    "lists in cells": partial(everywhere, lambda d: with_column(d, x0=[[1]] * len(d))),
    "words in a column": partial(everywhere, lambda d: with_column(d, x0="word")),
    "an array": partial(everywhere, lambda d: d.replace(X=d.X.to_numpy())),
    "labels that are measurements": partial(
        everywhere, lambda d: d.replace(y=d.X["x0"].to_numpy() * 7)
    ),
    "infinite labels": partial(
        everywhere, lambda d: d.replace(y=np.where(d.y == "yes", np.inf, 0.0))
    ),
    "labels beyond int64": partial(
        everywhere, lambda d: d.replace(y=np.array([2**70 + (y == "yes") for y in d.y], object))
    ),
    "labels of three kinds": partial(
        everywhere, lambda d: d.replace(y=np.array([1, "a", None, 2.5] * 30, object)[: len(d)])
    ),
    "unique words": partial(texts, lambda where: "w" + "".join(map(str, where[:2]))),
    "stop characters": partial(texts, lambda where: "a b c " + "." * where[1]),
    "texts": texts,
}
MODELS = {
    "": LogisticRegression,
    "default": lambda: None,
    "a regressor": LinearRegression,
    "no probabilities": LinearSVC,
    "a text": lambda: "logistic",
    "a class": lambda: LogisticRegression,
}


def model_named(name):
    return MODELS[name]() if name in MODELS else Spoilt(name)
