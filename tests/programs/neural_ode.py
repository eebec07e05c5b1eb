"""A spiral whose law of motion is learned: the right side of a differential equation is a network (Chen et al., 2018)."""

import torch
import torch.nn as nn


def rk4_step(f, t, y, dt):
    k1 = f(t, y)
    k2 = f(t + dt / 2, y + dt * k1 / 2)
    k3 = f(t + dt / 2, y + dt * k2 / 2)
    k4 = f(t + dt, y + dt * k3)
    return y + dt * (k1 + 2 * k2 + 2 * k3 + k4) / 6


def odeint(f, y0, t):
    ys = [y0]
    for t0, t1 in zip(t[:-1], t[1:]):
        ys.append(rk4_step(f, t0, ys[-1], t1 - t0))
    return torch.stack(ys)


class Spiral(nn.Module):
    def forward(self, t, y):
        return torch.mm(y**3, torch.tensor([[-0.1, 2.0], [-2.0, -0.1]]))


class ODEFunc(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 2))
        for m in self.net.modules():
            if isinstance(m, nn.Linear):
                nn.init.normal_(m.weight, mean=0, std=0.1)
                nn.init.constant_(m.bias, val=0)

    def forward(self, t, y):
        return self.net(y**3)


def main():
    torch.manual_seed(5)
    t = torch.linspace(0.0, 4.0, 120)
    with torch.no_grad():
        true_y = odeint(Spiral(), torch.tensor([[2.0, 0.0]]), t)
    func = ODEFunc()
    optimizer = torch.optim.RMSprop(func.parameters(), lr=5e-3)
    for itr in range(1, 21):
        s = torch.randperm(110)[:16]
        batch_y0, batch_t = true_y[s], t[:8]
        batch_y = torch.stack([true_y[s + i] for i in range(8)], dim=0)
        optimizer.zero_grad()
        pred_y = odeint(func, batch_y0.squeeze(1), batch_t)
        loss = torch.mean(torch.abs(pred_y - batch_y.squeeze(2)))
        loss.backward()
        optimizer.step()
        if itr % 5 == 0 or itr == 1:
            print("Iter {:04d} | Total Loss {:.5f}".format(itr, loss.item()))


if __name__ == "__main__":
    main()
