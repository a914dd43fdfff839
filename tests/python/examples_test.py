#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""examples_test.py PROGRAM EXAMPLES: what examples/python/ writes is read and learnt from, and what the program writes is
read there, as their comments say."""
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SKIPPED = 77  # SKIP_RETURN_CODE in tests/CMakeLists.txt

try:
    import h5py
    import numpy
except ImportError as missing:
    print(f"{Path(__file__).name}: Skipped\n{missing}; install python3-h5py\n")
    sys.exit(SKIPPED)


class ExamplesTest(unittest.TestCase):
    program, examples = "", Path()

    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = Path(cls.temporary.name)
        cls.python("write_events.py", "bars.h5")
        cls.trained = json.loads(cls.crosspike("train", cls.examples / "own_events.toml", "--json"))

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    @classmethod
    def output(cls, *command):
        return subprocess.run(command, cwd=cls.folder, check=True, stdout=subprocess.PIPE, text=True).stdout

    @classmethod
    def python(cls, script, *words):
        return cls.output(sys.executable, cls.examples / "python" / script, *words)

    @classmethod
    def crosspike(cls, *words):
        return cls.output(cls.program, *words)

    def test_the_written_events_are_the_ones_that_are_read(self):
        info = json.loads(self.crosspike("datasets", "info", self.examples / "own_events.toml", "--json",
                                         "--set", "dataset.shuffle=false"))
        with h5py.File(self.folder / "bars.h5") as file:
            labels, ends = file["labels"][:600], file["sample_offsets"][:]
            times = file["times"][:ends[600]]
        events = numpy.diff(ends)[:600]
        self.assertEqual((info["train_samples"], info["validation_samples"]), (600, 200))
        self.assertEqual((info["shape"], info["classes"]), ([1, 16, 16], 2))
        self.assertEqual(info["samples_per_class"], numpy.bincount(labels).tolist())
        self.assertAlmostEqual(info["events_per_sample"], events.mean())
        self.assertEqual((info["min_events"], info["max_events"]), (events.min(), events.max()))
        self.assertAlmostEqual(info["last_event_s"], times.max() / 1000, delta=1e-6)

    def test_the_liquid_tells_the_classes_and_the_counts_of_its_input_do_not(self):
        figures = self.trained["figures"]
        self.assertGreater(figures["test_accuracy_low"], 0.9)
        self.assertLess(figures["baseline_accuracy_low"], 0.5)
        self.assertGreater(figures["baseline_accuracy_high"], 0.5)

    def test_a_training_is_read_as_it_was_printed(self):
        text = self.python("read_results.py", "own_events.h5")
        with h5py.File(self.folder / "own_events.h5") as results:
            stored = dict(results["figures"].attrs)
        for name, value in stored.items():
            self.assertEqual(value, self.trained["figures"][name])
            self.assertIn(f"  {name} = {value}\n", text)
        self.assertIn("model lsm, seed 1, 0.13 s\n", text)
        self.assertIn("readout: 2 classes, 600 features", text)

    def test_a_run_is_read_as_it_was_printed(self):
        run = json.loads(self.crosspike("run", self.examples / "ei_network.toml", "--json", "--set", "run.time=200 ms"))
        text = self.python("read_results.py", "ei_network.h5")
        self.assertIn("model network, seed 1, 0.2 s\n", text)
        for name in ("exc", "inh"):
            figures = run["figures"]
            self.assertRegex(text, f"  {name}: {figures[f'spikes_{name}']} spikes of .*, "
                                   f"{figures[f'rate_hz_{name}']:.2f} Hz in the mean")
        self.assertIn("  membrane: 200 rows from 1 to 200 ms, 2 elements, ", text)


if __name__ == "__main__":
    ExamplesTest.program, ExamplesTest.examples = os.path.abspath(sys.argv[1]), Path(sys.argv[2]).resolve()
    unittest.main(argv=sys.argv[:1])
