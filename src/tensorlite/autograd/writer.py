"""Writes the source of an op's forward and backward from its definition. `op.py` compiles it.

The written functions are what one would write by hand if every nanosecond between ``x + y`` and ``np.add`` counted: no keyword
dictionaries, no loops, no look-ups that the definition already answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .op import parameters

if TYPE_CHECKING:
    from .op import Op

__all__ = ["write_backward", "write_forward"]


class _Lines:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.depth = 0

    def __call__(self, line: str, deeper: int = 0) -> None:
        self.lines.append("    " * (self.depth + deeper) + line)

    def text(self) -> str:
        return "\n".join(self.lines)


def write_forward(op: Op) -> str:
    """The source of the forward, which has the op's signature."""
    w = _Lines()
    w(f"def forward({_signature(op)}):")
    w.depth = 1
    _write_inputs(op, w)
    _write_call(op, w)
    _write_no_graph(op, w)
    _write_node(op, w)
    return w.text()


def _signature(op: Op) -> str:
    fixed = [i for i in op.inputs if i != op.variadic]
    parts = [f"{i}=None" if i in op.optional else i for i in fixed]
    if op.variadic:
        parts.append(f"*{op.variadic}")
    if op.static:
        parts += ([] if op.variadic else ["*"]) + [f"{k}={v}" if v else k for k, v in op.static.items()]
    return ", ".join(parts)


def _static_call(op: Op) -> str:
    return "".join(f", {k}={k}" for k in op.static)


def _tensors(op: Op) -> list[str]:
    return [i for i in op.inputs if i != op.variadic]


def _write_inputs(op: Op, w: _Lines) -> None:
    """Raw arrays a_x, nodes n_x, version counters v_x; whatever is not plain goes to `promoted` or `check_inputs`."""
    if op.promotes:
        _write_pointwise_inputs(op, w)
    else:
        _write_plain_inputs(op, w)


def _write_pointwise_inputs(op: Op, w: _Lines) -> None:
    names = _tensors(op)
    given = f"({', '.join(names)},)"
    if len(names) > 2:  # one may have been found to be a number before another one is found to need promotion
        w(f"given = {given}")
        given = "given"
    again = f"return promoted(OP, {given}, {{{', '.join(f'{k!r}: {k}' for k in op.static)}}})"
    first = op.promoted_inputs[0]
    for i in names:
        if i == first:
            w("try:")
            w(f"a_{i} = {i}._array", 1)
            w("except AttributeError:")
            w(again, 1)
            w(f"n_{i} = {i}._node if {i}._view is None else current_node({i})")
            w(f"xp = {i}._xp")
            if op.promotes == "float":
                w(f"if a_{i}.dtype not in xp.inexacts:")
                w(again, 1)
    for i in names:
        if i == first:
            continue
        compared = i in op.promoted_inputs
        w(f"if isinstance({i}, Tensor):")
        w(f"a_{i} = {i}._array", 1)
        w(f"if xp is not {i}._xp" + (f" or a_{first}.dtype is not a_{i}.dtype:" if compared else ":"), 1)
        w(again, 2)
        w(f"n_{i} = {i}._node if {i}._view is None else current_node({i})", 1)
        if compared:
            w(f"elif (type({i}) is float or type({i}) is int) and a_{first}.dtype in xp.floats:")
            w(f"a_{i} = " + (i if op.keeps_numbers else f"xp.number({i}, a_{first}.dtype)"), 1)
            w(f"n_{i} = None", 1)
            w(f"{i} = NUMBER", 1)
        w("else:")
        w(again, 1)


def _write_plain_inputs(op: Op, w: _Lines) -> None:
    names = _tensors(op)
    if not names:
        w(f"xp = {op.variadic}[0]._xp")
    for number, i in enumerate(names):
        if i in op.optional:
            w(f"a_{i} = None if {i} is None else {i}._array")
            w(f"n_{i} = None if {i} is None else {i}._node if {i}._view is None else current_node({i})")
        else:
            w(f"a_{i} = {i}._array")
            w(f"n_{i} = {i}._node if {i}._view is None else current_node({i})")
        if number == 0:
            w(f"xp = {i}._xp")
    typed = [i for i in names if i in _differentiable(op)]
    tests = [f"{i}._xp is not xp" if i not in op.optional else f"{i} is not None and {i}._xp is not xp" for i in names[1:]]
    tests += [
        (f"a_{i} is not None and " if i in op.optional else "") + f"a_{i}.dtype is not a_{typed[0]}.dtype" for i in typed[1:]
    ]
    if tests:
        w(f"if {' or '.join(f'({t})' for t in tests)}:")
        w(f"check_inputs(OP, ({', '.join(names)},), {tuple(typed)!r})", 1)
    if op.variadic:
        v = op.variadic
        w(f"a_{v} = tuple([t._array for t in {v}])")
        w(f"n_{v} = tuple([t._node if t._view is None else current_node(t) for t in {v}])")
        w(f"for t in {v}:")
        w("if t._xp is not xp" + (f" or t._array.dtype is not {v}[0]._array.dtype:" if v in op.rules else ":"), 1)
        w(f"check_inputs(OP, {v}, OP.inputs if '{v}' in OP.rules else ())", 2)


