"""How a process computes: without torch's compiler, and from the seeds that torch would set itself."""

import json
import random
import subprocess
import sys

import numpy as np
import torch

from redraw.engine import seed_everything

STEPS = """
import json, sys, torch
if {ours}:
    from redraw import device
    device.settings(1, "fp32")
torch.set_num_threads(1)
torch.manual_seed(0)
network = torch.nn.Linear(30, 20)
adam = torch.optim.Adam(network.parameters(), lr=0.1, fused=True)
for _ in range(3):
    adam.zero_grad()
    network(torch.randn(4, 30)).square().sum().backward()
    adam.step()
    adam.load_state_dict(adam.state_dict())
print(json.dumps([network.weight.tolist(), network.weight.grad.requires_grad, "torch._dynamo" in sys.modules]))
"""


def steps(ours):
    out = subprocess.run([sys.executable, "-c", STEPS.format(ours=ours)], capture_output=True, text=True, check=True)
    return json.loads(out.stdout)


def test_adam_takes_torchs_own_steps_without_its_compiler():
    (mine, grad, compiler), (theirs, _, imported) = steps(ours=True), steps(ours=False)
    assert mine == theirs and not grad
    assert imported and not compiler  # where torch no longer imports it, our way round it can go


def test_every_generator_is_set_as_torch_numpy_and_python_would():
    seed_everything(7, 3)
    drawn = torch.rand(3), np.random.rand(3), random.random()
    mixed = int(np.random.SeedSequence([7, 3]).generate_state(1, np.uint64)[0])
    torch.manual_seed(mixed % 2**63)
    np.random.seed(mixed % 2**32)
    random.seed(mixed)
    assert torch.equal(drawn[0], torch.rand(3)) and np.array_equal(drawn[1], np.random.rand(3))
    assert drawn[2] == random.random()
