r"""Closed forms of self-consuming loops, and simulations of the same loops.

Pure numbers: whatever a real loop does in notebook 07 can be held against what theory says of
two small ones, a Gaussian and a linear regression, each refitted on its own output.

Generation 0 is the truth, generation 1 is fitted on real data, and generation 2 is the first to
see synthetic data.  Every array below has one entry (a simulation: one column) a generation, 0
included, so that ``law[g]`` is generation g.

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

from numbers import Real
from typing import NamedTuple

import numpy as np
from scipy import special

from synthlab.errors import InputError

_MODES = ("replace", "accumulate")


class GaussianLoops(NamedTuple):
    """What each generation of many Gaussian loops fitted, one row a loop."""

    means: np.ndarray
    variances: np.ndarray


# --- a Gaussian that is refitted on its own samples ----------------------------------------


def mean_variance(n: int, generations: int, sigma: float = 1.0) -> np.ndarray:
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
    the mean rests on so few of them that a simulation will miss it.

    Examples
    --------
    >>> mean_variance(10, 3).round(3)
    array([1.   , 0.9  , 0.81 , 0.729])
    """
    _check_gaussian(n, generations, sigma)
    return sigma**2 * (1 - 1 / n) ** np.arange(generations + 1)


def geometric_mean_variance(n: int, generations: int, sigma: float = 1.0) -> np.ndarray:
    """Return exp(E log V_g): the exact geometric mean, over loops, of the fitted variance.

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
    >>> geometric_mean_variance(10, 3).round(3)
    array([1.   , 0.802, 0.643, 0.516])
    """
    _check_gaussian(n, generations, sigma)
    by_generation = special.digamma((n - 1) / 2) + np.log(2 / n)
    return sigma**2 * np.exp(by_generation * np.arange(generations + 1))


def median_variance(n: int, generations: int, sigma: float = 1.0) -> np.ndarray:
    """Return, nearly, the median over loops of the fitted variance: what a typical loop does.

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
    >>> median_variance(10, 3).round(3)
    array([1.   , 0.836, 0.67 , 0.538])
    """
    geometric = geometric_mean_variance(n, generations, sigma)
    second, third = special.polygamma([1, 2], (n - 1) / 2)
    geometric[1:] *= np.exp(-third / (6 * second))
    return geometric


def mean_squared_shift(n: int, generations: int, sigma: float = 1.0) -> np.ndarray:
    """Return E (μ_g − μ_0)²: how far the mean of a Gaussian loop wanders.

    Parameters and errors are those of `mean_variance`.

    Returns
    -------
    ndarray of shape (generations + 1,)

    Notes
    -----
    μ_g − μ_{g−1} has mean 0 and variance V_{g−1}/n, and earlier steps don't bear on its sign:
    E (μ_g − μ_0)² = Σ_{i<g} E V_i / n = σ² (1 − (1 − 1/n)^g).  With `mean_variance` this sums
    to σ²: what the loop loses in width, it gains in error.

    Examples
    --------
    >>> mean_squared_shift(10, 3).round(3)
    array([0.   , 0.1  , 0.19 , 0.271])
    """
    _check_gaussian(n, generations, sigma)
    return -(sigma**2) * np.expm1(np.arange(generations + 1) * np.log1p(-1 / n))