def _differentiable(op: Op) -> list[str]:
    return list(op.inputs if op.joint is not None else op.rules)


def _write_call(op: Op, w: _Lines) -> None:
    arrays = ", ".join(f"a_{i}" if i != op.variadic else f"*a_{i}" for i in op.inputs)
    results = [f"o_{o}" for o in op.outputs] or ["o"]
    called = f"xp.{op.name}"
    if op.promotes:  # most of them are functions and no methods, which are found quicker this way
        w(f"function = {called}")
        called = "function"
    w("try:")
    w(f"{', '.join(results)} = {called}({arrays}{_static_call(op)})", 1)
    w("except (ValueError, TypeError) as error:")
    w(f"failed(OP, error, ({', '.join(arrays.split(', '))},))", 1)
    for result, tensor in zip(results, _outs(op), strict=True):
        w(f"if type({result}) is not xp.array_type:")
        w(f"{result} = xp.asarray({result})", 1)
        w(f"{tensor} = new(Tensor)")
        w(f"{tensor}._array = {result}")
        w(f"{tensor}._xp = xp")
        w(f"{tensor}._view = None")


def _outs(op: Op) -> list[str]:
    return [f"t_{o}" for o in op.outputs] or ["t"]


def _returned(op: Op) -> str:
    return ", ".join(_outs(op))


def _node_test(op: Op) -> str:
    tests = []
    for i in _differentiable(op):
        tests.append(f"n_{i} is None" if i != op.variadic else f"not any(n_{i})")
    return " and ".join(tests)


def _write_view(op: Op, w: _Lines, deeper: int) -> None:
    if op.view:
        static = "{" + ", ".join(f"'{k}': {k}" for k in op.static) + "}"
        w(f"if xp.shares_memory(o, a_{op.inputs[0]}):", deeper)
        w(f"make_view(t, {op.inputs[0]}, SELF, {static})", deeper + 1)


def _write_no_graph(op: Op, w: _Lines) -> None:
    test = _node_test(op)
    w(f"if ({test}) or away and not modes.grad:" if test else "if True:")
    for t in _outs(op):
        w(f"{t}._node = None", 1)
        w(f"{t}._version = [0] if not away or not modes.inference else INFERENCE", 1)
    _write_view(op, w, 1)
    w(f"return {_returned(op)}", 1)


def _condition(op: Op, name: str) -> str:
    """When `name` must be saved: '' for always, else a test on the nodes."""
    if op.joint is not None:
        return f"n_{op.serves[name]} is not None" if name in op.serves else ""
    if any(i == op.variadic for i in op.rules):
        return ""
    users = [i for i, rule in op.rules.items() if name in parameters(rule)]
    if len(users) == len(op.rules):
        return ""
    return " or ".join(f"n_{i} is not None" for i in users)


def _saved_value(op: Op, name: str) -> str:
    if name in op.inputs:
        value = f"a_{name}"
    elif name == "out" and not op.outputs:
        value = "o"
    elif name in op.outputs:
        value = f"o_{name}"
    elif name in op.static:
        return name
    else:
        of, _, what = name.rpartition("_")
        if of == op.variadic:
            return f"tuple([a.{what} for a in a_{of}])"
        return f"a_{of}.{what}" if of not in op.optional else f"None if a_{of} is None else a_{of}.{what}"
    condition = _condition(op, name)
    return f"{value} if {condition} else None" if condition else value


def _write_versions(op: Op, w: _Lines) -> list[str]:
    """Assign a version counter v_x for each saved tensor; returns the terms of the versions tuple."""
    terms = []
    for name in op.kept:
        if name in op.inputs and name == op.variadic:
            terms.append(f"*[v for t in {name} for v in (t._version, t._version[0])]")
            continue
        if name in op.inputs:
            conditions = [c for c in (_condition(op, name),) if c]
            if name in op.optional:
                conditions.append(f"{name} is not None")
            w(f"v_{name} = {name}._version" + (f" if {' and '.join(conditions)} else FRESH" if conditions else ""))
            terms += [f"v_{name}", f"v_{name}[0]"]
        elif name == "out" or name in op.outputs:
            terms += [f"t{'' if name == 'out' else '_' + name}._version", "0"]
    return terms


