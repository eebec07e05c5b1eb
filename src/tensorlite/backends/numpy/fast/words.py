"""What threads share, in LLVM's language: words of memory that several read and write, and functions called by their addresses."""

from __future__ import annotations

from typing import Any

from .compiler import written

__all__ = ["add", "address", "invoke", "load", "pause", "place", "store"]


@written
def load() -> Any:
    """load(words, i): the word."""
    from numba import types
    from numba.extending import intrinsic

    @intrinsic
    def load(typing, words, i):
        def write(context, builder, signature, args):
            return builder.load_atomic(_word(context, builder, signature, args), "seq_cst", 8)

        return types.int64(words, types.int64), write

    return load


@written
def store() -> Any:
    """store(words, i, value)."""
    from numba import types
    from numba.extending import intrinsic

    @intrinsic
    def store(typing, words, i, value):
        def write(context, builder, signature, args):
            builder.store_atomic(args[2], _word(context, builder, signature, args), "seq_cst", 8)
            return context.get_dummy_value()

        return types.void(words, types.int64, types.int64), write

    return store


@written
def add() -> Any:
    """add(words, i, value): the word before."""
    from numba import types
    from numba.extending import intrinsic

    @intrinsic
    def add(typing, words, i, value):
        def write(context, builder, signature, args):
            return builder.atomic_rmw("add", _word(context, builder, signature, args), args[2], "seq_cst")

        return types.int64(words, types.int64, types.int64), write

    return add


@written
def pause() -> Any:
    """pause(): tell the processor that this thread only waits."""
    from llvmlite import binding, ir
    from numba import types
    from numba.core import cgutils
    from numba.extending import intrinsic

    number = ir.IntType(32)
    names: dict[str, tuple[str, list[Any]]] = {
        "x86_64": ("llvm.x86.sse2.pause", []),
        **dict.fromkeys(("aarch64", "arm64"), ("llvm.aarch64.hint", [number(1)])),
    }
    machine = binding.get_process_triple().partition("-")[0]

    @intrinsic
    def pause(typing):
        def write(context, builder, signature, args):
            if machine in names:
                name, given = names[machine]
                kind = ir.FunctionType(ir.VoidType(), [number] * len(given))
                builder.call(cgutils.get_or_insert_function(builder.module, kind, name), given)
            return context.get_dummy_value()

        return types.void(), write

    return pause


def _word(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    words = context.make_array(signature.args[0])(context, builder, args[0]).data
    return builder.gep(words, [args[1]])


# Functions by their addresses


@written
def address() -> Any:
    """address(function, arguments): of a function of (pointer to the arguments, block), which calls function(block, *arguments) and
    returns whether that failed."""
    from llvmlite import ir
    from numba import types
    from numba.core import cgutils
    from numba.extending import intrinsic

    @intrinsic
    def address(typing, function, arguments):
        given = (types.int64, *arguments)
        function.get_call_type(typing, given, {})

        def write(context, builder, signature, args):
            made = function.dispatcher.overloads[given]
            context.add_linking_libs([made.library])
            word = ir.IntType(64)
            block = ir.Function(builder.module, ir.FunctionType(word, [word, word]), f"{made.fndesc.mangled_name}.block")
            block.linkage = "internal"
            inside = ir.IRBuilder(block.append_basic_block("entry"))
            tuple_type = context.get_value_type(arguments)
            values = inside.load(inside.inttoptr(block.args[0], tuple_type.as_pointer()))
            numbers = [block.args[1], *cgutils.unpack_tuple(inside, values, len(arguments))]
            status, _ = context.call_internal_no_propagate(inside, made.fndesc, made.signature, numbers)
            inside.ret(inside.zext(status.is_error, word))
            return builder.ptrtoint(block, word)

        return types.int64(function, arguments), write

    return address


@written
def place() -> Any:
    """place(arguments): where in memory they are kept until the calling function returns."""
    from llvmlite import ir
    from numba import types
    from numba.core import cgutils
    from numba.extending import intrinsic

    @intrinsic
    def place(typing, arguments):
        def write(context, builder, signature, args):
            pointer = cgutils.alloca_once_value(builder, args[0])
            return builder.ptrtoint(pointer, ir.IntType(64))

        return types.int64(arguments), write

    return place


@written
def invoke() -> Any:
    """invoke(function, arguments, block): call the function at an address."""
    from llvmlite import ir
    from numba import types
    from numba.extending import intrinsic

    @intrinsic
    def invoke(typing, function, arguments, block):
        def write(context, builder, signature, args):
            word = ir.IntType(64)
            pointer = builder.inttoptr(args[0], ir.FunctionType(word, [word, word]).as_pointer())
            return builder.call(pointer, args[1:])

        return types.int64(types.int64, types.int64, types.int64), write

    return invoke
