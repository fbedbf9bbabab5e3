"""One-Step Flow Q-Learning (arXiv 2508.13904) in eager PyTorch: the same update that `ofql bench` measures.

    ofql_twin.py --verify              5 updates against the golden numbers in tests/Golden/ofql
    ofql_twin.py --threads 1           updates per second
    ofql_twin.py --threads 1 --serve   times on request: a line 'updates COUNT' is answered by {"seconds": ..}

Written for PyTorch 1.13, the version that Debian 12 has (python3-torch). compare.py runs it side by side with C#.
"""

import argparse
import ctypes
import json
import math
import os
import statistics
import struct
import sys
import time

import numpy as np
import torch
import torch.autograd.forward_ad as forward_ad
import torch.nn.functional as F
from torch import nn


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

    def forward_keeping(self, x):
        """The value, and what goes into each activation."""
        before = []
        for name in self.hidden_names:
            before.append(getattr(self, name)(x))
            x = F.mish(before[-1])
        return self.out(x), before

    def tangent(self, dx, before):
        for name, h in zip(self.hidden_names, before):
            dx = F.linear(dx, getattr(self, name).weight) * mish_derivative(h)
        return F.linear(dx, self.out.weight)


def mish_derivative(x):
    """Mish' by the fused backward kernel, the cheapest way in eager PyTorch."""
    return torch.ops.aten.mish_backward(torch.ones_like(x), x)


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

    def forward_keeping(self, t):
        before = self.fc1(self.features(t))
        return self.fc2(F.mish(before)), before

    def tangent(self, t, before):
        """Along dt = 1."""
        angle = t * self.frequencies
        df = torch.cat([angle.cos() * self.frequencies, -angle.sin() * self.frequencies], -1)
        return F.linear(F.linear(df, self.fc1.weight) * mish_derivative(before), self.fc2.weight)