def _write_node(op: Op, w: _Lines) -> None:
    for t in _outs(op):
        w(f"{t}._version = [0]")
    terms = _write_versions(op, w)
    w("n = Node()")  # a class without __init__: half as dear to call as object.__new__
    w("n.op = OP")
    edges = [(f"n_{i}" if i in _differentiable(op) else "None") for i in op.inputs if i != op.variadic]
    if op.variadic in _differentiable(op):
        edges.append(f"*n_{op.variadic}")
    w(f"n.edges = ({', '.join(edges)},)")
    w(f"n.saved = ({''.join(_saved_value(op, k) + ', ' for k in op.kept)})")
    w(f"n.versions = ({''.join(t + ', ' for t in terms)})")
    w("n.xp = xp")
    if op.outputs:
        w(f"n.shape = ({''.join(f'o_{o}.shape, ' for o in op.outputs)})")
        w(f"n.dtype = ({''.join(f'o_{o}.dtype, ' for o in op.outputs)})")
    else:
        w("n.shape = o.shape")
        w("n.dtype = o.dtype")
    w("n.hooks = None")
    w("if WATCHED:")
    w("watch(n)", 1)
    w("n.seq = next_seq()")
    _write_attach(op, w)
    w(f"return {_returned(op)}")


def _write_attach(op: Op, w: _Lines) -> None:
    if not op.outputs:
        w("t._node = n")
        _write_view(op, w, 0)
        return
    gradients = op.gradient_names()
    for number, o in enumerate(op.outputs):
        if f"g_{o}" not in gradients:
            w(f"t_{o}._node = None")
            continue
        w(f"t_{o}._node = m = Node()")
        w(f"m.op = output_op; m.edges = (n,); m.saved = None; m.versions = ({number},); m.xp = xp")
        w(f"m.shape = o_{o}.shape; m.dtype = o_{o}.dtype; m.hooks = None; m.seq = next_seq()")


def write_backward(op: Op) -> str:
    """The source of ``backward(node, xp, g, saved)``: checks versions, calls the rules, returns one gradient per input."""
    w = _Lines()
    w("def backward(node, xp, g, saved):")
    w.depth = 1
    checked = _checked(op)
    if op.variadic in op.kept:
        w("v = node.versions")
        w("for i in range(0, len(v), 2):")
        w("if v[i][0] != v[i + 1]:", 1)
        w("stale(node, i // 2)", 2)
    elif checked:
        names = [f"v_{k}, w_{k}" for k in checked]
        w(f"{', '.join(names)} = node.versions")
        w(f"if {' or '.join(f'v_{k}[0] != w_{k}' for k in checked)}:")
        w("stale(node)", 1)
    if op.kept:
        w(f"{', '.join(op.kept)}, = saved")
    for number, o in enumerate(op.outputs):
        if f"g_{o}" in op.gradient_names():
            w(f"g_{o} = g[{number}]")
    differentiable = _differentiable(op)
    if op.joint is not None:
        if op.variadic:
            w("needs = [e is not None for e in node.edges]")
        else:
            names = [f"e_{i}" for i in op.inputs]
            w(f"{', '.join(names)}, = node.edges")
            w(f"needs = ({''.join(f'{e} is not None, ' for e in names)})")
        w(f"return {_rule('JOINT', op.joint)}")
    elif op.variadic in op.rules:
        w(f"return {_rule(f'RULE_{op.variadic}', op.rules[op.variadic])}")
    else:
        edges = ", ".join(f"e_{i}" if i in differentiable else "_" for i in op.inputs if i != op.variadic)
        single = len(op.inputs) - bool(op.variadic) == 1
        if not single:
            w(f"{edges}, = node.edges")
        terms = []
        for i in op.inputs:
            if i == op.variadic:
                continue
            if i not in differentiable:
                terms.append("None")
                continue
            call = _rule(f"RULE_{i}", op.rules[i])
            terms.append(call if single else f"{call} if e_{i} is not None else None")
        w(f"return ({', '.join(terms)},)")
    return w.text()


def _rule(name: str, rule: Any) -> str:
    """A call of a rule, if there is something to call: composites are found on the backend, and some rules only hand on."""
    given = parameters(rule)
    if hasattr(rule, "body"):
        named = rule.body.__code__.co_argcount
        return f"xp.{rule.__name__}({', '.join([*given[1:named], *(f'{p}={p}' for p in given[named:])])})"
    if rule.__code__.co_code == _hand_on.__code__.co_code and given == ("g",):
        return "g"
    return f"{name}({', '.join(given)})"


def _hand_on(g: Any) -> Any:
    return g


def _checked(op: Op) -> list[str]:
    return [k for k in op.kept if k in op.inputs or k == "out" or k in op.outputs]
