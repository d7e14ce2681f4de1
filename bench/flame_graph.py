#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Draws a flame graph of logins: reads `perf script -F ip,sym,dso` and prints an SVG.

Each box is a function, as wide as its part of the time. It stands on the function that called it."""

import html
import re
import sys

WIDTH, ROW, MARGIN = 1200, 17, 8
LETTER = 6.6  # pixels
SMALLEST = 0.004  # of the whole; what is less is left out
# Whose functions have which colour, by the names of their files.
OWNERS = (
    ("this module", re.compile("libgssloop"), "#f4b942"),
    ("libsasl", re.compile("libsasl"), "#8fb8de"),
    ("MIT krb5", re.compile("libgssapi|libkrb5|libk5crypto|libcom_err"), "#e4756b"),
    ("kernel", re.compile("kernel"), "#b9b9b9"),
    ("C and C++ libraries", re.compile("libc[.-]|libstdc|ld-linux|vdso"), "#a8d5a2"),
    ("application (the benchmark)", re.compile(""), "#d9c7e8"),
)
FRAME = re.compile(r"\s+[0-9a-f]+ (.*) \(([^()]*|\[[^]]*\])\)$")
# An application's first call of libsasl.
ENTRY = re.compile(r"sasl_(client|server)_\w+|sasl_dispose|sasl_getprop")


class Box:
    """A function, called by one other, with all samples that were in it."""

    def __init__(self, name, file):
        self.name, self.file, self.num, self.callees = name, file, 0, {}

    def callee(self, name, file):
        return self.callees.setdefault((name, file), Box(name, file))

    def height(self, least):
        tall = [box.height(least) for box in self.callees.values() if box.num >= least]
        return 1 + max(tall, default=0)


def frames(sample):
    """The functions of a sample, the caller first, from the application's call of libsasl on."""
    stack = [match.groups() for line in sample.splitlines() if (match := FRAME.match(line))]
    stack.reverse()
    for i, (name, _file) in enumerate(stack):
        if ENTRY.fullmatch(name):
            return stack[i:]
    return []


def tidy(name):
    name = name.replace("gssloop::", "").replace("(anonymous namespace)::", "")
    return re.sub(r"\.(constprop|isra|part)\.\d+$", "", name)


def read(text):
    root = Box("login", "")
    for sample in text.split("\n\n"):
        stack = frames(sample)
        if not stack:
            continue
        root.num += 1
        box = root
        for name, file in stack:
            box = box.callee(tidy(name) if name != "[unknown]" else "(no name)", file)
            box.num += 1
    return root


def colour(file):
    return next(colour for _who, pattern, colour in OWNERS if pattern.search(file))


def draw(box, left, bottom, scale, whole):
    """Prints a box and those above it."""
    width = box.num * scale
    share = f"{100 * box.num / whole:.1f} %"
    room = int((width - 4) / LETTER)
    label = box.name if len(box.name) <= room else box.name[: max(room - 1, 0)] + "…"
    fill = colour(box.file) if box.file else "#ffffff"
    print(f'<g><title>{html.escape(box.name)}: {share}</title>'
          f'<rect x="{left:.1f}" y="{bottom}" width="{width:.1f}" height="{ROW - 1}" fill="{fill}"/>')
    if room >= 3:
        print(f'<text x="{left + 2:.1f}" y="{bottom + 12}">{html.escape(label)}</text>')
    print("</g>")
    for callee in sorted(box.callees.values(), key=lambda it: (-it.num, it.name)):
        if callee.num >= SMALLEST * whole:
            draw(callee, left, bottom - ROW, scale, whole)
        left += callee.num * scale


def main():
    root = read(sys.stdin.read())
    if root.num == 0:
        sys.exit("flame_graph.py: no sample is of a login: is the input that of "
                 "`perf script -F ip,sym,dso`?")
    rows = root.height(SMALLEST * root.num)
    height = rows * ROW + 3 * MARGIN + 2 * ROW
    print(f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
          f'viewBox="0 0 {WIDTH} {height}" font-family="monospace" font-size="11">')
    print(f'<title>Where the time of a login goes ({root.num} samples)</title>'
          f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>')
    left = MARGIN
    for who, _pattern, fill in OWNERS:
        print(f'<rect x="{left}" y="{MARGIN}" width="12" height="12" fill="{fill}"/>'
              f'<text x="{left + 16}" y="{MARGIN + 10}">{who}</text>')
        left += 40 + round(len(who) * LETTER)
    draw(root, MARGIN, height - MARGIN - ROW, (WIDTH - 2 * MARGIN) / root.num, root.num)
    print("</svg>")


if __name__ == "__main__":
    main()
