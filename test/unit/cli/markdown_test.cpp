#include "impact/markdown.h"

#include <catch2/catch.hpp>

using namespace greenwave::cli;

TEST_CASE("markdown: a name from the repository forms no markup, hides nothing and mentions nobody") {
  CHECK(markdown::escaped("<!-- the rest") == "&lt;\\!-- the rest");
  CHECK(markdown::escaped("a\n\n# b") == "a  #<!-- --> b");
  CHECK(markdown::escaped("@olga, #12, \\!3") == "@<!-- -->olga, #<!-- -->12, \\\\\\!3");
  CHECK(markdown::escaped("[in](http://x) *sync* `_`") == "\\[in\\](http\\://x) \\*sync\\* \\`\\_\\`");
  CHECK(markdown::html("</summary></details><b>&\n") == "&lt;/summary&gt;&lt;/details&gt;&lt;b&gt;&amp; ");
  CHECK(markdown::html("\u202Etxt@olga") == "\uFFFDtxt@<!-- -->olga");
}

TEST_CASE("markdown: code ends where its text ends, whatever backticks are in it") {
  CHECK(markdown::code("File/chrony") == "`File/chrony`");
  CHECK(markdown::code("a`b") == "``a`b``");
  CHECK(markdown::code("``a`") == "``` ``a` ```");
  CHECK(markdown::code("a\n```\nb") == "````a ``` b````");
  CHECK(markdown::code("") == "");
}

TEST_CASE("markdown: a cell does not end at a bar in its text") {
  CHECK(markdown::cell("`a|b||c`") == "`a\\|b\\|\\|c`");
  CHECK(markdown::cell("plain") == "plain");
}
