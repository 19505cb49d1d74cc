"""Real and recorded data, each verified before its first use.

`load_*` returns a `Dataset` or a pair (real_train, real_eval).  ``data/registry.toml`` (and, for
119 tables, ``data/imbalanced.toml``) lists sources and checksums, ``data/README.md`` has the
cards.  To add one: its file here, its name below, its registry entry and its card.
"""

import lazy_loader as _lazy

_HOMES = {
    "cached": ["cached_frame"],
    "card_world": ["Bank", "draw_bank"],
    "corpora": ["CORPORA", "Corpus"],
    "download": ["archive_path", "messages"],
    "email_parser": ["Mail", "parse_mail", "tidy"],
    "emails": ["LABELS", "email_frame", "example_pool", "load_email", "parse_messages"],
    "fars": ["FARS_GIVEAWAYS", "FARS_TARGET", "fars_frame", "load_fars", "load_rare_fars"],
    "files": ["load_csv"],
    "imbalanced": [
        "MAJORITY",
        "MINORITY",
        "imbalanced_frame",
        "imbalanced_names",
        "imbalanced_registry",
        "load_imbalanced",
    ],
    "keel": ["read_keel"],
    "llm_emails": ["LOOP_STYLES", "STYLES", "load_llm_email", "recorded_styles"],
    "llm_labels": ["llm_label_frame", "load_both_labels", "load_llm_labels"],
    "llm_reviews": ["load_llm_reviews"],
    "registry": [
        "installed_file",
        "load_registry",
        "recorded_file",
        "recorded_rows",
        "recorded_shards",
        "verified_member",
    ],
    "reviews": [
        "load_product_reviews",
        "load_reviews",
        "rate_by_words",
        "review_frame",
        "review_ratings",
        "word_ratings",
    ],
    "sdist": ["sdist_files", "sdist_path"],
    "text_tasks": [
        "STRONG",
        "TEXT_TASKS",
        "WEAK",
        "WRITERS",
        "TextTask",
        "require_writer",
        "text_task",
    ],
    "transactions": ["Truth", "load_transactions", "simulate_transactions", "truth"],
}
__getattr__, __dir__, __all__ = _lazy.attach(__name__, submod_attrs=_HOMES)
