"""The op grammar: one definition gives the recorded forward and the backward of an op.

    exp = op("exp(x)", x=lambda g, out: g * out)

`docs/design/architecture.md` explains the grammar. When an op is first called, its signature is parsed once, two Python functions
are written as one would write them by hand for speed, and compiled; ``exp.op.source`` shows what was written.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable
from types import FunctionType, SimpleNamespace
from typing import Any

from ..backends.base import register_body
from . import base, packing, promote
from .modes import INFERENCE, away, modes

__all__ = ["Op", "composite", "composites", "define", "op"]

Rule = Callable[..., Any]

FRESH = [0]
"""The version of what is not saved, or cannot change."""
_SHARED: dict[str, Any] = {
    "__name__": "tensorlite.autograd.generated",
    "Tensor": base.TensorBase,
    "new": object.__new__,
    "Node": base.Node,
    "next_seq": base.next_seq,
    "modes": modes,
    "away": away,
    "INFERENCE": INFERENCE,
    "FRESH": FRESH,
    "NUMBER": SimpleNamespace(_version=FRESH),
    "output_op": base.output_op,
    "current_node": base.current_node,
    "make_view": base.make_view,
    "promoted": promote.promoted,
    "check_inputs": promote.check_inputs,
    "failed": promote.failed,
    "stale": promote.stale,
    "watch": packing.watch,
    "WATCHED": False,
}
"""What all generated functions see, beside their own op (``OP``, ``SELF``) and rules (``RULE_x``)."""

_scopes: list[dict[str, Any]] = [_SHARED]


def set_shared(name: str, value: Any) -> None:
    """Change what generated functions see under a name: the Tensor class, or whether a thread detects anomalies."""
    for scope in _scopes:
        scope[name] = value


class Op:
    """What is known of one op, for the engine (`backward`), for views, and for people.

    It is completed when first needed: until then only the definition as it was written is kept.

    Attributes:
        name: the name; also the backend's function.
        inputs: positional parameters (tensors); `variadic` is the one written with a star, `optional` those that may be None.
        static: keyword-only parameters with their defaults as source ("" for none).
        outputs: names of the outputs, where there are several.
        rules, joint: the gradients: one function for each input, or one for all; `serves` says whose gradient needs which input.
        promotes: pointwise ops: "common", or "float" (integers become the default dtype); else None: inputs must agree already.
        kept: what `Node.saved` holds, in order, by parameter name.
        asked: the numbers of the outputs whose gradients the rules read: zeros, where there is none.
        source: the text of the generated functions.
        forward, backward: the generated functions.
    """

    inputs: tuple[str, ...]
    static: dict[str, str]
    outputs: tuple[str, ...]
    variadic: str | None
    optional: frozenset[str]
    promoted_inputs: tuple[str, ...]
    kept: tuple[str, ...]
    asked: frozenset[int]
    source: str
    backward: Callable[..., Any]

    def __init__(
        self, signature: str, rules: dict[str, Rule], joint: Rule | None, serves: dict[str, str] | None, promotes: str | None,
        view: bool, holomorphic: bool, node_name: str | None, keeps_numbers: bool,
    ) -> None:  # fmt: skip
        self.signature = signature
        self.name = signature.partition("(")[0].strip()
        self.rules, self.joint, self.serves = rules, joint, serves or {}
        self.view, self.holomorphic, self.keeps_numbers = view, holomorphic, keeps_numbers
        self.promotes, _, self._promoted_inputs = (promotes or "").partition(":")
        self.node_name = (node_name or self.name.title().replace("_", "")) + "Backward0"
        self.forward: Any = _stub(self)

    def __repr__(self) -> str:
        return f"<op {self.signature}>"

    def unpack(self, node: base.Node) -> tuple[Any, ...]:
        """The saved values as Tensors that are still connected to the graph, for a backward that is itself recorded."""
        unpacked = []
        for name, value in zip(self.kept, node.saved or (), strict=True):
            if name == self.variadic:
                edges = node.edges[len(self.inputs) - 1 :] if name in self.rules or self.joint else (None,) * len(value)
                value = tuple(base.wrap(v, node.xp, e) for v, e in zip(value, edges, strict=True))
            elif isinstance(value, node.xp.array_type):
                value = base.wrap(value, node.xp, self._owner(name, node))
            unpacked.append(value)
        return tuple(unpacked)

    def _owner(self, name: str, node: base.Node) -> Any:
        if name in self.inputs:
            return node.edges[self.inputs.index(name)]
        if name == "out":
            return node
        if name in self.outputs and f"g_{name}" in self.gradient_names():
            link = base.new(base.Node)
            link.op, link.edges, link.saved, link.versions = base.output_op, (node,), None, (self.outputs.index(name),)
            # It comes before the node, and after all else that the node leads to.
            link.xp, link.seq, link.hooks = node.xp, node.seq + 0.5, None
            link.shape, link.dtype = node.shape[self.outputs.index(name)], node.dtype[self.outputs.index(name)]
            return link
        return None

    def gradient_names(self) -> set[str]:
        """The rule parameters that stand for gradients of outputs."""
        rules = [*self.rules.values(), *([self.joint] if self.joint else [])]
        return {p for rule in rules for p in parameters(rule) if p == "g" or p.startswith("g_")}


class _UnreadOp(Op):
    """An op of which only the definition is kept. Whatever else one asks of it completes it, and makes it an `Op`."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"Op has no attribute '{name}'")
        _complete(self)
        return getattr(self, name)


