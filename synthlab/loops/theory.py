r"""Closed forms of self-consuming loops, and simulations of the same loops.

Theory covers two small loops, a Gaussian and a linear regression, each refitted on its own output;
notebook 07 compares real loops with them.

Generation 0 is the truth, generation 1 is fitted on real data, and generation 2 is the first to
see synthetic data.  Every array below has one entry per generation, 0 included, so that ``law[g]``
is generation g; a simulation has one column per generation.

=========  ==================================================================================
symbol     meaning
=========  ==================================================================================
g          generation, 0 for the truth
σ          standard deviation of the Gaussian, and of the noise on a regression's labels
n          samples that each generation of the Gaussian is fitted on
μ_g, V_g   mean and variance fitted in generation g (divisor n); V_0 = σ²
T, d       rows that a generation adds, and features, of a regression
X_g, e_g   the rows of generation g, standard normal, of shape (T, d), and their labels' noise
w_g        coefficients fitted in generation g; w_0 is the truth
ψ          the digamma function
=========  ==================================================================================

References
----------
Shumailov et al. (2024), Nature 631:755, doi:10.1038/s41586-024-07566-y: the Gaussian loop.
Suresh et al. (2024), arXiv:2412.17646: how fast it collapses.
Dohmatob, Feng & Kempe (2024), arXiv:2402.07712: regression, data replaced.
Gerstgrasser et al. (2024), arXiv:2404.01413: regression, data accumulated.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import special

from synthlab.errors import is_number, is_whole, require

_MODES = ("replace", "accumulate")


class GaussianLoops(NamedTuple):
    """Means and variances that many Gaussian loops fitted, one row per loop."""

    means: np.ndarray
    variances: np.ndarray


# --- a Gaussian that is refitted on its own samples ----------------------------------------


def mean_variance(n: int, *, generations: int, sigma: float = 1.0) -> np.ndarray:
    """Return the expected variance of a Gaussian refitted by maximum likelihood on n samples.

    Parameters
    ----------
    n : int ≥ 2
    generations : int ≥ 0
        The last generation.
    sigma : float > 0, default 1

    Returns
    -------
    ndarray of shape (generations + 1,)

    Raises
    ------
    InputError
        A number outside of its range.

    Notes
    -----
    Given V_{g−1}, n V_g / V_{g−1} is χ² on n − 1 degrees of freedom, whose mean is n − 1: hence
    E V_g = σ² (1 − 1/n)^g.  Most loops lie below, see `median_variance`; when g is well above n,
    so few loops carry the mean that a simulation will miss it.

    Examples
    --------
    >>> mean_variance(10, generations=3).round(3)
    array([1.   , 0.9  , 0.81 , 0.729])
    """
    _check_gaussian(n, generations, sigma)
    return sigma**2 * (1 - 1 / n) ** np.arange(generations + 1)


def geometric_mean_variance(n: int, *, generations: int, sigma: float = 1.0) -> np.ndarray:
    """Return exp(E log V_g), the exact geometric mean of the fitted variance over loops.

    Parameters and errors are those of `mean_variance`.

    Returns
    -------
    ndarray of shape (generations + 1,)

    Notes
    -----
    E log χ² on n − 1 degrees of freedom is ψ((n − 1)/2) + log 2, so that a generation adds
    ψ((n − 1)/2) + log(2/n) to E log V_g: −2/n and a little less, twice as much as the mean
    loses.  About σ² e^(−2g/n).

    Examples
    --------
    >>> geometric_mean_variance(10, generations=3).round(3)
    array([1.   , 0.802, 0.643, 0.516])
    """
    _check_gaussian(n, generations, sigma)
    by_generation = special.digamma((n - 1) / 2) + np.log(2 / n)
    return sigma**2 * np.exp(by_generation * np.arange(generations + 1))


def median_variance(n: int, *, generations: int, sigma: float = 1.0) -> np.ndarray:
    """Return the approximate median of the fitted variance over loops: a typical loop.

    Parameters and errors are those of `mean_variance`.

    Returns
    -------
    ndarray of shape (generations + 1,)
        Less than 1 % off from n = 5 on; at most 9 % (n = 2, generation 1).

    Notes
    -----
    log V_g is a sum of g independent terms of one law, skewed to the left: its cumulants are
    g κ₂ = g ψ'((n − 1)/2) and g κ₃ = g ψ''((n − 1)/2) < 0.  Cornish & Fisher's expansion puts
    its median −κ₃/(6 κ₂) above its mean, whatever g ≥ 1 is.  The median thus stays a share of
    about 1/(3(n − 1)) above the geometric mean; in units of the loops' spread, which grows with
    √g, it approaches it.

    References
    ----------
    Cornish & Fisher (1938), Revue de l'Institut International de Statistique 5:307.

    Examples
    --------
    >>> median_variance(10, generations=3).round(3)
    array([1.   , 0.836, 0.67 , 0.538])
    """
    geometric = geometric_mean_variance(n, generations=generations, sigma=sigma)
    second, third = special.polygamma([1, 2], (n - 1) / 2)
    geometric[1:] *= np.exp(-third / (6 * second))
    return geometric


def simulate_gaussian_loop(
    n: int, rng: np.random.Generator, *, generations: int, n_loops: int
) -> GaussianLoops:
    """Run many loops of a standard Gaussian that is refitted on n of its own samples.

    Parameters
    ----------
    n : int ≥ 2
    rng : numpy.random.Generator
    generations : int ≥ 0
        The last generation.
    n_loops : int ≥ 1

    Returns
    -------
    GaussianLoops
        Means and variances, of shape (n_loops, generations + 1) each; the first column is the
        truth, 0 and 1.

    Raises
    ------
    InputError
        A number outside of its range.
    """
    _check_gaussian(n, generations, 1.0)
    _check("n_loops", n_loops, is_whole(n_loops, 1), _whole(1), "Nothing would be run")
    # No sample is drawn, only its mean and variance: those of n Gaussian samples are independent,
    # the one normal, the other χ² on n − 1 degrees of freedom (Cochran), so the law is the same.
    ratios = rng.chisquare(n - 1, (n_loops, generations)) / n
    variances = np.cumprod(np.insert(ratios, 0, 1.0, axis=1), axis=1)
    steps = rng.normal(size=ratios.shape) * np.sqrt(variances[:, :-1] / n)
    means = np.cumsum(np.insert(steps, 0, 0.0, axis=1), axis=1)
    return GaussianLoops(means, variances)


# --- a regression that is refitted on its own labels ---------------------------------------


def regression_excess(
    T: int, d: int, *, generations: int, sigma: float, mode: str, same_X: bool = True
) -> np.ndarray:
    """Return the expected excess error of least squares fitted on its own labels.

    Generation g labels its rows X_g by w_{g−1}, adds noise, and is fitted on those rows
    (*replace*) or on the rows of all generations so far (*accumulate*).

    Parameters
    ----------
    T : int > d + 1
    d : int ≥ 1
    generations : int ≥ 0
        The last generation.
    sigma : float > 0
    mode : {"replace", "accumulate"}
    same_X : bool, default True
        Whether all generations label the same rows, or each draws its own.  Where rows are
        replaced the expectation is the same.

    Returns
    -------
    ndarray of shape (generations + 1,)
        E ‖w_g − w_0‖²: the expected squared error of predictions on fresh standard normal rows,
        less the noise that nothing predicts.

    Raises
    ------
    InputError
        An unknown mode, or a number outside of its range.

    Notes
    -----
    With X⁺ the pseudo-inverse and E tr (XᵀX)⁻¹ = d/(T − d − 1) (inverse Wishart):

    - replace: w_g = w_{g−1} + X_g⁺ e_g, hence σ² d/(T − d − 1) · g;
    - accumulate, same X: the fit is that on the mean of all labels, w_g = w_{g−1} + X⁺ e_g / g,
      hence σ² d/(T − d − 1) · Σ_{i≤g} 1/i², at most π²/6 times the error of generation 1;
    - accumulate, own X: with A_g = Σ_{i≤g} X_iᵀX_i, w_g = w_{g−1} + A_g⁻¹ X_gᵀ e_g.  No
      generation's rows are special in A_g, so that E tr A_g⁻¹ X_gᵀX_g A_g⁻¹ = E tr A_g⁻¹ / g,
      hence σ² d Σ_{i≤g} 1/(i (iT − d − 1)), which is less.

    Dohmatob et al. count a generator's generations and then fit once more: their n is g − 1.

    Examples
    --------
    >>> regression_excess(12, 1, generations=3, sigma=1.0, mode="replace").round(3)
    array([0. , 0.1, 0.2, 0.3])
    >>> regression_excess(12, 1, generations=3, sigma=1.0, mode="accumulate").round(3)
    array([0.   , 0.1  , 0.125, 0.136])
    """
    _check_regression(T, d, generations, sigma, mode)
    g = np.arange(1, generations + 1)
    if mode == "replace":
        steps = np.full(generations, 1 / (T - d - 1))
    elif same_X:
        steps = 1 / (g**2 * (T - d - 1))
    else:
        steps = 1 / (g * (g * T - d - 1))
    return sigma**2 * d * np.insert(np.cumsum(steps), 0, 0.0)


# --- what is refused -----------------------------------------------------------------------


def _check_gaussian(n: object, generations: object, sigma: object) -> None:
    _check("n", n, is_whole(n, 2), _whole(2), "A single sample shows no variance")
    _check_both(generations, sigma)


def _check_regression(T: object, d: object, generations: object, sigma: object, mode: str) -> None:
    listed = " or ".join(map(repr, _MODES))
    _check("mode", mode, mode in _MODES, listed, "No other loop has a closed form here")
    _check("d", d, is_whole(d, 1), _whole(1), "There would be nothing to fit")
    too_few = f"With {d} features and fewer rows the expected error is infinite"
    _check("T", T, is_whole(T, d + 2), _whole(d + 2), too_few)
    _check_both(generations, sigma)


def _check_both(generations: object, sigma: object) -> None:
    _check("generations", generations, is_whole(generations), _whole(0), "A loop runs forward only")
    is_spread = is_number(sigma, 0) and sigma > 0
    _check("sigma", sigma, is_spread, "a finite number above 0", "Without spread nothing drifts")


def _check(name: str, value: object, is_fine: bool, expected: str, meaning: str) -> None:
    remedy = f"Choose {name} from that."
    require(is_fine, f"{name}={value!r}", expected, f"{meaning}.", remedy)


def _whole(least: int) -> str:
    return f"a whole number, {least} or more"
