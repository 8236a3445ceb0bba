#include <map>

#include <catch2/catch.hpp>

#include "support/problem_text.h"
#include "unit/drivers/file_work.h"

using namespace greenwave;
using greenwave::test::FileWork;

namespace {

/// The problems of one manifest, as people see them.
std::string problems_of(const std::string& kind, const std::string& spec) {
  FileWork work({{"files/motd", "x"}, {"tree/a", "a"}});
  work.desired(kind, "x", spec);
  return test::text_of(work.problems);
}

}  // namespace

TEST_CASE("file: a footprint claims the path and follows its parents") {
  FileWork work;
  const auto file = work.desired("File", "a", "path: /etc/a/b/c\ncontent: x\nsensitive: true");
  CHECK(work.problems.empty());
  CHECK(file.footprint.claims == std::vector<std::string>{"path:/etc/a/b/c"});
  CHECK(file.footprint.after == std::vector<std::string>{"path:/etc/a", "path:/etc/a/b"});
  CHECK(file.footprint.rank == 20);
  CHECK(file.footprint.sensitive);
  const auto directory = work.desired("Directory", "d", "path: /opt/d");
  CHECK(directory.footprint.rank == 10);
  CHECK_FALSE(directory.footprint.sensitive);
  CHECK(work.problems.empty());
}

TEST_CASE("file: what is wrong in a spec is said with its place") {
  using Catch::Contains;
  CHECK_THAT(problems_of("File", "path: /root/x\ncontent: x"),
             Contains("base/x.yaml:5:9: error: ") && Contains("/root/x") && Contains("allowedPaths"));
  CHECK_THAT(problems_of("File", "content: x"), Contains("path is missing"));
  CHECK_THAT(problems_of("File", "path: /etc/x"), Contains("does not say what is in the file"));
  CHECK_THAT(problems_of("File", "path: /etc/x\ncontent: x\njson: {}"),
             Contains("base/x.yaml:7:") && Contains("content and json both"));
  CHECK_THAT(problems_of("File", "path: /etc/x\ncontent: 7"), Contains("quotes"));
  CHECK_THAT(problems_of("File", "path: /etc/x\ncontent: x\nmode: 644"), Contains("mode: \"0644\""));
  CHECK_THAT(problems_of("File", "path: /etc/x\ncontent: x\nmode: 0600"), Contains("mode: \"0600\""));
  CHECK_THAT(problems_of("File", "path: /etc/x\ncontent: x\nmode: \"0888\""), Contains("octal"));
  CHECK_THAT(problems_of("File", "path: /etc/x\ncontent: x\nmod: \"0644\""), Contains("did you mean mode?"));
  CHECK_THAT(problems_of("File", "path: /etc/x\ncontent: x\nowner: 1000"), Contains("quotes"));
  CHECK_THAT(problems_of("File", "path: /etc/x\ncontent: x\nowner: \"a:b\""),
             Contains("is not a user's name"));
  CHECK_THAT(problems_of("File", "path: /etc/x\nsource: files/none"), Contains("there is no files/none"));
  CHECK_THAT(problems_of("File", "path: /etc/x\nsource: tree"), Contains("takes a file"));
  CHECK_THAT(problems_of("Directory", "path: /etc/x\nsource: files/motd"), Contains("takes a directory"));
  CHECK_THAT(problems_of("Directory", "path: /etc/x\npurge: true"), Contains("there is no source"));
  CHECK_THAT(problems_of("Directory", "path: /etc/x/"), Contains("plain form"));
  CHECK(problems_of("File", "path: /etc/x\ncontent: ''").empty());
  CHECK(problems_of("File", "path: /etc/x\nsource: files/motd\nmode: \"0600\"\nowner: root").empty());
}

TEST_CASE("file: a mode that is a number is advised as the mode that was meant") {
  for (const auto& [written, meant] : std::map<std::string, std::string>{{"0o644", "0644"},
                                                                         {"420", "0644"},
                                                                         {"0644", "0644"},
                                                                         {"755", "0755"},
                                                                         {"493", "0755"},
                                                                         {"0o600", "0600"},
                                                                         {"4755", "4755"},
                                                                         {"99999", "0644"}}) {
    INFO(written);
    CHECK_THAT(problems_of("File", "path: /etc/x\ncontent: x\nmode: " + written),
               Catch::Contains("put it in quotes: mode: \"" + meant + "\""));
  }
}
