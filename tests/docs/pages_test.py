#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Holds the manual pages of the module and its policies against the sources, both ways.

What the sources know is found by how they are written: should a pattern below find nothing any more,
the test fails, and the pattern has to follow the source.
"""

import os
import pathlib
import re
import shutil
import subprocess
import unittest

SOURCE = pathlib.Path(os.environ.get("GSSLOOP_SRCDIR", "."))
POLICY_PAGE = "man/gssloop-policy.5"
MODULE_PAGE = "man/gssloop-sasl.7"
# These pages must not use a name that does not exist.
PROSE = [POLICY_PAGE, MODULE_PAGE, "README.md", "CHANGELOG.md", "CONTRIBUTING.md",
         "tests/README.md",
         *sorted(str(page.relative_to(SOURCE)) for page in SOURCE.glob("docs/*.md"))]


def read(path):
    return (SOURCE / path).read_text(encoding="utf-8")


def find(pattern, path, flags=0):
    found = re.findall(pattern, read(path), flags)
    assert found, f"{path} has nothing like {pattern}"
    return found


def part(page, title):
    """The lines of a section or subsection of a page, up to the next of either."""
    found = re.search(rf"^\.S[hs] {re.escape(title)}\n(.*?)(?=^\.S[hs] |\Z)", read(page),
                      re.MULTILINE | re.DOTALL)
    assert found, f"{page} has no section {title}"
    return found.group(1)


def items(text, macro):
    """What the list items `.It MACRO a , b` define, and the text of each."""
    defined = {}
    for head, body in re.findall(rf"^\.It {macro} (.*)\n((?:(?!\.It ).*\n)*)", text, re.MULTILINE):
        for name in head.split(" , "):
            assert name not in defined, f"{name} is defined twice"
            defined[name] = body
    return defined


def options():
    """The options that the module reads, each with its default where the source shows it."""
    text = read("plugin/sasl/options.cc")
    defaults = dict.fromkeys(re.findall(r'\.option\("(\w+)"\)', text))
    del defaults["mech_list"]  # libsasl's own
    header = read("plugin/sasl/options.h")
    for name, member in re.findall(r'reader\.boolean\("(\w+)", &options\.(\w+)\)', text):
        initial = re.search(rf"bool {member} = (true|false);", header)
        defaults[name] = "yes" if initial[1] == "true" else "no"
    limits = read("lib/gssloop/loop/negotiation.h")
    for name, member in re.findall(r'reader\.number\("(\w+)", &options\.limits\.(\w+)', text):
        initial = re.search(rf"{member} = ([^;]+);", limits)[1]
        factors = re.findall(r"\d+", initial.replace("std::size_t", ""))
        product = 1
        for factor in factors:
            product *= int(factor)
        defaults[name] = str(product)
    assert len(defaults) >= 13, defaults
    return defaults


def known_keys():
    """{"a policy": {"attributes", ...}, ...}: which keys each table of a policy and of cases takes."""
    return {what: set(re.findall(r'"([^"]+)"', keys))
            for source in ("lib/gssloop/authz/policy_file.cc", "tools/policy/case_file.cc")
            for what, keys in find(r'known_keys\([^,]+,\s*"([^"]+)",\s*\{([^}]*)\}\)', source)}


def reserved_names():
    text = read("lib/gssloop/authz/policy.h")
    space = re.search(r"namespace reserved \{(.*?)\}  // namespace reserved", text, re.DOTALL)[1]
    return set(re.findall(r'= "([^"]+)"', space))


def forms():
    return set(find(r'\{ValueForm::k\w+, "([^"]+)"\}', "lib/gssloop/authz/value_form.cc"))


class Options(unittest.TestCase):
    def test_the_page_describes_each_and_no_other(self):
        described = items(part(MODULE_PAGE, "OPTIONS"), "Ic")
        self.assertEqual(set(described), set(options()))
        for name, default in options().items():
            self.assertIn("Default: ", described[name], name)
            if default is not None:
                self.assertIn(f"Default: {default}.", described[name], name)

    def test_the_doctor_knows_each_and_no_other(self):
        listed = re.search(r"kOptionNames\[\] = \{(.*?)\}", read("plugin/sasl/option_names.h"), re.DOTALL)
        names = re.findall(r'"(\w+)"', listed[1])
        self.assertEqual(names, sorted(set(names)))
        self.assertEqual(set(names), set(options()), "what the module reads")
        self.assertEqual(set(names), set(items(part(MODULE_PAGE, "OPTIONS"), "Ic")))

    def test_the_readme_sets_options_that_exist_and_names_the_page_with_the_others(self):
        readme = read("README.md")
        set_there = set(re.findall(r"^    (\w+): ", readme, re.MULTILINE))
        self.assertIn("keytab", set_there)
        self.assertLessEqual(set_there, {*options(), "mech_list"})
        self.assertIn(f"]({MODULE_PAGE})", readme)

    def test_nothing_speaks_of_another(self):
        functions = set(re.findall(r"\bgssloop_\w+(?=\()", read("lib/gssloop.h")))
        modules = set(find(r"plugin_LTLIBRARIES \+= %D%/lib(\w+)\.la", "plugin/plugin.am"))
        for path in PROSE:
            for name in re.findall(r"(?<![\w/])gssloop_\w+", read(path)):
                if name not in functions | modules:
                    self.assertIn(name, options(), path)


class Policy(unittest.TestCase):
    KEYS = {
        "a policy": ("The whole file", "Ic"),
        "an attribute": ("[attributes.NAME]", "Ic"),
        "a source": ("Sources", "Ic"),
        "a service": ("[services.NAME]", "Ic"),
        "a service's mechanism": ("[services.NAME.mechanisms.MECHANISM]", "Ic"),
        "[all]": ("[all]", "Ic"),
        "a file of cases": ("The file of cases", "Ic"),
        "a case": ("The table of a case", "Ic"),
    }

    def test_each_table_has_its_keys_and_no_other(self):
        known = known_keys()
        self.assertEqual(known.pop("identity"), {"attribute"})
        self.assertEqual(set(known), set(self.KEYS))
        for what, (title, macro) in self.KEYS.items():
            self.assertEqual(set(items(part(POLICY_PAGE, title), macro)), known[what], title)

    def test_each_form_and_no_other(self):
        self.assertEqual(set(items(part(POLICY_PAGE, "Sources"), "Cm")), forms())
        for path in PROSE:
            for name in re.findall(r"\bpac-[a-z-]+", read(path)):
                self.assertIn(name, forms(), path)

    def test_each_kind_of_identity_and_publication_and_no_other(self):
        source = "lib/gssloop/authz/policy_file.cc"
        kinds = set(find(r'\{"([a-z-]+)", Kind::k\w+\}', source)) | {"attribute"}
        published = set(find(r'text->get\(\) == "(\w+)"', source))
        self.assertEqual(set(items(part(POLICY_PAGE, "[services.NAME]"), "Cm")), kinds | published)

    def test_each_reserved_name_and_no_other(self):
        described = items(part(POLICY_PAGE, "NAMES THAT NEED NO DEFINITION"), "Ic")
        self.assertEqual(set(described), reserved_names())
        for path in PROSE:
            for name in re.findall(r"\bpeer\.[a-z-]+", read(path)):
                self.assertIn(name, reserved_names(), path)

    def test_each_name_that_cannot_be_defined(self):
        source = "lib/gssloop/authz/policy_check.cc"
        taken = (find(r'name == "(\w+)"', source) + find(r'begins\("(\w+)"\)', source) +
                 find(r'equals_ignoring_case\(name, "(\w+)"\)', source) +
                 find(r'kPeer = "([^"]+)"', source) +
                 find(r'kAsserted = "([^"]+)"', "lib/gssloop/authz/policy.h"))
        self.assertEqual(len(set(taken)), 7)
        page = read(POLICY_PAGE)
        for name in taken:
            self.assertRegex(page, rf"(?<!\w){re.escape(name)}", name)

    def test_the_grammar_is_that_of_the_parser(self):
        rules = find(r"^//   ((?:expression|conjunction|factor|term) = .*)$",
                     "lib/gssloop/authz/expression.h", re.MULTILINE)
        self.assertEqual(len(rules), 4)
        self.assertIn("\n".join(rules) + "\n", part(POLICY_PAGE, "RULES"))


class Messages(unittest.TestCase):
    def test_each_text_for_strangers_and_no_other(self):
        texts = set(find(r'\{ErrorKind::k\w+, SASL_\w+, SASL_\w+,\s*"([^"]+)"\}', "plugin/sasl/errors.cc"))
        self.assertGreater(len(texts), 9)
        described = re.findall(r"^\.It (.*)$", part(MODULE_PAGE, "DIAGNOSTICS"), re.MULTILINE)
        self.assertEqual(sorted(described), sorted(texts))
        for text in re.findall(r"^\.Dq (not .*|the server .*)$", read(POLICY_PAGE), re.MULTILINE):
            self.assertIn(text.rstrip(" ."), texts | {"not this, or that"})


class Audit(unittest.TestCase):
    def test_each_member_of_a_line_and_no_other(self):
        members = find(r'line\.(?:text|literal|lists?)\("(\w+)"', "plugin/audit/record.cc")
        members += find(r'(?:literal|begin)\("(\w+)"', "plugin/audit/record.cc")
        described = items(part(MODULE_PAGE, "AUDIT"), "Li")
        self.assertGreater(len(set(members)), 20)
        self.assertEqual(set(described), set(members))

    def test_what_the_command_counts_is_a_member(self):
        allowed = re.search(r"\.allowed = \{(.*?)\}", read("tools/audit/audit.cc"), re.DOTALL)[1]
        self.assertLessEqual(set(re.findall(r'"(\w+)"', allowed)),
                             set(items(part(MODULE_PAGE, "AUDIT"), "Li")))

    def test_the_command_knows_the_mark_in_syslog(self):
        (mark,) = find(r'"(gssloop-audit: )%', "plugin/audit/trail.cc")
        self.assertEqual(find(r'kMarker = "([^"]+)"', "tools/audit/audit_line.cc"), [mark])


class Migration(unittest.TestCase):
    # What Cyrus SASL's own modules do with these, in the same mechanism.
    ALSO_THEIRS = {"SASL_CB_USER", "SASL_SEC_PASS_CREDENTIALS"}

    def test_the_page_names_all_that_the_module_touches(self):
        """Each callback, security flag and property that an application can notice."""
        sources = "".join(path.read_text(encoding="utf-8")
                          for path in sorted((SOURCE / "plugin").glob("**/*.cc"))
                          if path.name != "mechanism.cc")  # what it declares to libsasl
        touched = set(re.findall(r"\bSASL_(?:CB|SEC)_(?!DISP_|LIST_END|PRESENT|CRITICAL)\w+",
                                 sources)) - self.ALSO_THEIRS
        for pattern, name in ((r"\.option\(", "SASL_CB_GETOPT"), (r"\.log\(", "SASL_CB_LOG"),
                              (r"gss_peer_name = \w", "SASL_GSS_PEER_NAME"),
                              (r"gss_local_name = \w", "SASL_GSS_LOCAL_NAME"),
                              (r"mech_ssf = 1", "SASL_SSF"), (r"maxoutbuf = 1024", "SASL_MAXOUTBUF")):
            self.assertRegex(sources, pattern)
            touched.add(name)
        self.assertIn("SASL_CB_PASS", touched)
        page = "docs/migrate-from-stock.md"
        section = re.search(r"^### What the module touches\n(.*?)^## ", read(page),
                            re.MULTILINE | re.DOTALL)[1]
        for name in self.ALSO_THEIRS:
            self.assertIn(f"`{name}`", section)
        rows = "".join(re.findall(r"^\|([^|]*)\|", section, re.MULTILINE))
        self.assertEqual(touched, set(re.findall(r"\bSASL_\w+", rows)))


class Architecture(unittest.TestCase):
    def test_the_tests_that_notice_a_wrong_answer_exist(self):
        """The last column of the table of answers on which decisions rest."""
        page = "docs/architecture.md"
        table = re.search(r"^## What decisions rest on\n(.*?)^## ", read(page), re.MULTILINE | re.DOTALL)
        rows = re.findall(r"^\| (?!answer|-)(.*) \|$", table[1], re.MULTILINE)
        self.assertGreater(len(rows), 8)
        sources = "".join(path.read_text(encoding="utf-8")
                          for folder in ("live", "kdc")
                          for path in sorted((SOURCE / "tests" / folder).glob("*_test.cc")))
        known = set(re.findall(r"^TEST(?:_[FP])?\(\w+, (\w+)\)", sources, re.MULTILINE))
        for row in rows:
            names = re.findall(r"`(\w+)`", row.split(" | ")[-1])
            self.assertTrue(names, row)
            self.assertLessEqual(set(names), known, row)


class Security(unittest.TestCase):
    TEST = re.compile(r"^ *(?:TEST(?:_[FP])?\(\w+,\s*|def (?:test_)?)(\w+)", re.MULTILINE)

    def test_each_test_that_the_pages_name_exists(self):
        known = {name for pattern in ("*.cc", "*.py")
                 for path in (SOURCE / "tests").rglob(pattern)
                 for name in self.TEST.findall(path.read_text(encoding="utf-8"))}
        # What looks like a test, but is the name of something else.
        others = {"GS2", "README", "COMPLETE", "CONTINUE_NEEDED"}
        for page, enough in (("docs/threat-model.md", 50), ("docs/past-bugs.md", 30)):
            named = set(re.findall(r"`([A-Z][A-Za-z0-9]+)`", read(page))) - others
            self.assertGreater(len(named), enough, page)
            self.assertEqual(named - known, set(), page)
            for file in set(re.findall(r"`(tests/[\w/.]+)`", read(page))):
                self.assertTrue((SOURCE / file).exists(), f"{page}: {file}")

    def test_each_defence_has_a_test(self):
        """In every table with the column "test" or "here"."""
        for page, column in (("docs/threat-model.md", "test"), ("docs/past-bugs.md", "here")):
            rows, is_table, at = 0, False, 0
            for line in read(page).splitlines():
                cells = [cell.strip() for cell in line.strip("|").split(" | ")]
                if not line.startswith("|"):
                    is_table = False
                elif column in cells:
                    is_table, at = True, cells.index(column)
                elif is_table and "---" not in line:
                    rows += 1
                    self.assertRegex(cells[at], r"`[A-Z]\w+`|`tests/|no such place|the KDC's", line)
            self.assertGreater(rows, 15, page)


class Form(unittest.TestCase):
    def test_is_well_formed(self):
        mandoc = shutil.which("mandoc")
        if mandoc is None:
            self.skipTest("mandoc is not installed")
        for page in (POLICY_PAGE, MODULE_PAGE):
            done = subprocess.run([mandoc, "-T", "lint", "-W", "warning", str(SOURCE / page)],
                                  capture_output=True, text=True, timeout=60)
            self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_no_word_became_a_macro(self):
        # "An", "No" and others vanish where they are unescaped in a macro's line.
        for page in (POLICY_PAGE, MODULE_PAGE):
            for title in re.findall(r"^\.S[hs] (.*)$", read(page), re.MULTILINE):
                self.assertNotRegex(title, r"(?<![\w&])[A-Z][a-z](?!\w)", page)


if __name__ == "__main__":
    unittest.main(verbosity=2)