class Actor(Mlp):
    """u(z, r, t; s), an average velocity: Mlp of [z, emb_r(r), emb_t(t), s]."""

    def __init__(self, state, action, hidden, layers, embedding):
        super().__init__(action + 2 * embedding + state, hidden, layers, action)
        self.time_r = TimeEmbedding(embedding)
        self.time_t = TimeEmbedding(embedding)

    def velocity(self, z, r, t, s):
        return self(torch.cat([z, self.time_r(r), self.time_t(t), s], -1))

    def act_unclamped(self, noise, s):
        # One row of embeddings serves the batch, as in C#.
        zero = noise.new_zeros(1, 1)
        r, t = self.time_r(zero), self.time_t(zero + 1)
        rows = noise.shape[0]
        return noise - self(torch.cat([noise, r.expand(rows, -1), t.expand(rows, -1), s], -1))

    def velocity_and_derivative_dual(self, z, v, r, t, s):
        """u and du/dt along (v, 0, 1) by dual numbers, in one pass."""
        with forward_ad.dual_level():
            u = self.velocity(forward_ad.make_dual(z, v), r, forward_ad.make_dual(t, torch.ones_like(t)), s)
            value, tangent = forward_ad.unpack_dual(u)
            return value, tangent.detach()

    def velocity_and_derivative_manual(self, z, v, r, t, s):
        """The same by a tangent pass written out, which records nothing for autograd."""
        emb_t, before_t = self.time_t.forward_keeping(t)
        u, before = self.forward_keeping(torch.cat([z, self.time_r(r), emb_t, s], -1))
        with torch.no_grad():
            d_emb = self.time_t.tangent(t, before_t)
            dx = torch.cat([v, torch.zeros_like(d_emb), d_emb, torch.zeros_like(s)], -1)
            return u, self.tangent(dx, before)


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
    """The update of OFQL; every draw is an argument."""

    def __init__(self, shape, settings, dtype=torch.float32):
        make_actor = lambda: Actor(shape["state"], shape["action"], shape["hidden"], shape["layers"], shape["embedding"]).to(dtype)
        make_critic = lambda: Critic(shape["state"], shape["action"], shape["hidden"], shape["layers"]).to(dtype)
        self.actor, self.actor_target, self.critic, self.critic_target = make_actor(), make_actor(), make_critic(), make_critic()
        self.actor_target.load_state_dict(self.actor.state_dict())
        self.critic_target.load_state_dict(self.critic.state_dict())
        for target in (self.actor_target, self.critic_target):
            target.requires_grad_(False)
        self.settings = settings
        self.tangent = "dual"
        self.step = 0
        self.actor_parameters, self.critic_parameters = list(self.actor.parameters()), list(self.critic.parameters())
        self.actor_targets, self.critic_targets = list(self.actor_target.parameters()), list(self.critic_target.parameters())
        # foreach=True: the fastest of PyTorch 1.13's eager Adams on these sizes.
        self.actor_optimizer = torch.optim.Adam(self.actor_parameters, lr=settings["lr_actor"], foreach=True)
        self.critic_optimizer = torch.optim.Adam(self.critic_parameters, lr=settings["lr_critic"], foreach=True)

    def update(self, state, action, reward, mask, next_state, noise_next, noise_policy, noise_bc, r, t, q_index):
        """One update; returns the losses and the norms of the gradients as tensors."""
        o = self.settings
        with torch.no_grad():
            next_action = self.actor_target.act_unclamped(noise_next, next_state).clamp_(-1, 1)
            next_q1, next_q2 = self.critic_target(next_state, next_action)
            target = reward + o["gamma"] * mask * torch.minimum(next_q1, next_q2)
        q1, q2 = self.critic(state, action)
        critic_loss = F.mse_loss(q1, target) + F.mse_loss(q2, target)
        self.critic_optimizer.zero_grad(set_to_none=True)
        critic_loss.backward()
        critic_norm = clip(self.critic_parameters, o["max_norm_critic"])
        self.critic_optimizer.step()

        z = (1 - t) * action + t * noise_bc
        v = noise_bc - action
        with_derivative = self.actor.velocity_and_derivative_dual if self.tangent == "dual" else self.actor.velocity_and_derivative_manual
        u, dudt = with_derivative(z, v, r, t, state)
        bc_loss = F.mse_loss(u, v - (t - r) * dudt)
        for parameter in self.critic_parameters:
            parameter.requires_grad_(False)
        policy_action = self.actor.act_unclamped(noise_policy, state).clamp(-1, 1)
        policy_q = self.critic(state, policy_action)
        scale = policy_q[1 - q_index].detach().abs().mean()
        q_loss = -policy_q[q_index].mean() / scale
        actor_loss = bc_loss + o["eta"] * q_loss
        self.actor_optimizer.zero_grad(set_to_none=True)
        actor_loss.backward()
        for parameter in self.critic_parameters:
            parameter.requires_grad_(True)
        actor_norm = clip(self.actor_parameters, o["max_norm_actor"])
        self.actor_optimizer.step()

        if self.step % o["ema_every"] == 0:
            average(self.actor_targets, self.actor_parameters, 1 - o["ema_decay"])
        average(self.critic_targets, self.critic_parameters, o["tau"])
        self.step += 1
        return {"critic_loss": critic_loss, "bc_loss": bc_loss, "q_loss": q_loss, "actor_loss": actor_loss,
                "critic_grad_norm": critic_norm, "actor_grad_norm": actor_norm}


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
        noise = [torch.randn(self.batch, self.action_size) for _ in range(3)]
        # Logit-normal times with mean -0.4 and deviation 1, sorted; r = t with probability one half.
        times = torch.sigmoid(torch.randn(self.batch, 2) - 0.4)
        t = times.amax(1, keepdim=True)
        r = torch.where(torch.rand(self.batch, 1) < 0.5, t, times.amin(1, keepdim=True))
        return [column[index] for column in self.columns] + noise + [r, t, int(torch.randint(2, (1,)))]


BENCH_SETTINGS = {"gamma": 0.99, "eta": 0.1, "lr_actor": 3e-4, "lr_critic": 3e-4, "tau": 0.005, "ema_decay": 0.995, "ema_every": 5,
                  "max_norm_actor": 0.0, "max_norm_critic": 0.0}


def seconds_of(agent, draws, count):
    start = time.perf_counter()
    for _ in range(count):
        agent.update(*draws.next())
    return time.perf_counter() - start


def choose_tangent(agent, draws, count=8):
    """Sets the faster of the two tangents, measured alternately."""
    times = {"dual": [], "manual": []}
    for _ in range(3):
        for name in times:
            agent.tangent = name
            times[name].append(seconds_of(agent, draws, count))
    agent.tangent = min(times, key=lambda name: statistics.median(times[name]))


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


