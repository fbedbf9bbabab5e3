"""Diffusion Q-Learning (arXiv 2208.06193) with T = 5 steps in eager PyTorch: the same update as our `dql` agent's.

    dql_twin.py --verify              5 updates against the golden numbers in tests/Golden/dql
    dql_twin.py --threads 1           updates per second
    dql_twin.py --threads 1 --serve   times on request: a line 'updates COUNT' is answered by {"seconds": ..}

Written for PyTorch 1.13, the version that Debian 12 has (python3-torch). compare.py --agent dql runs it side by side with C#.
"""

import sys

import torch
import torch.nn.functional as F

import twin

STEPS = 5


class Schedule:
    """The variance preserving noise levels, k = 0 (least noise) .. T - 1, and the constants of every step back."""

    def __init__(self, steps):
        number = torch.arange(1, steps + 1, dtype=torch.float64)
        alpha = torch.exp(-0.1 / steps - 0.5 * (10 - 0.1) * (2 * number - 1) / steps ** 2)
        bar = alpha.cumprod(0)
        bar_before = torch.cat([bar.new_ones(1), bar[:-1]])
        self.signal, self.noise = bar.sqrt(), (1 - bar).sqrt()
        # Plain numbers: a step multiplies whole matrices by them. x0 = from_x x - from_e e; mean = of_data x0 + of_x x.
        self.from_x, self.from_e = (1 / self.signal).tolist(), (1 / bar - 1).sqrt().tolist()
        self.of_data = ((1 - alpha) * bar_before.sqrt() / (1 - bar)).tolist()
        self.of_x = ((1 - bar_before) * alpha.sqrt() / (1 - bar)).tolist()
        self.deviation = ((1 - alpha) * (1 - bar_before) / (1 - bar)).sqrt().tolist()


class Actor(twin.Mlp):
    """e(x, k; s), the noise in x at level k: Mlp of [x, emb_t(k), s]."""

    def __init__(self, state, action, hidden, layers, embedding, steps):
        super().__init__(action + embedding + state, hidden, layers, action)
        self.time_t = twin.TimeEmbedding(embedding)
        self.schedule = Schedule(steps)
        # Buffers, so that they follow the network's precision.
        for name, values in (("levels", torch.arange(steps)[:, None].double()), ("signal", self.schedule.signal), ("noise", self.schedule.noise)):
            self.register_buffer(name, values, persistent=False)

    def noise_of(self, x, k, s):
        return self(torch.cat([x, self.time_t(k.to(x.dtype)), s], -1))

    def act(self, noises, s):
        """The chain from noises[0] down to the data, gradients through every step; noises [T, B, A], at least."""
        # The embeddings of all T levels in one pass, one row each; a step's row serves its batch.
        embeddings = self.time_t(self.levels).unbind(0)
        x = noises[0]
        for k in reversed(range(len(embeddings))):
            noise = self(torch.cat([x, embeddings[k].expand(x.shape[0], -1), s], -1))
            x0 = (self.schedule.from_x[k] * x).sub(noise, alpha=self.schedule.from_e[k]).clamp(-1, 1)
            # The last step is the data itself: its noise and the share of x are zero.
            x = x0 if k == 0 else self.step_back(k, x, x0, noises[len(embeddings) - k])
        return x

    def step_back(self, k, x, x0, z):
        return (self.schedule.of_data[k] * x0).add(x, alpha=self.schedule.of_x[k]).add(z, alpha=self.schedule.deviation[k])


class Agent(twin.Agent):
    """The update of Diffusion-QL."""

    def __init__(self, shape, settings, steps, dtype=torch.float32):
        make_actor = lambda: Actor(shape["state"], shape["action"], shape["hidden"], shape["layers"], shape["embedding"], steps)
        super().__init__(make_actor, shape, settings, dtype)

    def behaviour_loss(self, state, action, noise, times):
        """times: the level k [B, 1] of every row, whole numbers."""
        x = self.actor.signal[times] * action + self.actor.noise[times] * noise
        return F.mse_loss(self.actor.noise_of(x, times, state), noise)


class Draws(twin.Draws):
    def noises(self):
        """Of the next action's chain and the policy's, start first (the last step takes none), and of the behaviour loss."""
        chains = [torch.randn(STEPS, self.batch, self.action_size) for _ in range(2)]
        return [*chains, torch.randn(self.batch, self.action_size)]

    def times(self):
        return torch.randint(STEPS, (self.batch, 1))


def verify_all(folder):
    # The third case, max_q_backup, is about a backup that the comparison does not use.
    for case in ("plain", "ema_schedule"):
        golden = twin.Golden(folder, case)
        for dtype, tolerance in twin.TOLERANCES:
            agent = Agent(golden.shape(), golden.settings(), int(golden.facts["T"]), dtype)
            twin.verify(golden, agent, lambda column: column("t").long(), dtype, tolerance, str(dtype)[6:])


def main():
    options = twin.parser_of(__doc__, "dql").parse_args()
    torch.set_num_threads(options.threads)
    if options.verify:
        return verify_all(options.golden)
    torch.manual_seed(0)
    shape = twin.shape_of(options)
    agent, draws = Agent(shape, {**twin.BENCH_SETTINGS, "eta": 1.0}, STEPS), Draws(shape, options.rows)
    twin.seconds_of(agent, draws, 5)
    return twin.answer(agent, draws, options, steps=STEPS)


if __name__ == "__main__":
    sys.exit(main())
