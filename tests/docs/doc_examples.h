// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_DOCS_DOC_EXAMPLES_H_
#define GSSLOOP_TESTS_DOCS_DOC_EXAMPLES_H_

#include <string>
#include <vector>

namespace gssloop::testing {

// What the documentation shows, as a reader would copy it.

// DocExample is a policy of a manual page or a Markdown file.
struct DocExample {
  std::string place;  // "FILE:LINE"
  // In a manual page, what the comment in front of it says; in Markdown, "FILE N", from 1.
  std::string name;
  bool is_warned = false;  // it is shown for the warning that it gets
  std::string text;
};

// doc_examples finds them in all pages of man/, in README.md, CHANGELOG.md, docs/ and
// examples/policy.toml, there also with the rules that stand in comments ("without #"): in a page,
// the literal display after a comment "policy NAME" or "policy-warned NAME"; in Markdown, what is
// fenced as toml, and indented blocks that begin like a policy.
std::vector<DocExample> doc_examples();

// unmarked_policies are the places of literal displays in pages that look like a policy and follow
// no such comment.
std::vector<std::string> unmarked_policies();

// truth_table is that of gssloop-policy(5): a line is a, b, "a & b", "a | b", "!a".
std::vector<std::vector<std::string>> truth_table();

// doc_text is a file of the source tree, empty where there is none.
std::string doc_text(const std::string& path);

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_DOCS_DOC_EXAMPLES_H_
