"""The course's suites for a spam filter: fourteen families, each at one fixed dose."""

from __future__ import annotations

from synthlab.dataset import Dataset
from synthlab.datasets.llm_emails import load_llm_email
from synthlab.edges import additions, disguises
from synthlab.edges.changes import Change, changed_suite
from synthlab.edges.suites import Suite
from synthlab.edges.written_cases import bulk_suite, language_suite, short_suite
from synthlab.errors import InputError

HAM, SPAM = "ham", "spam"


def spam_changes() -> dict[Change, float]:
    """Return what is done to spam, with the dose at which families are compared.

    Half of the words are disguised; what is added is about as long as the message, or what a
    sender would add once.  Pools are e-mails that a frontier model wrote.
    """
    doses = dict.fromkeys(disguises.DISGUISES.values(), 0.5)
    doses[additions.list_footer()] = 1.0
    doses[additions.good_words(_written(HAM))] = 1.0
    doses[additions.prompt_text()] = 4.0
    doses[additions.long_tail()] = 30.0
    return doses


def ham_changes() -> dict[Change, float]:
    """Return what is done to legitimate mail, with the dose at which families are compared."""
    return {additions.quoted_spam(_written(SPAM)): 1.0}


def mail_suites(mail: Dataset, *, n_cases: int = 150, random_state: int = 0) -> list[Suite]:
    """Build the fourteen suites: eleven change given mail, three are written.

    Parameters
    ----------
    mail : Dataset
        Messages labeled "ham" and "spam" that the tested models were not trained on.
    n_cases : int, default 150
        Per family, at most; a written family may hold fewer.
    random_state : int, default 0

    Returns
    -------
    list of Suite

    Raises
    ------
    InputError
        There are fewer than ``n_cases`` messages of a class.
    """
    by_label = {label: mail.take(mail.y == label, label) for label in (SPAM, HAM)}
    for label, rows in by_label.items():
        if len(rows) < n_cases:
            raise InputError(
                f"{mail.name} has {len(rows)} messages labeled {label!r}; expected {n_cases} or "
                f"more. A message that is drawn twice would count twice. Ask for fewer cases."
            )
    about = {"n_cases": n_cases, "random_state": random_state}
    changed = [
        changed_suite(change, by_label[label], dose, **about)
        for label, changes in ((SPAM, spam_changes()), (HAM, ham_changes()))
        for change, dose in changes.items()
    ]
    written = [short_suite(), language_suite(n_cases, random_state=random_state), bulk_suite()]
    return changed + written


def _written(label: str) -> list[str]:
    mails = load_llm_email("frontier", style="informed")
    return mails.X[mails.y == label].tolist()
