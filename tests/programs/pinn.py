"""A network that obeys a differential equation: u'' + u = 0 on [0, pi/2], u(0) = 0, u(pi/2) = 1 (Raissi et al., 2019)."""

import math

import torch
from torch import nn
from torch.autograd import grad


class PINN(nn.Module):
    def __init__(self, width=24):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(1, width), nn.Tanh(), nn.Linear(width, width), nn.Tanh(), nn.Linear(width, 1))
        for layer in self.net:
            if isinstance(layer, nn.Linear):
                nn.init.xavier_normal_(layer.weight)

    def forward(self, x):
        return self.net(x)


def residual(model, x):
    x = x.clone().requires_grad_(True)
    u = model(x)
    du = grad(u, x, grad_outputs=torch.ones_like(u), create_graph=True)[0]
    ddu = grad(du, x, grad_outputs=torch.ones_like(du), create_graph=True)[0]
    return ddu + u


def main():
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(2)
    model = PINN()
    ends, values = torch.tensor([[0.0], [math.pi / 2]]), torch.tensor([[0.0], [1.0]])
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for step in range(100):
        x = torch.rand(32, 1) * math.pi / 2
        loss = residual(model, x).pow(2).mean() + (model(ends) - values).square().sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 20 == 0:
            print(f"adam {step} loss {loss.item():.6f}")

    x = torch.linspace(0, math.pi / 2, 40).unsqueeze(-1)
    lbfgs = torch.optim.LBFGS(model.parameters(), max_iter=10, line_search_fn="strong_wolfe")

    def closure():
        lbfgs.zero_grad()
        loss = residual(model, x).pow(2).mean() + (model(ends) - values).square().sum()
        loss.backward()
        return loss

    for _ in range(2):
        loss = lbfgs.step(closure)
        print(f"lbfgs loss {loss.item():.6f}")
    error = (model(x) - torch.sin(x)).abs().max()
    print("close to the sine:", bool(error < 0.1))


if __name__ == "__main__":
    main()
