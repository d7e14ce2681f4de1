# SPDX-License-Identifier: BSD-2-Clause
"""Debian packages as a test sees them: what is in them, and folders that they are installed in."""

import io
import os
import pathlib
import re
import subprocess
import tarfile


def run(*command, status=0, **options):
    """What a program writes to its standard output; AssertionError with all it says if it ends
    otherwise than with `status` (None: however it likes)."""
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL,
                          capture_output=True, check=False, **options)
    if status is not None and done.returncode != status:
        said = (done.stdout + done.stderr).decode(errors="replace")
        raise AssertionError(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{said}")
    return done.stdout.decode(errors="replace")


class Package:
    """One .deb: `fields` of its control file, `files` (by their names, without "./"; folders are
    not among them) and `control`, the names and texts of what is beside the control file."""

    def __init__(self, path):
        self.path = path
        text = run("dpkg-deb", "-f", path)
        self.fields = dict(re.findall(r"^([\w-]+): (.*(?:\n .*)*)$", text, re.MULTILINE))
        self.name = self.fields["Package"]
        self.files = {}
        self.folders = set()
        with self._tar("--fsys-tarfile") as tar:
            for member in tar:
                name = member.name.removeprefix("./")
                if member.isdir():
                    self.folders.add(name)
                else:
                    self.files[name] = member
        self.control = {}
        with self._tar("--ctrl-tarfile") as tar:
            for member in tar:
                if member.isfile() and member.name != "./control":
                    self.control[member.name.removeprefix("./")] = tar.extractfile(member).read()

    def _tar(self, option):
        done = subprocess.run(["dpkg-deb", option, self.path], capture_output=True, check=True)
        return tarfile.open(fileobj=io.BytesIO(done.stdout))

    def read(self, name):
        with self._tar("--fsys-tarfile") as tar:
            return tar.extractfile("./" + name).read()

    def is_debug(self):
        return self.name.endswith("-dbgsym")


class Root:
    """A folder that packages are installed in by dpkg, without being root. What the machine has
    counts as installed, so that dependencies and conflicts of files are judged by it; its files are
    not there. No maintainer script runs: ours have none."""

    def __init__(self, folder, names):
        self.folder = folder
        self.admin = folder / "var/lib/dpkg"
        for part in ("info", "updates", "triggers"):
            (self.admin / part).mkdir(parents=True)
        # The machine's own packages of these names, if there are any, are not to be seen.
        system = pathlib.Path("/var/lib/dpkg")
        stanzas = (system / "status").read_text(encoding="utf-8").split("\n\n")
        kept = [s for s in stanzas if s.strip() and not set(names) & {s.split("\n")[0].split()[1]}]
        (self.admin / "status").write_text("\n\n".join(s.strip("\n") for s in kept) + "\n\n",
                                           encoding="utf-8")
        for file in (system / "info").glob("*.list"):
            if file.stem.split(":")[0] not in names:
                (self.admin / "info" / file.name).symlink_to(file)
        (self.admin / "info/format").write_text("1\n", encoding="utf-8")
        (self.admin / "available").touch()

    def dpkg(self, *arguments, status=0):
        # The folders for ldconfig and the like are not in everybody's PATH.
        env = {**os.environ, "PATH": os.environ["PATH"] + ":/usr/local/sbin:/usr/sbin:/sbin",
               "LC_ALL": "C"}
        return run("dpkg", f"--instdir={self.folder}", f"--admindir={self.admin}",
                   "--force-not-root", "--force-script-chrootless", f"--log={self.folder}/log",
                   *arguments, status=status, env=env)

    def files(self):
        """What is there beside dpkg's own, with what would change were it written again."""
        found = {}
        for path in self.folder.rglob("*"):
            name = str(path.relative_to(self.folder))
            if not path.is_dir() and not name.startswith("var/lib/dpkg/") and name != "log":
                found[name] = os.readlink(path) if path.is_symlink() else path.read_bytes()
        return found

    def states(self, names):
        """dpkg's states of those packages that it knows at all."""
        text = run("dpkg-query", f"--admindir={self.admin}", "-W",
                   "-f=${Package} ${Status}\n", status=None)
        return {name: state for name, state in (line.split(" ", 1) for line in text.splitlines())
                if name in names}
