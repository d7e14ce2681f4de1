#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Turns the comments of this project's headers into those that Doxygen reads.

The headers are written for people: a `//` block above a declaration says what it does, a `//`
behind one what it is. Here the blocks become `///` and the comments behind become `///<`. Comments
inside functions, and blocks that stand alone, stay as they are. The first block of a file describes
it.

A block also holds for later declarations, up to the next empty line, if it names them. What every
type has (copies, moves, comparison, the destructor) is described with the type, and gets a line
that says so. Whatever else has no comment has none for Doxygen either, which complains.

usage: filter.py HEADER    writes to standard output, as many lines as it takes
"""

import re
import sys

# What opens a scope that holds declarations. All other braces are bodies and initial values.
SCOPE = re.compile(r'(typedef )?(inline )?(namespace\b|class\b|struct\b|union\b|enum\b|extern "C")')
CLOSING = re.compile(r"\s*}")
LABEL = re.compile(r"\s*(public|protected|private):\s*$")
COMMENT = re.compile(r"\s*//(?!/) ?(?P<text>.*)$")
TRAILING = re.compile(r"^(?P<code>.*[;,}{)\w]) +// (?P<text>.*)$")
TEMPLATE = re.compile(r"template\s*<")
NAME = re.compile(r"(?P<name>operator\W{1,3}|~?\w+)(\(|;| =|\[| \{)")
# Constructors without parameters, copies, moves, destructors and what operators do for any type.
OF_ANY_TYPE = re.compile(r"\s*(template <[^>]*>\s*)?(virtual )?(friend )?(constexpr )?"
                         r"((?P<type>\w+)\((const (?P=type)&|(?P=type)&&( other)?)?\)|~\w+\(\)"
                         r"|\S.*\boperator(=|==|<=>|\*|->)\()")
AS_THE_TYPE_SAYS = "As the description of the type says."


def escaped(text):
    """`text` as Doxygen shows it, so that no octet of it is a command; `code` stays as it is."""
    parts = text.split("`")
    parts[::2] = [re.sub(r"([\\@<>#&%])", r"\\\1", part) for part in parts[::2]]
    return "`".join(parts)


def doc_lines(block, indent):
    """A block as `///` lines. What is indented by three or more is an example."""
    lines, is_code = [], False
    for text in block:
        is_code = bool(re.match(r" {2,}\S", text)) and (is_code or not lines or lines[-1] == "")
        lines.append("    " + text.strip() if is_code else escaped(text))
    return [f"{indent}/// {line}".rstrip() for line in lines]


def without_template(statement):
    """A statement without its `template <...>`."""
    match = TEMPLATE.match(statement)
    if not match:
        return statement
    depth, at = 1, match.end()
    while depth > 0 and at < len(statement):
        depth += {"<": 1, ">": -1}.get(statement[at], 0)
        at += 1
    return statement[at:].strip()


class Scopes:
    """Where in the code we are: a stack of open braces, and the statement that is being read."""

    def __init__(self):
        self.kinds = []
        self.statement = ""
        self.num_parentheses = 0

    def at_declaration(self):
        """A declaration, or an enumerator, may begin here."""
        return all(kind for kind in self.kinds) and not self.statement.strip()

    def in_enum(self):
        return bool(self.kinds) and self.kinds[-1] == "enum"

    def read(self, line):
        code = re.sub(r'"(\\.|[^"\\])*"|\'(\\.|[^\'\\])+\'', '""', line)
        if 'extern "C"' in line:
            code = line
        for char in re.sub(r"//.*", "", code) + "\n":
            self.read_char(char)
        if LABEL.match(line):
            self.statement = ""

    def read_char(self, char):
        self.num_parentheses += {"(": 1, ")": -1}.get(char, 0)
        if char == "{":
            opened = SCOPE.match(without_template(self.statement.strip()))
            self.kinds.append(opened.group(3) if opened and not self.num_parentheses else "")
            self.statement = ""
        elif char == "}" and self.kinds:
            # What follows up to the semicolon belongs to what was closed.
            self.statement = "" if self.kinds.pop() in ("namespace", 'extern "C"') else "}"
        elif char == ";" or (char == "," and self.in_enum()):
            self.statement = ""
        elif char == "\n" and self.statement == "}":
            self.statement = ""  # of a function: no semicolon follows
        else:
            self.statement += char


class Filter:
    """Reads a header's lines once, from top to bottom."""

    def __init__(self, lines):
        self.lines = lines
        self.at = 0
        self.scopes = Scopes()
        self.doc = []  # the block that was read last, up to the next empty line
        self.is_next = False  # ... and it stands right above what comes
        self.out = []

    def run(self):
        self.file_block()
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if COMMENT.match(line) and self.scopes.at_declaration():
                self.comment_block()
            elif line.lstrip().startswith("#"):
                self.directive()
            else:
                self.code(line)
        return self.out

    def file_block(self):
        """The licence stays, what else the first block says becomes the file's description."""
        block = self.take_block()
        self.out.append("// " + block[0] if block else "")
        text = block[1:]
        if any(text):
            self.out += ["/// @file"] + doc_lines(text, "")

    def take_block(self):
        block = []
        while self.at < len(self.lines) and COMMENT.match(self.lines[self.at]):
            block.append(COMMENT.match(self.lines[self.at]).group("text"))
            self.at += 1
        return block

    def comment_block(self):
        begin = self.at
        self.doc, self.is_next = self.take_block(), True
        after = self.lines[self.at] if self.at < len(self.lines) else ""
        if not after.strip() or CLOSING.match(after):
            self.doc = []
            self.out += self.lines[begin:self.at]

    def directive(self):
        line = self.lines[self.at]
        if line.startswith("#define"):
            self.out += doc_lines(self.doc, "")
            self.doc = []
        while line.endswith("\\"):
            self.out.append(line)
            self.at += 1
            line = self.lines[self.at]
        self.out.append(line)
        self.at += 1

    def code(self, line):
        self.at += 1
        if not line.strip():
            self.doc = []
        elif self.scopes.at_declaration() and not CLOSING.match(line) and not LABEL.match(line):
            trailing = TRAILING.match(line)
            self.out += doc_lines(self.doc_of(line), line[:len(line) - len(line.lstrip())])
            self.is_next = False
            if trailing and self.is_whole(trailing.group("code")):
                line = f"{trailing.group('code')}  ///< {escaped(trailing.group('text'))}"
        depth = len(self.scopes.kinds)
        self.scopes.read(line)
        if len(self.scopes.kinds) > depth and self.scopes.kinds[-1]:
            self.doc = []  # a scope was opened: its members speak for themselves
        self.out.append(line)

    def doc_of(self, line):
        """The block of a declaration that begins with `line`."""
        if self.doc and self.is_next:
            return self.doc
        name = NAME.search(line)
        if name and re.search(rf"(?<!\w){re.escape(name.group('name'))}(?!\w)", " ".join(self.doc)):
            return self.doc
        return [AS_THE_TYPE_SAYS] if OF_ANY_TYPE.match(line) else []

    @staticmethod
    def is_whole(code):
        """A declaration that begins and ends on this line."""
        return code.rstrip().endswith((";", ",")) or bool(re.match(r"\s*\w+( = [^({]+)?$", code))


def main():
    with open(sys.argv[1], encoding="utf-8") as header:
        lines = header.read().splitlines()
    print("\n".join(Filter(lines).run()))


if __name__ == "__main__":
    main()
