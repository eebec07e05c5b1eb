"""Train a small convolutional network on scikit-learn's 1797 handwritten digits.

    python examples/digits.py --device cpu --epochs 15

Prints loss and accuracy after each epoch, writes a picture of the learning curve and of the digits that the network
finds hardest, and prints the accuracy on held-out digits last. After each epoch a checkpoint is written. Run the same
command again after a crash, or a kill at any moment, and training goes on from the last complete epoch, with the same
numbers to the last bit as if nothing had happened. With ``import torch`` in place of ``import tensorlite as torch``
the same program runs on PyTorch.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")  # a picture in a file needs no window

import matplotlib.pyplot as plt
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator
from sklearn.datasets import load_digits
from tqdm import tqdm

import tensorlite as torch

nn = torch.nn
F = torch.nn.functional

BATCH = 64
BLUE, ORANGE, RED, GREY = "#2563eb", "#ea8a2f", "#c8322b", "#6b7280"


class DigitNet(nn.Module):
    """Three blocks of convolution, then one linear layer: (N, 1, 8, 8) pictures to (N, 10) logits."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 16, kernel_size=3, padding=1, bias=False),  # batch norm has a bias of its own
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.Conv2d(16, 32, kernel_size=3, padding=1, bias=False),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(32, 64, kernel_size=3, padding=1, bias=False),
            nn.BatchNorm2d(64),
            nn.ReLU(),
        )
        self.classifier = nn.Sequential(nn.Flatten(), nn.Dropout(0.4), nn.Linear(64 * 4 * 4, 10))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.features(x))


def make_loaders() -> tuple[Any, Any]:
    """The digits as (1, 8, 8) pictures with values from 0 to 1; a fifth is held out, the same one for every seed."""
    digits = load_digits()
    pictures = torch.from_numpy(digits.images).float().unsqueeze(1) / 16
    labels = torch.from_numpy(digits.target).long()
    dataset = torch.utils.data.TensorDataset(pictures, labels)
    train, held_out = torch.utils.data.random_split(dataset, [0.8, 0.2], generator=torch.Generator().manual_seed(0))
    return (
        torch.utils.data.DataLoader(train, batch_size=BATCH, shuffle=True),
        torch.utils.data.DataLoader(held_out, batch_size=len(held_out)),
    )


def train_epoch(model: nn.Module, loader: Any, optimizer: Any, device: torch.device, title: str) -> float:
    """Go through the training digits once; return the mean loss."""
    loss_function = nn.CrossEntropyLoss()
    model.train()
    total = count = 0.0
    with tqdm(loader, desc=title, unit="batch", leave=False) as progress:
        for pictures, labels in progress:
            pictures, labels = pictures.to(device), labels.to(device)
            optimizer.zero_grad()
            loss = loss_function(model(pictures), labels)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(labels)
            count += len(labels)
            progress.set_postfix(loss=f"{total / count:.4f}")
    return total / count


def evaluate(model: nn.Module, loader: Any, device: torch.device) -> dict[str, Any]:
    """Loss and accuracy (in percent) on the held-out digits, and what was made of each of them."""
    model.eval()
    (pictures, labels) = next(iter(loader))
    with torch.inference_mode():
        logits = model(pictures.to(device)).cpu()
        losses = F.cross_entropy(logits, labels, reduction="none")
        probabilities, guesses = logits.softmax(dim=1).max(dim=1)
        return {
            "loss": losses.mean().item(),
            "accuracy": 100 * (guesses == labels).float().mean().item(),
            "pictures": pictures,
            "labels": labels,
            "losses": losses,
            "guesses": guesses,
            "probabilities": probabilities,
        }


def random_state(device: torch.device) -> dict[str, Any]:
    """The state of every generator that training draws from."""
    state = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(device)
    return state


def restore_random_state(state: dict[str, Any], device: torch.device) -> None:
    """Go on drawing where the checkpoint was written."""
    torch.set_rng_state(state["cpu"].cpu())
    if device.type == "cuda" and "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"].cpu(), device)


