"""A normalizing flow (Dinh et al., 2017, RealNVP): two half moons are mapped to a normal distribution."""

import math

import torch
from torch import Tensor, nn


class Coupling(nn.Module):
    mask: Tensor

    def __init__(self, mask, width=32):
        super().__init__()
        self.register_buffer("mask", mask)
        inner = [nn.Linear(2, width), nn.LeakyReLU(), nn.Linear(width, width), nn.LeakyReLU()]
        self.s = nn.Sequential(*inner, nn.Linear(width, 2), nn.Tanh())
        inner = [nn.Linear(2, width), nn.LeakyReLU(), nn.Linear(width, width), nn.LeakyReLU()]
        self.t = nn.Sequential(*inner, nn.Linear(width, 2))

    def forward(self, x):
        kept = x * self.mask
        s, t = self.s(kept) * (1 - self.mask), self.t(kept) * (1 - self.mask)
        return kept + (1 - self.mask) * (x - t) * torch.exp(-s), -s.sum(dim=1)

    def inverse(self, z):
        kept = z * self.mask
        s, t = self.s(kept) * (1 - self.mask), self.t(kept) * (1 - self.mask)
        return kept + (1 - self.mask) * (z * s.exp() + t)


class RealNVP(nn.Module):
    def __init__(self, layers=4):
        super().__init__()
        masks = torch.tensor([[0.0, 1.0], [1.0, 0.0]] * (layers // 2))
        self.layers = nn.ModuleList(Coupling(mask) for mask in masks)

    def log_prob(self, x):
        log_det = x.new_zeros(x.shape[0])
        for layer in reversed(self.layers):
            x, ld = layer(x)
            log_det = log_det + ld
        return log_det - 0.5 * (x**2).sum(-1) - math.log(2 * math.pi)

    @torch.inference_mode()
    def sample(self, n):
        z = torch.randn(n, 2)
        for layer in self.layers:
            z = layer.inverse(z)
        return z


def moons(n):
    angle = torch.rand(n) * math.pi
    upper = torch.rand(n) < 0.5
    x = torch.where(upper, torch.cos(angle), 1 - torch.cos(angle))
    y = torch.where(upper, torch.sin(angle), 0.5 - torch.sin(angle))
    return torch.stack([x, y], dim=-1) + 0.05 * torch.randn(n, 2)


def main():
    torch.manual_seed(8)
    flow = RealNVP()
    optimizer = torch.optim.Adam([p for p in flow.parameters() if p.requires_grad], lr=3e-3)
    ema = torch.optim.swa_utils.AveragedModel(flow)
    for step in range(61):
        loss = -flow.log_prob(moons(128)).mean()
        optimizer.zero_grad()
        loss.backward(retain_graph=True)
        optimizer.step()
        ema.update_parameters(flow)
        if step % 10 == 0:
            print(f"iter {step}: loss = {loss:.3f}")
    torch.save(flow.state_dict(), path := "flow.pt")
    other = RealNVP()
    print(other.load_state_dict(torch.load(path, weights_only=True)))
    x = moons(4)
    print("same", torch.allclose(other.log_prob(x), flow.log_prob(x)))
    print(flow.sample(3).shape)


if __name__ == "__main__":
    main()
