"""One-Step Flow Q-Learning (arXiv 2508.13904) in eager PyTorch: the same update that `ofql bench` measures.

    ofql_twin.py --verify              5 updates against the golden numbers in tests/Golden/ofql
    ofql_twin.py --threads 1           updates per second
    ofql_twin.py --threads 1 --serve   times on request: a line 'updates COUNT' is answered by {"seconds": ..}

Written for PyTorch 1.13, the version that Debian 12 has (python3-torch). compare.py runs it side by side with C#.
"""

import statistics
import sys

import torch
import torch.autograd.forward_ad as forward_ad
import torch.nn.functional as F

import twin


def mish_derivative(x):
    """Mish' by the fused backward kernel, the cheapest way in eager PyTorch."""
    return torch.ops.aten.mish_backward(torch.ones_like(x), x)


class TimeEmbedding(twin.TimeEmbedding):
    """With its derivative by the time."""

    def forward_keeping(self, t):
        before = self.fc1(self.features(t))
        return self.fc2(F.mish(before)), before

    def tangent(self, t, before):
        """Along dt = 1."""
        angle = t * self.frequencies
        df = torch.cat([angle.cos() * self.frequencies, -angle.sin() * self.frequencies], -1)
        return F.linear(F.linear(df, self.fc1.weight) * mish_derivative(before), self.fc2.weight)


class Actor(twin.Mlp):
    """u(z, r, t; s), an average velocity: Mlp of [z, emb_r(r), emb_t(t), s]."""

    def __init__(self, state, action, hidden, layers, embedding):
        super().__init__(action + 2 * embedding + state, hidden, layers, action)
        self.time_r = TimeEmbedding(embedding)
        self.time_t = TimeEmbedding(embedding)

    def velocity(self, z, r, t, s):
        return self(torch.cat([z, self.time_r(r), self.time_t(t), s], -1))

    def act(self, noise, s):
        # One row of embeddings serves the batch, as in C#.
        zero = noise.new_zeros(1, 1)
        r, t = self.time_r(zero), self.time_t(zero + 1)
        rows = noise.shape[0]
        return (noise - self(torch.cat([noise, r.expand(rows, -1), t.expand(rows, -1), s], -1))).clamp(-1, 1)

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


class Agent(twin.Agent):
    """The update of OFQL."""

    def __init__(self, shape, settings, dtype=torch.float32, tangent="dual"):
        make_actor = lambda: Actor(shape["state"], shape["action"], shape["hidden"], shape["layers"], shape["embedding"])
        super().__init__(make_actor, shape, settings, dtype)
        self.tangent = tangent

    def behaviour_loss(self, state, action, noise, times):
        r, t = times
        z = (1 - t) * action + t * noise
        v = noise - action
        with_derivative = self.actor.velocity_and_derivative_dual if self.tangent == "dual" else self.actor.velocity_and_derivative_manual
        u, dudt = with_derivative(z, v, r, t, state)
        return F.mse_loss(u, v - (t - r) * dudt)


class Draws(twin.Draws):
    def noises(self):
        return [torch.randn(self.batch, self.action_size) for _ in range(3)]

    def times(self):
        """Logit-normal with mean -0.4 and deviation 1, sorted; r = t with probability one half."""
        times = torch.sigmoid(torch.randn(self.batch, 2) - 0.4)
        t = times.amax(1, keepdim=True)
        return torch.where(torch.rand(self.batch, 1) < 0.5, t, times.amin(1, keepdim=True)), t


def choose_tangent(agent, draws, count=8):
    """Sets the faster of the two tangents, measured alternately."""
    times = {"dual": [], "manual": []}
    for _ in range(3):
        for name in times:
            agent.tangent = name
            times[name].append(twin.seconds_of(agent, draws, count))
    agent.tangent = min(times, key=lambda name: statistics.median(times[name]))


def verify_all(folder):
    for case in ("plain", "full_size"):
        golden = twin.Golden(folder, case)
        assert golden.facts["bc_weighting"] == "uniform"
        for dtype, tolerance in twin.TOLERANCES:
            for tangent in ("dual", "manual"):
                agent = Agent(golden.shape(), golden.settings(), dtype, tangent)
                twin.verify(golden, agent, lambda column: (column("r"), column("t")), dtype, tolerance, f"{str(dtype)[6:]} {tangent}")


def main():
    parser = twin.parser_of(__doc__, "ofql")
    parser.add_argument("--tangent", choices=("auto", "dual", "manual"), default="auto")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.verify:
        return verify_all(options.golden)
    torch.manual_seed(0)
    shape = twin.shape_of(options)
    agent, draws = Agent(shape, {**twin.BENCH_SETTINGS, "eta": 0.1}), Draws(shape, options.rows)
    twin.seconds_of(agent, draws, 5)
    if options.tangent == "auto":
        choose_tangent(agent, draws)
    else:
        agent.tangent = options.tangent
    return twin.answer(agent, draws, options, tangent=agent.tangent)


if __name__ == "__main__":
    sys.exit(main())
