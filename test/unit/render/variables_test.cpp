#include "render/object/variables.h"

#include <random>
#include <sstream>

#include <catch2/catch.hpp>

#include "unit/render/rendering.h"
#include "yaml/load.h"

using namespace greenwave;
using namespace greenwave::test;

namespace {

struct City {
  Cluster cluster;
  Device device;

  City() {
    Problems found;
    cluster.name = "city";
    cluster.vars = *yaml::load(
        "{ntp: 10.4.0.1, port: 161, on: true, list: [1, 2], map: {deep: x}, none: null}", "vars", found);
    device.id = "sf-0042";
    device.in_inventory = true;
    device.position = {-122.25, 37.5};
    device.labels = {{"model", "atc-5201"}, {"example.com/zone-a", "7"}};
    device.properties = *yaml::load("{name: 3rd & Fulton, lanes: 4, a.b: dotted}", "properties", found);
  }

  nlohmann::json replaced(const std::string& yaml) const {
    Problems found;
    auto node = *yaml::load(yaml, "test.yaml", found);
    const bool known = render::Variables(cluster, device).replace_in(node, found);
    CHECK(known);
    CHECK(problems(found) == Texts{});
    return nlohmann::json::parse(yaml::to_json(node).dump());
  }

  Texts wrong(const std::string& yaml) const {
    Problems found;
    auto node = *yaml::load(yaml, "test.yaml", found);
    CHECK_FALSE(render::Variables(cluster, device).replace_in(node, found));
    return problems(found);
  }
};

std::string wrong_of(const City& city, const std::string& text) {
  return city.wrong("'" + text + "'").front();
}

/// What the source has where a message points.
std::string source_at(const std::string& source, const std::string& message) {
  std::istringstream place(message.substr(message.find(':') + 1));
  std::size_t line = 0;
  std::size_t column = 0;
  char colon = 0;
  place >> line >> colon >> column;
  std::size_t at = 0;
  while (--line > 0) at = source.find('\n', at) + 1;
  while (--column > 0) {
    do ++at;
    while ((static_cast<unsigned char>(source.at(at)) & 0xC0U) == 0x80U);
  }
  return source.substr(at);
}

}  // namespace

TEST_CASE("variables: every one of them is put into strings at any depth") {
  const City city;
  CHECK(
      city.replaced(
          "{a: ['${device.id} at ${device.longitude}, ${device.latitude}'], b: {c: 'in ${cluster.name}'}}") ==
      nlohmann::json::parse(R"({"a": ["sf-0042 at -122.25, 37.5"], "b": {"c": "in city"}})"));
  CHECK(city.replaced("{a: 'ntp ${cluster.vars.ntp}:${cluster.vars.port} ${cluster.vars.on}'}")["a"] ==
        "ntp 10.4.0.1:161 true");
  CHECK(city.replaced("{a: '<${device.labels.model}> ${device.properties.name}'}")["a"] ==
        "<atc-5201> 3rd & Fulton");
}

TEST_CASE("variables: a key may hold dots, slashes and dashes, and its dots lead into maps") {
  const City city;
  CHECK(city.replaced("{a: 'z${device.labels.example.com/zone-a}'}")["a"] == "z7");
  CHECK(city.replaced("{a: '${device.properties.a.b}', b: '${cluster.vars.map.deep}'}") ==
        nlohmann::json::parse(R"({"a": "dotted", "b": "x"})"));
}

TEST_CASE("variables: a string that is one variable and nothing else takes its type") {
  const City city;
  CHECK(city.replaced("{a: '${cluster.vars.port}', b: '${device.longitude}', c: '${cluster.vars.on}', "
                      "d: '${cluster.vars.list}', e: '${device.labels.example.com/zone-a}', f: "
                      "'${cluster.vars.none}'}") ==
        nlohmann::json::parse(R"({"a": 161, "b": -122.25, "c": true, "d": [1, 2], "e": "7", "f": null})"));
  CHECK(city.replaced("{a: ' ${cluster.vars.port}'}")["a"] == " 161");
}

TEST_CASE("variables: a shell's own variables, and keys, stay as they are") {
  const City city;
  const std::string script =
      R"({"a": "echo ${HOME} $PATH ${device} $(x) ${x:-${y}} $", "${device.id}": "b"})";
  CHECK(city.replaced(script) == nlohmann::json::parse(script));
}

TEST_CASE("variables: a doubled dollar writes a literal one") {
  const City city;
  CHECK(city.replaced("{a: '$${device.id} $${HOME} $$ $$${device.id} ${device.id}$${x}'}")["a"] ==
        "${device.id} ${HOME} $$ $${device.id} sf-0042${x}");
}

TEST_CASE("variables: what is put in is not looked at again") {
  City city;
  city.device.labels["trick"] = "${device.id}";
  CHECK(city.replaced("{a: 'x ${device.labels.trick}'}")["a"] == "x ${device.id}");
}

