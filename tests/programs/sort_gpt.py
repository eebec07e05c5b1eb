"""A transformer that learns to sort digits: the second half of each sequence is the first half, sorted."""

import torch
import torch.nn as nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset


class SortDataset(Dataset):
    def __init__(self, split, length=4, num_digits=3, size=256):
        self.split, self.length, self.num_digits, self.size = split, length, num_digits, size

    def __len__(self):
        return self.size

    def __getitem__(self, idx):
        generator = torch.Generator().manual_seed(idx + (100000 if self.split == "test" else 0))
        inp = torch.randint(self.num_digits, size=(self.length,), dtype=torch.long, generator=generator)
        sol = torch.sort(inp)[0]
        cat = torch.cat((inp, sol), dim=0)
        x, y = cat[:-1].clone(), cat[1:].clone()
        y[: self.length - 1] = -1
        return x, y


class Net(nn.Module):
    def __init__(self, vocab, length, width=32):
        super().__init__()
        self.tok = nn.Embedding(vocab, width)
        self.pos = nn.Parameter(torch.zeros(1, length, width))
        layer = nn.TransformerEncoderLayer(width, 4, 64, dropout=0.0, activation="gelu", batch_first=True, norm_first=True)
        self.blocks = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(width, vocab)

    def forward(self, idx):
        t = idx.size(1)
        mask = nn.Transformer.generate_square_subsequent_mask(t)
        return self.head(self.blocks(self.tok(idx) + self.pos[:, :t], mask=mask, is_causal=True))


def main():
    torch.manual_seed(3407)
    train, test = SortDataset("train"), SortDataset("test", size=64)
    model = Net(train.num_digits, train.length * 2 - 1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    for epoch in range(4):
        total = 0.0
        for x, y in DataLoader(train, batch_size=32, shuffle=True, drop_last=True):
            logits = model(x)
            loss = F.cross_entropy(logits.view(-1, logits.size(-1)), y.view(-1), ignore_index=-1)
            model.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            total += loss.item()
        print(f"epoch {epoch} loss {total / 8:.4f}")

    model.eval()
    right = 0
    with torch.no_grad():
        for x, _ in DataLoader(test, batch_size=64):
            inp = x[:, : test.length]
            idx = inp
            for _ in range(test.length):
                idx = torch.cat((idx, model(idx)[:, -1].argmax(-1, keepdim=True)), dim=1)
            right += (idx[:, test.length :] == torch.sort(inp, dim=1)[0]).all(1).sum().item()
    print("sorted more than a quarter:", right > 16)


if __name__ == "__main__":
    main()
