"""SciPy and scikit-learn on tensors: calls of functions that dispatch on the array API standard, and what to expect of each.

Run as a program (SciPy reads SCIPY_ARRAY_API when it is imported), it prints a JSON object: for each call what is wrong, or null.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import tensorlite as tl

GRAD, VALUES, NUMBER = "gradients", "values", "a number"
"""Gradients are right; values are, and gradients do not pass without saying so; a Python number comes back."""



class Row(NamedTuple):
    """A function of a library by its path, the names of its inputs, what to expect, and how to call it."""

    path: str
    inputs: str
    expected: str
    call: Callable[..., Any] = lambda function, *args: function(*args)
    on_device: bool = True
    """Whether gradients flow on other devices too: not where SciPy makes something on the default device on the way."""


def transformed(**options: Any) -> Callable[..., Any]:
    """What a transformer makes of its own data."""
    return lambda kind, x, *y: kind(**options).fit(x, *y).transform(x)


def predicted(method: str = "predict", **options: Any) -> Callable[..., Any]:
    """What an estimator predicts for its own data."""
    return lambda kind, x, y: getattr(kind(**options).fit(x, y), method)(x)


# Inputs, by name. x and y: (6, 5), between 0.5 and 1.5. v: (6,). data: (20, 5), target: (20,), labels and guess: 0 or 1, (20,).
SCIPY: list[Row] = [
    Row("special.logsumexp", "x", GRAD),
    Row("special.logsumexp", "x", GRAD, lambda f, x: f(x, axis=1, keepdims=True)),
    Row("special.softmax", "x", GRAD, lambda f, x: f(x, axis=0)),
    Row("special.log_softmax", "x", GRAD, lambda f, x: f(x, axis=1)),
    Row("special.xlogy", "x y", GRAD),
    Row("special.rel_entr", "x y", GRAD),
    Row("special.erf", "x", VALUES),
    Row("special.gammaln", "x", VALUES),
    Row("special.expit", "x", VALUES),
    Row("special.gammainc", "x y", VALUES),
    Row("stats.gmean", "x", GRAD),
    Row("stats.hmean", "x", GRAD),
    Row("stats.pmean", "x", GRAD, lambda f, x: f(x, 3)),
    Row("stats.zscore", "x", GRAD),
    Row("stats.gzscore", "x", GRAD),
    Row("stats.zmap", "x y", GRAD),
    Row("stats.skew", "x", GRAD),
    Row("stats.kurtosis", "x", GRAD, lambda f, x: f(x, axis=1, bias=False)),
    Row("stats.moment", "x", GRAD, lambda f, x: f(x, 3)),
    Row("stats.sem", "x", GRAD),
    Row("stats.variation", "x", GRAD),
    Row("stats.iqr", "x", GRAD),
    Row("stats.quantile", "x", GRAD, lambda f, x: f(x, 0.3)),
    Row("stats.tmean", "x", GRAD),
    Row("stats.tvar", "x", GRAD),
    Row("stats.tstd", "x", GRAD),
    Row("stats.trim_mean", "x", GRAD, lambda f, x: f(x, 0.2)),
    Row("stats.kstat", "x", GRAD),
    Row("stats.gstd", "x", GRAD),
    Row("stats.circmean", "x", GRAD),
    Row("stats.circstd", "x", GRAD),
    Row("stats.differential_entropy", "x", GRAD),
    Row("stats.median_abs_deviation", "x", GRAD),
    Row("stats.describe", "x", GRAD, lambda f, x: f(x)[2:]),
    Row("stats.ttest_ind", "x y", VALUES, lambda f, x, y: tuple(f(x, y))),
    Row("stats.pearsonr", "x y", VALUES, lambda f, x, y: tuple(f(x[:, 0], y[:, 0]))),
    Row("stats.rankdata", "x", VALUES),
    Row("integrate.trapezoid", "x", GRAD, lambda f, x: f(x, axis=0)),
    Row("integrate.trapezoid", "x y", GRAD),
    Row("integrate.cumulative_trapezoid", "x", GRAD),
    Row("integrate.cumulative_simpson", "x", GRAD, on_device=False),
    Row("integrate.cubature", "v", GRAD, lambda f, v: f(lambda t: t[:, 0] ** 2 * t[:, 1], v[:2] * 0, v[:2]).estimate, False),
    Row("fft.fft", "x", GRAD),
    Row("fft.rfftn", "x", GRAD),
    Row("fft.irfft", "x", GRAD),
    Row("fft.hfft", "x", GRAD),
    Row("fft.fht", "x", GRAD, lambda f, x: f(x, 0.1, 0.2), False),
    Row("fft.dct", "x", VALUES),
    Row("signal.fftconvolve", "x y", GRAD),
    Row("signal.oaconvolve", "x y", GRAD),
    Row("signal.hilbert", "x", GRAD),
    Row("signal.envelope", "x", GRAD),
    Row("signal.resample", "x", GRAD, lambda f, x: f(x, 7)),
    Row("signal.detrend", "x", VALUES),
    Row("signal.savgol_filter", "x", VALUES, lambda f, x: f(x, 3, 1)),
    Row("ndimage.gaussian_filter", "x", VALUES, lambda f, x: f(x, 1.0)),
    Row("cluster.vq.whiten", "x", GRAD),
    Row("cluster.vq.vq", "x y", VALUES),
    Row("cluster.hierarchy.linkage", "x", VALUES),
    Row("spatial.distance.pdist", "x", VALUES),
    Row("spatial.transform.Rotation", "x", GRAD, lambda f, x: f.from_rotvec(x[:, :3]).as_matrix()),
    Row("spatial.transform.Rotation", "x", GRAD, lambda f, x: f.from_quat(x[:, :4]).apply(x[:, :3])),
    Row("optimize.rosen", "v", GRAD),
    Row("optimize.rosen_der", "v", GRAD),
    Row("differentiate.derivative", "v", GRAD, lambda f, v: f(lambda t: t**3, v).df, False),
    Row("constants.convert_temperature", "x", GRAD, lambda f, x: f(x, "C", "F")),
]

METRICS = (
    "mean_squared_error r2_score mean_absolute_error root_mean_squared_error mean_squared_log_error mean_absolute_percentage_error "
    "explained_variance_score max_error mean_pinball_loss mean_tweedie_deviance mean_poisson_deviance mean_gamma_deviance "
    "d2_tweedie_score"
).split()
CLASSES = (
    "accuracy_score f1_score precision_score recall_score zero_one_loss balanced_accuracy_score jaccard_score hamming_loss "
    "cohen_kappa_score"
).split()
KERNELS = "euclidean_distances rbf_kernel linear_kernel polynomial_kernel sigmoid_kernel chi2_kernel laplacian_kernel".split()

SKLEARN: list[Row] = [
    *(Row(f"metrics.{name}", "target noise", NUMBER) for name in METRICS),
    *(Row(f"metrics.{name}", "labels guess", NUMBER) for name in CLASSES),
    Row("metrics.log_loss", "labels chance", NUMBER),
    Row("metrics.brier_score_loss", "labels chance", NUMBER),
    Row("metrics.confusion_matrix", "labels guess", VALUES),
    *(Row(f"metrics.pairwise.{name}", "data", GRAD, lambda f, x: f(x, x + 1)) for name in KERNELS),
    Row("metrics.pairwise.cosine_similarity", "data", VALUES),
    Row("preprocessing.StandardScaler", "data", GRAD, transformed(with_std=False)),
    Row("preprocessing.StandardScaler", "data", VALUES, transformed()),  # gradients are nan: it divides 0 by 0 and discards that
    Row("preprocessing.MinMaxScaler", "data", GRAD, transformed()),
    Row("preprocessing.MaxAbsScaler", "data", GRAD, transformed()),
    Row("preprocessing.KernelCenterer", "data", GRAD, lambda f, x: f().fit_transform(x @ x.T)),
    Row("preprocessing.Normalizer", "data", VALUES, transformed()),
    Row("preprocessing.PolynomialFeatures", "data", VALUES, transformed()),
    Row("preprocessing.LabelEncoder", "labels", VALUES, transformed()),
    Row("decomposition.PCA", "data", GRAD, transformed(n_components=2, svd_solver="full")),
    Row("decomposition.PCA", "data", GRAD, transformed(n_components=2, svd_solver="full", whiten=True)),
    Row("decomposition.PCA", "data", GRAD, transformed(n_components=2, svd_solver="covariance_eigh")),
    Row("discriminant_analysis.LinearDiscriminantAnalysis", "data labels", VALUES, predicted()),
    Row("discriminant_analysis.LinearDiscriminantAnalysis", "data labels", GRAD, predicted("decision_function")),
    Row("linear_model.Ridge", "data target", GRAD, predicted(solver="svd")),
    Row("linear_model.RidgeCV", "data target", GRAD, predicted()),
    Row("linear_model.RidgeClassifier", "data labels", GRAD, predicted("decision_function", solver="svd"), False),
    Row("linear_model.LogisticRegression", "data labels", VALUES, predicted(solver="lbfgs")),
    Row("naive_bayes.GaussianNB", "data labels", GRAD, predicted("predict_proba")),
    Row("model_selection.cross_val_predict", "data target", GRAD, lambda f, x, y: f(found("sklearn.linear_model.RidgeCV")(), x, y)),
    Row("model_selection.train_test_split", "data", GRAD, lambda f, x: f(x, random_state=0)),
]

LIBRARIES = {"scipy": SCIPY, "sklearn": SKLEARN}
TABLE = {f"{library}.{row.path} {i}": row for library, rows in LIBRARIES.items() for i, row in enumerate(rows)}


def found(path: str) -> Any:
    """A function or class, imported now."""
    module, _, name = path.rpartition(".")
    return getattr(import_module(module), name)


def inputs() -> dict[str, np.ndarray[Any, Any]]:
    draw = np.random.default_rng(0)
    shapes = {"x": (6, 5), "y": (6, 5), "v": (6,), "data": (20, 5), "target": (20,)}
    made = {name: draw.random(shape) for name, shape in shapes.items()}
    made["noise"] = made["target"] + 0.3 * draw.random(20)
    made = {name: value + 0.5 for name, value in made.items()}
    made |= {name: draw.integers(0, 2, 20) for name in ("labels", "guess")}
    return made | {"chance": draw.uniform(0.1, 0.9, 20)}


def parts(out: Any) -> list[Any]:
    return [p for o in out for p in parts(o)] if isinstance(out, (tuple, list)) else [out]


def check(library: str, row: Row) -> None:
    """Run one call on NumPy arrays and on tensors.

    Raises:
        AssertionError: a value, a type or a gradient is wrong.
    """
    given, expected, function = inputs(), row.expected, partial(row.call, found(f"{library}.{row.path}"))
    arrays = [given[name] for name in row.inputs.split()]
    wanted = parts(function(*arrays))
    for ours, theirs in zip(parts(function(*(tl.asarray(a.copy()) for a in arrays))), wanted, strict=True):
        assert isinstance(ours, float if expected == NUMBER else tl.Tensor), f"gives {type(ours).__name__}"
        values = ours if expected == NUMBER else ours.resolve_conj().numpy()
        np.testing.assert_allclose(values, theirs, rtol=1e-6, atol=1e-9)
    if expected == GRAD:
        for device in ("cpu", "strict")[: 1 + row.on_device]:
            check_gradient(arrays, function, wanted, device)
    elif expected == VALUES:
        check_no_gradient(arrays, function)


def tensor_of(array: np.ndarray[Any, Any]) -> Any:
    return tl.asarray(array.copy()).requires_grad_(array.dtype.kind == "f")


def check_no_gradient(arrays: list[Any], function: Callable[..., Any]) -> None:
    """A function that gradients do not pass has to say so: by an error, by a result without a graph, or by nan."""
    tensors = [tensor_of(a) for a in arrays]
    try:
        made = [o for o in parts(function(*tensors)) if o.requires_grad]
        if made:
            sum(o.sum() for o in made).backward()
            assert any(t.grad is not None and t.grad.isnan().any() for t in tensors), "has a gradient: the row could say GRAD"
    except RuntimeError as error:
        assert "requires grad" in str(error) or "inplace operation" in str(error), error


def check_gradient(arrays: list[Any], function: Callable[..., Any], wanted: list[Any], device: str) -> None:
    """Compare the derivative along a random direction with that of the same function on NumPy arrays."""
    draw = np.random.default_rng(1)
    weights = [draw.standard_normal(np.shape(w)) for w in wanted]
    tensors = [tensor_of(a) for a in arrays]
    made = parts(function(*(t.to(device) for t in tensors)))
    assert made[-1].requires_grad and made[-1].device.type == device, "has no graph, or is on another device"
    real = [o.real if o.is_complex() else o for o in made]
    sum((o * tl.asarray(w, device=device)).sum() for o, w in zip(real, weights, strict=True)).backward()
    directions = [draw.standard_normal(a.shape) * (a.dtype.kind == "f") for a in arrays]
    slope = sum(float((t.grad.numpy() * d).sum()) for t, d in zip(tensors, directions, strict=True) if t.grad is not None)
    step, ends = 1e-5, []
    for h in (step, -step):
        moved = [a + h * d if a.dtype.kind == "f" else a for a, d in zip(arrays, directions, strict=True)]
        ends.append(sum(float((np.real(o) * w).sum()) for o, w in zip(parts(function(*moved)), weights, strict=True)))
    np.testing.assert_allclose(slope, (ends[0] - ends[1]) / (2 * step), rtol=1e-4, atol=1e-6)


def main() -> None:
    """Check the tables of the libraries that are named."""
    os.environ["SCIPY_ARRAY_API"] = "1"
    sys.path.insert(0, str(Path(__file__).parents[1]))
    found("strict_backend.register")()
    tl.set_default_dtype(tl.float64)  # SciPy makes tensors of the default dtype on the way
    report: dict[str, str | None] = {}
    if "sklearn" in sys.argv[1:]:
        found("sklearn.set_config")(array_api_dispatch=True)
    for name, row in TABLE.items():
        library = name.partition(".")[0]
        if library in sys.argv[1:]:
            try:
                check(library, row)
                report[name] = None
            except (AssertionError, TypeError, ValueError, AttributeError, RuntimeError, IndexError, Warning) as error:
                report[name] = f"{type(error).__name__}: {error}"
    print(json.dumps(report))


if __name__ == "__main__":
    main()
