"""A variational autoencoder (Kingma and Welling, 2014) for bars in small pictures."""

from __future__ import print_function

import torch
import torch.utils.data
from torch import nn, optim
from torch.nn import functional as F


class VAE(nn.Module):
    def __init__(self):
        super(VAE, self).__init__()
        self.fc1 = nn.Linear(64, 48)
        self.fc21 = nn.Linear(48, 4)
        self.fc22 = nn.Linear(48, 4)
        self.fc3 = nn.Linear(4, 48)
        self.fc4 = nn.Linear(48, 64)

    def encode(self, x):
        h1 = F.relu(self.fc1(x))
        return self.fc21(h1), self.fc22(h1)

    def reparameterize(self, mu, logvar):
        std = torch.exp(0.5 * logvar)
        eps = torch.randn_like(std)
        return mu + eps * std

    def decode(self, z):
        return torch.sigmoid(self.fc4(F.relu(self.fc3(z))))

    def forward(self, x):
        mu, logvar = self.encode(x.view(-1, 64))
        return self.decode(self.reparameterize(mu, logvar)), mu, logvar


def loss_function(recon_x, x, mu, logvar):
    bce = F.binary_cross_entropy(recon_x, x.view(-1, 64), reduction="sum")
    kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    return bce + kld


def main():
    torch.manual_seed(1)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    rows = torch.randint(0, 8, (256,))
    images = torch.zeros(256, 1, 8, 8)
    images[torch.arange(128), 0, rows[:128]] = 1.0
    images[torch.arange(128, 256), 0, :, rows[128:]] = 1.0
    train_loader = torch.utils.data.DataLoader(images, batch_size=32, shuffle=True)
    model = VAE().to(device)
    optimizer = optim.Adam(model.parameters(), lr=3e-3)
    for epoch in range(1, 7):
        model.train()
        train_loss = 0
        for batch_idx, data in enumerate(train_loader):
            data = data.to(device)
            optimizer.zero_grad()
            recon_batch, mu, logvar = model(data)
            loss = loss_function(recon_batch, data, mu, logvar)
            loss.backward()
            train_loss += loss.item()
            optimizer.step()
        print("====> Epoch: {} Average loss: {:.4f}".format(epoch, train_loss / len(train_loader.dataset)))
    model.eval()
    with torch.no_grad():
        sample = model.decode(torch.randn(2, 4).to(device)).cpu()
    print("sample", " ".join("%.4f" % v for v in sample.view(2, 8, 8).mean(dim=(1, 2))))


if __name__ == "__main__":
    main()
