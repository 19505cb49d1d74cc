"""The variance of a ROC area and of its lift, against R's pROC on a hundred and twenty rows.

The numbers below are what pROC 1.18.0 (R 4.2.2, Debian package r-cran-proc) printed for:

    Rscript -e 'suppressMessages(library(pROC)); i <- 0:119; y <- as.integer((7*i) %% 10 < 3)
    a <- (37*i + i %/% 5) %% 23 + 6*y; b <- a %/% 2 + (53*i + i %/% 9) %% 7 + 2*y
    A <- roc(y, a, levels = 0:1, direction = "<"); B <- roc(y, b, levels = 0:1, direction = "<")
    t <- roc.test(A, B, method = "delong", paired = TRUE); d <- auc(A) - auc(B)
    cat(sprintf("%.12g\n", c(auc(A), auc(B), var(A), var(B), cov(A, B),
    d / t$statistic, t$statistic, t$p.value)))'
"""

import numpy as np
import pytest
from scipy.stats import norm

from synthlab.stats import influence, intervals

I = np.arange(120)  # noqa: E741
Y = (7 * I) % 10 < 3
A = (37 * I + I // 5) % 23 + 6 * Y  # 27 levels on 120 rows: ties in and between the classes
B = A // 2 + (53 * I + I // 9) % 7 + 2 * Y  # 19 levels

AUC_A, AUC_B = 0.717757936508, 0.791501322751
VAR_A, VAR_B, COV = 0.00253963265825, 0.00203397975413, 0.00186794304734
SE, Z, P = 0.028943502167, -2.54783909072, 0.0108392454296


def as_in_r(value):
    return pytest.approx(value, rel=1e-8, abs=0)


def of_rows(score):
    return influence.roc_auc(Y, score).influence


def variance(gradient):
    return sum(term.variance for term in intervals.row_variance(gradient, Y.astype(int)))


def z_of_the_difference():
    difference = influence.roc_auc(Y, A).value - influence.roc_auc(Y, B).value
    return difference / variance(of_rows(A) - of_rows(B)) ** 0.5


@pytest.mark.parametrize(("score", "area"), [(A, AUC_A), (B, AUC_B)])
def test_area_under_the_curve(score, area):
    assert influence.roc_auc(Y, score).value == as_in_r(area)


@pytest.mark.parametrize(("score", "expected"), [(A, VAR_A), (B, VAR_B)])
def test_delong_variance_of_one_area(score, expected):
    assert variance(of_rows(score)) == as_in_r(expected)


def test_delong_covariance_of_two_areas_on_the_same_rows():
    of_sum = variance(of_rows(A) + of_rows(B))
    assert (of_sum - variance(of_rows(A)) - variance(of_rows(B))) / 2 == as_in_r(COV)


def test_standard_error_of_the_difference():
    assert variance(of_rows(A) - of_rows(B)) ** 0.5 == as_in_r(SE)


def test_delong_test_of_two_paired_areas():
    z = z_of_the_difference()
    assert z == as_in_r(Z)
    assert 2 * norm.sf(abs(z)) == as_in_r(P)
