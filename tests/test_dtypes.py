"""dtypes.py against tables that PyTorch 2.13 printed (see data/make_promotion.py)."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tensorlite import dtypes
from tensorlite.dtypes import dtype, finfo, iinfo

TABLE = json.loads((Path(__file__).parent / "data" / "promotion.json").read_text())
NAMES = list(TABLE["limits"])
NUMBERS = {"bool": bool, "int": int, "float": float, "complex": complex}


def named(name: str) -> dtype:
    return getattr(dtypes, name)


def answer(f: Any, *args: Any) -> str | None:
    """What f returns as a name, None where it refuses for want of a rule."""
    try:
        return f(*args).name
    except RuntimeError as error:
        assert "Promotion for uint16" in str(error) or "Unknown Complex" in str(error)
        return None


@pytest.fixture
def default_dtype() -> Iterator[Any]:
    yield dtypes.set_default_dtype
    dtypes.set_default_dtype(dtypes.float32)


def test_promote_types_is_pytorchs_table() -> None:
    ours = {a: {b: answer(dtypes.promote_types, named(a), named(b)) for b in NAMES} for a in NAMES}
    assert ours == TABLE["promote"]


def test_can_cast_is_pytorchs_table() -> None:
    assert {a: {b: dtypes.can_cast(named(a), named(b)) for b in NAMES} for a in NAMES} == TABLE["can_cast"]


def result(section: str, a: str, b: str) -> str | None:
    """The same question to result_dtype as `section` of the table answers."""
    operands: dict[str, list[Any]] = {"dim": [], "zero": [], "number": []}
    for kind, name in zip(section.split("_"), (a, b), strict=True):
        operands[kind].append(NUMBERS[name] if kind == "number" else named(name))
    return answer(dtypes.result_dtype, *(tuple(operands[k]) for k in ("dim", "zero", "number")))


@pytest.mark.parametrize("default", ["float16", "bfloat16", "float32", "float64"])
def test_result_dtype_is_pytorchs_table(default: str, default_dtype: Any) -> None:
    default_dtype(named(default))
    base, differs = TABLE["default"]["float32"], TABLE["default"][default]
    for section, table in base.items():
        expected = {a: row | differs[section][a] for a, row in table.items()}
        assert {a: {b: result(section, a, b) for b in row} for a, row in table.items()} == expected, section


def test_result_dtype_of_three_operands() -> None:
    assert len(TABLE["three"]) > 1000
    for *names, n, expected in TABLE["three"]:
        types = tuple(map(named, names))
        assert answer(dtypes.result_dtype, types[:n], types[n:]) == expected, (names, n)


def test_result_dtype_takes_subclasses_of_numbers_and_refuses_the_rest() -> None:
    class Mine(float):
        pass

    assert dtypes.result_dtype((dtypes.int8,), (), (Mine,)) is dtypes.float32
    with pytest.raises(TypeError, match="numbers, but got str"):
        dtypes.result_dtype((), (), (str,))
    with pytest.raises(ValueError, match="at least one operand"):
        dtypes.result_dtype()


@pytest.mark.parametrize("name", NAMES)
def test_attributes_and_limits(name: str) -> None:
    row, d = TABLE["limits"][name], named(name)
    for attribute in ("itemsize", "is_floating_point", "is_complex", "is_signed"):
        assert getattr(d, attribute) == row[attribute]
        assert type(getattr(d, attribute)) is type(row[attribute])
    assert (answer(d.to_real), answer(d.to_complex)) == (row["to_real"], row["to_complex"])
    assert repr(d) == str(d) == f"torch.{name}"
    for kind in (finfo, iinfo):
        expected = row[kind.__name__]
        if "error" in expected:
            with pytest.raises(TypeError) as caught:
                kind(d)
            assert str(caught.value) == expected["error"]
        else:
            info = kind(d)
            assert {k: getattr(info, k) for k in expected["values"]} == expected["values"]
            assert repr(info) == expected["repr"]
            assert info == kind(d) and info != 3
            with pytest.raises(TypeError):
                hash(info)


def test_finfo_of_nothing_is_the_default_dtypes(default_dtype: Any) -> None:
    default_dtype(dtypes.bfloat16)
    assert finfo() == finfo(dtypes.bfloat16) != finfo(dtypes.float32)


@pytest.mark.parametrize("name", [*NAMES, "half", "float", "double", "short", "int", "long", "cfloat", "cdouble"])
def test_a_dtype_is_one_object(name: str) -> None:
    d = named(name)
    assert copy.copy(d) is d and copy.deepcopy([d])[0] is d
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(d, protocol)) is d
    assert {d: 1}[d] == 1


def test_aliases() -> None:
    pairs = (
        "half float16 float float32 double float64 short int16 int int32 long int64 cfloat complex64 cdouble complex128"
    )
    names = pairs.split()
    for alias, name in zip(names[::2], names[1::2], strict=True):
        assert named(alias) is named(name)


def test_a_dtype_cannot_be_made_or_changed() -> None:
    with pytest.raises(TypeError, match="cannot create"):
        dtype()
    with pytest.raises(AttributeError):
        dtypes.float32.name = "x"
    with pytest.raises(AttributeError):
        dtypes.float32.extra = 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: dtypes.set_default_dtype(dtypes.int32), "only floating-point types are supported as the default type"),
        (
            lambda: dtypes.set_default_dtype(dtypes.cfloat),
            "only floating-point types are supported as the default type",
        ),
        (
            lambda: dtypes.set_default_dtype("float32"),
            "invalid dtype object: only floating-point types are supported as the default type",
        ),
        (lambda: finfo("x"), "finfo(): argument 'type' (position 1) must be torch.dtype, not str"),
        (lambda: iinfo(3), "iinfo(): argument 'type' (position 1) must be torch.dtype, not int"),
        (
            lambda: dtypes.promote_types(dtypes.int32, "s"),
            "promote_types(): argument 'type2' (position 2) must be torch.dtype, not str",
        ),
        (
            lambda: dtypes.can_cast(3, dtypes.bool),
            "can_cast(): argument 'from_' (position 1) must be torch.dtype, not int",
        ),
    ],
)
def test_errors_are_pytorchs(call: Any, message: str) -> None:
    with pytest.raises(TypeError) as caught:
        call()
    assert str(caught.value) == message
    assert dtypes.get_default_dtype() is dtypes.float32


def test_promotion_error_names_both() -> None:
    with pytest.raises(RuntimeError) as caught:
        dtypes.promote_types(dtypes.int32, dtypes.uint16)
    assert str(caught.value) == (
        "Promotion for uint16, uint32, uint64 types is not supported, attempted to promote Int and UInt16"
    )


def test_it_imports_the_standard_library_only() -> None:
    code = "import sys; sys.path.insert(0, sys.argv[1]); import dtypes; print('numpy' in sys.modules)"
    folder = str(Path(dtypes.__file__).parent)
    done = subprocess.run([sys.executable, "-c", code, folder], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
