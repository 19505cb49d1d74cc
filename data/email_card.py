#!/usr/bin/env python
"""Measure what the data card says of the mail corpus: ``make card``.

Every number in the tables of the card "Real mail" in ``data/README.md`` is printed by this
script: what gives a message's collection away, before and after it was taken out, what
near-duplicates do to a score, and how the default text model's settings were chosen.
"""

from __future__ import annotations

import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, KFold, cross_val_score
from sklearn.pipeline import make_pipeline

from synthlab.dataset import Dataset
from synthlab.datasets import download, email_parser
from synthlab.datasets.emails import email_frame
from synthlab.models import default_model

FOLDS = 5


def raw_texts(frame: pd.DataFrame) -> pd.Series:
    """Return the same messages with nothing taken out but headers and markup."""
    messages = download.messages("spam-assassin")
    parsed = [email_parser.parse_mail(messages[id]) for id in frame["id"]]
    return pd.Series([f"{m.subject}\n\n{m.body}" for m in parsed], index=frame.index)


def accuracy(texts: pd.Series, labels: pd.Series, folds, groups=None, model=None) -> float:
    """Return the mean accuracy of a text model over folds, shuffled by a fixed seed."""
    order = texts.sample(frac=1, random_state=0).index
    data = Dataset(texts[order], labels[order].to_numpy(), "real", "mail")
    groups = None if groups is None else groups[order]
    model = model or default_model(data)
    return cross_val_score(model, data.X, data.y, groups=groups, cv=folds).mean()


def giveaways(frame: pd.DataFrame, raw: pd.Series, clean: pd.Series) -> pd.DataFrame:
    """Return how well the collection of a message can be told, within one class."""
    rows = []
    for pair in (("easy-ham-1", "easy-ham-2"), ("spam-1", "spam-2")):
        part = frame[frame["group"].isin(pair)]
        folds, groups = GroupKFold(FOLDS), part["cluster"]
        rows.append(
            {
                "told apart": " / ".join(pair),
                "always the larger": part["group"].value_counts(normalize=True).max(),
                "as it came": accuracy(raw[part.index], part["group"], folds, groups),
                "marks taken out": accuracy(clean[part.index], part["group"], folds, groups),
            }
        )
    return pd.DataFrame(rows)


def spam_scores(frame: pd.DataFrame, raw: pd.Series, clean: pd.Series) -> pd.DataFrame:
    """Return the accuracy on spam by what was taken out and by how the rows were split."""
    influence, by_cluster = KFold(FOLDS), GroupKFold(FOLDS)
    labels, clusters = frame["label"], frame["cluster"]
    return pd.DataFrame(
        {
            "text": name,
            "split by row": accuracy(texts, labels, influence),
            "split by cluster": accuracy(texts, labels, by_cluster, clusters),
        }
        for name, texts in (("as it came", raw), ("marks taken out", clean))
    )


def model_settings(frame: pd.DataFrame, clean: pd.Series) -> pd.DataFrame:
    """Return the accuracy of text models on real mail, split by cluster."""
    rows = []
    for min_df in (1, 2):
        for c in (1, 10, 100):
            model = make_pipeline(
                TfidfVectorizer(sublinear_tf=True, min_df=min_df),
                LogisticRegression(C=c, max_iter=2_000),
            )
            found = accuracy(clean, frame["label"], GroupKFold(FOLDS), frame["cluster"], model)
            rows.append({"min_df": min_df, "C": c, "accuracy": found})
    return pd.DataFrame(rows)


def main() -> None:
    """Print the tables of the card."""
    frame = email_frame()
    raw, clean = raw_texts(frame), frame["subject"] + "\n\n" + frame["body"]
    print(frame.groupby(["group", "label"]).size().rename("messages").reset_index().to_string())
    sizes = frame["cluster"].value_counts()
    print(f"\n{len(sizes):,} clusters, {int((sizes > 1).sum())} of several, largest {sizes.max()}")
    for table in (giveaways, spam_scores):
        print(f"\n{table(frame, raw, clean).round(3).to_string(index=False)}")
    print(f"\n{model_settings(frame, clean).round(4).to_string(index=False)}")


if __name__ == "__main__":
    main()
