# SPDX-License-Identifier: BSD-2-Clause
"""Runs test programs with one change of the sources, until one of them fails."""

import dataclasses
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import threading
import time

import build

# A program that takes longer than this with a change, and SLOWER times as long as without, hangs.
PATIENCE = 30  # seconds
SLOWER = 6
CONTROL_PATIENCE = 600  # seconds


class ControlFailed(Exception):
    pass


class Stopped(Exception):
    pass


@dataclasses.dataclass
class Outcome:
    killed_by: str  # the program that failed, or nothing
    how: str
    seconds: float

    def __str__(self):
        return f"{self.killed_by} {self.how}" if self.killed_by else "SURVIVED"


class Programs:
    """Which test programs run for a source, in this order: programs.tsv."""

    def __init__(self, rows):
        self.rows = rows

    def of(self, file):
        # The longest beginning that fits.
        return max(((len(begin), names) for begin, names in self.rows.items()
                    if file.startswith(begin)), default=(0, []))[1]

    def all(self):
        return sorted({name for names in self.rows.values() for name in names})

    def files(self):
        """What make builds."""
        return sorted({name.partition("=")[0] for name in self.all()})


def read_programs(file):
    rows = {}

    def names(words):
        for word in words:
            if word.startswith("@"):
                yield from rows[word]
            else:
                yield f"tests/{word}"

    for line in file.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            begin, words = line.split("\t")
            rows[begin] = list(names(words.split()))
    return Programs(rows)


class Results:
    """The last outcome of each place, in a file that is no part of the sources."""

    def __init__(self, file):
        self.file = file
        self.rows = {}
        if file.exists():
            for line in file.read_text(encoding="utf-8").splitlines():
                self.rows[line.split("\t")[0]] = line

    def untried(self, place):
        return place.id not in self.rows

    def add(self, place, outcome):
        self.rows[place.id] = f"{place.id}\t{outcome}\t{outcome.seconds:.1f}"
        self.file.parent.mkdir(exist_ok=True)
        self.file.write_text("".join(f"{row}\n" for row in self.rows.values()), encoding="utf-8")


class Trials:
    """Thread-safe. The places are all that will be tried."""

    def __init__(self, source, tree, programs, places, patience=PATIENCE):
        self.source, self.tree, self.programs = source, tree, programs
        self.patience = patience
        self.files = sorted({place.file for place in places})
        self._controls = {program: threading.Lock() for program in programs.all()}
        self._seconds = {}
        self._running, self._stopped = set(), False

    def stop(self):
        """Ends the programs that run, and starts no more."""
        self._stopped = True
        for process in list(self._running):
            kill(process)

    def run(self, place):
        started = time.monotonic()
        folder = pathlib.Path(tempfile.mkdtemp(prefix="gssloop-mutate."))
        try:
            text = (self.source / place.file).read_text(encoding="utf-8")
            try:
                objects = self.tree.compile(place.file, place.apply(text), folder)
            except build.DoesNotCompile as error:
                raise build.BuildError(f"{place.id} does not compile; replace it by a place that "
                                       f"./run mutate --propose {place.file} prints:\n{error}"
                                       ) from error
            for program in self.programs.of(place.file):
                limit = max(self.patience, SLOWER * self._control(program))
                status, _ = self._run_program(program, objects, folder, limit)
                if status:
                    return Outcome(program, f"({status})", time.monotonic() - started)
            return Outcome("", "", time.monotonic() - started)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _control(self, program):
        """How long the program runs without any change. Fails if it does not pass."""
        with self._controls[program]:
            if program not in self._seconds:
                folder = pathlib.Path(tempfile.mkdtemp(prefix="gssloop-mutate."))
                try:
                    started = time.monotonic()
                    objects = self._unchanged_objects(program, folder)
                    status, said = self._run_program(program, objects, folder, CONTROL_PATIENCE)
                    if status:
                        raise ControlFailed(f"{program} fails without any change ({status}); "
                                            f"what it says about changes would prove nothing:\n"
                                            f"{said[-3000:]}")
                    if "PASSED  ] 0 tests" in said:
                        raise ControlFailed(f"{program} has no such tests; correct "
                                            f"tests/mutate/programs.tsv")
                    self._seconds[program] = time.monotonic() - started
                finally:
                    shutil.rmtree(folder, ignore_errors=True)
            return self._seconds[program]

    def _unchanged_objects(self, program, folder):
        """Of one file that is tried with the program: they are linked as changed ones are."""
        # A source before a header, of which all that includes it would be compiled.
        file = min((file for file in self.files if program in self.programs.of(file)),
                   key=lambda file: (file.endswith(".h"), file))
        text = (self.source / file).read_text(encoding="utf-8")
        return self.tree.compile(file, text, folder)

    def _run_program(self, program, objects, folder, limit):
        """(how it failed or nothing, what it wrote). The module is linked when it is needed."""
        program, _, tests = program.partition("=")
        result = folder / program
        if not result.exists() and not self.tree.link(program, objects, result):
            result = self.source / program
        module = folder / "plugin" / pathlib.Path(build.MODULE).with_suffix(".so").name
        if self.tree.loads_module(program) and not module.exists():
            self.tree.link(build.MODULE, objects, module)
        temporary = folder / "tmp"
        temporary.mkdir(exist_ok=True)
        # What a changed program reports is no result of the check that this may be a part of.
        env = {name: value for name, value in os.environ.items() if name != "GTEST_OUTPUT"}
        env |= {"GSSLOOP_PLUGIN_DIR": str(module.parent), "TMPDIR": str(temporary),
                "GTEST_FAIL_FAST": "1", "GTEST_BRIEF": "1"}
        with open(folder / "output", "w+", encoding="utf-8", errors="replace") as said:
            status = self._wait_for([result, f"--gtest_filter={tests or '*'}"], env, said, limit)
            said.seek(0)
            return status, said.read()

    def _wait_for(self, argv, env, said, limit):
        if self._stopped:
            raise Stopped
        with subprocess.Popen(argv, cwd=self.source, env=env, stdin=subprocess.DEVNULL,
                              stdout=said, stderr=subprocess.STDOUT,
                              start_new_session=True) as process:
            self._running.add(process)
            try:
                status = process.wait(limit)
            except subprocess.TimeoutExpired:
                kill(process)
                return "hangs"
            finally:
                self._running.discard(process)
        if status < 0:
            return signal.Signals(-status).name
        # 77: what was skipped has noticed nothing.
        return "" if status in (0, 77) else f"exit {status}"


def kill(process):
    """Kills a program that was not waited for, with what it started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