def op(
    signature: str, *, joint: Rule | None = None, serves: dict[str, str] | None = None, promotes: str | None = None,
    view: bool = False, holomorphic: bool = True, node_name: str | None = None, keeps_numbers: bool = False, **rules: Rule,
) -> Any:
    """Define a primitive op; its forward is the backend's function of that name.

    Args:
        signature: ``"name(tensors..., *, static...) -> outputs"``; see `docs/design/architecture.md`.
        rules: for each differentiable input its gradient: a function, or a composite, of which backends may have their own.
        joint: one function for all inputs instead of `rules`; its parameter ``needs`` says which gradients are wanted.
        serves: with `joint`, the inputs that are saved only for the gradient of another one, by whose name they stand.
        promotes: for pointwise ops, ``"common"`` or ``"float"``; or ``"common: x y"`` to promote only these inputs.
        view: the output shares memory with the first input.
        holomorphic: the rules are those of a holomorphic function, so that the engine may conjugate around them.
        node_name: PyTorch's name of the node, when it is not the op's name in camel case.
        keeps_numbers: of a pointwise op whose kernel or rules ask whether an operand is a Python number; elsewhere numbers become
            whatever the backend computes with sooner.

    Returns:
        the op as a function of Tensors; its attribute ``op`` tells what is known of it.

    Raises:
        TypeError: (when it is first called) a rule has a parameter that is nothing known.
    """
    return _UnreadOp(signature, rules, joint, serves, promotes, view, holomorphic, node_name, keeps_numbers).forward


