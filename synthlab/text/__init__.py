"""Text as numbers.

`ngrams` finds texts that share word 5-grams and groups near-duplicates; `tokens` counts words;
`counted` keeps the counts for hundreds of fits on the same texts.  None knows what they are for.
"""

import lazy_loader as _lazy

_HOMES = {
    "counted": ["CommonWords", "CountedTexts", "KnownCounts", "counted_model"],
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
