"""E-mails that are edge cases as they stand: short ones, other languages, wanted bulk mail.

All of them are legitimate, and the expectation is minimum functionality: a filter that blocks
them blocks mail that somebody waits for.
"""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd

from synthlab.dataset import SYNTHETIC, Dataset
from synthlab.datasets.llm_emails import load_llm_email
from synthlab.edges.expectations import minimum_functionality
from synthlab.edges.suites import Suite
from synthlab.errors import InputError

_SHORT = """thanks yes no ok done sure great agreed received noted sorry congratulations welcome
hello hi bye tomorrow today monday friday noon later soon maybe never always perfect lovely
wonderful brilliant understood confirmed cancelled delayed arrived home late sick better busy
free ready waiting finished attached approved rejected fixed broken why when where who how what
which really indeed absolutely exactly ditto likewise""".split()

#: Greetings, sentences and closings: an e-mail takes one greeting, three sentences, one closing.
_LANGUAGES = {
    "German": (
        ("Hallo Karin,", "Liebe Kollegen,", "Guten Tag Herr Weber,"),
        (
            "die Besprechung ist auf Donnerstag um zehn verschoben.",
            "Das Protokoll der letzten Sitzung liegt bei.",
            "Bitte bring den Schlüssel für den Keller mit.",
            "Der Zug hat wieder Verspätung, ich komme etwas später.",
            "Könntest du den Entwurf bis morgen durchsehen?",
            "Die Heizung im zweiten Stock ist repariert.",
        ),
        ("Viele Grüße, Anna", "Bis morgen, Jens"),
    ),
    "French": (
        ("Bonjour Claire,", "Chers collègues,", "Salut Marc,"),
        (
            "la réunion est repoussée à jeudi matin.",
            "Je joins le compte rendu de la dernière séance.",
            "Peux-tu relire le chapitre trois avant demain ?",
            "Le train est en retard, commencez sans moi.",
            "Les enfants ont laissé leurs gants chez vous.",
            "La salle du premier étage est libre l'après-midi.",
        ),
        ("Amicalement, Luc", "À demain, Sophie"),
    ),
    "Spanish": (
        ("Hola Marta,", "Estimados compañeros,", "Buenos días, Pablo:"),
        (
            "la reunión pasa al jueves a las diez.",
            "Adjunto las notas de la semana pasada.",
            "¿Puedes revisar el borrador antes de mañana?",
            "Mi hermana llega el domingo en el tren de las cinco.",
            "La impresora del pasillo vuelve a funcionar.",
            "Gracias por el libro, me está gustando mucho.",
        ),
        ("Un abrazo, Inés", "Saludos, Jorge"),
    ),
    "Italian": (
        ("Ciao Paola,", "Cari colleghi,", "Buongiorno Andrea,"),
        (
            "la riunione è spostata a giovedì mattina.",
            "Allego il verbale della settimana scorsa.",
            "Puoi rileggere la bozza entro domani?",
            "Il treno è in ritardo, cominciate senza di me.",
            "La stampante del corridoio funziona di nuovo.",
            "Grazie per le foto della gita, sono bellissime.",
        ),
        ("A presto, Giulia", "Saluti, Matteo"),
    ),
    "Polish": (
        ("Cześć Marku,", "Drodzy koledzy,", "Dzień dobry Pani Ewo,"),
        (
            "spotkanie przeniesiono na czwartek rano.",
            "W załączniku jest notatka z ostatniego zebrania.",
            "Czy możesz sprawdzić szkic do jutra?",
            "Pociąg się spóźnia, zacznijcie beze mnie.",
            "Drukarka na korytarzu znowu działa.",
            "Dziękuję za książkę, czyta się świetnie.",
        ),
        ("Pozdrawiam, Tomek", "Do jutra, Ola"),
    ),
    "Russian": (
        ("Привет, Оля!", "Уважаемые коллеги,", "Добрый день, Иван!"),
        (
            "Собрание перенесли на четверг, на десять утра.",
            "Прилагаю заметки с прошлой недели.",
            "Посмотри, пожалуйста, черновик до завтра.",
            "Поезд опаздывает, начинайте без меня.",
            "Принтер в коридоре снова работает.",
            "Спасибо за книгу, читаю с удовольствием.",
        ),
        ("Всего доброго, Саша", "До завтра, Катя"),
    ),
}


def short_suite() -> Suite:
    """Return an empty e-mail and e-mails of one word, all legitimate."""
    return _legitimate("empty and one-word", ["", *_SHORT])


def language_suite(n_cases: int = 200, *, random_state: int = 0) -> Suite:
    """Draw legitimate e-mails in six languages that are not English.

    Parameters
    ----------
    n_cases : int, default 200
        Each takes a language at random, three of its sentences and a frame; no two are equal.
    random_state : int, default 0

    Returns
    -------
    Suite

    Raises
    ------
    InputError
        More are asked for than there are, or none.
    """
    written = _all_language_mails()
    if not 1 <= n_cases <= len(written):
        raise InputError(
            f"n_cases={n_cases}: there are {len(written):,} different e-mails in other languages. "
            f"One that is drawn twice would count twice. Ask for 1 to {len(written):,}."
        )
    rows = np.random.default_rng(random_state).permutation(len(written))[:n_cases]
    return _legitimate("other languages", [written[row] for row in rows])


def bulk_suite() -> Suite:
    """Return the 150 recorded e-mails of wanted bulk mail, written by a frontier model.

    Raises
    ------
    DataUnavailableError
        The recorded file is missing or altered.
    """
    cases = load_llm_email("frontier", style="corner", name="wanted bulk mail")
    return Suite("wanted bulk mail", cases, minimum_functionality())


def _all_language_mails() -> list[str]:
    return [
        f"{greeting}\n\n{' '.join(sentences[i] for i in chosen)}\n\n{closing}"
        for greetings, sentences, closings in _LANGUAGES.values()
        for greeting, closing in product(greetings, closings)
        for chosen in product(range(len(sentences)), repeat=3)
        if len(set(chosen)) == len(chosen)
    ]


def _legitimate(name: str, texts: list[str]) -> Suite:
    labels = ["ham"] * len(texts)
    cases = Dataset(pd.Series(texts, dtype=object), labels, SYNTHETIC, name, is_edge_case=True)
    return Suite(name, cases, minimum_functionality())
