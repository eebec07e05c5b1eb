"""The op grammar: one definition gives the recorded forward and the backward of an op.

    exp = op("exp(x)", x=lambda g, out: g * out)

`docs/design/architecture.md` explains the grammar. `op` parses the signature once, writes two Python functions as one would by
hand for speed, and compiles them; ``exp.source`` shows what was written.
"""

from __future__ import annotations

import ast
import inspect
import linecache
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..backends.base import register_body
from . import base, promote
from .modes import INFERENCE, modes
from .writer import write_backward, write_forward

__all__ = ["Op", "composite", "define", "op"]

Rule = Callable[..., Any]

generated_globals: dict[str, Any] = {
    "__name__": "tensorlite.autograd.generated",
    "Tensor": base.TensorBase,
    "new": object.__new__,
    "Node": base.Node,
    "next_seq": base.next_seq,
    "modes": modes,
    "INFERENCE": INFERENCE,
    "FRESH": [0],
    "output_op": base.output_op,
    "current_node": base.current_node,
    "make_view": base.make_view,
    "promoted": promote.promoted,
    "check_inputs": promote.check_inputs,
    "failed": promote.failed,
    "stale": promote.stale,
    "trace": promote.trace,
    "WATCHED": False,
}
"""What the generated functions see. `base.register_tensor_type` puts the Tensor class in; `anomaly` sets WATCHED."""


@dataclass(eq=False)
class Op:
    """What is known of one op, for the engine (`backward`), for views, and for people."""

    name: str
    inputs: tuple[str, ...]
    """Positional parameters: tensors."""
    static: dict[str, str]
    """Keyword-only parameters with their defaults as source ("" for none)."""
    outputs: tuple[str, ...]
    rules: dict[str, Rule]
    variadic: str | None = None
    optional: frozenset[str] = frozenset()
    joint: Rule | None = None
    """One function that returns all gradients, where they share most of their work."""
    promotes: str | None = None
    """Pointwise ops: 'common', 'float' (integers become the default dtype), else None: inputs must agree already."""
    promoted_inputs: tuple[str, ...] = ()
    view: bool = False
    holomorphic: bool = True
    node_name: str = ""
    kept: tuple[str, ...] = ()
    """What `Node.saved` holds, in order, by parameter name."""
    source: str = ""
    forward: Callable[..., Any] = field(default=None, repr=False)  # type: ignore[assignment]
    backward: Callable[..., Any] = field(default=None, repr=False)  # type: ignore[assignment]

    def unpack(self, node: base.Node) -> tuple[Any, ...]:
        """The saved values as Tensors that are still connected to the graph, for a backward that is itself recorded."""
        unpacked = []
        for name, value in zip(self.kept, node.saved or (), strict=True):
            if name == self.variadic:
                edges = node.edges[len(self.inputs) - 1 :] if name in self.rules else (None,) * len(value)
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
            link.xp, link.seq, link.hooks, link.trace = node.xp, node.seq, None, None
            link.shape, link.dtype = node.shape[self.outputs.index(name)], node.dtype[self.outputs.index(name)]
            return link
        return None

    def gradient_names(self) -> set[str]:
        """The rule parameters that stand for gradients of outputs."""
        rules = [*self.rules.values(), *([self.joint] if self.joint else [])]
        return {p for rule in rules for p in inspect.signature(rule).parameters if p == "g" or p.startswith("g_")}


def op(
    signature: str, *, joint: Rule | None = None, promotes: str | None = None, view: bool = False,
    holomorphic: bool = True, node_name: str | None = None, **rules: Rule,
) -> Callable[..., Any]:
    """Define a primitive op; its forward is the backend's function of that name.

    Args:
        signature: ``"name(tensors..., *, static...) -> outputs"``; see `docs/design/architecture.md`.
        rules: for each differentiable input its gradient.
        joint: one function for all inputs instead of `rules`; its parameter ``needs`` says which gradients are wanted.
        promotes: for pointwise ops, ``"common"`` or ``"float"``; or ``"common: x y"`` to promote only these inputs.
        view: the output shares memory with the first input.
        holomorphic: the rules are those of a holomorphic function, so that the engine may conjugate around them.
        node_name: PyTorch's name of the node, when it is not the op's name in camel case.

    Returns:
        the op as a function of Tensors; its attributes ``op`` and ``source`` show what was made.

    Raises:
        TypeError: a rule has a parameter that is nothing known.
    """
    made = _parse(signature, rules)
    made.joint, made.view, made.holomorphic = joint, view, holomorphic
    made.node_name = (node_name or made.name.title().replace("_", "")) + "Backward0"
    made.promotes, _, chosen = (promotes or "").partition(":")
    made.promotes = made.promotes or None
    made.promoted_inputs = tuple(chosen.split()) or made.inputs
    _compile(made)
    return made.forward


def define(signature: str, **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Define a primitive whose forward is the decorated body, unless a backend has a kernel of that name."""

    def with_body(body: Callable[..., Any]) -> Callable[..., Any]:
        function = op(signature, **options)
        register_body(function.__name__, body)
        function.__doc__ = body.__doc__
        return function

    return with_body


def composite(body: Callable[..., Any]) -> Callable[..., Any]:
    """An op without rules: on Tensors it expands into primitives, on raw arrays it runs as it is or as a kernel."""
    name = body.__name__
    register_body(name, body)

    def call(*args: Any, **static: Any) -> Any:
        first = next(a for a in args if isinstance(a, base.TensorBase))
        return body(first._xp.tensors, *args, **static)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = body.__doc__
    return call


def _parse(signature: str, rules: dict[str, Rule]) -> Op:
    call, _, outputs = signature.partition("->")
    function = ast.parse(f"def {call.strip()}: pass").body[0]
    assert isinstance(function, ast.FunctionDef)
    args = function.args
    inputs = [a.arg for a in args.args]
    optional = frozenset(inputs[len(inputs) - len(args.defaults) :]) if args.defaults else frozenset()
    variadic = args.vararg.arg if args.vararg else None
    static = {
        a.arg: ast.unparse(default) if default is not None else ""
        for a, default in zip(args.kwonlyargs, args.kw_defaults, strict=True)
    }
    return Op(
        name=function.name, inputs=tuple(inputs + ([variadic] if variadic else [])), static=static, rules=rules,
        outputs=tuple(o.strip() for o in outputs.split(",")) if outputs else (), variadic=variadic, optional=optional,
    )


def _compile(made: Op) -> None:
    """Write, compile and attach the two functions of an op."""
    _check_rules(made)
    made.kept = _kept(made)
    made.source = write_forward(made) + "\n\n" + write_backward(made)
    filename = f"<op {made.name}>"
    linecache.cache[filename] = (len(made.source), None, made.source.splitlines(True), filename)
    namespace: dict[str, Any] = {}
    exec(compile(made.source, filename, "exec"), generated_globals, namespace)
    # The functions share one globals dict; what belongs to one op is closed over by `bind`.
    made.forward, made.backward = namespace["bind"](made, made.rules, made.joint)
    made.forward.op = made  # type: ignore[attr-defined]
    made.forward.source = made.source  # type: ignore[attr-defined]


def parameters(rule: Rule) -> list[str]:
    """The parameter names of a rule."""
    return list(inspect.signature(rule).parameters)


def _known(made: Op) -> set[str]:
    names = {"xp", "g", "needs", "out", *made.inputs, *made.outputs, *made.static}
    names |= {f"{i}_{what}" for i in made.inputs for what in ("shape", "dtype")}
    return names | {f"g_{o}" for o in made.outputs}


def _check_rules(made: Op) -> None:
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
