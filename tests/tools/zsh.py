# SPDX-License-Identifier: BSD-2-Clause
"""What a real zsh, on a terminal of its own, offers for the last word of a line."""

import os
import pathlib
import pty
import shutil
import subprocess
import tempfile
import time

PATIENCE = 30  # seconds
# Notes each match that the completion adds; ^X notes that all is done, and what the line became.
SETUP = r"""
PS1= PS2= LISTMAX=1000000
fpath=({folder} $fpath)
autoload -Uz compinit
compinit -u -D
zstyle ':completion:*' list-max 0
compadd() {{
  if [[ ${{@[1,(i)(-|--)]}} != *-(O|A|D)\ * ]]; then
    local -a seen
    builtin compadd -A seen "$@"
    print -rl -- $seen >>{made}/seen
  fi
  builtin compadd "$@"
}}
note() {{ print -r -- "$BUFFER" >{made}/line.new; mv {made}/line.new {made}/line; BUFFER= }}
zle -N note
bindkey '^I' complete-word '^X' note
: >{made}/ready
"""


class Zsh:
    """With `folder`, which has the file _NAME for each NAME, before the folders of zsh."""

    def __init__(self, folder):
        self.made = pathlib.Path(tempfile.mkdtemp())
        (self.made / "setup").write_text(SETUP.format(folder=folder, made=self.made))
        self.terminal, other = pty.openpty()
        self.process = subprocess.Popen(["zsh", "-f", "-i"], stdin=other, stdout=other, stderr=other,
                                        start_new_session=True,
                                        env={**os.environ, "TERM": "dumb", "HOME": str(self.made)})
        os.close(other)
        os.set_blocking(self.terminal, False)
        self.type(f" source {self.made}/setup\n")
        self.wait_for("ready")

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.terminal)
        shutil.rmtree(self.made)

    def type(self, text):
        os.write(self.terminal, text.encode())

    def wait_for(self, name):
        """The text of a file that zsh makes; it is removed. What zsh shows is read meanwhile."""
        end = time.monotonic() + PATIENCE
        shown = b""
        while not (self.made / name).exists():
            try:
                shown += os.read(self.terminal, 65536)
            except BlockingIOError:
                time.sleep(0.01)
            assert time.monotonic() < end, f"zsh made no {name}; it showed {shown!r}"
        text = (self.made / name).read_text()
        (self.made / name).unlink()
        return text

    def complete(self, line):
        """(what it offers, what the line becomes)"""
        (self.made / "seen").write_text("")
        self.type(line + "\t\x18")
        became = self.wait_for("line").rstrip("\n")
        return set((self.made / "seen").read_text().split("\n")) - {""}, became
