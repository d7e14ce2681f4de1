#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""./run bench, with stand-ins for what it measures."""

import pathlib
import subprocess
import unittest
import xml.etree.ElementTree

from tree import Tree

SOURCE = pathlib.Path(__file__).resolve().parents[2]
SVG = "{http://www.w3.org/2000/svg}"


class Bench(Tree):
    def setUp(self):
        super().setUp()
        self.everything_is_installed()
        self.results = self.tree / "bench/RESULTS.md"

    def test_a_whole_run_writes_its_tables_into_a_file(self):
        done = self.run_script("bench")
        text = self.results.read_text(encoding="utf-8")
        version = subprocess.run(["pkg-config", "--modversion", "krb5"], check=True, text=True,
                                 stdout=subprocess.PIPE).stdout.strip()
        self.assertIn(f"krb5 {version}", text)
        # What the stand-in of make prints, of each benchmark, and not of their build.
        num_benchmarks = done.stderr.count("measuring ")
        self.assertGreater(num_benchmarks, 1)
        self.assertEqual(text.count("lib/lib_la-a.lo"), num_benchmarks)
        self.assertIn("lib/lib_la-a.lo", done.stdout)
        self.assertIn("wrote bench/RESULTS.md\n", done.stderr)

    def test_a_part_of_it_leaves_the_file_alone(self):
        self.results.write_text("before", encoding="utf-8")
        self.run_script("bench", "--rounds", "2")
        self.assertEqual(self.results.read_text(encoding="utf-8"), "before")

    def test_nothing_follows_profile(self):
        done = self.run_script("bench", "--profile", "x", status=2)
        self.assertIn("nothing after --profile", done.stderr)


SAMPLES = """
            7f10 write (/usr/lib/libc.so.6)
            7f20 krb5_rd_req_decoded (/usr/lib/libkrb5.so.3.3)
            7f30 gssloop::plugin::(anonymous namespace)::server_step (/x/libgssloop_sasl.so)
            7f40 sasl_server_start (/usr/lib/libsasl2.so.2.0.25)
            7f50 main (/x/login_bench)

            7f60 std::function<void (int)>::operator() const (/x/libgssloop_sasl.so)
            7f40 sasl_server_start (/usr/lib/libsasl2.so.2.0.25)
            7f50 main (/x/login_bench)

            7f40 [unknown] (/x/login_bench)
            7f50 main (/x/login_bench)

            7f99 do_syscall_64 ([kernel.kallsyms])
            7f30 krb5_free_context.part.0 (/usr/lib/libkrb5.so.3.3)
            7f40 sasl_dispose (/usr/lib/libsasl2.so.2.0.25)
"""


class FlameGraph(unittest.TestCase):
    """bench/flame_graph.py, with what `perf script` prints."""

    def draw(self, samples):
        return subprocess.run([SOURCE / "bench/flame_graph.py"], input=samples, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)

    def test_a_box_is_as_wide_as_its_part_of_the_time(self):
        drawn = self.draw(SAMPLES)
        self.assertEqual((drawn.returncode, drawn.stderr), (0, ""))
        boxes = {}
        for group in xml.etree.ElementTree.fromstring(drawn.stdout).iter(SVG + "g"):
            name, share = group.find(SVG + "title").text.rsplit(": ", 1)
            boxes[name] = (share, group.find(SVG + "rect"))
        self.assertEqual({name: share for name, (share, _box) in boxes.items()}, {
            "login": "100.0 %", "sasl_server_start": "66.7 %", "plugin::server_step": "33.3 %",
            "krb5_rd_req_decoded": "33.3 %", "write": "33.3 %",
            "std::function<void (int)>::operator() const": "33.3 %", "sasl_dispose": "33.3 %",
            "krb5_free_context": "33.3 %", "do_syscall_64": "33.3 %"})
        width = {name: float(box.get("width")) for name, (_share, box) in boxes.items()}
        self.assertAlmostEqual(width["sasl_server_start"], 2 * width["sasl_dispose"], delta=0.2)
        above, below = boxes["write"][1], boxes["krb5_rd_req_decoded"][1]
        self.assertLess(int(above.get("y")), int(below.get("y")))
        self.assertEqual(above.get("x"), below.get("x"))
        self.assertNotEqual(above.get("fill"), below.get("fill"), "a library has a colour")

    def test_samples_of_something_else_are_no_graph(self):
        for samples in ("", "nonsense\n", SAMPLES.replace("sasl_", "other_")):
            drawn = self.draw(samples)
            self.assertEqual((drawn.returncode, drawn.stdout), (1, ""))
            self.assertIn("no sample is of a login", drawn.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