TEST_CASE("variables: an unknown one is an error with file, line and column, and the nearest name") {
  const City city;
  CHECK(city.wrong("a:\n  b: x ${device.labels.modle} ${cluster.vars.npt}\n") ==
        Texts{"test.yaml:2:8: error: the variable ${device.labels.modle} is unknown; did you mean "
              "${device.labels.model}?",
              "test.yaml:2:31: error: the variable ${cluster.vars.npt} is unknown; did you mean "
              "${cluster.vars.ntp}?"});
  CHECK(city.wrong("a: ${device.longitud}").front().ends_with("did you mean ${device.longitude}?"));
  CHECK(city.wrong("a: ${device.labels.corridor}").front().find("select only devices that have it") !=
        std::string::npos);
  CHECK(city.wrong("a: ${cluster.vars.snmp_community}")
            .front()
            .ends_with("add it to spec.vars of greenwave.yaml"));
  CHECK(city.wrong("a: ${device.labels.}").size() == 1);
  CHECK(city.wrong("a: ${device.}").size() == 1);
}

TEST_CASE("variables: where there is no inventory the message says so") {
  City city;
  city.device.in_inventory = false;
  CHECK(city.wrong("a: ${device.longitude}").front().find("there is no inventory") != std::string::npos);
}

TEST_CASE("variables: a list within a text, and a variable that is not closed, are errors") {
  const City city;
  CHECK(city.wrong("a: 'x ${cluster.vars.list}'") ==
        Texts{"test.yaml:1:7: error: the variable ${cluster.vars.list} is a list, which cannot be part of a "
              "string; "
              "use the variable on its own, or choose one of its members"});
  CHECK(city.wrong("a: 'x ${cluster.vars.none}'").size() == 1);
  CHECK(city.wrong("a: 'x ${device.id'").front().find("is not closed") != std::string::npos);
}

TEST_CASE("variables: a slip in their first word is an error, and what others write in that way is not") {
  const City city;
  CHECK(wrong_of(city, "${devcie.id}").ends_with("did you mean ${device.id}?"));
  CHECK(wrong_of(city, "${devices.labels.model}").ends_with("did you mean ${device.labels.model}?"));
  CHECK(wrong_of(city, "${clutser.vars.ntp}").ends_with("did you mean ${cluster.vars.ntp}?"));
  CHECK(wrong_of(city, "${evice.colour}").find("is unknown") != std::string::npos);
  for (const std::string text :
       {"${HOME}", "${service.name}", "${counter.total}", "${devcie}", "${devcie-x.y}"}) {
    CHECK(city.replaced("'" + text + "'") == text);
  }
}

TEST_CASE("variables: an unknown one in a text of several lines is reported at its own place") {
  const City city;
  CHECK(city.wrong("a: |\n  one\n  ${device.idd}\n  three\n").front() ==
        "test.yaml:3:3: error: the variable ${device.idd} is unknown; did you mean ${device.id}?");
  CHECK(city.wrong("a: | # of ${device.idd}\n  ${device.idd}\n").front().starts_with("test.yaml:2:3:"));
  CHECK(city.wrong("a: \"\\x24{device.idd}\\\n  ${device.idd}\"\n").front().starts_with("test.yaml:1:4:"));
}

TEST_CASE(
    "variables: what they insert for one device is limited as a whole, and more than that is one error") {
  City city;
  const std::string large(1 << 20, 'x');
  Problems found;
  city.cluster.vars = *yaml::load("{text: " + large + ", list: [" + large + "]}", "vars", found);
  for (const std::string use :
       {"'${cluster.vars.text}'", "'a ${cluster.vars.text}'", "'${cluster.vars.list}'"}) {
    std::string many = "a:\n";
    for (int i = 0; i < 20'000; ++i) many += "- " + use + "\n";
    const auto wrong = city.wrong(many);
    REQUIRE(wrong.size() == 1);
    CHECK_THAT(wrong.front(), Catch::Contains("come to more than 64 MiB"));
  }
  city.replaced("[" + std::string("'${cluster.vars.text}', ") + "'${cluster.vars.text}']");
}

TEST_CASE("variables: whatever the text looks like, the reported place is that of the variable") {
  const City city;
  std::mt19937 random(7);
  const auto one_of = [&](std::initializer_list<std::string> list) {
    return *(list.begin() + static_cast<std::ptrdiff_t>(random() % list.size()));
  };
  for (int round = 0; round < 2000; ++round) {
    const auto line_end = one_of({"\n", "\r\n"});
    const auto style = one_of({"|", ">", "|-", ">+", "| # ${device.idd}", "'", "\"", "plain"});
    std::string source = one_of({"", "# ${device.idd} ü" + line_end, "b: ${HOME}" + line_end}) + "a: ";
    const bool block = style[0] == '|' || style[0] == '>';
    if (block) source += style + line_end + "  ";
    if (style == "'" || style == "\"") source += style;
    source += "x${device.idd}";
    std::size_t expected = 1;
    for (auto words = 1 + random() % 8; words > 0; --words) {
      const auto word =
          one_of({"${device.idd}", "ü", "${HOME}", "$${device.idd}", "x${device.idd}y", "word"});
      if (word.find("${device") != word.npos && word.find("$$") == word.npos) ++expected;
      source += one_of({" ", line_end + "  ", line_end + line_end + "  "}) + word;
    }
    source += (style == "'" || style == "\"" ? style : "") + line_end;
    INFO(source);
    const auto wrong = city.wrong(source);
    REQUIRE(wrong.size() == expected);
    for (const auto& text : wrong) CHECK(source_at(source, text).starts_with("${device.idd}"));
  }
}
