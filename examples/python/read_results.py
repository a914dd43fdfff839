#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""read_results.py RESULTS.h5: what `crosspike run` or `crosspike train` left behind, as numpy arrays.

    crosspike run examples/ei_network.toml
    python3 examples/python/read_results.py ei_network.h5

docs/results.md lists everything that such a file can hold. Needs numpy and h5py (Debian: python3-h5py)."""
import sys
import tomllib  # Python 3.11 or newer

import h5py
import numpy


def counts_of(spikes):
    """Spikes of each recorded element; spikes is a group such as /spikes/exc. An entry may stand for several spikes."""
    weights = spikes["counts"][:] if "counts" in spikes else None
    elements = spikes["node_ids"][:].astype(int)
    return numpy.bincount(elements, weights=weights, minlength=int(spikes.attrs["elements"]))


def describe_spikes(name, spikes, seconds):
    times, counts = spikes["timestamps"][:], counts_of(spikes)  # ms; from 0, the start of the run or of the sample
    print(f"  {name}: {counts.sum():.0f} spikes of {numpy.count_nonzero(counts)} out of {len(counts)} elements, "
          f"{counts.mean() / seconds:.2f} Hz in the mean, the first at {times.min(initial=numpy.inf):.1f} ms")


def describe_values(name, values):
    times = values.attrs["start"] + numpy.arange(len(values)) * values.attrs["every"] * values.attrs["dt"]  # ms
    print(f"  {name}: {values.shape[0]} rows from {times[0]:g} to {times[-1]:g} ms, {values.shape[1]} elements, "
          f"{values[:].min():.1f} to {values[:].max():.1f} {values.attrs['unit']}")


def describe(group, seconds):
    """What was recorded: of a whole run, or of one sample."""
    for name, spikes in group.get("spikes", {}).items():
        describe_spikes(name, spikes, seconds)
    for name, values in group.get("values", {}).items():  # rows are times, columns elements
        describe_values(name, values)


def seconds_of_a_sample(config):
    """How long the network ran, once or for each sample; the resolved config holds every default."""
    value, unit = (config["input"]["tick"] if config["model"] == "lsm" else config["run"]["time"]).split()
    ticks = config["input"]["ticks"] if config["model"] == "lsm" else 1
    return float(value) * {"us": 1e-6, "ms": 1e-3, "s": 1}[unit] * ticks


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: read_results.py RESULTS.h5")
    with h5py.File(sys.argv[1]) as results:
        config = tomllib.loads(results["config"].asstr()[()])
        seconds = seconds_of_a_sample(config)
        print(f"model {config['model']}, seed {config['seed']}, {seconds:g} s")

        print("figures")
        for name, value in results["figures"].attrs.items():
            print(f"  {name} = {value}")

        print("recorded")
        describe(results, seconds)
        for number, sample in results.get("samples", {}).items():
            print(f"sample {number}, class {sample.attrs.get('label', '-')}")
            describe(sample, seconds)

        if "readout" in results:
            weights, bias = results["readout/weights"][:], results["readout/bias"][:]
            print(f"readout: {weights.shape[0]} classes, {weights.shape[1]} features, biases {bias.round(3).tolist()}")
        for name, score in results.get("scores", {}).items():
            print(f"{name}: rows are true classes, columns predicted ones")
            print(score["confusion"][:])


if __name__ == "__main__":
    main()
