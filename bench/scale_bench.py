#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""How many logins a second, and at which cost, by processes and threads: `make scale-bench`.

Clients and servers share this machine. Each round measures everything once; a ratio is the median,
over the rounds, of two measurements of the same round, since machines change their speed meanwhile.
CPU is of all server processes, user and system, from the first login to the last. The figures of
docs/scale.md are from here.
"""

import argparse
import os
import pathlib
import re
import statistics
import sys

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "tests/servers"))
import lab
import scale_fleet
from scale_fleet import Crowd, Fleet, ProgramTest

SHAPES = {"1 x 1": (1, 1), "1 x 4": (1, 4), "2 x 1": (2, 1), "50 x 4": (50, 4)}
LAYER = ("--mechanism", "GSSAPI", "--min-ssf", "256", "--max-ssf", "256", "--exchange", "1000")
PLAIN = ("--mechanism", "GS2-KRB5")
CACHES = ("file", "none")


class Measured:
    """What one fleet did: logins a second, CPU microseconds a login, memory of a process in KiB."""

    def __init__(self, bench, shape, cache, crowd, module):
        processes, threads = SHAPES[shape]
        fleet = Fleet(bench, processes, threads, "--max-ssf", "256", module=module,
                      KRB5RCACHENAME="none:" if cache == "none" else None, KRB5RCACHEDIR=bench.own)
        num_clients = 50 if processes * threads > 8 else 2  # in each of four processes
        warm_up = ("--logins", str(max(20, 4 * processes)), "--processes", "1")
        Crowd(bench, fleet, *warm_up, *crowd).end()
        before = cpu_seconds(fleet.processes())
        visits = Crowd(bench, fleet, "--processes", "4", "--threads", str(num_clients), "--logins",
                       str(bench.options.logins), *crowd).end()
        assert visits.failures == 0, fleet.log
        self.cpu_us = 1e6 * (cpu_seconds(fleet.processes()) - before) / visits.logins
        self.memory = memory(fleet.processes())
        self.per_second = visits.per_second
        fleet.end()


def cpu_seconds(pids):
    """What their threads used so far, to the nanosecond; their starting up is not to be counted."""
    tasks = [task for pid in pids for task in pathlib.Path(f"/proc/{pid}/task").iterdir()]
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def memory(pids):
    """Means of RSS and PSS, KiB."""
    found = {"Rss": [], "Pss": []}
    for pid in pids:
        text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
        for name, values in found.items():
            values.append(int(re.search(rf"^{name}:\s+(\d+)", text, re.MULTILINE)[1]))
    return {name: statistics.mean(values) for name, values in found.items()}


def variants():
    yield "GS2-KRB5", PLAIN, "gssloop"
    yield "GSSAPI, layer", LAYER, "gssloop"
    if scale_fleet.has_stock_gssapi():
        yield "GSSAPI, layer, Cyrus SASL's own", LAYER, "stock"


def median(results, key, field):
    return statistics.median(getattr(measured, field) for measured in results[key])


def ratio(results, key, other, field):
    return statistics.median(getattr(a, field) / getattr(b, field)
                             for a, b in zip(results[key], results[other]))


def show(results, num_rounds, num_logins):
    print(f"{os.cpu_count()} processors; median of {num_rounds} rounds of {num_logins} logins")
    print(f"{'':36}{'replay cache':>14}{'logins/s':>10}{'x 1 x 1':>9}{'CPU us/login':>14}{'RSS KiB':>9}"
          f"{'PSS KiB':>9}")
    for key in results:
        name, shape, cache = key
        mem = results[key][-1].memory
        print(f"{name + ', ' + shape:36}{cache:>14}{median(results, key, 'per_second'):10.0f}"
              f"{ratio(results, key, (name, '1 x 1', cache), 'per_second'):9.2f}"
              f"{median(results, key, 'cpu_us'):14.0f}{mem['Rss']:9.0f}{mem['Pss']:9.0f}")
    stock = "GSSAPI, layer, Cyrus SASL's own"
    print("\nRatios in one run: server CPU a login, logins a second")
    for shape in SHAPES:
        for cache in CACHES:
            key, other = ("GSSAPI, layer", shape, cache), (stock, shape, cache)
            if other in results:
                print(f"  this module to Cyrus SASL's own, {shape}, replay cache {cache}: "
                      f"{ratio(results, key, other, 'cpu_us'):.2f}, "
                      f"{ratio(results, key, other, 'per_second'):.2f}")
        for name in ("GS2-KRB5", "GSSAPI, layer"):
            print(f"  {name}, {shape}, replay cache file to none: "
                  f"{ratio(results, (name, shape, 'file'), (name, shape, 'none'), 'cpu_us'):.2f}, "
                  f"{ratio(results, (name, shape, 'file'), (name, shape, 'none'), 'per_second'):.2f}")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--logins", type=int, default=1500)
    return parser.parse_args(os.environ.get("SCALE_BENCH_ARGS", "").split())


class Bench(ProgramTest):
    def test_what_a_login_costs(self):
        self.options = arguments()
        os.environ["KRB5CCNAME"] = self.ticket("ccache")
        results = {}
        for number in range(self.options.rounds):
            for shape in SHAPES:
                for name, crowd, module in variants():
                    for cache in CACHES:
                        measured = Measured(self, shape, cache, crowd, module)
                        results.setdefault((name, shape, cache), []).append(measured)
            print(f"round {number + 1} of {self.options.rounds}", file=sys.stderr)
        show(results, self.options.rounds, self.options.logins)


if __name__ == "__main__":
    arguments()  # complains at once if it has to
    lab.main(__file__, services=["imap/localhost"], needs=scale_fleet.NEEDS)
