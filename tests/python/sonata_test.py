#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads what `crosspike run` wrote with h5py, a reader that shares no line with the writer, and compares it with SONATA's
spike files (AllenInstitute/sonata:docs/SONATA_DEVELOPER_GUIDE.md) and with the program's own --json.

sonata_test.py PROGRAM CONFIG ..."""
import json
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


class SonataTest(unittest.TestCase):
    program, configs = "", []

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.runs = []
        for number, config in enumerate(cls.configs):
            out = Path(cls.folder.name) / f"{number}.h5"
            run = subprocess.run([cls.program, "run", config, "--out", out, "--json", "--set", "run.time=200 ms"],
                                 stdout=subprocess.PIPE, check=True)
            cls.runs.append((json.loads(run.stdout), h5py.File(out)))

    @classmethod
    def tearDownClass(cls):
        for _, results in cls.runs:
            results.close()
        cls.folder.cleanup()

    def each_population(self):
        for report, results in self.runs:
            sizes = {node["name"]: int(numpy.prod(node["shape"])) for node in report["plan"]["nodes"]}
            self.assertTrue(set(results["spikes"]) <= set(sizes))
            for name, spikes in results["spikes"].items():
                with self.subTest(population=name):
                    yield name, spikes, sizes[name], report

    def test_the_file_says_that_it_is_sonata(self):
        for _, results in self.runs:
            magic, version = results.attrs["magic"], results.attrs["version"]
            self.assertEqual((magic, magic.dtype), (0x0A7A, numpy.uint32))
            self.assertEqual((version.tolist(), version.dtype), ([0, 1], numpy.uint32))

    def test_spikes_are_laid_out_as_sonata_says(self):
        for _, spikes, size, _ in self.each_population():
            times, ids = spikes["timestamps"], spikes["node_ids"]
            self.assertEqual((times.dtype, times.ndim), (numpy.float64, 1))
            self.assertEqual(times.attrs["units"], "ms")
            self.assertEqual((ids.dtype, ids.shape), (numpy.uint64, times.shape))
            self.assertLess(ids[:].max(), size)

    def test_spikes_are_sorted_as_the_attribute_says(self):
        for _, spikes, _, _ in self.each_population():
            words = h5py.check_enum_dtype(spikes.attrs.get_id("sorting").dtype)
            self.assertEqual(words, {"none": 0, "by_id": 1, "by_time": 2})
            self.assertEqual(spikes.attrs["sorting"], words["by_time"])
            self.assertTrue((numpy.diff(spikes["timestamps"][:]) >= 0).all())

    def test_times_are_ends_of_ticks_within_the_run(self):
        for _, spikes, _, report in self.each_population():
            ticks = spikes["timestamps"][:] / report["plan"]["dt_ms"]
            self.assertLess(abs(ticks - numpy.rint(ticks)).max(), 1e-6)
            self.assertGreater(ticks.min(), 0.5)
            self.assertLess(ticks.max(), report["figures"]["simulated_s"] * 1e3 / report["plan"]["dt_ms"] + 0.5)

    def test_spikes_are_as_many_as_the_program_counted(self):
        for name, spikes, size, report in self.each_population():
            count, figures = len(spikes["timestamps"]), report["figures"]
            self.assertGreater(count, 0)
            self.assertEqual(count, figures[f"spikes_{name}"])
            self.assertAlmostEqual(count / size / figures["simulated_s"], figures[f"rate_hz_{name}"])

    def test_figures_and_config_are_those_that_were_printed(self):
        for report, results in self.runs:
            self.assertEqual(results["config"].asstr()[()], report["config"])
            stored = dict(results["figures"].attrs)
            self.assertIn("simulated_s", stored)
            self.assertEqual(stored, {name: report["figures"][name] for name in stored})


if __name__ == "__main__":
    SonataTest.program, SonataTest.configs = sys.argv[1], sys.argv[2:]
    unittest.main(argv=sys.argv[:1])
