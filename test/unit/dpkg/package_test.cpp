#include "dpkg/package.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"

using namespace greenwave;
using dpkg::Table;

namespace {

std::string paragraph(const std::string& name, const std::string& version, const std::string& more = "",
                      const std::string& status = "install ok installed") {
  return fmt::format(
      "Package: {}\nStatus: {}\nArchitecture: amd64\nVersion: {}\n{}Description: a test's\n with a line "
      "more\n\n",
      name, status, version, more);
}

dpkg::Package package(const std::string& name, const std::string& version, const std::string& more = "") {
  return dpkg::package_of(dpkg::read_control(paragraph(name, version, more), "a test's"));
}

std::string words(const dpkg::Objections& objections) {
  return fmt::format("lacks [{}] excludes [{}]", fmt::join(objections.lacks, ", "),
                     fmt::join(objections.excludes, ", "));
}

constexpr const char* nothing = "lacks [] excludes []";

}  // namespace

TEST_CASE("package: the status file says what is there, and in which state") {
  const Table table(paragraph("dpkg", "1.21", "Essential: yes\n") +
                    paragraph("gone", "1", "", "deinstall ok config-files") +
                    paragraph("half", "2", "", "install reinstreq half-installed") +
                    paragraph("held", "3", "", "hold ok installed"));
  CHECK(table.architecture() == "amd64");
  CHECK((table.find("dpkg")->is_installed() && table.find("dpkg")->essential));
  CHECK_FALSE(table.find("gone")->is_there());
  CHECK((table.find("half")->is_broken() && table.find("half")->is_there()));
  CHECK((table.find("held")->is_held() && table.find("held")->is_installed()));
  CHECK(table.find("nowhere") == nullptr);
}

TEST_CASE("package: what dpkg has noted since comes in place of what the file says") {
  Table table(paragraph("tools", "1"));
  table.update(paragraph("tools", "2", "", "install ok unpacked") + paragraph("new", "1"));
  CHECK(table.find("tools")->version == "2");
  CHECK(table.find("tools")->is_broken());
  CHECK(table.packages().size() == 2);
}

TEST_CASE("package: a paragraph that cannot be read whole is still a package") {
  const Table table(paragraph("odd", "1", "Depends: (((\n") + paragraph("tools", "2"));
  CHECK(table.find("odd")->is_installed());
  CHECK(table.find("tools")->version == "2");
}

TEST_CASE("package: what it needs is found by name, version, alternative and Provides") {
  const Table table(paragraph("lib", "2.0") + paragraph("exim", "4", "Provides: mta, mail (= 1.5)\n"));
  const auto lacks = [&](const std::string& depends) {
    return words(dpkg::against(table, package("tools", "1", "Depends: " + depends + "\n")));
  };
  CHECK(lacks("lib, lib (>= 2), lib:any (<< 3), mta, mail (>= 1), nothing | lib") == nothing);
  CHECK(lacks("tools") == nothing);
  CHECK(lacks("lib (>= 2.1)") == "lacks [lib (>= 2.1)] excludes []");
  CHECK(lacks("mta (>= 1)") == "lacks [mta (>= 1)] excludes []");
  CHECK(lacks("aa | bb (= 1), lib") == "lacks [aa | bb (= 1)] excludes []");
}

TEST_CASE("package: what others need of it, and who excludes whom, speaks against a change") {
  const Table table(paragraph("lib", "2.0", "Provides: api (= 7)\n") +
                    paragraph("user", "1", "Depends: lib (>= 2), api\n") +
                    paragraph("shy", "1", "Breaks: lib (<< 1.5)\n") +
                    paragraph("broken", "1", "Depends: nowhere\n"));
  CHECK(words(dpkg::against(table, package("lib", "2.1", "Provides: api\n"))) == nothing);
  CHECK(words(dpkg::against(table, package("lib", "2.1"))) == "lacks [] excludes [user (1) needs api]");
  CHECK(words(dpkg::against(table, package("lib", "1.0", "Provides: api\n"))) ==
        "lacks [] excludes [user (1) needs lib (>= 2), lib (1.0) and shy (1) exclude each other]");
  CHECK(words(dpkg::against_removal(table, "lib")) ==
        "lacks [] excludes [user (1) needs lib (>= 2), user (1) needs api]");
  CHECK(words(dpkg::against_removal(table, "user")) == nothing);
  CHECK(words(dpkg::against(table, package("new", "1", "Conflicts: user (<< 2), new\n"))) ==
        "lacks [] excludes [new (1) and user (1) exclude each other]");
}

TEST_CASE("package: control data that is none is refused with what is wrong") {
  const auto said = [](const std::string& text) -> std::string {
    try {
      dpkg::package_of(dpkg::read_control(text, "its control data"));
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  CHECK_THAT(said(""), Catch::Contains("is empty"));
  CHECK_THAT(said("no colon\n"), Catch::Contains("cannot be read at \"no colon\""));
  CHECK_THAT(said(" begins with a blank\n"), Catch::Contains("cannot be read"));
  CHECK_THAT(said("Package: a1\nVersion: 1\n"), Catch::Contains("has no Architecture"));
  CHECK_THAT(said("Package: A\nVersion: 1\nArchitecture: all\n"), Catch::Contains("not a package's name"));
  CHECK_THAT(said("Package: aa\nVersion: x\nArchitecture: all\n"), Catch::Contains("not a version"));
  CHECK_THAT(said("Package: aa\nVersion: 1\nArchitecture: all\nDepends: b (~ 1)\n"),
             Catch::Contains("a relation cannot be read"));
  CHECK_THAT(said("Package: aa\nVersion: 1\nArchitecture: all\n\nPackage: bb\n"),
             Catch::Contains("several packages"));
}
