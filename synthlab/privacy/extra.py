"""What `synthlab.privacy` needs beyond the course's own packages, asked for where it is used."""

from __future__ import annotations

from importlib.util import find_spec

from synthlab.errors import ExtraMissingError

EXTRA = ("opendp", "jax", "optax")


def require_extra(*packages: str) -> None:
    """Raise `ExtraMissingError` unless all packages are installed; those of the extra by default.

    Parameters
    ----------
    *packages : str
        Names that are imported: ``opendp`` for noise, ``jax`` and ``optax`` for the GAN.
    """
    missing = [name for name in packages or EXTRA if find_spec(name) is None]
    if missing:
        raise ExtraMissingError(
            f"{' and '.join(missing)}: not installed. Without OpenDP nothing can be released with "
            f"a guarantee, without jax and optax no GAN can be trained. Run `make setup-privacy` "
            f"in the course's folder, or `pip install synthlab[privacy]`."
        )
