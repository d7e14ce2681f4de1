# SPDX-License-Identifier: BSD-2-Clause
"""Which changes of a source are possible: by its text, which clang-format made regular."""

import hashlib
import re

from places import Place

# What is replaced by what. clang-format puts blanks around binary operators, and none inside the
# brackets of templates.
OPERATORS = {
    " == ": (" != ",), " != ": (" == ",), " < ": (" <= ",), " <= ": (" < ",),
    " > ": (" >= ",), " >= ": (" > ",), " && ": (" || ",), " || ": (" && ",),
    " + ": (" - ",), " - ": (" + ",), " += ": (" -= ",), " | ": (" & ",), " & ": (" | ",),
    " |= ": (" &= ",), " << ": (" >> ",), " >> ": (" << ",), " * ": (" / ",),
}
WORDS = {"true": "false", "false": "true", "continue": "break", "break": "return"}
NUMBER = re.compile(r"(?<![\w.'\"\[])(0x[0-9a-fA-F]+|\d+)(?![\w.'\"])")
LITERAL = re.compile(r'"(?:[^"\\]|\\.)*"|(?<![0-9a-fA-F])\'(?:[^\'\\]|\\.)*\'|//.*')
CONDITION = re.compile(r"^((?:\} else )?(?:if|while) \()(.*)(\)(?: \{|.*;)?)$")
CALL = re.compile(r"^[a-z][\w:.]*(?:->[\w:.]+)*\(.*\);$")
DECLARATION = re.compile(r"^(#|using |namespace |template|static_assert|class |struct |enum |extern )")
# Memory that is reserved, and locks, show in nothing that a test can see quickly.
INVISIBLE = re.compile(r"\breserve\(|\bassert\(|std::move\(|^break;|^case |GSS_S_\w+, 0\)")


def masked(line):
    """The line with blanks for its strings and its comment."""
    return LITERAL.sub(lambda match: "\x01" * len(match[0]), line)


# A string, to which something is added.
TEXT = re.compile(r"\x01|text|name|message|octets|to_string|printable|in_quotes|dotted|service")


def changes(line, begins_statement):
    """(kind, changed line) of one line without indentation."""
    code = masked(line)
    if not code.strip("\x01 ") or DECLARATION.match(code) or INVISIBLE.search(code):
        return
    for old, new in OPERATORS.items():
        if old in (" + ", " += ") and TEXT.search(code):
            continue  # nothing can be subtracted from a string
        for match in re.finditer(re.escape(old), code):
            for text in new:
                yield "operator", line[:match.start()] + text + line[match.end():]
    for match in re.finditer(r"\b(true|false|continue)\b", code):
        yield "constant", line[:match.start()] + WORDS[match[0]] + line[match.end():]
    for match in () if " virtual " in f" {code}" else NUMBER.finditer(code):
        value = f"{int(match[0], 0) + 1:#x}" if match[0][:2] == "0x" else str(int(match[0]) + 1)
        yield "constant", line[:match.start()] + value + line[match.end():]
    condition = CONDITION.match(line)
    if condition and code.count("(") == code.count(")") and "; " not in condition[2] and \
            "=" not in re.sub(r"[=!<>]=", "", condition[2]):
        before, text, after = balanced(condition)
        for constant in ("false", "true"):
            if text not in ("true", "false"):
                yield "condition", f"{before}{constant}{after}"
    for match in re.finditer(r"(?<=[ (])!(?=[\w(])", code):
        yield "condition", line[:match.start()] + line[match.end():]
    if code.startswith("return ") and code.endswith(";") and re.match(
            r"return (is|has|may|can|must)_\w+\(?.*\)?;$|return [\w.]+\(.*\) == ", code):
        yield "condition", f"return !({line[len('return '):-1]});"
    if begins_statement and CALL.match(code) and code.count("(") == code.count(")") and not code.startswith("return"):
        yield "call", ";"


def balanced(condition):
    """(before, condition, after) with the parenthesis that ends the condition."""
    before, rest = condition[1], condition[0][len(condition[1]):]
    depth, code = 1, masked(rest)
    for number, character in enumerate(code):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth == 0:
            return before, rest[:number], rest[number:]
    return before, rest, ""


def candidates(file, text):
    """All (kind, place) of a file, in an order that is mixed, and the same each time."""
    found, seen, begins = [], {}, True
    for line in text.split("\n"):
        line = line.strip()
        seen[line] = seen.get(line, 0) + 1
        for kind, changed in changes(line, begins):
            found.append((kind, Place(file, line, changed, seen[line])))
        if not line.startswith("//"):
            begins = not line or line.endswith((";", "{", "}", ":"))
    found.sort(key=lambda one: hashlib.sha256(one[1].id.encode()).digest())
    return found


def choose(file, text, number, compiles, taken=()):
    """`number` places of a file that compile, each in a line of its own, the kinds in turn."""
    lines = {(place.line, place.occurrence) for place in taken}
    by_kind, chosen = {}, []
    for kind, place in candidates(file, text):
        by_kind.setdefault(kind, []).append(place)
    kinds = [kind for kind in ("operator", "condition", "call", "constant") if kind in by_kind]
    while kinds and len(chosen) < number:
        for kind in list(kinds):
            if len(chosen) == number:
                break
            place = next((one for one in by_kind[kind] if (one.line, one.occurrence) not in lines
                          and compiles(one)), None)
            if place is None:
                kinds.remove(kind)
                continue
            lines.add((place.line, place.occurrence))
            chosen.append(place)
    order = {place: place.index(text) for place in chosen}
    return sorted(chosen, key=order.get)


def code_lines(text):
    """How many lines are neither empty nor a comment."""
    return sum(1 for line in text.split("\n") if line.strip() and not line.strip().startswith("//"))