def draw(history: list[dict[str, float]], result: dict[str, Any], path: Path) -> None:
    """Write the picture: loss and accuracy by epoch, and the digits with the largest loss."""
    plt.rcParams.update({"font.size": 10, "axes.spines.top": False, "axes.spines.right": False})
    figure = plt.figure(figsize=(11, 7.6), layout="constrained", facecolor="white")
    figure.get_layout_engine().set(w_pad=0.12, h_pad=0.08, wspace=0.04)
    top, bottom = figure.subfigures(2, 1, height_ratios=[1.1, 1])
    draw_curves(top, history)
    draw_hardest(bottom, result)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def draw_curves(figure: Any, history: list[dict[str, float]]) -> None:
    """Loss on the left, accuracy on the right."""
    epochs = range(1, len(history) + 1)
    left, right = figure.subplots(1, 2)
    left.plot(epochs, [row["train_loss"] for row in history], color=ORANGE, lw=2, label="training")
    left.plot(epochs, [row["loss"] for row in history], color=BLUE, lw=2, label="held out")
    left.set(title="Cross entropy", xlabel="epoch", yscale="log")
    left.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    left.yaxis.set_major_formatter("{x:g}")
    left.yaxis.set_minor_locator(NullLocator())
    left.legend(frameon=False)
    accuracy = [row["accuracy"] for row in history]
    right.plot(epochs, accuracy, color=BLUE, lw=2)
    right.plot(len(accuracy), accuracy[-1], "o", color=BLUE, ms=6)
    right.annotate(
        f"{accuracy[-1]:.2f} %",
        (len(accuracy), accuracy[-1]),
        xytext=(0, -18),
        textcoords="offset points",
        ha="right",
        weight="bold",
        color=BLUE,
    )
    right.set(title="Accuracy on held-out digits (percent)", xlabel="epoch", ylim=(min(90, *accuracy) - 1, 100.5))
    for axes in (left, right):
        axes.grid(axis="y", color="#e5e7eb")
        axes.set_axisbelow(True)
        axes.set_xlim(1 - 0.3, len(history) + 0.3)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def draw_hardest(figure: Any, result: dict[str, Any], rows: int = 2, columns: int = 8) -> None:
    """The held-out digits with the largest loss: mistakes in red, right but doubtful answers in grey."""
    mistakes = int((result["guesses"] != result["labels"]).sum().item())
    figure.suptitle(
        f"The hardest of {len(result['labels'])} held-out digits: {mistakes} mistakes (red), then the closest calls",
        fontsize=12,
    )
    hardest = result["losses"].argsort(descending=True)[: rows * columns].tolist()
    for axes, index in zip(figure.subplots(rows, columns).flat, hardest, strict=True):
        label, guess = result["labels"][index].item(), result["guesses"][index].item()
        wrong = guess != label
        axes.imshow(result["pictures"][index, 0].numpy(), cmap="gray_r", interpolation="nearest")
        probability = 100 * result["probabilities"][index].item()
        title = f"{label} read as {guess}" if wrong else f"{label}"
        axes.set_title(f"{title}\n{probability:.0f} % sure", fontsize=9, pad=4, color=RED if wrong else GREY)
        axes.set(xticks=[], yticks=[])
        for spine in axes.spines.values():
            spine.set(visible=True, color=RED if wrong else "#d1d5db", linewidth=1.8 if wrong else 1.0)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train a small network on handwritten digits.")
    parser.add_argument("--device", default="cpu", help="cpu, cuda, cuda:1 ...")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--checkpoint", type=Path, default=Path("digits.pt"), help="resumed from if it exists")
    parser.add_argument("--output", type=Path, default=Path("digits.png"), help="where the picture goes")
    parser.add_argument("--fresh", action="store_true", help="start anew even if there is a checkpoint")
    arguments = parser.parse_args()
    if arguments.epochs < 1:
        parser.error("--epochs must be at least 1")
    return arguments


def main() -> None:
    arguments = parse_arguments()
    device = torch.device(arguments.device)
    torch.manual_seed(arguments.seed)
    train_loader, held_out_loader = make_loaders()
    model = DigitNet().to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, nesterov=True)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.9)
    history: list[dict[str, float]] = []

    if arguments.checkpoint.exists() and not arguments.fresh:
        checkpoint = torch.load(arguments.checkpoint, map_location=device, weights_only=True)
        if checkpoint["seed"] != arguments.seed:
            raise SystemExit(
                f"{arguments.checkpoint} belongs to a run with --seed {checkpoint['seed']}: "
                "give that seed, another --checkpoint, or --fresh to start anew"
            )
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        scheduler.load_state_dict(checkpoint["scheduler"])
        restore_random_state(checkpoint["random_state"], device)
        history = checkpoint["history"]
        print(f"resuming {arguments.checkpoint} after epoch {len(history)}")

    for epoch in range(len(history) + 1, arguments.epochs + 1):
        title = f"epoch {epoch:2d}/{arguments.epochs}"
        train_loss = train_epoch(model, train_loader, optimizer, device, title)
        scheduler.step()
        result = evaluate(model, held_out_loader, device)
        history.append({"train_loss": train_loss, "loss": result["loss"], "accuracy": result["accuracy"]})
        print(f"{title}  training loss {train_loss:.4f}  held-out loss {result['loss']:.4f}  "
              f"accuracy {result['accuracy']:.2f} %", flush=True)  # fmt: skip
        # One file, replaced in one go: whatever happens, there is always one complete checkpoint.
        torch.save(
            {
                "seed": arguments.seed,
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
                "scheduler": scheduler.state_dict(),
                "random_state": random_state(device),
                "history": history,
            },
            arguments.checkpoint,
        )

    result = evaluate(model, held_out_loader, device)
    draw(history, result, arguments.output)
    print(f"wrote {arguments.output} and {arguments.checkpoint}")
    print(f"held-out accuracy: {result['accuracy']:.2f} %")


if __name__ == "__main__":
    main()
