"""What the PyTorch twins of our updates share: networks, the update around an actor, draws, golden numbers, answers on request.

ofql_twin.py and dql_twin.py bring an actor and its behaviour loss. Written for PyTorch 1.13, the version that Debian 12 has (python3-torch).
"""

import argparse
import ctypes
import json
import math
import os
import struct
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SHAPE = {"state": 17, "action": 6, "batch": 256, "hidden": 256, "layers": 3, "embedding": 16}

# Defaults of Diffusion-QL and its descendants; a twin adds its eta.
BENCH_SETTINGS = {"gamma": 0.99, "lr_actor": 3e-4, "lr_critic": 3e-4, "tau": 0.005, "ema_decay": 0.995, "ema_every": 5, "ema_start": 0,
                  "max_norm_actor": 0.0, "max_norm_critic": 0.0}


class Mlp(nn.Module):
    """fc1 .. fcn with Mish, then out."""

    def __init__(self, inputs, hidden, layers, outputs):
        super().__init__()
        widths = [inputs] + [hidden] * layers
        self.hidden_names = [f"fc{i + 1}" for i in range(layers)]
        for name, fan_in, fan_out in zip(self.hidden_names, widths, widths[1:]):
            self.add_module(name, nn.Linear(fan_in, fan_out))
        self.out = nn.Linear(widths[-1], outputs)

    def forward(self, x):
        for name in self.hidden_names:
            x = F.mish(getattr(self, name)(x))
        return self.out(x)


class TimeEmbedding(nn.Module):
    """[sin, cos] of t exp(-k ln(10000) / (E/2 - 1)), Linear(E, 2E), Mish, Linear(2E, E)."""

    def __init__(self, size):
        super().__init__()
        self.fc1 = nn.Linear(size, 2 * size)
        self.fc2 = nn.Linear(2 * size, size)
        half = size // 2
        self.register_buffer("frequencies", torch.exp(torch.arange(half, dtype=torch.float64) * (-math.log(10000) / (half - 1))), persistent=False)

    def features(self, t):
        angle = t * self.frequencies
        return torch.cat([angle.sin(), angle.cos()], -1)

    def forward(self, t):
        return self.fc2(F.mish(self.fc1(self.features(t))))


class Critic(nn.Module):
    """Q1 and Q2 of [s, a]."""

    def __init__(self, state, action, hidden, layers):
        super().__init__()
        self.q1 = Mlp(state + action, hidden, layers, 1)
        self.q2 = Mlp(state + action, hidden, layers, 1)

    def forward(self, s, a):
        x = torch.cat([s, a], -1)
        return self.q1(x), self.q2(x)


class Agent:
    """The update around an actor: critics, actor, moving averages; every draw is an argument. The actor's own part is behaviour_loss."""

    def __init__(self, make_actor, shape, settings, dtype):
        make_critic = lambda: Critic(shape["state"], shape["action"], shape["hidden"], shape["layers"]).to(dtype)
        self.actor, self.actor_target = make_actor().to(dtype), make_actor().to(dtype)
        self.critic, self.critic_target = make_critic(), make_critic()
        self.actor_target.load_state_dict(self.actor.state_dict())
        self.critic_target.load_state_dict(self.critic.state_dict())
        for target in (self.actor_target, self.critic_target):
            target.requires_grad_(False)
        self.settings = settings
        self.step = 0
        self.actor_parameters, self.critic_parameters = list(self.actor.parameters()), list(self.critic.parameters())
        self.actor_targets, self.critic_targets = list(self.actor_target.parameters()), list(self.critic_target.parameters())
        # foreach=True: the fastest of PyTorch 1.13's eager Adams on these sizes.
        self.actor_optimizer = torch.optim.Adam(self.actor_parameters, lr=settings["lr_actor"], foreach=True)
        self.critic_optimizer = torch.optim.Adam(self.critic_parameters, lr=settings["lr_critic"], foreach=True)

    def networks(self):
        return {"actor": self.actor, "actor_target": self.actor_target, "critic": self.critic, "critic_target": self.critic_target}

    def behaviour_loss(self, state, action, noise, times):
        raise NotImplementedError

    def update(self, batch, noises, times, q_index):
        """One update; returns the losses and the norms of the gradients as tensors."""
        state, action, _, _, _ = batch
        noise_next, noise_policy, noise_bc = noises
        critic_terms = self.step_critics(batch, noise_next)
        bc_loss = self.behaviour_loss(state, action, noise_bc, times)
        actor_terms = self.step_actor(bc_loss, state, noise_policy, q_index)
        self.move_averages()
        self.step += 1
        return {**critic_terms, **actor_terms}

    def step_critics(self, batch, noise_next):
        state, action, reward, mask, next_state = batch
        with torch.no_grad():
            next_q1, next_q2 = self.critic_target(next_state, self.actor_target.act(noise_next, next_state))
            target = reward + self.settings["gamma"] * mask * torch.minimum(next_q1, next_q2)
        q1, q2 = self.critic(state, action)
        loss = F.mse_loss(q1, target) + F.mse_loss(q2, target)
        self.critic_optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = clip(self.critic_parameters, self.settings["max_norm_critic"])
        self.critic_optimizer.step()
        return {"critic_loss": loss, "critic_grad_norm": norm}

    def step_actor(self, bc_loss, state, noise, q_index):
        # Without gradients of the critics' weights, which nobody would use.
        set_trained(self.critic_parameters, False)
        policy_q = self.critic(state, self.actor.act(noise, state))
        scale = policy_q[1 - q_index].detach().abs().mean()
        q_loss = -policy_q[q_index].mean() / scale
        loss = bc_loss + self.settings["eta"] * q_loss
        self.actor_optimizer.zero_grad(set_to_none=True)
        loss.backward()
        set_trained(self.critic_parameters, True)
        norm = clip(self.actor_parameters, self.settings["max_norm_actor"])
        self.actor_optimizer.step()
        return {"bc_loss": bc_loss, "q_loss": q_loss, "actor_loss": loss, "actor_grad_norm": norm}

    def move_averages(self):
        o = self.settings
        if self.step >= o["ema_start"] and self.step % o["ema_every"] == 0:
            average(self.actor_targets, self.actor_parameters, 1 - o["ema_decay"])
        average(self.critic_targets, self.critic_parameters, o["tau"])


