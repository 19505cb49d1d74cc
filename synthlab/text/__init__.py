"""Text as numbers.

`ngrams` finds texts that share word 5-grams and groups near-duplicates; `tokens` counts words.
Neither knows what the texts are for.
"""

import lazy_loader as _lazy

_HOMES = {
    "ngrams": [
        "Grams",
        "StrongestPairs",
        "containment_pairs",
        "count_twins",
        "duplicate_clusters",
        "gram_matrix",
        "index_grams",
        "strongest_pairs",
        "words",
    ],
    "tokens": ["Tokens", "Vocabulary", "count_distinct", "tokenize", "word_counts"],
}
__getattr__, __dir__, __all__ = _lazy.attach(__name__, submod_attrs=_HOMES)
