"""Bytes to tokens: words between white space, each with its number, counted in one pass."""

from __future__ import annotations

from typing import Any

import numpy as np

from cospace.train.kernels.compiled import compiled

__all__ = ["rank_tokens", "scan"]

_OFFSET = np.uint64(14_695_981_039_346_656_037)  # FNV-1a, 64 bits
_PRIME = np.uint64(1_099_511_628_211)


@compiled
def scan(
    data: Any, at: Any, longest: Any, tokens: Any, table: Any, mixes: Any, arena: Any, starts: Any,
    counts: Any, state: Any,
) -> Any:  # fmt: skip
    """Reads words from data[at:] and appends their numbers to `tokens`; -1 ends a line.

    state: [words, bytes of the arena, tokens, words left out for their length]. Gives where it
    stopped: the end, or before a word for which the vocabulary (`starts`, `arena`) has no room.
    """
    words, used, count = state[0], state[1], state[2]
    mask = np.uint64(len(table) - 1)
    size = len(data)
    while at < size:
        if data[at] <= 32:
            if data[at] == 10 and count > 0 and tokens[count - 1] >= 0:
                tokens[count] = -1
                count += 1
            at += 1
            continue
        end = at
        mixed = _OFFSET
        while end < size and data[end] > 32:
            mixed = (mixed ^ np.uint64(data[end])) * _PRIME
            end += 1
        if end - at > longest:
            state[3] += 1
            at = end
            continue
        slot = (mixed ^ (mixed >> np.uint64(29))) & mask
        word = -1
        while table[slot] >= 0:
            other = table[slot]
            if mixes[other] == mixed and starts[other + 1] - starts[other] == end - at:
                same = True
                for k in range(end - at):
                    if arena[starts[other] + k] != data[at + k]:
                        same = False
                        break
                if same:
                    word = other
                    break
            slot = (slot + np.uint64(1)) & mask
        if word < 0:
            if words + 1 >= len(starts) or used + end - at > len(arena) or words * 2 >= len(table):
                break
            word = words
            table[slot] = word
            mixes[word] = mixed
            for k in range(end - at):
                arena[used + k] = data[at + k]
            used += end - at
            words += 1
            starts[words] = used
            counts[word] = 0
        counts[word] += 1
        tokens[count] = word
        count += 1
        at = end
    state[0], state[1], state[2] = words, used, count
    return at


@compiled
def rank_tokens(tokens: Any, ranks: Any, given: Any, last: Any) -> Any:
    """Puts ranks for numbers, from tokens on into `given`; words of rank -1 go, ends stay single.

    `last` is the token written before. Gives how many were written.
    """
    count = 0
    for i in range(len(tokens)):
        token = tokens[i]
        rank = ranks[token] if token >= 0 else -1
        if rank < 0 and (token >= 0 or last < 0):
            continue
        given[count] = rank
        last = rank
        count += 1
    return count
