#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""write_events.py [FILE]: makes labelled events of two classes and writes them as crosspike reads them.

A bar crosses a camera of 16 x 16 pixels, to the right (class 0) or to the left (class 1), at a speed and a moment of its own,
among noise. Which way it went cannot be told from how often each pixel saw it, only from the order.

    python3 examples/python/write_events.py bars.h5
    crosspike train examples/own_events.toml

Needs numpy and h5py (Debian: python3-h5py)."""
import sys

import h5py
import numpy

SIDE, SAMPLES, END = 16, 1000, 130.0  # pixels, samples, ms


def moving_bar(to_the_right, rng):
    """Times (ms) and pixels (y, x) of one sample's events, in any order."""
    columns = numpy.arange(SIDE)
    reached = rng.uniform(0, 20) + columns / rng.uniform(0.15, 0.3)  # ms; pixels per ms
    if not to_the_right:
        reached = reached[::-1]
    y, x = numpy.nonzero(rng.random((SIDE, SIDE)) < 0.5)  # every other pixel sees the bar
    times = reached[x] + rng.normal(0, 1, len(x))
    noise = rng.poisson(120)
    times = numpy.concatenate([times, rng.uniform(0, END, noise)])
    y = numpy.concatenate([y, rng.integers(0, SIDE, noise)])
    x = numpy.concatenate([x, rng.integers(0, SIDE, noise)])
    inside = (times >= 0) & (times < END)  # times count from the start of the sample
    return times[inside], y[inside], x[inside]


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else "bars.h5"
    rng = numpy.random.default_rng(1)
    labels = numpy.arange(SAMPLES) % 2
    samples = [moving_bar(label == 0, rng) for label in labels]

    # All there is to writing an event file: one sample after another, and where each begins.
    with h5py.File(path, "w") as file:
        file["times"] = numpy.concatenate([times for times, _, _ in samples])
        file["channels"] = numpy.concatenate([y * SIDE + x for _, y, x in samples])
        file["sample_offsets"] = numpy.cumsum([0] + [len(times) for times, _, _ in samples])
        file["labels"] = labels
        file["shape"] = [SIDE, SIDE]  # height, width
        file["unit"] = "ms"           # of the times
    print(f"{path}: {SAMPLES} samples, {sum(len(times) for times, _, _ in samples)} events")


if __name__ == "__main__":
    main()
