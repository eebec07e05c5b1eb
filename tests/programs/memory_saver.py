"""Checkpointed layers, mixed precision and gradient accumulation, as large trainings have them."""

import torch
import torch.nn as nn
from torch.amp import GradScaler, autocast
from torch.utils.checkpoint import checkpoint, checkpoint_sequential
from torch.utils.data import DataLoader, TensorDataset, random_split


class Deep(nn.Module):
    def __init__(self, width=16, depth=4):
        super().__init__()
        self.inner = nn.ModuleList(
            nn.Sequential(nn.Linear(width, width), nn.LayerNorm(width), nn.SiLU(), nn.Dropout(0.1)) for _ in range(depth)
        )
        self.outer = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())
        self.head = nn.Linear(width, 1)

    def forward(self, x):
        for block in self.inner:
            x = x + checkpoint(block, x, use_reentrant=False)
        return self.head(checkpoint_sequential(self.outer, 2, x, use_reentrant=False))


@torch.compile(backend="eager")
def half_square(output, target):
    return nn.functional.mse_loss(output, target) / 2


@torch.no_grad()
def evaluate(model, loader):
    model.eval()
    losses = [nn.functional.mse_loss(model(x), y) for x, y in loader]
    model.train()
    return torch.stack(losses).mean()


def main():
    torch.manual_seed(0)
    torch.set_float32_matmul_precision("high")
    torch.backends.cuda.matmul.allow_tf32 = True
    torch.backends.cudnn.benchmark = True
    x = torch.randn(96, 16)
    data = TensorDataset(x, x[:, :4].sum(1, keepdim=True))
    train, valid = random_split(data, [80, 16], generator=torch.Generator().manual_seed(1))
    model = Deep()
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3, fused=False)
    scaler = GradScaler("cpu", init_scale=1024.0)
    for epoch in range(3):
        optimizer.zero_grad(set_to_none=True)
        for i, (xb, yb) in enumerate(DataLoader(train, batch_size=10, shuffle=True)):
            with autocast("cpu", dtype=torch.bfloat16, enabled=False):
                loss = half_square(model(xb), yb)
            scaler.scale(loss).backward()
            if i % 2 == 1:
                scaler.unscale_(optimizer)
                norm = nn.utils.clip_grad_norm_(model.parameters(), 5.0)
                scaler.step(optimizer)
                scaler.update()
                optimizer.zero_grad(set_to_none=True)
        print(f"epoch {epoch} loss {2 * loss.item():.4f} norm {norm.item():.4f} valid {evaluate(model, DataLoader(valid, 16)):.4f}")
    print("scale", scaler.get_scale())


if __name__ == "__main__":
    main()
