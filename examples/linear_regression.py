"""Fit a straight line, first by the classic training loop and then by updating the parameters by hand.

    python examples/linear_regression.py

With ``import torch`` in place of ``import tensorlite as torch`` the same program runs on PyTorch and prints the same
numbers.
"""

from __future__ import annotations

import argparse

import tensorlite as torch

nn = torch.nn

SLOPE, INTERCEPT = 0.7, 0.3
LEARNING_RATE = 0.01


class LinearRegression(nn.Module):
    """``slope * x + intercept``, both to be learnt."""

    def __init__(self) -> None:
        super().__init__()
        self.slope = nn.Parameter(torch.randn(1))
        self.intercept = nn.Parameter(torch.randn(1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.slope * x + self.intercept


def make_data(device: torch.device) -> tuple[torch.Tensor, ...]:
    """Fifty points on a line; the last ten are held out."""
    x = torch.arange(0, 1, 0.02, device=device).unsqueeze(dim=1)
    y = SLOPE * x + INTERCEPT
    return x[:40], y[:40], x[40:], y[40:]


def train_with_optimizer(device: torch.device, seed: int, epochs: int) -> LinearRegression:
    """The classic loop: forward, loss, zero_grad, backward, step; then a look at the held-out points."""
    torch.manual_seed(seed)
    model = LinearRegression().to(device)
    x_train, y_train, x_test, y_test = make_data(device)
    loss_function = nn.L1Loss()
    optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE)
    for epoch in range(epochs):
        model.train()
        loss = loss_function(model(x_train), y_train)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

        model.eval()
        with torch.inference_mode():
            test_loss = loss_function(model(x_test), y_test)
        if epoch % max(1, epochs // 10) == 0:
            print(f"epoch {epoch:3d}  training loss {loss:.5f}  held-out loss {test_loss:.5f}")
    return model


def train_by_hand(device: torch.device, seed: int, epochs: int) -> LinearRegression:
    """The same without an optimizer: each parameter moves against its gradient."""
    torch.manual_seed(seed)
    model = LinearRegression().to(device)
    x_train, y_train, _, _ = make_data(device)
    for _ in range(epochs):
        loss = nn.functional.l1_loss(model(x_train), y_train)
        model.zero_grad()
        loss.backward()
        for p in model.parameters():
            p.data.sub_(p.grad.data * LEARNING_RATE)
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description="Fit a straight line.")
    parser.add_argument("--device", default="cpu", help="cpu, cuda, cuda:1 ...")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--epochs", type=int, default=200)
    arguments = parser.parse_args()
    device = torch.device(arguments.device)

    model = train_with_optimizer(device, arguments.seed, arguments.epochs)
    by_hand = train_by_hand(device, arguments.seed, arguments.epochs)
    for name, learnt in (("optimizer", model), ("by hand", by_hand)):
        print(f"{name:>9}: y = {learnt.slope.item():.4f} x + {learnt.intercept.item():.4f}")
    print(f"{'true':>9}: y = {SLOPE:.4f} x + {INTERCEPT:.4f}")


if __name__ == "__main__":
    main()