def set_trained(parameters, trained):
    for parameter in parameters:
        parameter.requires_grad_(trained)


def clip(parameters, bound):
    """Global-norm clipping; None where it is off, for then nobody needs the norm."""
    return nn.utils.clip_grad_norm_(parameters, bound) if bound > 0 else None


@torch.no_grad()
def average(targets, parameters, weight):
    torch._foreach_mul_(targets, 1 - weight)
    torch._foreach_add_(targets, parameters, alpha=weight)


class Draws:
    """Batches from a dataset of noise and all random numbers of an update, with the distributions of `ofql bench`."""

    def __init__(self, shape, rows):
        s, a = shape["state"], shape["action"]
        self.batch, self.action_size, self.rows = shape["batch"], a, rows
        self.columns = [torch.randn(rows, s), torch.rand(rows, a) * 2 - 1, torch.randn(rows, 1), (torch.rand(rows, 1) > 0.0005).float(), torch.randn(rows, s)]

    def next(self):
        index = torch.randint(self.rows, (self.batch,))
        return [column[index] for column in self.columns], self.noises(), self.times(), int(torch.randint(2, (1,)))

    def noises(self):
        """Of the next action, of the policy's action, of the behaviour loss."""
        raise NotImplementedError

    def times(self):
        """Of the behaviour loss."""
        raise NotImplementedError


def seconds_of(agent, draws, count):
    start = time.perf_counter()
    for _ in range(count):
        agent.update(*draws.next())
    return time.perf_counter() - start


def read_safetensors(path):
    """The tensors and the metadata of a safetensors file."""
    with open(path, "rb") as file:
        content = file.read()
    size = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8:8 + size])
    metadata = header.pop("__metadata__", {})
    kinds = {"F64": "<f8", "F32": "<f4", "I64": "<i8"}
    tensors = {}
    for name, entry in header.items():
        first, end = entry["data_offsets"]
        tensors[name] = np.frombuffer(content[8 + size + first:8 + size + end], kinds[entry["dtype"]]).reshape(entry["shape"])
    return tensors, metadata


class Golden:
    """One case of golden numbers: 5 updates of an independent float64 implementation, every draw given."""

    def __init__(self, folder, case):
        path = os.path.join(folder, case + ".safetensors")
        if not os.path.exists(path):
            sys.exit(f"Golden file not found: {path}. Name the folder of golden numbers with --golden.")
        self.case = case
        self.tensors, self.facts = read_safetensors(path)

    def shape(self):
        embedding = self.tensors["init.actor.time_t.fc1.weight"].shape[1]
        return {"state": int(self.facts["S"]), "action": int(self.facts["A"]), "hidden": int(self.facts["H"]), "layers": 3, "embedding": embedding}

    def settings(self):
        assert self.facts["max_q_backup"] == "false", "The twins do without the max-Q backup."
        numbers = ("gamma", "eta", "lr_actor", "lr_critic", "tau", "ema_decay", "max_norm_actor", "max_norm_critic")
        return {**{name: float(self.facts[name]) for name in numbers}, **{name: int(self.facts[name]) for name in ("ema_every", "ema_start")}}

    def draws(self, k, dtype, read_times):
        """The arguments of update number k."""
        given = lambda name: torch.tensor(self.tensors[f"input{k}.{name}"], dtype=dtype)
        column = lambda name: given(name)[:, None]
        batch = [given("state"), given("action"), column("reward"), column("mask"), given("next_state")]
        return batch, [given(name) for name in ("noise_next", "noise_policy", "noise_bc")], read_times(column), int(self.tensors[f"input{k}.q_index"][0])

    def expected(self, k):
        """Of every parameter after update number k that the case keeps: name, index into it (None: all of it), values."""
        for name, values in self.tensors.items():
            when, _, parameter = name.partition(".")
            if when == f"after{k}":
                yield parameter, None, values
            elif when == f"sample_after{k}":
                yield parameter, self.tensors["sample_index." + parameter], values


