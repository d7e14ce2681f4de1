# SPDX-License-Identifier: BSD-2-Clause
"""A guide of docs/ as its test follows it: the files that it shows and the commands that it runs.

A fenced block is a file if the paragraph before it ends with a colon and names one; the last
counts:

    `/etc/sasl2/svn.conf`, on the server:

The last sentence of that paragraph says what the reader does with the block. "Add to" puts it at
the end of the file, "change the line" (or "lines") replaces the only line of each option in it, and
anything else makes the block the whole file.

It is a session if it is marked `console`: after `$ ` is what a user runs, after `# ` what the
administrator runs, below it what it prints; `...` means any text. Marked `log` are lines that
a log has to have. Other blocks are left alone if they are marked `text`. Nothing else may be in a
guide: what no test runs is not true for long.
"""

import dataclasses
import re

from lab import SOURCE


@dataclasses.dataclass
class Command:
    """A command of a session."""
    is_root: bool
    line: str
    expected: str  # what it prints; "" if the guide does not say

    def matches(self, output):
        """True if the output is as the guide shows it."""
        pattern = re.escape(self.expected.strip()).replace(re.escape("..."), r"[\s\S]*?")
        # Columns may be wider elsewhere.
        pattern = re.sub(r"(\\ )+", r"[ \\t]+", pattern)
        text = re.sub(r"[ \t\r]+\n", "\n", output).strip()  # protocols end lines by \r\n
        return not self.expected or re.fullmatch(pattern, text) is not None


@dataclasses.dataclass
class Block:
    heading: str
    language: str
    path: str  # of a file; "" for what is none
    text: str
    step: str = ""  # the sentence that introduces the file
    is_used: bool = False

    def applied(self, text, old):
        """What the file says after this step with `text`, if it said `old` before."""
        if "Add to" in self.step:
            return f"{old.rstrip()}\n{text}" if old.strip() else text
        if "change the line" not in self.step:
            return text
        for line in text.splitlines():
            option = re.match(r"[^\s:=]+", line)[0]
            found = re.findall(rf"(?m)^{re.escape(option)}\s*[:=].*$", old)
            if len(found) != 1:
                raise AssertionError(f"the file has {len(found)} lines of {option}, not one")
            old = old.replace(found[0], line)
        return old


def _named_file(paragraph):
    """The file that a paragraph introduces, or ""."""
    paths = re.findall(r"`(/[^`\s]+)`", paragraph)
    return paths[-1] if paths and paragraph.endswith(":") else ""


class Guide:
    """A guide, and which of its blocks the tests have used.

    `replacements` are applied in their order to all that is taken from it: host names and folders of
    the guide become those of the test.
    """

    def __init__(self, name, replacements=None):
        self.replacements = dict(replacements or {})
        self.blocks = list(self._read((SOURCE / "docs" / name).read_text(encoding="utf-8")))

    @staticmethod
    def _read(text):
        heading, paragraph, block = "", [], None
        for line in text.splitlines():
            if block is not None:
                if line.rstrip() == "```":
                    yield block
                    block, paragraph = None, []
                else:
                    block.text += line + "\n"
            elif line.startswith("```"):
                before = " ".join(paragraph)
                block = Block(heading, line[3:].strip(), _named_file(before), "",
                              re.split(r"\. (?=[A-Z`])", before)[-1])
            elif line.startswith("#"):
                heading = line.lstrip("#").strip()
            elif line.strip():
                paragraph = [*paragraph, line.strip()] if not is_new else [line.strip()]
            is_new = not line.strip()
        if block is not None:
            raise AssertionError(f"a block under '{heading}' has no end")

    def replaced(self, text):
        for old, new in self.replacements.items():
            text = text.replace(old, str(new))
        return text

    def _blocks_of(self, path, heading):
        found = [block for block in self.blocks if block.path == path and
                 heading in (None, block.heading)]
        for block in found:
            block.is_used = True
        return found

    def file(self, path, heading=None):
        """The text of the file that the guide shows as `path`, under the heading if there are more."""
        blocks = self._blocks_of(path, heading)
        if len(blocks) != 1:
            raise AssertionError(f"the guide has {len(blocks)} blocks for {path}, not one")
        return self.replaced(blocks[0].text)

    def edited(self, path, old, heading=None):
        """The text of the file after all steps of the guide under the heading, if it was `old`."""
        if not (blocks := self._blocks_of(path, heading)):
            raise AssertionError(f"the guide has no block for {path}")
        for block in blocks:
            old = block.applied(self.replaced(block.text), old)
        return old

    def commands(self, heading):
        """The commands of all sessions under the heading."""
        sessions = [block for block in self.blocks
                    if block.heading == heading and block.language == "console"]
        if not sessions:
            raise AssertionError(f"the guide has no session under '{heading}'")
        found = []
        for block in sessions:
            block.is_used = True
            for line in self.replaced(block.text).splitlines():
                if line.startswith(("$ ", "# ")):
                    found.append(Command(line[0] == "#", line[2:], ""))
                elif found and found[-1].line.endswith("\\"):
                    found[-1].line = found[-1].line[:-1] + line.strip()
                else:
                    found[-1].expected += line + "\n"
        return found

    def log_lines(self, heading):
        """What a log is shown to say under the heading, in blocks marked `log`: a regular expression
        for each line."""
        found = []
        for block in self.blocks:
            if (block.heading, block.language) == (heading, "log"):
                block.is_used = True
                found += [re.escape(line.strip()).replace(re.escape("..."), ".*?")
                          for line in self.replaced(block.text).splitlines()]
        return found

    def unused(self):
        """The blocks that no test has used, as text for a message."""
        return [f"{block.heading}: {block.text.splitlines()[0]}" for block in self.blocks
                if not block.is_used and block.language != "text"]
