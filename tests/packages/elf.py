# SPDX-License-Identifier: BSD-2-Clause
"""What a linked file says of itself, and how it was hardened."""

import re

from deb import run

# What gcc puts in for -D_FORTIFY_SOURCE and -fstack-protector.
STACK_PROTECTOR = "__stack_chk_fail"
FORTIFIED = re.compile(r"^__\w+_chk$")


class Elf:
    def __init__(self, path):
        self.path = path
        self._dynamic = run("readelf", "-W", "-d", path)
        self._headers = run("readelf", "-W", "-h", "-l", path)

    def tags(self, name):
        """The values of a tag of the dynamic section, without brackets."""
        return [value.strip("[]") for value in re.findall(
            rf"\({name}\)\s+(?:[\w ]+: )?(.*?)\s*$", self._dynamic, re.MULTILINE)]

    def undefined(self):
        return re.findall(r"^\s*[Uw] ([^@\s]+)", run("nm", "-D", self.path), re.MULTILINE)

    def defined(self):
        return re.findall(r"^\S+ [A-Z] (\S+)", run("nm", "-D", "--defined-only", self.path),
                          re.MULTILINE)

    def build_id(self):
        return re.search(r"Build ID: (\w+)", run("readelf", "-n", self.path))[1]

    def weaknesses(self):
        """What Debian's hardening would have and this file does not."""
        undefined = self.undefined()
        flags = " ".join(self.tags("FLAGS") + self.tags("FLAGS_1"))
        wanted = {
            "position-independent": "Type:                              DYN" in self._headers,
            "RELRO": "GNU_RELRO" in self._headers,
            "BIND_NOW": "NOW" in flags.split(),
            "a stack that is not executable": re.search(r"GNU_STACK .* RW +0x", self._headers),
            "stack protector": STACK_PROTECTOR in undefined,
            "fortified functions": any(map(FORTIFIED.match, undefined)),
            "no RPATH": not self.tags("RPATH") + self.tags("RUNPATH"),
            "no TEXTREL": "TEXTREL" not in self._dynamic,
        }
        return [name for name, is_there in wanted.items() if not is_there]