def define(signature: str, **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Define a primitive whose forward is the decorated body, unless a backend has a kernel of that name."""

    def with_body(body: Callable[..., Any]) -> Any:
        function = op(signature, **options)
        register_body(function.__name__, body)
        function.__doc__ = body.__doc__
        return function

    return with_body


composites: dict[str, Callable[..., Any]] = {}
"""All composites by name."""


def composite(body: Callable[..., Any]) -> Callable[..., Any]:
    """An op without rules: on Tensors it expands into primitives, on raw arrays it runs as it is or as a kernel."""
    name = body.__name__
    register_body(name, body)

    def call(*args: Any, **static: Any) -> Any:
        first = next(a for a in args if isinstance(a, base.TensorBase))
        return body(first._xp.tensors, *args, **static)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = body.__doc__
    call.body = body  # type: ignore[attr-defined]
    composites[name] = call
    return call


def parameters(rule: Rule) -> tuple[str, ...]:
    """The parameter names of a rule, which may be a composite."""
    code = getattr(rule, "body", rule).__code__
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


def _stub(made: Op) -> Callable[..., Any]:
    """A function that completes its op when it is first called; from then on it *is* the generated forward."""

    def first_call(*args: Any, **static: Any) -> Any:
        _complete(made)
        return made.forward(*args, **static)

    def stub(*args: Any, **static: Any) -> Any:
        return FIRST_CALL(*args, **static)  # type: ignore[name-defined]  # noqa: F821

    scope = {**_SHARED, "OP": made, "FIRST_CALL": first_call}
    _scopes.append(scope)
    function = FunctionType(stub.__code__, scope, made.name)
    function.op = made  # type: ignore[attr-defined]
    scope["SELF"] = function
    return function


def _complete(made: Op) -> None:
    """Parse the signature, write the two functions, compile them, and put the forward's code into the stub."""
    from .writer import write_backward, write_forward

    made.__class__ = Op  # whose attributes Python finds without a function
    _parse(made)
    _check_rules(made)
    made.source = write_forward(made) + "\n\n\n" + write_backward(made) + "\n"
    filename = f"<op {made.name}>"
    linecache.cache[filename] = (len(made.source), None, made.source.splitlines(True), filename)
    stub = made.forward
    scope = stub.__globals__
    scope["JOINT"] = made.joint
    scope.update({f"RULE_{name}": rule for name, rule in made.rules.items()})
    written: dict[str, Any] = {}
    exec(compile(made.source, filename, "exec"), scope, written)
    forward = written["forward"]
    made.backward = written["backward"]
    stub.__code__, stub.__defaults__, stub.__kwdefaults__ = forward.__code__, forward.__defaults__, forward.__kwdefaults__


def _parse(made: Op) -> None:
    import ast

    call, _, outputs = made.signature.partition("->")
    function = ast.parse(f"def {call.strip()}: pass").body[0]
    assert isinstance(function, ast.FunctionDef)
    args = function.args
    fixed = [a.arg for a in args.args]
    made.optional = frozenset(fixed[len(fixed) - len(args.defaults) :]) if args.defaults else frozenset()
    made.variadic = args.vararg.arg if args.vararg else None
    made.inputs = tuple(fixed + ([made.variadic] if made.variadic else []))
    made.static = {
        a.arg: ast.unparse(default) if default is not None else ""
        for a, default in zip(args.kwonlyargs, args.kw_defaults, strict=True)
    }
    made.outputs = tuple(o.strip() for o in outputs.split(",")) if outputs else ()
    made.promoted_inputs = tuple(made._promoted_inputs.split()) or made.inputs
    named = made.gradient_names()
    made.asked = frozenset(i for i, o in enumerate(made.outputs) if f"g_{o}" in named)
    made.kept = _kept(made)


def _known(made: Op) -> set[str]:
    names = {"xp", "g", "needs", "out", *made.inputs, *made.outputs, *made.static}
    names |= {f"{i}_{what}" for i in made.inputs for what in ("shape", "dtype")}
    return names | {f"g_{o}" for o in made.outputs}


def _check_rules(made: Op) -> None:
    own = {"n", "m", "t", "o", "v", "xp", "node", "saved", "needs", "error", "out", "g", "function", "given"}
    taken = own & {*made.inputs, *made.static}
    if taken:
        raise TypeError(f"op {made.name}: the generated functions have a variable '{min(taken)}'; call that parameter otherwise")
    for name, rule in [*made.rules.items(), *([("joint", made.joint)] if made.joint else [])]:
        if name != "joint" and name not in made.inputs:
            raise TypeError(f"op {made.name}: there is a rule for '{name}', but the inputs are {made.inputs}")
        for p in parameters(rule):
            if p not in _known(made):
                raise TypeError(f"op {made.name}: the rule for '{name}' has a parameter '{p}', which is nothing known")


def _kept(made: Op) -> tuple[str, ...]:
    used = {p for rule in [*made.rules.values(), *([made.joint] if made.joint else [])] for p in parameters(rule)}
    not_saved = {"xp", "g", "needs"} | {f"g_{o}" for o in made.outputs}
    order = [*made.inputs, "out", *made.outputs, *made.static]
    order += [f"{i}_{what}" for i in made.inputs for what in ("shape", "dtype")]
    return tuple(p for p in order if p in used - not_saved)