def verify(path, dtype, tangent, tolerance):
    """Runs the 5 golden updates; returns the worst max |difference| / max |golden| per kind of tensor."""
    golden, facts = read_safetensors(path)
    number = lambda name: float(facts[name])
    first = golden["init.actor.time_r.fc1.weight"]
    shape = {"state": int(facts["S"]), "action": int(facts["A"]), "hidden": int(facts["H"]), "layers": 3, "embedding": first.shape[1]}
    settings = {name: number(name) for name in ("gamma", "eta", "lr_actor", "lr_critic", "tau", "ema_decay", "max_norm_actor", "max_norm_critic")}
    settings["ema_every"] = int(facts["ema_every"])
    assert facts["max_q_backup"] == "false" and facts["bc_weighting"] == "uniform" and facts["ema_start"] == facts["first_step"] == "0"
    agent = Agent(shape, settings, dtype)
    agent.tangent = tangent
    nets = {"actor": agent.actor, "actor_target": agent.actor_target, "critic": agent.critic, "critic_target": agent.critic_target}
    for net, module in nets.items():
        module.load_state_dict({name: torch.tensor(golden[f"init.{net}.{name}"], dtype=dtype) for name in module.state_dict()})
    worst = {}

    def compare(kind, name, found, expected):
        error = np.abs(np.asarray(found, np.float64) - expected).max() / np.abs(expected).max()
        if not error <= tolerance:
            sys.exit(f"{os.path.basename(path)}, {dtype}, {tangent}: {name} differs by {error:.2e}, allowed {tolerance:.0e}")
        worst[kind] = max(worst.get(kind, 0.0), error)

    for k in range(1, int(facts["updates"]) + 1):
        given = lambda name: torch.tensor(golden[f"input{k}.{name}"], dtype=dtype)
        column = lambda name: given(name)[:, None]
        scalars = agent.update(
            given("state"), given("action"), column("reward"), column("mask"), given("next_state"), given("noise_next"), given("noise_policy"),
            given("noise_bc"), column("r"), column("t"), int(golden[f"input{k}.q_index"][0]))
        for name, value in scalars.items():
            if value is not None:
                compare("series", f"{name} of update {k}", value.item(), golden[f"series.{name}"][k - 1])
        for net, module in nets.items():
            for name, value in module.named_parameters():
                full, sampled = f"after{k}.{net}.{name}", f"sample_after{k}.{net}.{name}"
                if full in golden:
                    compare("parameters", full, value.detach().numpy(), golden[full])
                elif sampled in golden:
                    compare("parameters", sampled, value.detach().numpy().ravel()[golden[f"sample_index.{net}.{name}"]], golden[sampled])
    return worst


def verify_all(folder):
    for case in ("plain", "full_size"):
        path = os.path.join(folder, case + ".safetensors")
        if not os.path.exists(path):
            sys.exit(f"Golden file not found: {path}. Name the folder of golden numbers with --golden.")
        for dtype, tolerance in ((torch.float64, 1e-12), (torch.float32, 1e-5)):
            for tangent in ("dual", "manual"):
                worst = verify(path, dtype, tangent, tolerance)
                print(f"{case:10} {str(dtype)[6:]:8} {tangent:7} agrees: " + ", ".join(f"{kind} within {error:.1e}" for kind, error in worst.items()))


def openblas():
    """What the loaded OpenBLAS says of itself; None where another BLAS is loaded."""
    with open("/proc/self/maps", encoding="ascii", errors="replace") as maps:
        paths = {line.split()[-1] for line in maps if "libopenblas" in line or "libblas" in line}
    for path in sorted(paths):
        library = ctypes.CDLL(path)
        if hasattr(library, "openblas_get_config"):
            library.openblas_get_config.restype = library.openblas_get_corename.restype = ctypes.c_char_p
            return {"config": library.openblas_get_config().decode().strip(), "core": library.openblas_get_corename().decode(), "threads": library.openblas_get_num_threads()}
    return None


def facts_of(agent):
    return {"torch": torch.__version__, "python": sys.version.split()[0], "numpy": np.__version__, "threads": torch.get_num_threads(),
            "openblas": openblas(), "tangent": agent.tangent}


def main():
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--verify", action="store_true")
    parser.add_argument("--golden", default=os.path.join(root, "tests", "Golden", "ofql"))
    parser.add_argument("--serve", action="store_true")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--tangent", choices=("auto", "dual", "manual"), default="auto")
    parser.add_argument("--updates", type=int, default=100)
    parser.add_argument("--rows", type=int, default=1_000_000)
    for name, value in (("state", 17), ("action", 6), ("batch", 256), ("hidden", 256), ("layers", 3), ("embedding", 16)):
        parser.add_argument("--" + name, type=int, default=value)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.verify:
        return verify_all(options.golden)
    torch.manual_seed(0)
    shape = {name: getattr(options, name) for name in ("state", "action", "batch", "hidden", "layers", "embedding")}
    agent, draws = Agent(shape, BENCH_SETTINGS), Draws(shape, options.rows)
    seconds_of(agent, draws, 5)
    if options.tangent == "auto":
        choose_tangent(agent, draws)
    else:
        agent.tangent = options.tangent
    if not options.serve:
        print(json.dumps({"updates_per_second": options.updates / seconds_of(agent, draws, options.updates), **facts_of(agent)}))
        return None
    print(json.dumps(facts_of(agent)), flush=True)
    for line in sys.stdin:
        word, count = line.split()
        assert word == "updates", line
        seconds_of(agent, draws, max(1, int(count) // 10))
        print(json.dumps({"seconds": seconds_of(agent, draws, int(count))}), flush=True)
    return None


if __name__ == "__main__":
    sys.exit(main())
