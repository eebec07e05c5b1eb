"""`profile`: what it records, and that it leaves nothing behind."""

from __future__ import annotations

import gzip
import json
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import tensorlite as tl
from tensorlite import nn
from tensorlite.autograd import engine, function
from tensorlite.autograd import op as grammar
from tensorlite.ops import pointwise, transfer
from tensorlite.optim import optimizer
from tensorlite.profiler import ProfilerActivity, profile, record_function, schedule, tensorboard_trace_handler, watching


class Cube(tl.autograd.Function):
    """A function of its own, for the profile to name."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x * x * x

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return 3 * ctx.saved_tensors[0] ** 2 * g


def train(steps: int = 3) -> list[Any]:
    """Everything that a few steps of training compute."""
    tl.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.GELU(), nn.Flatten(), nn.Dropout(0.2), nn.Linear(32, 4))
    adam = tl.optim.Adam(model.parameters(), lr=0.01)
    x, y = tl.randn(3, 1, 6, 6), tl.tensor([0, 1, 2])
    seen = []
    for _ in range(steps):
        with record_function("loss"):
            loss = nn.functional.cross_entropy(Cube.apply(model(x)), y) + (x.mean() * 2).to("strict").cpu()
        adam.zero_grad()
        loss.backward()
        adam.step()
        seen += [loss.detach(), *(p.grad.clone() for p in model.parameters())]
    return [*seen, *model.state_dict().values()]


def functions() -> Iterator[Any]:
    """Every function whose code a profiler exchanges."""
    for scope in list(grammar._scopes):
        made = scope.get("OP")
        if made is not None and "backward" in made.__dict__:
            yield from (made.forward, made.backward)
    yield from (engine.run, function.Function.apply.__func__, function._FunctionOp.backward, nn.Module.__call__)  # type: ignore[attr-defined]
    yield transfer._MoveOp.backward


def state() -> list[Any]:
    """What must be the same object before and after."""
    found: list[Any] = [grammar._complete, grammar._UnreadOp.__getattr__]
    for each in functions():
        found += [each, each.__code__, each.__defaults__, each.__kwdefaults__]
    return found


def names(prof: profile) -> list[str]:
    return [event.name for event in prof.events()]


def test_the_very_same_code_is_back() -> None:
    train(1)  # ops that are first used while a profiler runs are looked at below
    before = state()
    with profile(with_modules=True):
        during = [f.__code__ for f in functions()]
        assert all(code is watching._trampoline.__code__ for code in during)
        train(1)
        with profile():  # one inside another: the outer goes on
            train(1)
        assert pointwise.add.__code__ is watching._trampoline.__code__
    after = state()
    assert len(before) == len(after) and all(a is b for a, b in zip(before, after, strict=True))
    assert not optimizer._global_pre_hooks and not optimizer._global_post_hooks
    assert watching._watchers == () and watching._exchanged == []


def test_ops_first_used_meanwhile() -> None:
    """An op is compiled when it is first called; under a profiler it is seen then, and its own code remains."""
    fresh = grammar.op("negative(x)", x=lambda xp, g: -g, node_name="Fresh")
    x = tl.ones(2, requires_grad=True)
    with profile() as prof:
        fresh(x).sum().backward()
    assert {"negative", "FreshBackward0"} <= set(names(prof))
    assert fresh.__code__.co_filename == "<op negative>" and fresh.op.backward.__code__.co_filename == "<op negative>"
    with profile() as prof:
        pass
    assert names(prof) == []
    assert fresh(x).grad_fn.name() == "FreshBackward0"


def test_results_are_the_same_bits() -> None:
    plain = train()
    with profile(record_shapes=True, profile_memory=True, with_stack=True, with_flops=True, with_modules=True):
        profiled = train()
    again = train()
    for a, b, c in zip(plain, profiled, again, strict=True):
        assert tl.equal(a, b) and tl.equal(a, c)


def test_it_lets_go_when_the_block_raises() -> None:
    before = pointwise.multiply.__code__
    with pytest.raises(RuntimeError, match="must match the size"), profile() as prof:
        tl.ones(2) * tl.ones(3)
    assert pointwise.multiply.__code__ is before and names(prof) == ["multiply"]


def test_what_is_recorded() -> None:
    with profile(with_modules=True) as prof:
        train(1)
    found = set(names(prof))
    assert {
        "loss", "conv", "ConvolutionBackward0", "nn.Module: Linear", "linear", "AddmmBackward0", "Cube", "CubeBackward", "backward",
        "Optimizer.step#Adam.step",
    } <= found  # fmt: skip
    parents = {event.name: event.cpu_parent and event.cpu_parent.name for event in prof.events()}
    assert parents["linear"] == "nn.Module: Linear" and parents["nn.Module: Linear"] == "nn.Module: Sequential"
    assert parents["AddmmBackward0"] == "backward" and parents["backward"] is None and parents["Cube"] == "loss"


def test_moves_between_devices() -> None:
    x = tl.ones(2, requires_grad=True)
    with profile() as prof:
        (x.to("strict") * 2).sum().backward()
    assert "ToCopyBackward0" in names(prof)


def test_modules_only_if_asked() -> None:
    with profile() as prof:
        nn.ReLU()(tl.ones(2))
    assert names(prof) == ["relu"]


def test_promotion_is_one_call() -> None:
    """An op whose operands are promoted calls itself; that is no second call."""
    with profile() as prof:
        tl.tensor([1, 2]) + 1.5
    (average,) = [a for a in prof.key_averages() if a.key == "add"]
    assert average.count == 1


def test_second_derivatives() -> None:
    """A recorded backward runs ops inside nodes."""
    x = tl.ones(3, requires_grad=True)
    with profile() as prof:
        (g,) = tl.autograd.grad((x**3).sum(), x, create_graph=True)
        g.sum().backward()
    inner = {event.name for event in prof.events() if event.cpu_parent is not None and event.cpu_parent.kind == "backward"}
    assert "multiply" in inner


def test_times_add_up() -> None:
    with profile() as prof:
        train(1)
    for event in prof.events():
        assert event.self_cpu_time_total >= 0
        assert event.self_cpu_time_total + sum(c.cpu_time_total for c in event.cpu_children) == pytest.approx(event.cpu_time_total)
        for child in event.cpu_children:
            assert event.time_range.start <= child.time_range.start <= child.time_range.end <= event.time_range.end
    averages = prof.key_averages()
    assert sum(a.count for a in averages) == len(prof.events())
    assert averages.self_cpu_time_total == pytest.approx(sum(e.cpu_time_total for e in prof.events() if e.cpu_parent is None))


def test_shapes_memory_stack_flops() -> None:
    x, w = tl.ones(2, 3), tl.ones(4, 3, requires_grad=True)
    with profile(record_shapes=True, profile_memory=True, with_stack=True, with_flops=True) as prof:
        y = nn.functional.linear(x, w)
        y.t()
        y.sum().backward()
    by_name = {event.name: event for event in prof.events()}
    assert by_name["linear"].input_shapes == [[2, 3], [4, 3]] and by_name["linear"].self_cpu_memory_usage == 2 * 4 * 4
    assert by_name["linear"].flops == 2 * 2 * 3 * 4
    assert by_name["matrix_transpose"].self_cpu_memory_usage == 0  # a view
    assert by_name["SumBackward0"].self_cpu_memory_usage == 2 * 4 * 4  # small: filled, which is quicker than a view
    assert by_name["AddmmBackward0"].self_cpu_memory_usage == 4 * 3 * 4
    assert by_name["linear"].stack[0].startswith(f"{__file__}(") and "test_shapes" in by_name["linear"].stack[0]
    table = prof.key_averages(group_by_input_shape=True, group_by_stack_n=1).table()
    assert all(word in table for word in ("[[2, 3], [4, 3]]", "Input Shapes", "CPU Mem", "Total MFLOPs", "Source Location", "32 B"))


def test_table() -> None:
    with profile() as prof:
        for _ in range(3):
            tl.ones(4).exp()
        tl.ones(4) * 2
    table = prof.key_averages().table(sort_by="count", row_limit=1, header="mine")
    assert table.startswith("mine\n") and "exp" in table and "multiply" not in table
    assert [word for word in ("Self CPU %", "Self CPU", "CPU total", "CPU time avg", "# of Calls") if word not in table] == []
    assert "multiply" in str(prof.key_averages())
    with pytest.raises(AttributeError, match="nonsense"):
        prof.key_averages().table(sort_by="nonsense")


@pytest.mark.parametrize("name", ["trace.json", "trace.json.gz"])
def test_chrome_trace(tmp_path: Path, name: str) -> None:
    with profile(record_shapes=True, with_stack=True) as prof:
        train(1)
    prof.add_metadata("mine", "yes")
    prof.export_chrome_trace(tmp_path / name)
    data = (tmp_path / name).read_bytes()
    trace = json.loads(gzip.decompress(data) if name.endswith("gz") else data)
    events = [entry for entry in trace["traceEvents"] if entry["ph"] == "X"]
    assert trace["mine"] == "yes" and len(events) == len(prof.events())
    assert all(isinstance(e["ts"], float) and e["dur"] >= 0 and {"pid", "tid", "name", "cat"} <= e.keys() for e in events)
    linear = next(e for e in events if e["name"] == "linear")
    assert linear["args"]["Input Dims"] == [[3, 32], [4, 32], [4]] and __file__ in linear["args"]["Call stack"]
    assert [p.name for p in tmp_path.iterdir()] == [name]  # no temporary file is left


def test_stacks(tmp_path: Path) -> None:
    with profile(with_stack=True) as prof:
        tl.ones(2).exp()
    prof.export_stacks(tmp_path / "stacks")
    (line,) = (tmp_path / "stacks").read_text().splitlines()
    assert line.rpartition(" ")[2].isdigit() and line.rpartition(" ")[0].endswith("test_stacks;exp")
    with profile() as prof:
        pass
    with pytest.raises(ValueError, match="with_stack"):
        prof.export_stacks(tmp_path / "more")


def test_threads() -> None:
    """Each thread has its own nesting."""

    def work(name: str) -> None:
        with record_function(name):
            for _ in range(20):
                tl.ones(3).exp()

    with profile() as prof:
        threads = [threading.Thread(target=work, args=(f"block {i}",)) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    blocks = [event for event in prof.events() if event.name.startswith("block")]
    assert len(blocks) == 4
    for block in blocks:
        assert [child.name for child in block.cpu_children] == ["exp"] * 20
        assert all(child.thread == block.thread for child in block.cpu_children)


def test_starting_and_stopping_beside_a_working_thread() -> None:
    """Code is exchanged under a thread that runs it, and its results stay right."""
    stop, wrong = threading.Event(), []

    def work() -> None:
        x = tl.arange(5.0, requires_grad=True)
        while not stop.is_set():
            (g,) = tl.autograd.grad((x * 2.0 + x.sum(dim=0)).sum(), x)
            if g.tolist() != [7.0] * 5:
                wrong.append(g)

    thread = threading.Thread(target=work)
    thread.start()
    for _ in range(20):
        with profile():
            tl.ones(3).exp()
    stop.set()
    thread.join()
    assert not wrong and watching._exchanged == []


def test_record_function_decorates() -> None:
    @record_function("mine")
    def factorial(n: int) -> int:
        return 1 if n == 0 else n * factorial(n - 1)

    assert factorial(3) == 6  # without a profiler
    with profile() as prof:
        factorial(2)
    assert names(prof) == ["mine"] * 3
    (average,) = prof.key_averages()
    assert average.cpu_time_total == pytest.approx(prof.events()[0].cpu_time_total)  # those inside are not counted again


def test_a_step_that_raises() -> None:
    w = tl.ones(1, requires_grad=True)

    class Failing(tl.optim.SGD):
        def step_group(self, *args: Any) -> None:
            raise ValueError("no")

    with profile() as prof, record_function("outer"):
        with pytest.raises(ValueError, match="no"):
            Failing([w], lr=1.0).step()
        tl.ones(1).exp()
    assert names(prof) == ["outer", "Optimizer.step#Failing.step", "exp"]


PLANS = [
    {"wait": 1, "warmup": 1, "active": 2},
    {"wait": 0, "warmup": 0, "active": 1},
    {"wait": 2, "warmup": 1, "active": 3, "repeat": 2},
    {"wait": 1, "warmup": 0, "active": 2, "repeat": 1, "skip_first": 3},
    {"wait": 2, "warmup": 2, "active": 1, "skip_first": 1, "skip_first_wait": 1},
]


@pytest.mark.filterwarnings("ignore:Profiler won't be using warmup")
@pytest.mark.parametrize("plan", PLANS, ids=str)
def test_schedule_is_pytorchs(plan: dict[str, int]) -> None:
    torch = pytest.importorskip("torch")
    mine, theirs = schedule(**plan), torch.profiler.schedule(**plan)
    assert [mine(i).name for i in range(25)] == [theirs(i).name for i in range(25)]


def test_scheduled_steps() -> None:
    """Each cycle is handed over, without what happened while waiting and warming up."""
    ready: list[list[str]] = []
    plan = schedule(wait=1, warmup=1, active=2, repeat=2)
    with profile(schedule=plan, on_trace_ready=lambda p: ready.append(names(p))) as prof:
        for step in range(10):
            _ = tl.ones(2) * 2 if step % 4 >= 2 else tl.ones(2).exp()
            prof.step()
    assert ready == [[f"ProfilerStep#{i}", "multiply", f"ProfilerStep#{i + 1}", "multiply"] for i in (2, 6)]
    assert watching._exchanged == []


def test_a_recording_that_is_cut_short_is_handed_over() -> None:
    ready: list[list[str]] = []
    plan = schedule(wait=0, warmup=1, active=5)
    with profile(schedule=plan, on_trace_ready=lambda p: ready.append(names(p)), acc_events=True) as prof:
        prof.step()
        tl.ones(2).exp()
    assert ready == [["ProfilerStep#1", "exp"]]


def test_tensorboard_handler(tmp_path: Path) -> None:
    with profile(on_trace_ready=tensorboard_trace_handler(str(tmp_path / "new"), use_gzip=True)):
        tl.ones(2).exp()
    (file,) = (tmp_path / "new").iterdir()
    assert file.name.endswith(".pt.trace.json.gz") and json.loads(gzip.decompress(file.read_bytes()))["traceEvents"]


REFUSED: list[tuple[type[BaseException], Callable[[], Any], str]] = [
    (AssertionError, lambda: profile().events(), "nothing has been recorded"),
    (AssertionError, lambda: profile().key_averages(), "nothing has been recorded"),
    (AssertionError, lambda: profile().stop(), "not been started"),
    (AssertionError, lambda: profile(activities=[]), "none"),
    (AssertionError, lambda: schedule(wait=-1, warmup=0, active=1), "wait=-1"),
    (AssertionError, lambda: schedule(wait=0, warmup=0, active=0), "active=0"),
    (NotImplementedError, lambda: profile(activities=[ProfilerActivity.CUDA]), "ask for ProfilerActivity.CPU too"),
    (NotImplementedError, lambda: profile(experimental_config=object()), "experimental_config"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("kind", "call", "message"), REFUSED, ids=lambda v: v if isinstance(v, str) else "")
def test_refused(kind: type[BaseException], call: Callable[[], Any], message: str) -> None:
    with pytest.raises(kind, match=message):
        call()


def test_cuda_says_what_is_measured() -> None:
    with pytest.warns(UserWarning, match="times are the host's"):
        profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA])
    with warnings.catch_warnings():
        profile(activities=[ProfilerActivity.CPU])


def test_starting_twice() -> None:
    prof = profile()
    prof.step()  # before start() it does nothing
    prof.start()
    with pytest.raises(AssertionError, match="started already"):
        prof.start()
    prof.stop()
    assert prof.events() == []
