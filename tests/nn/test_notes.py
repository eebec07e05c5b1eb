"""A learner's notes on PyTorch, snippet by snippet: what is printed is the same string with either library."""

from __future__ import annotations

import io
import re
from contextlib import redirect_stdout
from textwrap import dedent
from typing import Any

import pytest

import tensorlite as tl

torch = pytest.importorskip("torch", reason="PyTorch is the oracle")

NOTES = {
    "Linear": """
        layer = nn.Linear(in_features=3, out_features=2)
        x = torch.randn(4, 3)
        print(layer, layer.weight, layer.bias)
        print(layer(x))
        print(torch.allclose(layer(x), x @ layer.weight.T + layer.bias))
        print(nn.Linear(2, 1, bias=False).bias, nn.Linear(2, 1, dtype=torch.float64).weight.dtype)
        """,
    "Conv1d": """
        conv = nn.Conv1d(in_channels=2, out_channels=3, kernel_size=3, stride=2, padding=1)
        print(conv, conv.weight.shape)
        print(conv(torch.randn(1, 2, 7)))
        """,
    "Conv2d": """
        conv = nn.Conv2d(1, 2, kernel_size=(3, 2), dilation=(2, 1), padding="valid")
        print(conv, conv.weight)
        out = conv(torch.randn(1, 1, 6, 4))
        print(out, out.shape)
        print(nn.Conv2d(4, 8, 3, groups=2, padding_mode="reflect", padding=1)(torch.randn(1, 4, 5, 5)).shape)
        # (in + 2 * padding - kernel) / stride + 1
        print(nn.Conv2d(3, 6, 5, stride=2, padding=2)(torch.zeros(2, 3, 32, 32)).shape)
        """,
    "Conv3d": """
        conv = nn.Conv3d(1, 2, 2)
        print(conv)
        print(conv(torch.randn(1, 1, 2, 3, 3)))
        """,
    "RNN": """
        rnn = nn.RNN(input_size=3, hidden_size=2, num_layers=2, batch_first=True)
        print(rnn)
        output, h_n = rnn(torch.randn(2, 4, 3))
        print(output, h_n, output.shape, h_n.shape)
        print([name for name, _ in rnn.named_parameters()])
        print(torch.equal(output[:, -1], h_n[-1]))
        """,
    "LSTM": """
        lstm = nn.LSTM(3, 2, bidirectional=True)
        output, (h_n, c_n) = lstm(torch.randn(4, 1, 3))
        print(lstm)
        print(output.shape, h_n.shape, c_n.shape)
        print(output)
        output, (h_n, c_n) = lstm(torch.randn(4, 1, 3), (h_n, c_n))
        print(h_n, c_n)
        """,
    "GRU": """
        gru = nn.GRU(3, 2)
        output, h_n = gru(torch.randn(5, 3), torch.zeros(1, 2))  # no batch
        print(gru, output, h_n)
        """,
    "BatchNorm1d": """
        norm = nn.BatchNorm1d(3)
        x = torch.randn(4, 3) * 5 + 2
        y = norm(x)
        print(norm, y)
        print(y.mean(dim=0).abs().max() < 1e-5, y.var(dim=0, unbiased=False))
        print(norm.running_mean, norm.running_var, norm.num_batches_tracked)
        print(norm.eval()(x))
        """,
    "BatchNorm2d": """
        norm = nn.BatchNorm2d(2, affine=False)
        print(norm, norm(torch.randn(2, 2, 2, 2)))
        print(list(norm.state_dict()), list(norm.parameters()))
        """,
    "LayerNorm and GroupNorm": """
        x = torch.randn(2, 4, 3)
        print(nn.LayerNorm(3), nn.LayerNorm(3)(x))
        print(nn.LayerNorm([4, 3], elementwise_affine=False)(x))
        print(nn.GroupNorm(2, 4), nn.GroupNorm(2, 4)(x))
        """,
    "pooling": """
        x = torch.arange(16.0).reshape(1, 1, 4, 4)
        print(nn.MaxPool2d(2), nn.MaxPool2d(2)(x))
        print(nn.MaxPool2d(3, stride=1, padding=1, return_indices=True)(x))
        print(nn.AvgPool2d(2), nn.AvgPool2d(2)(x), nn.AvgPool2d(3, padding=1, count_include_pad=False)(x))
        print(nn.AdaptiveAvgPool2d((1, 1)), nn.AdaptiveAvgPool2d(1)(x), nn.AdaptiveAvgPool2d((3, None))(x))
        """,
    "Dropout": """
        drop = nn.Dropout(p=0.25)
        x = torch.ones(3, 4)
        print(drop, drop(x))  # the others are scaled by 1 / (1 - p)
        print(drop.eval()(x))
        print(F.dropout(x, 0.5), F.dropout(x, 0.5, training=False))
        """,
    "activations": """
        x = torch.linspace(-2, 2, 5)
        for layer in (nn.ReLU(), nn.Sigmoid(), nn.Tanh(), nn.Softmax(dim=0), nn.LeakyReLU(0.1), nn.ELU(), nn.LeakyReLU()):
            print(layer, layer(x))
        print(nn.ReLU(inplace=True)(x), x)
        print(torch.softmax(torch.randn(2, 3), dim=1).sum(dim=1), torch.sigmoid(x), torch.tanh(x), F.relu(x - 1))
        """,
    "MSELoss": """
        input, target = torch.randn(2, 3, requires_grad=True), torch.randn(2, 3)
        for reduction in ("mean", "sum", "none"):
            print(nn.MSELoss(reduction=reduction)(input, target))
        nn.MSELoss()(input, target).backward()
        print(input.grad)
        """,
    "MSELoss with size_average and reduce": """
        import warnings
        input, target = torch.randn(2, 3), torch.randn(2, 3)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for size_average in (True, False):
                for reduce in (True, False):
                    loss = nn.MSELoss(size_average=size_average, reduce=reduce)
                    print(loss.reduction, loss(input, target))
        """,
    "CrossEntropyLoss": """
        logits, target = torch.randn(3, 5, requires_grad=True), torch.tensor([1, 0, 4])
        for reduction in ("mean", "sum", "none"):
            print(nn.CrossEntropyLoss(reduction=reduction)(logits, target))
        print(F.nll_loss(F.log_softmax(logits, dim=1), target))
        print(nn.CrossEntropyLoss()(logits, torch.softmax(torch.randn(3, 5), dim=1)))  # probabilities
        print(nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2, 3, 4, 5]), label_smoothing=0.1)(logits, target))
        nn.CrossEntropyLoss(ignore_index=4)(logits, target).backward()
        print(logits.grad)
        """,
    "BCELoss and BCEWithLogitsLoss": """
        logits, target = torch.randn(3, requires_grad=True), torch.tensor([1.0, 0.0, 1.0])
        for reduction in ("mean", "sum", "none"):
            print(nn.BCELoss(reduction=reduction)(torch.sigmoid(logits), target))
            print(nn.BCEWithLogitsLoss(reduction=reduction)(logits, target))
        print(nn.BCEWithLogitsLoss(pos_weight=torch.tensor(3.0))(logits, target).item())
        print(nn.BCELoss()(torch.tensor([0.0, 1.0]), torch.tensor([1.0, 1.0])))  # log is held at -100
        """,
    "L1Loss, NLLLoss, HingeEmbeddingLoss": """
        input, target = torch.randn(3, 2), torch.randn(3, 2)
        labels, signs = torch.tensor([0, 1, 1]), torch.tensor([[1, -1], [-1, 1], [1, 1]])
        for reduction in ("mean", "sum", "none"):
            print(nn.L1Loss(reduction=reduction)(input, target))
            print(nn.NLLLoss(reduction=reduction)(F.log_softmax(input, dim=1), labels))
            print(nn.HingeEmbeddingLoss(margin=0.5, reduction=reduction)(input, signs))
        """,
    "Sequential": """
        net = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Sequential(nn.Linear(3, 2), nn.Softmax(dim=1)))
        print(net)
        print(net(torch.randn(2, 4)))
        print(net[0], net[-1][0].weight.shape, len(net), [name for name, _ in net.named_parameters()])
        from collections import OrderedDict
        named = nn.Sequential(OrderedDict([("first", nn.Linear(1, 1)), ("act", nn.Tanh())]))
        print(named, named.first.weight)
        print(sum(p.numel() for p in net.parameters() if p.requires_grad))
        """,
    "Module": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv1 = nn.Conv2d(1, 4, 3)
                self.conv2 = nn.Conv2d(4, 8, 3)
                self.fc = nn.Linear(8 * 4 * 4, 10)

            def forward(self, x):
                x = F.max_pool2d(F.relu(self.conv1(x)), 2)
                x = F.max_pool2d(F.relu(self.conv2(x)), 2)
                x = torch.flatten(x, 1)
                return self.fc(x)

        net = Net()
        print(net)
        x = torch.randn(2, 1, 22, 22)
        print(net(x))
        params = list(net.parameters())
        print(len(params), params[0].size(), net.training, net.eval().training)
        print([type(m).__name__ for m in net.modules()], [name for name, _ in net.named_children()])
        print([(name, tuple(value.shape)) for name, value in net.state_dict().items()])
        other = Net()
        print(other.load_state_dict(net.state_dict()), torch.equal(other(x), net(x)))
        """,
    "ModuleList and ModuleDict": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.layers = nn.ModuleList([nn.Linear(3, 3) for _ in range(3)])
                self.acts = nn.ModuleDict({"relu": nn.ReLU(), "leaky": nn.LeakyReLU()})
                self.plain = [nn.Linear(3, 3)]  # is not seen

            def forward(self, x, act):
                for layer in self.layers:
                    x = self.acts[act](layer(x))
                return x

        net = Net()
        net.layers.append(nn.Linear(3, 1))
        print(net)
        print(net(torch.randn(2, 3), "leaky"), len(list(net.parameters())), list(net.acts))
        """,
    "Flatten": """
        x = torch.arange(24).reshape(2, 3, 4)
        print(nn.Flatten(), nn.Flatten()(x), nn.Flatten(0, 1)(x).shape, x.flatten().shape, nn.Unflatten(1, (3, 1))(x).shape)
        """,
    "Parameter": """
        class Scale(nn.Module):
            def __init__(self):
                super().__init__()
                self.w = nn.Parameter(torch.randn(2, 1))
                self.fixed = torch.ones(2)
                self.register_buffer("mean", torch.zeros(2))

        m = Scale()
        print(m.w, [name for name, _ in m.named_parameters()], list(m.state_dict()))
        m.b = nn.Parameter(torch.zeros(1), requires_grad=False)
        print([(name, p.requires_grad) for name, p in m.named_parameters()])
        try:
            m.w = torch.ones(1)
        except TypeError as error:
            print(type(error).__name__)
        """,
    "init": """
        init = nn.init
        w = torch.empty(3, 5)
        print(init.kaiming_uniform_(w, mode="fan_in", nonlinearity="relu"))
        print(init.kaiming_uniform_(w, a=5 ** 0.5), init._calculate_fan_in_and_fan_out(w))
        print(init._calculate_fan_in_and_fan_out(torch.empty(6, 4, 3, 2)))
        print(init.uniform_(w, -1, 1), init.normal_(w, std=0.02), init.xavier_uniform_(w), init.zeros_(w), init.constant_(w, 0.3))
        print(init.calculate_gain("relu"), init.calculate_gain("leaky_relu", 0.2))

        def init_weights(m):
            if isinstance(m, nn.Linear):
                init.xavier_normal_(m.weight)
                m.bias.data.fill_(0.01)

        net = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1))
        net.apply(init_weights)
        print(net[0].weight, net[2].bias)
        """,
    "forward hooks": """
        net = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
        seen = []
        handle = net[0].register_forward_hook(lambda module, input, output: seen.append((module, input, output)))
        whole = net.register_forward_hook(lambda module, input, output: print("net is called", output.shape))
        x = torch.randn(1, 2)
        net(x)
        print(seen)
        net.forward(x)  # the hook of net does not run, those of its children do
        print(len(seen))
        handle.remove()
        net(x)
        print(len(seen))
        """,
    "backward hooks": """
        net = nn.Linear(2, 1)
        net.register_full_backward_hook(lambda module, grad_input, grad_output: print(grad_input, grad_output))
        net(torch.ones(1, 2, requires_grad=True)).sum().backward()
        x = torch.ones(2, requires_grad=True)
        x.register_hook(lambda grad: grad * 2)
        x.sum().backward()
        print(x.grad)
        """,
    "zero_grad": """
        net = nn.Linear(2, 1)
        net(torch.ones(1, 2)).sum().backward()
        net(torch.ones(1, 2)).sum().backward()
        print(net.weight.grad)  # gradients add up
        net.zero_grad()
        print(net.weight.grad)
        net(torch.ones(1, 2)).sum().backward()
        net.zero_grad(set_to_none=False)
        print(net.weight.grad)
        """,
    "autograd": """
        x = torch.tensor([[1.0, 2], [3, 4]], requires_grad=True)
        y = x + 2
        z = y * y * 3
        out = z.mean()
        print(x, y, z, out)
        out.backward()
        print(x.grad, x.is_leaf, y.is_leaf, y.grad_fn is not None)
        v = torch.tensor([[0.1, 1.0], [10, 100]])
        (x * 2).backward(v)
        print(x.grad)
        print(torch.autograd.grad(torch.exp(x).sum(), x))
        with torch.no_grad():
            print((x * 2).requires_grad)
        print(x.detach(), x.detach().requires_grad)
        try:
            out.backward()
        except RuntimeError as error:
            print(type(error).__name__)
        """,
    "autograd.Function": """
        class MyReLU(torch.autograd.Function):
            @staticmethod
            def forward(ctx, input):
                ctx.save_for_backward(input)
                return input.clamp(min=0)

            @staticmethod
            def backward(ctx, grad_output):
                input, = ctx.saved_tensors
                grad_input = grad_output.clone()
                grad_input[input < 0] = 0
                return grad_input

        x = torch.randn(5, requires_grad=True)
        y = MyReLU.apply(x)
        print(y)
        y.sum().backward()
        print(x.grad)
        print(torch.autograd.gradcheck(MyReLU.apply, (torch.randn(4, dtype=torch.double, requires_grad=True),)))
        """,
    "optim": """
        for make in (
            lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
            lambda p: torch.optim.Adam(p, lr=1e-2),
            lambda p: torch.optim.AdamW(p, lr=1e-2),
            lambda p: torch.optim.RMSprop(p),
            lambda p: torch.optim.Adagrad(p),
        ):
            torch.manual_seed(1)
            net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
            optimizer = make(net.parameters())
            scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.1)
            x, y = torch.randn(8, 3), torch.randn(8, 1)
            for epoch in range(4):
                optimizer.zero_grad()
                loss = nn.MSELoss()(net(x), y)
                loss.backward()
                optimizer.step()
                scheduler.step()
                print(epoch, f"{loss.item():.5f}", f"{optimizer.param_groups[0]['lr']:g}")
            print(optimizer)
        two = torch.optim.SGD([{"params": net[0].parameters()}, {"params": net[2].parameters(), "lr": 1e-3}], lr=1e-2)
        print([group["lr"] for group in two.param_groups])
        """,
    "to(device)": """
        device = torch.device("cpu")
        model = nn.Linear(2, 2).to(device)
        print(device, model.weight.device, next(model.parameters()).device, torch.ones(2, device=device) + 1)
        print(model.to(torch.float64).weight.dtype, model.half().bias.dtype, model.to(device, torch.float32).weight)
        print(torch.ones(2).to("cpu"), torch.randn(2, device="cpu"), torch.ones(1).is_cuda)
        """,
    "inference_mode": """
        model = nn.Linear(2, 1)
        model.eval()
        with torch.inference_mode():
            y = model(torch.ones(1, 2))
        print(y, y.requires_grad, y.is_inference())
        with torch.no_grad():
            print(model(torch.ones(1, 2)))
        """,
    "manual_seed": """
        torch.manual_seed(42)
        a = torch.rand(2, 2)
        torch.manual_seed(42)
        print(a, torch.equal(a, torch.rand(2, 2)))
        print(torch.randn(3), torch.randint(0, 10, (4,)), torch.randperm(5), torch.rand(2).uniform_(1, 2), torch.bernoulli(a))
        print(torch.normal(0.0, 1.0, (2, 2)), torch.randn(17), torch.randn(3, dtype=torch.float64))
        print(torch.rand(2, generator=torch.Generator().manual_seed(3)), torch.multinomial(torch.ones(4), 2))
        """,
    "tensors": """
        x = torch.tensor([[1, 2], [3, 4]])
        print(x, x.dtype, x.shape, x.size(), x.float(), torch.zeros(2, 3), torch.ones_like(x), torch.empty(0), torch.arange(5))
        print(x[0], x[:, 1], x[-1, -1].item(), x.T, x @ x, x * x, x.sum(), x.float().mean(dim=0), x.max(dim=1))
        print(torch.cat([x, x], dim=1), torch.stack([x, x]).shape, x.view(4), x.reshape(1, -1), x.unsqueeze(0).shape)
        print(x.add_(1), x.numpy(), torch.from_numpy(x.numpy()), x.tolist(), x > 3, torch.where(x > 3, x, 0))
        print(torch.linspace(0, 1, 5), torch.eye(2), x.float().std(), torch.argmax(x), x.permute(1, 0), torch.randn(2, 3).shape)
        """,
    "a training loop": """
        X = torch.linspace(0, 1, 20).unsqueeze(1)
        y = 3 * X + 2 + 0.1 * torch.randn(20, 1)
        data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(X, y), batch_size=5, shuffle=True)
        model, loss_fn = nn.Linear(1, 1), nn.MSELoss()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for epoch in range(5):
            for xb, yb in data:
                loss = loss_fn(model(xb), yb)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            print(f"epoch {epoch} loss {loss:.4f}")
        print(model.weight.item(), model.state_dict())
        """,
    "saving": """
        import io
        net, file = nn.Linear(2, 2), io.BytesIO()
        torch.save(net.state_dict(), file)
        file.seek(0)
        state = torch.load(file, weights_only=True)
        print(state, nn.Linear(2, 2).load_state_dict(state))
        """,
}


def notes(lib: Any, code: str) -> str:
    """What a snippet prints with a library, line by line."""
    lib.manual_seed(0)
    printed = io.StringIO()
    with redirect_stdout(printed):
        exec(dedent(code), {"torch": lib, "nn": lib.nn, "F": lib.nn.functional})
    # Which steps the graph has, and so their names, is each library's own; that there is one must agree.
    return re.sub(r",\s*grad_fn=<\w+>", ", grad_fn=<...>", printed.getvalue())


@pytest.mark.parametrize("name", NOTES)
def test_prints_the_same(name: str) -> None:
    expected = notes(torch, NOTES[name])
    assert expected.strip()
    assert notes(tl, NOTES[name]) == expected
