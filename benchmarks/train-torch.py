#!/usr/bin/env python3
"""Trains the network of train.sh with PyTorch, for comparison: the same shape, batch, optimizer and number of threads, on random tokens.

    pip install torch        # or Debian's python3-torch
    benchmarks/train-torch.py [STEPS, default 40] [THREADS, default all]

Prints the median of tokens a second. Everything is PyTorch's own, in float32; what this release has of fused attention and optimizers is used. Nothing else should run meanwhile.
"""

import statistics
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

VOCABULARY, HIDDEN, LAYERS, HEADS, KV_HEADS, FFN, CONTEXT, BATCH = 4096, 320, 8, 10, 5, 864, 512, 4
HEAD = HIDDEN // HEADS


def attend(q, k, v):
    """Causal attention of [batch, heads, tokens, HEAD]."""
    if hasattr(F, "scaled_dot_product_attention"):
        return F.scaled_dot_product_attention(q, k, v, is_causal=True)
    hidden = torch.full((q.shape[-2], q.shape[-2]), float("-inf")).triu(1)
    return torch.softmax(q @ k.transpose(-2, -1) / HEAD**0.5 + hidden, dim=-1) @ v


def rotate(x, cosine, sine):
    """Turns pairs of features [batch, heads, tokens, HEAD] by their positions' angles."""
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cosine - odd * sine, even * sine + odd * cosine), dim=-1).flatten(-2)


class Norm(nn.Module):
    def __init__(self):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(HIDDEN))

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * self.gain


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention_norm, self.ffn_norm = Norm(), Norm()
        self.query = nn.Linear(HIDDEN, HIDDEN, bias=False)
        self.key = nn.Linear(HIDDEN, KV_HEADS * HEAD, bias=False)
        self.value = nn.Linear(HIDDEN, KV_HEADS * HEAD, bias=False)
        self.out = nn.Linear(HIDDEN, HIDDEN, bias=False)
        self.gate = nn.Linear(HIDDEN, FFN, bias=False)
        self.up = nn.Linear(HIDDEN, FFN, bias=False)
        self.down = nn.Linear(FFN, HIDDEN, bias=False)

    def forward(self, x, cosine, sine):
        y = self.attention_norm(x)
        q, k, v = (part(y).unflatten(-1, (-1, HEAD)).transpose(1, 2) for part in (self.query, self.key, self.value))
        q, k = rotate(q, cosine, sine), rotate(k, cosine, sine)
        k, v = (part.repeat_interleave(HEADS // KV_HEADS, dim=1) for part in (k, v))
        x = x + self.out(attend(q, k, v).transpose(1, 2).flatten(-2))
        y = self.ffn_norm(x)
        return x + self.down(F.silu(self.gate(y)) * self.up(y))


class Llama(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, HIDDEN)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.norm = Norm()
        angles = torch.arange(CONTEXT)[:, None] / 10000 ** (torch.arange(0, HEAD, 2) / HEAD)
        self.register_buffer("cosine", angles.cos())
        self.register_buffer("sine", angles.sin())
        for weight in self.parameters():
            if weight.dim() > 1:
                nn.init.normal_(weight, std=0.02)

    def forward(self, tokens):
        x = self.embedding(tokens)
        for layer in self.layers:
            x = layer(x, self.cosine, self.sine)
        return F.linear(self.norm(x), self.embedding.weight)


def main():
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    if len(sys.argv) > 2:
        torch.set_num_threads(int(sys.argv[2]))
    torch.manual_seed(1)
    model = Llama()
    kind = {"fused": True} if tuple(map(int, torch.__version__.split("+")[0].split(".")[:2])) >= (2, 4) else {"foreach": True}
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.95), weight_decay=0.1, **kind)
    rates = []
    for _ in range(steps):
        start = time.perf_counter()
        tokens = torch.randint(VOCABULARY, (BATCH, CONTEXT + 1))
        loss = F.cross_entropy(model(tokens[:, :-1]).flatten(0, 1), tokens[:, 1:].flatten())
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        rates.append(BATCH * CONTEXT / (time.perf_counter() - start))
    count = sum(weight.numel() for weight in model.parameters())
    # The first steps warm up.
    print(f"PyTorch {torch.__version__}, {count / 1e6:.1f}M weights, {torch.get_num_threads()} threads: {statistics.median(rates[10:] or rates):.0f} tokens/s")


main()
