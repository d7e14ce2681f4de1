# SPDX-License-Identifier: BSD-2-Clause
"""Compiles a changed source, and links programs with it, without a change of the built tree.

The changed source lies in a folder of its own. Its objects come first where a program or the module
is linked with those of the tree, and the linker takes the first definition of a symbol. So a change
costs the compilation of one file, and one link of each program that runs. The commands are make's
and libtool's own, asked for with -n and --dry-run.
"""

import os
import re
import shlex
import shutil
import subprocess
import threading

MODULE = "plugin/libgssloop_sasl.la"
# What programs link the library's and the module's objects from.
PARTS = ("lib/libgssloop_core.la", "plugin/libplugin.la", "plugin/liboptions.la")
COMPILE = re.compile(r"--mode=compile (.*) -MT \S+ .* -c -o (\S+) (.*)$")
# A compiler that does not optimize is the fastest; what it warns of is no matter of a change.
FAST = ["-O0", "-g0", "-w"]
FAST_LINKER = ["-fuse-ld=gold"] if shutil.which("ld.gold") else []


class BuildError(Exception):
    pass


class DoesNotCompile(BuildError):
    pass


def clean_environment():
    """Without what a make around this program says to the one that it starts."""
    return {name: value for name, value in os.environ.items()
            if not name.startswith(("MAKE", "MFLAGS"))}


def output(*argv, cwd):
    done = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, check=False,
                          env=clean_environment(), stdin=subprocess.DEVNULL)
    if done.returncode:
        raise BuildError(f"{' '.join(argv[:4])}... failed:\n{done.stderr[-2000:]}")
    return done.stdout


def is_part(word):
    """True if a word of a link command is an archive with objects of the library or the module."""
    return word.endswith((".libs/libgssloop_core.a", ".libs/libgssloop_io.a", ".libs/libplugin.a"))


def what_if(tree, changed, *targets):
    """The commands with which make would rebuild the targets if `changed` were newer."""
    words = [word for file in changed for word in ("-W", file)]
    # With -n, make takes config.h for new, because the rule for it does nothing if it is right.
    return output("make", "-n", "-o", "config.h", "--no-print-directory", *words, *targets, cwd=tree).split("\n")


class Tree:
    """A built tree, which is not changed."""

    def __init__(self, folder):
        self.folder = folder
        self._commands, self._links, self._with_module = {}, {}, set()
        self._lock = threading.Lock()

    def compile_commands(self, file):
        """[(source, command)] of what must be compiled if the file changes: it or what includes
        it."""
        with self._lock:
            if file not in self._commands:
                found = []
                for line in what_if(self.folder, [file], MODULE):
                    match = COMPILE.search(line)
                    if match:
                        source = re.split(r"[ `]", match[3].removesuffix("\\").rstrip(" &;"))[-1]
                        found.append((source, shlex.split(match[1])))
                if not found:
                    raise BuildError(f"make compiles nothing for {file}: it is not part of the "
                                     f"module, or the tree is not built")
                self._commands[file] = found
            return self._commands[file]

    def link_command(self, target):
        """What links a program or the module, or None for a program that has no part of either."""
        with self._lock:
            if target not in self._links:
                self._links[target] = self._find_link_command(target)
            return self._links[target]

    def loads_module(self, program):
        """True if the program needs the module's file, which libsasl loads."""
        self.link_command(program)
        return program in self._with_module

    def _find_link_command(self, target):
        words = None
        for line in what_if(self.folder, PARTS, target):
            if f" -o {MODULE} " in line:
                self._with_module.add(target)
            if f" -o {target} " in line and "--mode=link" in line:
                words = shlex.split(line[line.index("--mode=link"):])
        if words is None:
            return None
        library = target.endswith(".la")
        for line in output("./libtool", "--dry-run", "--tag=CXX", *words,
                           cwd=self.folder).split("\n"):
            if line.startswith("libtool: link: ") and (" -shared " in line or not library):
                words = shlex.split(line.removeprefix("libtool: link: "))
                if "-o" in words:
                    return words if library or any(map(is_part, words)) else None
        raise BuildError(f"libtool does not say how it links {target}")

    def compile(self, file, text, folder):
        """{object: its source} with `text` in the place of the file. Fails if it does not
        compile."""
        changed = folder / "source" / file
        changed.parent.mkdir(parents=True, exist_ok=True)
        changed.write_text(text, encoding="utf-8")
        # Quoted names are searched there first: the changed file may be a header. ccache would only
        # preprocess one more time what was never compiled before.
        overlay = ["-iquote", folder / "source/lib", "-iquote", folder / "source"]
        objects = {}
        for number, (source, command) in enumerate(self.compile_commands(file)):
            result = folder / f"{number}.o"
            objects[result] = source
            done = subprocess.run(
                [*command, *overlay, *FAST, "-fPIC", "-DPIC", "-o", result, "-c",
                 changed if source == file else source],
                cwd=self.folder, capture_output=True, text=True, check=False,
                stdin=subprocess.DEVNULL, env={**os.environ, "CCACHE_DISABLE": "1"})
            if done.returncode:
                raise DoesNotCompile(done.stderr[-2000:])
        return objects

    def link(self, target, objects, result):
        """Links the target with these objects before its own. False: there is nothing to link."""
        words = self.link_command(target)
        if words is None:
            return False
        result.parent.mkdir(parents=True, exist_ok=True)
        words = list(words)
        words[words.index("-o") + 1] = str(result)
        first = next(number for number, word in enumerate(words)
                     if word.endswith((".o", ".a")) and "/crt" not in word
                     or word == "-Wl,--whole-archive")
        has_module = any(word.endswith("/libplugin.a") for word in words)
        words[first:first] = [str(one) for one, of in objects.items()
                              if has_module or not of.startswith("plugin/")]
        done = subprocess.run([*words, "-Wl,-z,muldefs", *FAST_LINKER], cwd=self.folder,
                              capture_output=True, text=True, check=False,
                              stdin=subprocess.DEVNULL)
        if done.returncode:
            raise BuildError(f"linking {target} failed:\n{done.stderr[-2000:]}")
        return True
