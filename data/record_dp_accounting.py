"""Record what another library says of ρ and ε: the reference of ``tests/test_privacy_dp.py``.

Run it where ``dp-accounting==0.6.0`` is installed; the package needs it nowhere else:

    python -m venv reference
    reference/bin/pip install dp-accounting==0.6.0
    reference/bin/python data/record_dp_accounting.py

Written is ``data/dp_reference.json``: a row per ρ and δ, for one Gaussian mechanism of that ρ, and
a row per PATE account, for all checks and answers together.  Its ε are by Rényi divergence with
20,000 orders and with the library's default ones, by privacy loss distribution (PLD), and by the
analytic Gaussian.
"""

from __future__ import annotations

import json
import math
import os
from importlib.metadata import version
from pathlib import Path

from dp_accounting import get_epsilon_gaussian
from dp_accounting.dp_event import ComposedDpEvent, DpEvent, GaussianDpEvent, SelfComposedDpEvent
from dp_accounting.pld import PLDAccountant
from dp_accounting.rdp import RdpAccountant

HERE = Path(__file__).resolve().parent
RHOS = (0.0003, 0.003, 0.0175, 0.02, 0.05, 0.2, 1.0, 2.0)
DELTAS = (1e-5, 1e-6, 1e-8)
ORDERS = [1 + 10 ** (-2 + 6 * at / 19_999) for at in range(20_000)]
#: Checks, the scale of their noise, answers, and the scale of theirs.
PATE = ((500, 100.0, 294, 40.0), (500, 75.0, 500, 60.0), (1, 100.0, 1, 40.0))


def epsilons(event: DpEvent, delta: float) -> dict[str, float]:
    """Return ε by three accountants."""
    accountants = {
        "rdp": RdpAccountant(orders=ORDERS),
        "rdp_default_orders": RdpAccountant(),
        "pld": PLDAccountant(value_discretization_interval=1e-4),
    }
    return {
        name: accountant.compose(event).get_epsilon(delta)
        for name, accountant in accountants.items()
    }


def gaussian(rho: float, delta: float) -> dict[str, float]:
    """Return a row for one Gaussian mechanism of sensitivity 1."""
    multiplier = 1 / math.sqrt(2 * rho)
    found = epsilons(GaussianDpEvent(multiplier), delta)
    return {"rho": rho, "delta": delta, **found, "exact": get_epsilon_gaussian(multiplier, delta)}


def pate(checks: int, check_scale: float, answers: int, answer_scale: float) -> dict[str, float]:
    """Return a row for checks of sensitivity 1 and answers of sensitivity √2."""
    event = ComposedDpEvent(
        [
            SelfComposedDpEvent(GaussianDpEvent(check_scale), checks),
            SelfComposedDpEvent(GaussianDpEvent(answer_scale / math.sqrt(2)), answers),
        ]
    )
    asked = {"checks": checks, "check_scale": check_scale}
    answered = {"answers": answers, "answer_scale": answer_scale}
    return {**asked, **answered, "delta": 1e-6, **epsilons(event, 1e-6)}


def main() -> None:
    """Write the file, whole or not at all."""
    reference = {
        "by": f"dp-accounting {version('dp-accounting')}, data/record_dp_accounting.py",
        "gaussian": [gaussian(rho, delta) for rho in RHOS for delta in DELTAS],
        "pate": [pate(*account) for account in PATE],
    }
    partial = HERE / ".dp_reference.json"
    partial.write_text(json.dumps(reference, indent=1) + "\n", "utf-8")
    os.replace(partial, HERE / "dp_reference.json")


if __name__ == "__main__":
    main()
