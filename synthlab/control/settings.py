"""Settings that every control checks alike."""

from __future__ import annotations

from synthlab.errors import is_number, is_whole, require


def check_settings(
    margin: float | None, confidence: float, random_state: int = 0, **counts: tuple[int, int]
) -> None:
    """Raise `InputError` for settings that have no meaning.

    Parameters
    ----------
    margin : float ≥ 0, or None for the default
    confidence : float in (0, 1)
    random_state : int ≥ 0
    **counts : (int, int)
        By name, such as ``n_seeds``: the number, and the least that makes sense.
    """
    is_share = is_number(confidence) and 0 < confidence < 1
    for name, value, is_fine, expected in (
        ("margin", margin, margin is None or is_number(margin, 0), "0 or more, a useful lift"),
        ("random_state", random_state, is_whole(random_state), "a whole number, 0 or more"),
        ("confidence", confidence, is_share, "a number between 0 and 1, such as 0.95"),
    ):
        require(is_fine, f"{name}={value!r}", expected, "Nothing was fitted.")
    for name, (count, least) in counts.items():
        expected = f"a whole number, {least} or more"
        why = " With one, chance cannot be seen." if least > 1 else ""
        require(is_whole(count, least), f"{name}={count!r}", expected, f"Nothing was fitted.{why}")
