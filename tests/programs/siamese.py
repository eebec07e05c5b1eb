"""A siamese network: one network looks at two pictures, and says whether they show the same."""

import argparse
import random

import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.optim.lr_scheduler import StepLR
from torch.utils.data import DataLoader, Dataset


class Pairs(Dataset):
    def __init__(self, size):
        generator = random.Random(3)
        prototypes = torch.rand(4, 1, 12, 12)
        self.items = []
        for i in range(size):
            a = generator.randrange(4)
            b = a if i % 2 == 0 else (a + 1 + generator.randrange(3)) % 4
            noise = torch.randn(2, 1, 12, 12) * 0.1
            self.items.append((prototypes[a] + noise[0], prototypes[b] + noise[1], torch.tensor(float(a == b))))

    def __getitem__(self, index):
        return self.items[index]

    def __len__(self):
        return len(self.items)


class SiameseNetwork(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 6, 3), nn.ReLU(inplace=True), nn.MaxPool2d(2), nn.Conv2d(6, 12, 3), nn.ReLU(inplace=True)
        )
        self.fc = nn.Sequential(nn.Linear(12 * 9, 32), nn.ReLU(inplace=True), nn.Linear(32, 1))
        self.sigmoid = nn.Sigmoid()
        self.fc.apply(self.init_weights)

    def init_weights(self, m):
        if isinstance(m, nn.Linear):
            torch.nn.init.xavier_uniform_(m.weight)
            m.bias.data.fill_(0.01)

    def forward_once(self, x):
        return self.features(x).flatten(1)

    def forward(self, input1, input2):
        return self.sigmoid(self.fc(torch.abs(self.forward_once(input1) - self.forward_once(input2))))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--gamma", type=float, default=0.7)
    args = parser.parse_args()
    torch.manual_seed(4)
    loader = DataLoader(Pairs(64), batch_size=16, shuffle=True)
    model = SiameseNetwork()
    optimizer = optim.Adadelta(model.parameters(), lr=1.0)
    scheduler = StepLR(optimizer, step_size=1, gamma=args.gamma)
    criterion, triplet = nn.BCELoss(), nn.TripletMarginLoss(margin=1.0)
    for epoch in range(1, args.epochs + 1):
        model.train()
        total = 0.0
        for images_1, images_2, targets in loader:
            optimizer.zero_grad()
            outputs = model(images_1, images_2).squeeze()
            loss = criterion(outputs, targets)
            a, b = model.forward_once(images_1), model.forward_once(images_2)
            loss = loss + 0.01 * triplet(a, b, b.roll(1, 0)) + 0.001 * F.pairwise_distance(a, b).mean()
            loss.backward()
            optimizer.step()
            total += loss.item()
        scheduler.step()
        print("Train Epoch: {} Loss: {:.5f}".format(epoch, total / len(loader)))


if __name__ == "__main__":
    main()
