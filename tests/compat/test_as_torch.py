"""`as_torch`: in processes of their own, since the tests' process may have imported PyTorch itself."""

from __future__ import annotations

import subprocess
import sys

import pytest

START = "import tensorlite as tl; handle = tl.compat.as_torch(); import torch\n"


def run(program: str, start: str = START) -> str:
    """What a program prints."""
    done = subprocess.run([sys.executable, "-W", "error", "-c", start + program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


IMPORTS = """
import torch.nn as nn, torch.nn.functional as F, torch.optim as optim, torch.utils.data, torch.cuda, torch.autograd, torch.linalg
import torch.fft, torch.special, torch.func, torch.backends.cudnn as cudnn, torch.multiprocessing as mp, torch.distributed as dist
import torch.jit, torch.hub, torch.onnx, torch.sparse, torch.profiler, torch.version, torch.testing, torch.random, torch.amp
from torch import Tensor, nn as nn2, optim as optim2
from torch.autograd import Function, Variable, grad
from torch.cuda.amp import GradScaler, autocast
from torch.distributions import Categorical, Normal
from torch.nn import init, Parameter
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd
from torch.nn.modules.loss import _Loss
from torch.nn.modules.utils import _pair
from torch.nn.parallel import DataParallel, DistributedDataParallel
from torch.nn.parameter import Parameter as P2
from torch.nn.utils import clip_grad_norm_
from torch.nn.utils.rnn import pad_sequence
from torch.optim import Adam, Optimizer
from torch.optim.lr_scheduler import LambdaLR, StepLR
from torch.utils.checkpoint import checkpoint
from torch.utils.data import DataLoader, Dataset
from torch.utils.data.distributed import DistributedSampler
"""


def test_what_programs_import() -> None:
    """Every usual import works, and gives tensorlite's own objects."""
    same = (
        "F.relu is tl.nn.functional.relu, nn is nn2, torch.nn is nn, Tensor is tl.Tensor, torch.float32 is tl.float32, "
        "P2 is tl.nn.Parameter, DataLoader is tl.utils.data.DataLoader, Adam is tl.optim.Adam, torch.utils.data.Dataset is Dataset"
    )
    assert run(f"{IMPORTS}\nprint(all([{same}]))") == "True"


def test_star_import() -> None:
    """It brings functions and classes, and nothing that a file has only imported."""
    found = run("from torch import *\nprint('math' in dir(), 'Any' in dir(), 'relu' in dir(), 'float32' in dir())")
    assert found == "False False True True"
    assert run("from torch import *\nfrom torch.nn import *\nprint(tensor([1.]).shape, Linear(1, 2))", START) == (
        "torch.Size([1]) Linear(in_features=1, out_features=2, bias=True)"
    )


@pytest.mark.parametrize(
    ("code", "error", "name"),
    [
        ("torch.sparse.no_such", "AttributeError", "torch.sparse.no_such"),
        ("torch.no_such(1)", "AttributeError", "torch.no_such"),
        ("torch.nn.functional.no_such", "AttributeError", "torch.nn.functional.no_such"),
        ("torch.nn.NoSuch", "AttributeError", "torch.nn.NoSuch"),
        ("torch.fx.symbolic_trace(1)", "AttributeError", "torch.fx.symbolic_trace"),
        ("torch.hub.load('x', 'y')", "AttributeError", "torch.hub.load"),
        ("torch._C", "AttributeError", "torch._C"),
        ("import torch.no_such", "ModuleNotFoundError", "torch.no_such"),
        ("from torch.no_such import x", "ModuleNotFoundError", "torch.no_such"),
        ("from torch import no_such", "ModuleNotFoundError", "torch.no_such"),
        ("from torch.nn import NoSuch", "ModuleNotFoundError", "torch.nn.NoSuch"),
        ("import torchvision", "ModuleNotFoundError", "torchvision"),
        ("torch.jit.load('x')", "NotImplementedError", "torch.jit.load"),
        ("torch.multiprocessing.spawn(print)", "NotImplementedError", "torch.multiprocessing.spawn"),
    ],
)
def test_what_is_missing_says_so(code: str, error: str, name: str) -> None:
    """One error, of the class that Python programs expect there, with the full name."""
    caught = run(f"try: exec({code!r})\nexcept {error} as e: print(type(e).__name__, e)")
    assert caught.startswith(f"{error} {name}") and "tensorlite" in caught


def test_hasattr_and_dir() -> None:
    program = "print(hasattr(torch, 'no_such'), hasattr(torch, 'compile'), 'FloatTensor' in dir(torch), 'relu' in dir(torch))"
    assert run(program) == "False True True True"


def test_undone() -> None:
    """After `undo` no module of ours is called torch; the second of two handles keeps it alive."""
    program = """
import sys
second = tl.compat.as_torch()
handle.undo(); handle.undo()
print(tl.compat.is_torch(), 'torch' in sys.modules)
second.undo()
left = [f for f in sys.meta_path if 'tensorlite.compat' in repr(f)]
print(tl.compat.is_torch(), any(m.split('.')[0] == 'torch' for m in sys.modules), len(left))
with tl.compat.as_torch() as torch:
    import torch.nn
    print(torch.__name__, torch.nn.Linear is tl.nn.Linear)
print('torch' in sys.modules)
"""
    assert run(program).splitlines() == ["True True", "False False 0", "torch True", "False"]


def test_pytorch_is_not_replaced() -> None:
    """Where PyTorch itself was imported before, there is an error."""
    pytest.importorskip("torch")
    program = "import torch, tensorlite as tl\ntry: tl.compat.as_torch()\nexcept RuntimeError as e: print(e)"
    assert "has been imported in this process already" in run(program, "")


def test_flags() -> None:
    """Flags are remembered, by every name of their module."""
    program = """
import torch.backends.cudnn as cudnn
cudnn.benchmark = True
torch.backends.cuda.matmul.allow_tf32 = True
print(torch.backends.cudnn.benchmark, torch.backends.cuda.matmul.allow_tf32, torch.backends.mps.is_available(), cudnn.deterministic)
with cudnn.flags(enabled=True, benchmark=False, deterministic=True):
    print(cudnn.benchmark, cudnn.deterministic)
print(cudnn.benchmark, cudnn.deterministic, torch.distributed.is_available(), torch.version.cuda, torch.xpu.is_available())
"""
    assert run(program).splitlines() == ["True True False False", "False True", "True False False None False"]


def test_a_changed_function_is_changed_for_tensorlite() -> None:
    """A program that puts its own function in the place of one changes what others find there too."""
    program = "import torch.nn.functional as F\nF.relu = lambda x: 'mine'\nprint(F.relu(1), tl.nn.functional.relu(1))"
    assert run(program) == "mine mine"


def test_version_compares_by_number() -> None:
    program = "v = torch.__version__; print(v, v > '2.2', v >= (2, 13), v < '3', v.split('.')[:2], '2.13' <= v)"
    assert run(program) == "2.13.0+tensorlite True True True ['2', '13'] True"


def test_tensorboard_says_what_is_missing() -> None:
    program = "import sys; sys.modules['tensorboardX'] = None\ntry: from torch.utils.tensorboard import SummaryWriter\n"
    assert 'pip install "tensorlite[tensorboard]"' in run(program + "except ImportError as e: print(e)")


def test_workers_inherit_it() -> None:
    """Data sets whose code says `import torch` work in a loader's worker processes."""
    program = """
from torch.utils.data import DataLoader, Dataset
class Squares(Dataset):
    def __len__(self): return 4
    def __getitem__(self, i):
        import torch.nn.functional as F
        return F.relu(torch.tensor(float(i * i)))
if __name__ == '__main__':
    print(torch.cat(list(DataLoader(Squares(), batch_size=2, num_workers=1, multiprocessing_context='fork'))).tolist())
"""
    assert run(program) == "[0.0, 1.0, 4.0, 9.0]"
