"""Clips as they might have been: another voice, another pace, another room, another hand."""

from __future__ import annotations

from typing import Any

import torch

from cospace.train.signals.net import FLOOR

__all__ = ["moved", "voiced"]

_PACE = 0.25  # up to so much faster or slower
_WARP = 0.15  # formants up to so much higher or lower (vocal tract length perturbation)
_TILT = 1.0  # deviation of what a microphone adds, natural logarithms
_MASKED = 0.14  # of the bands, and 9 steps, at most (Park et al., SpecAugment, 2019)


def voiced(clips: Any) -> Any:
    """Log-mel clips [n, bands, steps] in another voice, pace and room. Draws from torch's numbers.

    Sources: Jaitly and Hinton, Vocal Tract Length Perturbation (2013); SpecAugment (2019).
    """
    n, bands, steps = clips.shape
    row = torch.arange(bands).float()[None]
    lines = row * (1 + _WARP * _spread(n)) + _spread(n) * _WARP * bands / 8
    lines = lines.clamp(0, bands - 1)
    times, outside = _times(clips, room=True)
    low = lines.floor().long().clamp(max=bands - 2)
    share = (lines - low)[:, :, None]
    each = torch.arange(n)[:, None, None]
    found = clips[each, low[:, :, None], times[:, None]] * (1 - share)
    found = found + clips[each, low[:, :, None] + 1, times[:, None]] * share
    empty = outside[:, None] | (found == 0)
    knots = _TILT * torch.randn(n, 1, 6)
    found = found + torch.nn.functional.interpolate(
        knots, size=bands, mode="linear", align_corners=True
    ).transpose(1, 2)
    loudest = found.masked_fill(empty, -99.0).amax((1, 2), keepdim=True)
    noise = loudest - 3 - 9 * torch.rand(n, 1, 1) + 0.7 * torch.randn(n, bands, 1)
    found = torch.logaddexp(found, noise + 0.5 * torch.randn_like(found))
    found = torch.where(empty, 0.0, found)
    hidden = _band(n, bands, _MASKED * bands)[:, :, None] | _band(n, steps, 9)[:, None]
    return found.masked_fill(hidden, FLOOR)


def moved(clips: Any) -> Any:
    """Motion clips [n, channels, readings] at another pace, turned up or down, and with noise."""
    n, channels, _ = clips.shape
    times, outside = _times(clips, room=False)
    found = torch.gather(clips, 2, times[:, None].expand(-1, channels, -1))
    found = torch.where(outside[:, None], clips, found)
    spread = clips.std((0, 2), keepdim=True)
    return found * (1 + 0.2 * _spread(n)[:, :, None]) + 0.1 * spread * torch.randn_like(found)


def _times(clips: Any, *, room: bool) -> tuple[Any, Any]:
    """For each step the step it was before, and where there was none; [n, steps] both.

    With `room` a short recording may begin anywhere in its clip.
    """
    n, _, steps = clips.shape
    pace = 1 + _PACE * _spread(n)
    used = (clips != 0).any(1).sum(1, keepdim=True) / pace
    free = (steps - used).clamp(min=0) if room else torch.zeros(n, 1)
    begin = torch.rand(n, 1) * (free + 0.1 * steps) - 0.05 * steps
    places = (torch.arange(steps).float()[None] - begin) * pace
    outside = (places < 0) | (places > steps - 1)
    return places.round().long().clamp(0, steps - 1), outside


def _spread(n: int) -> Any:
    return 2 * torch.rand(n, 1) - 1


def _band(n: int, size: int, most: float) -> Any:
    """A stretch of up to `most` of `size`: bool [n, size]."""
    middle, half = torch.rand(n, 1) * size, torch.rand(n, 1) * most / 2
    return (torch.arange(size).float()[None] - middle).abs() < half
