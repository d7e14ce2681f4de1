# SPDX-License-Identifier: BSD-2-Clause
"""The places at which the sources are changed, one at a time: the files *.places.

A place is a line of a source, without its indentation, and what the line becomes:

    lib/gssloop/loop/decide.cc
    - if (outcome.token_len > limits.max_token_len) {
    + if (outcome.token_len >= limits.max_token_len) {
    @ 2
    = why no test can notice it

"@ 2" says that it is the second line with that text; without it, it is the first one. "=" explains
why the change is the same program, or one that no test can tell from this one; without it, the tests
must notice the change. An empty line follows each place. The file's name stands for all places up to
the next name.
"""

import dataclasses
import hashlib
import pathlib

NAMES = "*.places"


class PlaceError(Exception):
    pass


@dataclasses.dataclass(frozen=True)
class Place:
    file: str
    line: str
    changed: str
    occurrence: int = 1
    reason: str = ""

    @property
    def id(self):
        """It names the file, and stays the same while the place does."""
        text = "\0".join((self.file, self.line, self.changed, str(self.occurrence)))
        return f"{pathlib.PurePath(self.file).name}-{hashlib.sha256(text.encode()).hexdigest()[:5]}"

    def index(self, text):
        """The number of the line in the lines of `text`, from 0 on. Fails if the place is stale."""
        found = [number for number, line in enumerate(text.split("\n"))
                 if line.strip() == self.line]
        if len(found) < self.occurrence:
            raise PlaceError(
                f"{self.id} is stale: {self.file} has no line (number {self.occurrence} with this "
                f"text)\n- {self.line}\nCorrect the line in tests/mutate/*.places, or replace the "
                f"place by one that ./run mutate --propose {self.file} prints.")
        return found[self.occurrence - 1]

    def apply(self, text):
        """The text of the file with the change."""
        lines = text.split("\n")
        number = self.index(text)
        indent = lines[number][:len(lines[number]) - len(lines[number].lstrip())]
        lines[number] = indent + self.changed
        return "\n".join(lines)

    def written(self):
        """As in a file of places, without the name of the source."""
        occurrence = f"@ {self.occurrence}\n" if self.occurrence > 1 else ""
        reason = f"= {self.reason}\n" if self.reason else ""
        return f"- {self.line}\n+ {self.changed}\n{occurrence}{reason}\n"


def parse(text, name="the list"):
    """The places of one file."""
    places, file, fields = [], None, {}

    def end():
        if not fields:
            return
        if not file or "line" not in fields or "changed" not in fields:
            raise PlaceError(f"{name}: a place needs a file, a line with '-' and one with '+': "
                             f"{fields}")
        places.append(Place(file, **fields))
        fields.clear()

    keys = {"- ": "line", "+ ": "changed", "@ ": "occurrence", "= ": "reason"}
    for line in text.split("\n"):
        key = keys.get(line[:2])
        if not line.strip():
            end()
        elif line.startswith("#"):
            continue
        elif key == "occurrence":
            fields[key] = int(line[2:])
        elif key == "reason":
            fields[key] = (fields.get(key, "") + " " + line[2:].strip()).strip()
        elif key:
            fields[key] = line[2:].strip()
        elif line == "+":  # the line is removed
            fields["changed"] = ""
        else:
            end()
            file = line.strip()
    end()
    return places


def read(folder):
    """All places of the files below `folder`, none twice."""
    places = []
    for file in sorted(pathlib.Path(folder).glob(NAMES)):
        places += parse(file.read_text(encoding="utf-8"), file.name)
    seen = {}
    for place in places:
        if place.id in seen:
            raise PlaceError(f"{place.id} is in tests/mutate/*.places twice")
        seen[place.id] = place
    return places


def check(places, source):
    """The texts of what is stale among them."""
    stale = []
    for place in places:
        try:
            if not (source / place.file).exists():
                raise PlaceError(f"{place.id} is stale: there is no {place.file}")
            place.index((source / place.file).read_text(encoding="utf-8"))
        except PlaceError as error:
            stale.append(str(error))
    return stale


def sample(places, number, seed):
    """`number` of the places, which ones depends on the seed."""
    return sorted(places, key=lambda place: hashlib.sha256(
        f"{seed}\0{place.id}".encode()).digest())[:number]


def seed_of(source):
    """A text that changes with the module, the library and their tests."""
    digest = hashlib.sha256()
    for folder in ("lib", "plugin", "tests"):
        for file in sorted((source / folder).rglob("*")):
            if file.suffix in (".cc", ".h", ".py", ".places") and file.is_file():
                digest.update(str(file.relative_to(source)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()