def simulate_gaussian_loop(
    n: int, generations: int, n_loops: int, rng: np.random.Generator
) -> GaussianLoops:
    """Run many loops of a standard Gaussian that is refitted on n of its own samples.

    Parameters
    ----------
    n : int ≥ 2
    generations : int ≥ 0
        The last generation.
    n_loops : int ≥ 1
    rng : numpy.random.Generator

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
    _check_loops(n_loops)
    # No sample is drawn, only its mean and variance: those of n Gaussian samples are independent,
    # the one normal, the other χ² on n − 1 degrees of freedom (Cochran), so the law is the same.
    ratios = rng.chisquare(n - 1, (n_loops, generations)) / n
    variances = np.cumprod(np.insert(ratios, 0, 1.0, axis=1), axis=1)
    steps = rng.normal(size=ratios.shape) * np.sqrt(variances[:, :-1] / n)
    means = np.cumsum(np.insert(steps, 0, 0.0, axis=1), axis=1)
    return GaussianLoops(means, variances)


# --- a regression that is refitted on its own labels ---------------------------------------


def regression_excess(
    T: int, d: int, generations: int, sigma: float, mode: str, same_X: bool = True
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
    >>> regression_excess(12, 1, 3, 1.0, "replace").round(3)
    array([0. , 0.1, 0.2, 0.3])
    >>> regression_excess(12, 1, 3, 1.0, "accumulate").round(3)
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


def simulate_regression_loop(
    T: int,
    d: int,
    generations: int,
    n_loops: int,
    sigma: float,
    mode: str,
    rng: np.random.Generator,
    same_X: bool = True,
) -> np.ndarray:
    """Run many loops of a regression that is refitted on its own labels, row by row.

    Parameters
    ----------
    T, d, generations, sigma, mode, same_X
        See `regression_excess`.
    n_loops : int ≥ 1
        Held in memory at once: n_loops · T · d numbers.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of shape (n_loops, generations + 1)
        ‖w_g − w_0‖², the excess error of each loop; the first column is the truth, 0.

    Raises
    ------
    InputError
        An unknown mode, or a number outside of its range.
    """
    _check_regression(T, d, generations, sigma, mode)
    _check_loops(n_loops)
    truth = w = np.ones((n_loops, d, 1))  # any other gives the same errors
    moments, products = 0.0, 0.0
    excess = np.zeros((n_loops, generations + 1))
    for g in range(1, generations + 1):
        if g == 1 or not same_X:
            X = rng.normal(size=(n_loops, T, d))
            Xt = X.transpose(0, 2, 1)
        y = X @ w + sigma * rng.normal(size=(n_loops, T, 1))
        kept = mode == "accumulate"
        moments, products = kept * moments + Xt @ X, kept * products + Xt @ y
        w = np.linalg.solve(moments, products)
        excess[:, g] = ((w - truth) ** 2).sum(axis=(1, 2))
    return excess


# --- what can't be used --------------------------------------------------------------------


def _check_gaussian(n, generations, sigma) -> None:
    _check("n", n, _is_whole(n, 2), _whole(2), "A single sample shows no variance")
    _check_both(generations, sigma)


def _check_regression(T, d, generations, sigma, mode) -> None:
    listed = " or ".join(map(repr, _MODES))
    _check("mode", mode, mode in _MODES, listed, "No other loop has a closed form here")
    _check("d", d, _is_whole(d, 1), _whole(1), "There would be nothing to fit")
    too_few = f"With {d} features and fewer rows the expected error is infinite"
    _check("T", T, _is_whole(T, d + 2), _whole(d + 2), too_few)
    _check_both(generations, sigma)


def _check_both(generations, sigma) -> None:
    forward = _is_whole(generations, 0)
    _check("generations", generations, forward, _whole(0), "A loop only runs forward")
    is_spread = isinstance(sigma, Real) and 0 < sigma < np.inf
    _check("sigma", sigma, is_spread, "a finite number above 0", "Without spread nothing drifts")


def _check_loops(n_loops) -> None:
    _check("n_loops", n_loops, _is_whole(n_loops, 1), _whole(1), "Nothing would be run")


def _check(name: str, value: object, is_fine: bool, expected: str, consequence: str) -> None:
    if not is_fine:
        raise InputError(
            f"{name}={value!r}: expected {expected}. {consequence}. Choose {name} from that."
        )


def _is_whole(value: object, least: int) -> bool:
    return isinstance(value, int | np.integer) and value >= least


def _whole(least: int) -> str:
    return f"a whole number, {least} or more"
