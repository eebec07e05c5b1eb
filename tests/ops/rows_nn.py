"""Functions of ``nn.functional``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rows import FLOATS, Input, Row, apart, constant, index, pos, real, row, unit

PRECISE = ("float32", "float64")
REAL = {"dtypes": PRECISE, "rtol": 4.0}


def nn(name: str, *inputs: Input, call: Callable[..., Any] | None = None, **options: Any) -> Row:
    """``call(F, *tensors)``, by default ``F.name(*tensors)``."""
    function = name.partition("[")[0]

    def run(m: Any, *tensors: Any) -> Any:
        f = m.nn.functional
        return getattr(f, function)(*tensors) if call is None else call(f, *tensors)

    return row(f"F.{name}", *inputs, call=run, **{**REAL, **options})


def _activations() -> list[Row]:
    smooth = ["sigmoid", "tanh", "silu", "mish", "softplus", "logsigmoid", "tanhshrink", "softsign", "gelu"]
    kinked = ["relu", "leaky_relu", "elu", "selu", "celu", "hardtanh", "relu6", "hardswish", "softshrink", "hardshrink"]
    x = real(3, 4, low=-4, high=4)
    bent = apart(4, 4, low=-5.1, high=7.2)
    rows = [nn(n, x, dtypes=FLOATS) for n in smooth] + [nn(n, bent, dtypes=FLOATS) for n in kinked]
    return rows + [
        nn("gelu[tanh]", x, call=lambda f, x: f.gelu(x, approximate="tanh"), dtypes=FLOATS),
        # PyTorch's gradient has 1/6 in single precision even for float64.
        nn("hardsigmoid", bent, dtypes=("float32", "float16", "bfloat16")),
        nn("softplus[beta]", real(3, 4, low=-4, high=4.1), call=lambda f, x: f.softplus(x, 2, 3)),
        nn("leaky_relu[slope]", bent, call=lambda f, x: f.leaky_relu(x, 0.3)),
        nn("elu[alpha]", bent, call=lambda f, x: f.elu(x, 0.5)),
        nn("celu[alpha]", bent, call=lambda f, x: f.celu(x, 1.5)),
        nn("hardtanh[bounds]", bent, call=lambda f, x: f.hardtanh(x, -2, 3)),
        nn("threshold", bent, call=lambda f, x: f.threshold(x, 0.5, 7)),
        nn("prelu", apart(2, 3, 4), pos(3)),
        nn("prelu[one]", apart(2, 3), pos(1)),
        nn("rrelu", bent, call=lambda f, x: f.rrelu(x)),
        nn("glu", real(3, 4)),
        nn("glu[dim]", real(4, 3), call=lambda f, x: f.glu(x, 0)),
        nn("softmax", real(3, 4), call=lambda f, x: f.softmax(x, dim=0), dtypes=FLOATS),
        nn("softmin", real(3, 4), call=lambda f, x: f.softmin(x, dim=1)),
        nn("softmax[last]", real(3, 4), call=lambda f, x: f.softmax(x, dim=-1), dtypes=FLOATS),
        nn("log_softmax", real(3, 4), call=lambda f, x: f.log_softmax(x, dim=-1), dtypes=FLOATS),
        nn("log_softmax[first]", real(3, 4), call=lambda f, x: f.log_softmax(x, dim=0), dtypes=FLOATS),
    ]


def _losses() -> list[Row]:
    rows = []
    pairs: dict[str, tuple[Input, Input]] = {
        "mse_loss": (real(3, 4), real(3, 4)),
        "l1_loss": (apart(3, 4), real(3, 4)),
        "smooth_l1_loss": (apart(3, 4, low=-4), real(3, 4)),
        "huber_loss": (apart(3, 4, low=-4), real(3, 4)),
        "binary_cross_entropy": (real(3, 4, low=0.1, high=0.9), real(3, 4, low=0.2, high=0.8)),
        "binary_cross_entropy_with_logits": (real(3, 4), real(3, 4, low=0.2, high=0.8)),
        "kl_div": (real(3, 4), pos(3, 4)),
        "soft_margin_loss": (real(3, 4), real(3, 4)),
    }
    for name, (x, y) in pairs.items():
        for reduction in ("mean", "sum", "none"):
            tags = frozenset({"deprecated"})  # kl_div warns about "mean"
            rows.append(
                nn(
                    f"{name}[{reduction}]",
                    x,
                    y,
                    call=lambda f, x, y, n=name, r=reduction: getattr(f, n)(x, y, reduction=r),
                    tags=tags,
                )
            )
    return (
        rows
        + _classes()
        + [
            nn(
                "kl_div[log target]",
                real(3, 4),
                real(3, 4),
                call=lambda f, x, y: f.kl_div(x, y, reduction="batchmean", log_target=True),
            ),
            nn(
                "binary_cross_entropy_with_logits[weights]",
                real(3, 4),
                real(3, 4, low=0.2, high=0.8),
                pos(4),
                pos(4),
                call=lambda f, x, y, w, p: f.binary_cross_entropy_with_logits(x, y, w, pos_weight=p),
            ),
            nn(
                "binary_cross_entropy[weight]",
                real(3, 4, low=0.1, high=0.9),
                real(3, 4, low=0.2, high=0.8),
                constant(4),
                gradgrad=False,
                call=lambda f, x, y, w: f.binary_cross_entropy(x, y, w),
            ),
            nn("smooth_l1_loss[beta]", apart(3, 4, low=-4), real(3, 4), call=lambda f, x, y: f.smooth_l1_loss(x, y, beta=0.3)),
            nn("hinge_embedding_loss", real(3, 4), index(2, 3, 4), call=lambda f, x, y: f.hinge_embedding_loss(x, y * 2 - 1)),
            nn(
                "margin_ranking_loss",
                real(5),
                real(5),
                index(2, 5),
                call=lambda f, x, y, t: f.margin_ranking_loss(x, y, t * 2 - 1, margin=0.3),
            ),
            nn("cosine_similarity", real(3, 4), real(3, 4)),
            nn("cosine_similarity[dim]", real(3, 4), real(3, 4), call=lambda f, x, y: f.cosine_similarity(x, y, dim=0)),
            nn(
                "cosine_embedding_loss",
                real(3, 4),
                real(3, 4),
                index(2, 3),
                call=lambda f, x, y, t: f.cosine_embedding_loss(x, y, t * 2 - 1),
            ),
            nn("pairwise_distance", real(3, 4), real(3, 4)),
            nn("triplet_margin_loss", real(3, 4), real(3, 4), real(3, 4)),
            nn(
                "triplet_margin_loss[swap]",
                real(3, 4),
                real(3, 4),
                real(3, 4),
                call=lambda f, *xs: f.triplet_margin_loss(*xs, swap=True),
            ),
        ]
    )


def _classes() -> list[Row]:
    x, t = real(5, 4), index(4, 5)
    return [
        nn("nll_loss", x, t),
        nn("nll_loss[weight, sum]", x, t, constant(4), call=lambda f, x, t, w: f.nll_loss(x, t, w, reduction="sum")),
        nn("nll_loss[image]", real(2, 4, 3, 2), index(4, 2, 3, 2)),
        nn("cross_entropy", x, t),
        nn("cross_entropy[one sample]", real(4), index(4)),
        nn("cross_entropy[none]", x, t, call=lambda f, x, t: f.cross_entropy(x, t, reduction="none")),
        nn("cross_entropy[image]", real(2, 4, 3), index(4, 2, 3)),
        nn("cross_entropy[weight]", x, t, constant(4), call=lambda f, x, t, w: f.cross_entropy(x, t, w)),
        nn("cross_entropy[ignore]", x, t, call=lambda f, x, t: f.cross_entropy(x, t, ignore_index=1)),
        nn("cross_entropy[smoothing]", x, t, call=lambda f, x, t: f.cross_entropy(x, t, label_smoothing=0.2)),
        nn(
            "cross_entropy[smoothing, weight, ignore]",
            x,
            t,
            constant(4),
            call=lambda f, x, t, w: f.cross_entropy(x, t, w, ignore_index=2, label_smoothing=0.2),
        ),
        nn(
            "cross_entropy[probabilities]",
            x,
            pos(5, 4),
            call=lambda f, x, t: f.cross_entropy(x, t / t.sum(1, keepdim=True), label_smoothing=0.1),
        ),
    ]


def _running(name: str, **options: Any) -> Callable[..., Any]:
    """The output, and the statistics that have followed the input."""

    def call(f: Any, x: Any, mean: Any, var: Any, weight: Any, bias: Any) -> Any:
        mean, var = mean.clone(), var.clone()
        return getattr(f, name)(x, mean, var, weight, bias, momentum=0.3, **options), mean, var

    return call


def _norms() -> list[Row]:
    x = real(3, 4, 5)
    return [
        nn("layer_norm", x, call=lambda f, x: f.layer_norm(x, (5,))),
        nn("layer_norm[affine]", x, real(4, 5), real(4, 5), call=lambda f, x, w, b: f.layer_norm(x, (4, 5), w, b)),
        nn("layer_norm[no bias]", x, real(5), call=lambda f, x, w: f.layer_norm(x, (5,), w)),
        nn("batch_norm", x, real(4), real(4), call=lambda f, x, w, b: f.batch_norm(x, None, None, w, b, training=True)),
        nn("batch_norm[2-d]", real(6, 4), call=lambda f, x: f.batch_norm(x, None, None, training=True)),
        nn(
            "batch_norm[eval]",
            x,
            constant(4),
            constant(4),
            real(4),
            real(4),
            call=lambda f, x, v, m, w, b: f.batch_norm(x, m, v, w, b),
        ),
        nn("batch_norm[eval, plain]", x, constant(4), constant(4), call=lambda f, x, v, m: f.batch_norm(x, m, v)),
        nn("batch_norm[running]", x, constant(4), constant(4), real(4), real(4), call=_running("batch_norm", training=True)),
        nn("batch_norm[bias]", x, real(4), call=lambda f, x, b: f.batch_norm(x, None, None, None, b, training=True)),
        nn("instance_norm[running]", x, constant(4), constant(4), real(4), real(4), call=_running("instance_norm")),
        nn("instance_norm[bias]", x, real(4), call=lambda f, x, b: f.instance_norm(x, None, None, None, b)),
        nn("group_norm", x, real(4), real(4), call=lambda f, x, w, b: f.group_norm(x, 2, w, b)),
        nn("group_norm[image]", real(2, 4, 3, 2), real(4), real(4), call=lambda f, x, w, b: f.group_norm(x, 2, w, b)),
        nn("group_norm[vectors]", real(3, 4), real(4), call=lambda f, x, w: f.group_norm(x, 2, w)),
        nn("instance_norm", x, call=lambda f, x: f.instance_norm(x)),
        nn(
            "instance_norm[affine]",
            real(2, 3, 4, 2),
            real(3),
            real(3),
            call=lambda f, x, w, b: f.instance_norm(x, None, None, w, b),
        ),
        nn("rms_norm", x, call=lambda f, x: f.rms_norm(x, (5,))),
        nn("rms_norm[weight]", x, real(4, 5), call=lambda f, x, w: f.rms_norm(x, (4, 5), w, 1e-3)),
        nn("local_response_norm", real(2, 5, 3), call=lambda f, x: f.local_response_norm(x, 3, alpha=0.5, k=2.0)),
        nn("local_response_norm[even]", real(2, 5, 3, 2), call=lambda f, x: f.local_response_norm(x, 2)),
        nn("normalize", real(3, 4)),
        nn("normalize[p, dim]", pos(3, 4), call=lambda f, x: f.normalize(x, p=3.0, dim=0)),
    ]


def _geometry() -> list[Row]:
    def conv(n: int, name: str, x: tuple[int, ...], w: tuple[int, ...], **options: Any) -> Row:
        return nn(
            f"conv{n}d[{name}]",
            real(*x),
            real(*w),
            real(w[0]),
            call=lambda f, x, w, b: getattr(f, f"conv{n}d")(x, w, b, **options),
            rtol=20.0,
        )

    def transposed(n: int, name: str, x: tuple[int, ...], w: tuple[int, ...], **options: Any) -> Row:
        def call(f: Any, x: Any, w: Any, b: Any) -> Any:
            return getattr(f, f"conv_transpose{n}d")(x, w, b, **options)

        outputs = w[1] * options.get("groups", 1)
        return nn(f"conv_transpose{n}d[{name}]", real(*x), real(*w), real(outputs), call=call, rtol=20.0)

    rows = [
        conv(1, "plain", (2, 3, 7), (4, 3, 3)),
        conv(1, "all", (2, 4, 9), (6, 2, 3), stride=2, padding=1, dilation=2, groups=2),
        conv(1, "same", (2, 3, 7), (4, 3, 4), padding="same"),
        conv(1, "one sample", (3, 7), (4, 3, 3)),
        conv(2, "plain", (2, 3, 5, 6), (4, 3, 3, 2)),
        conv(2, "strided", (1, 2, 6, 7), (3, 2, 3, 3), stride=(2, 3), padding=(1, 2)),
        conv(2, "depthwise", (1, 4, 5, 5), (4, 1, 3, 3), groups=4, padding=1),
        conv(2, "dilated", (1, 2, 7, 7), (2, 2, 3, 3), dilation=2),
        conv(2, "one by one", (2, 3, 4, 4), (5, 3, 1, 1)),
        conv(3, "plain", (1, 2, 4, 4, 3), (2, 2, 2, 3, 2), padding=1),
    ]
    rows += [
        transposed(1, "plain", (2, 4, 5), (4, 3, 3)),
        transposed(1, "all", (2, 4, 5), (4, 3, 3), stride=2, padding=1, output_padding=1, groups=2, dilation=2),
        transposed(1, "one sample", (4, 5), (4, 3, 3)),
        transposed(2, "plain", (1, 2, 4, 3), (2, 3, 3, 2)),
        transposed(2, "strided", (1, 2, 3, 4), (2, 2, 3, 3), stride=(2, 1), padding=(1, 0), output_padding=(1, 0)),
        transposed(3, "plain", (1, 2, 2, 3, 2), (2, 2, 2, 2, 3), stride=2),
    ]
    pads = {"constant": (1, 2), "reflect": (2, 1), "replicate": (2, 3), "circular": (1, 2)}
    rows += [nn(f"pad[{mode}]", real(2, 3, 5), call=lambda f, x, m=mode, p=p: f.pad(x, p, m)) for mode, p in pads.items()]
    return rows + [
        nn("pad[value]", real(3, 4), call=lambda f, x: f.pad(x, (1, 0, 2, 1), value=3.0)),
        nn("pad[crop]", real(3, 5), call=lambda f, x: f.pad(x, (-1, 1))),
        nn("pad[reflect 2-d]", real(1, 2, 4, 5), call=lambda f, x: f.pad(x, (1, 2, 2, 1), "reflect")),
    ]


def unpool(n: int) -> Callable[..., Any]:
    """Pool, and put the largest elements back to where they were."""

    def call(f: Any, x: Any) -> Any:
        values, indices = getattr(f, f"max_pool{n}d")(x, 2, return_indices=True)
        return getattr(f, f"max_unpool{n}d")(values * values, indices, 2, output_size=tuple(x.shape[2:]))

    return call


def _pooling() -> list[Row]:
    rows: list[Row] = []
    shapes = {1: (2, 3, 9), 2: (2, 3, 6, 7), 3: (1, 2, 4, 5, 4)}
    for n, shape in shapes.items():
        x = apart(*shape)

        def pool(name: str, *args: Any, n: int = n, **kwargs: Any) -> Callable[..., Any]:
            return lambda f, y: getattr(f, f"{name}{n}d")(y, *args, **kwargs)

        rows += [
            nn(f"max_pool{n}d", x, call=pool("max_pool", 2)),
            nn(f"max_pool{n}d[all]", x, call=pool("max_pool", 3, 2, 1, 1, ceil_mode=True)),
            nn(f"max_pool{n}d[overlap, indices]", x, call=pool("max_pool", 3, 1, return_indices=True)),
            nn(f"avg_pool{n}d", x, call=pool("avg_pool", 2)),
            nn(f"avg_pool{n}d[padded]", x, call=pool("avg_pool", 3, 2, 1, ceil_mode=True, count_include_pad=False)),
            nn(f"adaptive_avg_pool{n}d", x, call=pool("adaptive_avg_pool", 2)),
            nn(f"adaptive_avg_pool{n}d[one]", x, call=pool("adaptive_avg_pool", 1)),
            nn(f"adaptive_max_pool{n}d", x, call=pool("adaptive_max_pool", 2)),
            nn(f"lp_pool{n}d", pos(*shape), call=pool("lp_pool", 3.0, 2, stride=1)),
            nn(f"max_unpool{n}d", x, call=unpool(n)),
        ]
    return rows


def _linear() -> list[Row]:
    return [
        nn("linear", real(3, 4), real(5, 4), real(5)),
        nn("linear[no bias]", real(2, 3, 4), real(5, 4)),
        nn("linear[vector]", real(4), real(5, 4), real(5)),
        nn("embedding", index(6, 2, 3), real(6, 4)),
        nn(
            "embedding[padding]",
            index(6, 9),
            real(6, 4),
            call=lambda f, i, w: f.embedding(i, w, padding_idx=2),
            tags=frozenset({"no finite differences"}),
        ),
        nn("one_hot", index(5, 2, 3), grad=False, gradgrad=False),
        nn("one_hot[classes]", index(5, 3), call=lambda f, i: f.one_hot(i, 7), grad=False, gradgrad=False),
        nn("dropout[eval]", unit(3, 4), call=lambda f, x: f.dropout(x, 0.5, training=False)),
        nn("dropout[all]", unit(3, 4), call=lambda f, x: f.dropout(x, 1.0)),
    ]


ROWS = [*_activations(), *_losses(), *_norms(), *_geometry(), *_pooling(), *_linear()]
