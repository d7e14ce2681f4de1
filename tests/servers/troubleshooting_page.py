# SPDX-License-Identifier: BSD-2-Clause
"""The sentences of docs/troubleshooting.md and of the sources, and logins that fail with them."""

import functools
import re

from lab import SOURCE
from libsasl import OK
from sasl_pair import OURS, LoginTest, log_in, unchanged

PAGE = "docs/troubleshooting.md"
PLACEHOLDER = re.compile(r"<[a-z][^<>]*>")
PROGRAMS = ("gssloop", "saslpluginviewer", "kinit", "klist", "kvno")


def read(path):
    return (SOURCE / path).read_text(encoding="utf-8")


def documented_programs(page):
    """The indented lines of a page that call one of these programs, without comments."""
    found = []
    for line in re.findall(r"^    (.*)$", read(page), re.MULTILINE):
        words = [word for word in line.split("  #")[0].split() if not re.match(r"[A-Z_]+=", word)]
        if words and words[0] in PROGRAMS and "," not in line:
            found.append(line.split("  #")[0].strip())
    return found


def spans():
    """Every code span of the page, as it is read; placeholders unchanged."""
    text = re.sub(r"^    .*$", "", read(PAGE), flags=re.MULTILINE)
    return [re.sub(r"\s+", " ", span) for span in re.findall(r"`([^`]+)`", text)]


def headings():
    found = re.findall(r"^### `(.+)`$", read(PAGE), re.MULTILINE)
    assert len(found) > 80, found
    return found


def pattern(sentence):
    return re.compile(".+?".join(re.escape(part) for part in PLACEHOLDER.split(sentence)))


def the_heading(begin):
    found = [heading for heading in headings() if heading.startswith(begin)]
    assert len(found) == 1, (begin, found)
    return found[0]


SHOWN = {}  # heading: the test that shows it


def shows(*begins):
    """Marks a test that returns what was said, and looks for the headings and spans in it."""
    def mark(test):
        for begin in begins:
            SHOWN.setdefault(begin, test.__name__)

        @functools.wraps(test)
        def run(self):
            said = test(self)
            for begin in begins:
                known = [h for h in headings() if h.startswith(begin)] or \
                        [s for s in spans() if s.startswith(begin)]
                self.assertTrue(known, f"the page has no {begin}")
                self.assertRegex(said, pattern(known[0]))
        return run
    return mark


class Sentences(LoginTest):
    """Logins with the module on both sides."""

    def pair(self, mechanism="GS2-KRB5", client=None, server=None, change=unchanged,
             client_env=None, server_env=None, modules=(OURS, OURS)):
        a = dict(client or {})
        b = dict(server or {})
        a["options"] = {"log_level": 5, **a.get("options", {})}
        b["options"] = {"log_level": 5, **b.get("options", {})}
        here = self.peer("client", modules[0], client_env, **a)
        there = self.peer("server", modules[1], server_env, **b)
        self.codes = log_in(here, there, mechanism, change)
        return here, there

    def fails(self, *args, **more):
        here, there = self.pair(*args, **more)
        self.assertNotEqual(self.codes, (OK, OK), there.said())
        return here.said() + "\n" + there.said()

    def policy(self, text):
        # What is said while libsasl starts goes to syslog: so not before the login.
        return {"late": {"gssloop_policy": self.write("policy.toml", text)}}


def source_files():
    """Where what is said at a failed login comes from."""
    patterns = ("plugin/**/*.cc", "plugin/**/*.h", "lib/gssloop/gss/*.cc", "lib/gssloop/loop/*.cc",
                "lib/gssloop/loop/*.h", "lib/gssloop/io/*.cc", "lib/gssloop/authz/**/*.cc", "lib/gssloop/base/file_owner.h",
                "tools/trial/protected_channel.cc")
    return sorted(path for pattern in patterns for path in SOURCE.glob(pattern))


TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|#include[^\n]*|static_assert\([^;]*;|'
                   r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\])+\'', re.DOTALL)


ARGUMENTS = r"\((?:[^()]|\([^()]*\))*\)"


def with_quotes(text):
    """The source as if the literals beside in_quotes() had the quotes that it writes."""
    text = re.sub(r'"(\s*\+\s*)(in_quotes' + ARGUMENTS + ")", r'\\""\1\2', text)
    return re.sub("(in_quotes" + ARGUMENTS + r')(\s*\+\s*)"', r'\1\2"\\"', text)


def literals(*more):
    """{text: file} of the string literals; those next to each other are one, as in C++."""
    found = {}
    for path in source_files() + [SOURCE / name for name in more]:
        text, parts, end = with_quotes(path.read_text(encoding="utf-8")), [], 0
        for match in TOKEN.finditer(text):
            if not match[0].startswith('"'):
                continue
            part = re.sub(r"\\(.)", r"\1", match[0][1:-1])
            if parts and not text[end:match.start()].strip():
                parts[-1] += part
            else:
                parts.append(part)
            end = match.end()
        found.update(dict.fromkeys(parts, path.name))
    assert len(found) > 400, len(found)
    return found


def is_sentence(literal):
    return re.search(r"[A-Za-z]{2,}[,;:]? [(\"]?[A-Za-z]{2,}", literal) is not None