def verify(golden, agent, read_times, dtype, tolerance, label):
    """Runs the golden updates and prints the worst max |difference| / max |golden| per kind of tensor; ends the program where that is too large."""
    networks = agent.networks()
    for net, module in networks.items():
        module.load_state_dict({name: torch.tensor(golden.tensors[f"init.{net}.{name}"], dtype=dtype) for name in module.state_dict()})
    parameters = {f"{net}.{name}": value for net, module in networks.items() for name, value in module.named_parameters()}
    agent.step = int(golden.facts["first_step"])
    worst, compared = {"series": 0.0, "parameters": 0.0}, set()

    def compare(kind, name, found, expected):
        error = np.abs(np.asarray(found, np.float64) - expected).max() / np.abs(expected).max()
        if not error <= tolerance:
            sys.exit(f"{golden.case}, {label}: {name} differs by {error:.2e}, allowed {tolerance:.0e}")
        worst[kind] = max(worst[kind], error)

    count = int(golden.facts["updates"])
    for k in range(1, count + 1):
        for name, value in agent.update(*golden.draws(k, dtype, read_times)).items():
            if value is not None:
                compare("series", f"{name} of update {k}", value.item(), golden.tensors[f"series.{name}"][k - 1])
        for name, index, values in golden.expected(k):
            found = parameters[name].detach().numpy()
            compare("parameters", f"{name} after update {k}", found if index is None else found.ravel()[index], values)
            compared.add((name, k))
    missing = {(name, count) for name in parameters} - compared
    assert not missing, f"{golden.case} has no final values of {sorted(missing)}"
    print(f"{golden.case:12} {label:16} agrees: " + ", ".join(f"{kind} within {error:.1e}" for kind, error in worst.items()))


# Of max |golden|: what rounding leaves of 5 updates.
TOLERANCES = ((torch.float64, 1e-12), (torch.float32, 1e-5))


def openblas():
    """What the loaded OpenBLAS says of itself; None where another BLAS is loaded."""
    with open("/proc/self/maps", encoding="ascii", errors="replace") as maps:
        paths = {line.split()[-1] for line in maps if "libopenblas" in line or "libblas" in line}
    for path in sorted(paths):
        library = ctypes.CDLL(path)
        if hasattr(library, "openblas_get_config"):
            library.openblas_get_config.restype = library.openblas_get_corename.restype = ctypes.c_char_p
            return {"config": library.openblas_get_config().decode().strip(), "core": library.openblas_get_corename().decode(),
                    "threads": library.openblas_get_num_threads()}
    return None


def parser_of(description, golden):
    """The options of every twin; golden names its folder of golden numbers."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--verify", action="store_true")
    parser.add_argument("--golden", default=os.path.join(ROOT, "tests", "Golden", golden))
    parser.add_argument("--serve", action="store_true")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--updates", type=int, default=100)
    parser.add_argument("--rows", type=int, default=1_000_000)
    for name, value in SHAPE.items():
        parser.add_argument("--" + name, type=int, default=value)
    return parser


def shape_of(options):
    return {name: getattr(options, name) for name in SHAPE}


def answer(agent, draws, options, **own_facts):
    """Prints the rate of some updates, or with --serve the facts and then the time of each request."""
    facts = {"torch": torch.__version__, "python": sys.version.split()[0], "numpy": np.__version__, "threads": torch.get_num_threads(),
             "openblas": openblas(), **own_facts}
    if not options.serve:
        print(json.dumps({"updates_per_second": options.updates / seconds_of(agent, draws, options.updates), **facts}))
        return
    print(json.dumps(facts), flush=True)
    for line in sys.stdin:
        word, count = line.split()
        assert word == "updates", line
        seconds_of(agent, draws, max(1, int(count) // 10))
        print(json.dumps({"seconds": seconds_of(agent, draws, int(count))}), flush=True)
