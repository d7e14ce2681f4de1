#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Do the tests notice it if the sources are changed? For ./run mutate.

Changes one place of the sources at a time (places.py), builds what is tested (build.py), and runs
the test programs of programs.tsv until one fails. A change that none of them notices has survived.
First each program must pass with the same objects, unchanged: what fails without a change proves
nothing. The last line is "N passed, N failed, N skipped": changes that were noticed, that were not,
and that were not, for a reason which the list gives.
"""

import argparse
import concurrent.futures
import os
import pathlib
import sys
import tempfile

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import build
import places
import propose
import trial

SOURCE = pathlib.Path(os.environ.get("GSSLOOP_SRCDIR", ".")).absolute()
HERE = pathlib.Path(__file__).parent
DEMANDED = 0.95
# The length of the list, of which a file has a part as large as its part of all lines.
NUM_PLACES = 300


def arguments():
    parser = argparse.ArgumentParser(prog="./run mutate", description=__doc__)
    parser.add_argument("--sample", type=int)
    parser.add_argument("--file")
    parser.add_argument("--place", action="append", default=[])
    parser.add_argument("--untried", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--propose")
    parser.add_argument("--programs", action="store_true")
    # For the test of this program.
    parser.add_argument("--lists", type=pathlib.Path, default=HERE)
    parser.add_argument("--results", type=pathlib.Path, default=SOURCE / ".cache/mutate.tsv")
    parser.add_argument("--patience", type=float, default=trial.PATIENCE)
    return parser.parse_args()


def covered_files():
    """The sources that the list is about."""
    found = []
    for folder in ("lib/gssloop/loop", "lib/gssloop/gss", "lib/gssloop/authz", "plugin"):
        found += [str(file.relative_to(SOURCE)) for file in sorted((SOURCE / folder).rglob("*"))
                  if file.suffix in (".cc", ".h")]
    return found


def find_file(name):
    found = [file for file in covered_files() if file == name or file.endswith("/" + name)]
    if len(found) != 1:
        raise places.PlaceError(f"{name} names {len(found)} files of the module and the library"
                                f"{': ' + ', '.join(found) if found else ''}")
    return found[0]


def chosen(everything, options, results):
    """The places that the options name."""
    if options.place:
        unknown = set(options.place) - {place.id for place in everything}
        if unknown:
            raise places.PlaceError(f"there is no place {', '.join(sorted(unknown))}; --list lists "
                                    f"them")
        return [place for place in everything if place.id in options.place]
    if options.file:
        file = find_file(options.file)
        everything = [place for place in everything if place.file == file]
    if options.untried:
        everything = [place for place in everything if results.untried(place)]
    if options.sample is not None:
        # All tests run for a change that none can notice.
        everything = places.sample([place for place in everything if not place.reason],
                                   options.sample, places.seed_of(SOURCE))
    return everything


def show(place, outcome=""):
    """A place as a reader needs it: where it is, and what is changed."""
    number = place.index((SOURCE / place.file).read_text(encoding="utf-8")) + 1
    print(f"{place.file}:{number}: {place.id}{outcome}\n  - {place.line}\n  + {place.changed}")
    if place.reason:
        print(f"  = {place.reason}")


def propose_places(options, everything, tree):
    """Prints places of a file that are not on the list, as the list has them."""
    file = find_file(options.propose)
    text = (SOURCE / file).read_text(encoding="utf-8")
    total = sum(propose.code_lines((SOURCE / one).read_text(encoding="utf-8"))
                for one in covered_files())
    share = max(1, round(NUM_PLACES * propose.code_lines(text) / total))

    def compiles(place):
        with tempfile.TemporaryDirectory(prefix="gssloop-mutate.") as folder:
            try:
                tree.compile(file, place.apply(text), pathlib.Path(folder))
            except build.DoesNotCompile:
                return False
        return True

    taken = [place for place in everything if place.file == file]
    print(file)
    for place in propose.choose(file, text, share, compiles, taken):
        print(place.written(), end="")


def try_all(selected, tree, programs, results, patience):
    """{place: outcome}; each is printed as it is known."""
    trials = trial.Trials(SOURCE, tree, programs, selected, patience)
    outcomes = {}
    jobs = int(os.environ.get("JOBS") or os.cpu_count() or 1)
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        running = {pool.submit(trials.run, place): place for place in selected}
        try:
            for future in concurrent.futures.as_completed(running):
                place, outcome = running[future], future.result()
                outcomes[place] = outcome
                results.add(place, outcome)
                print(f"{len(outcomes):4}/{len(selected)} {outcome.seconds:5.1f} s  "
                      f"{place.id:32}  {outcome}", flush=True)
        except BaseException:
            trials.stop()
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return outcomes


def report(outcomes):
    """Prints what survived and the score. Returns the exit status."""
    killed = [place for place, outcome in outcomes.items() if outcome.killed_by]
    survived = [place for place, outcome in outcomes.items() if not outcome.killed_by]
    explained = [place for place in survived if place.reason]
    failed = [place for place in survived if not place.reason]
    for place in failed:
        show(place, " survived: no test noticed this change")
    for place in killed:
        if place.reason:
            show(place, f" was noticed by {outcomes[place].killed_by}: take out the reason")
    counted = len(outcomes) - len(explained)
    score = len(killed) / counted if counted else 1
    print(f"\n{len(outcomes)} changes: {len(killed)} noticed, {len(explained)} explained, "
          f"{len(failed)} survived. Score: {100 * score:.1f} % of what is not explained (at least "
          f"{100 * DEMANDED:.0f} %)")
    print(f"{len(killed)} passed, {len(failed)} failed, {len(explained)} skipped")
    return 0 if score >= DEMANDED else 1


def main():
    options = arguments()
    programs = trial.read_programs(options.lists / "programs.tsv")
    if options.programs:
        print(*programs.files(), sep="\n")
        return 0
    everything = places.read(options.lists)
    tree = build.Tree(SOURCE)
    if options.propose:
        propose_places(options, everything, tree)
        return 0
    stale = places.check(everything, SOURCE)
    if stale:
        raise places.PlaceError("\n".join(stale))
    results = trial.Results(options.results)
    selected = chosen(everything, options, results)
    if options.list:
        for place in selected:
            show(place)
        return 0
    return report(try_all(selected, tree, programs, results, options.patience))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (places.PlaceError, build.BuildError, trial.ControlFailed) as problem:
        print(f"mutate: {problem}", file=sys.stderr)
        print("0 passed, 1 failed, 0 skipped")
        sys.exit(1)
