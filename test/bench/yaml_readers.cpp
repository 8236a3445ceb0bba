// yaml_readers MILLISECONDS FILE...: reads each file with libyaml's events, with yaml-cpp's, and with
// yaml::load_all, in turns, and prints what yaml.py makes tables of, as JSON:
//   files:  for each file, which readers accept it, and whether both libraries' events say the same
//   speed:  for each reader, bytes per second in each round over the files that all accept

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>
#include <yaml.h>

#include "yaml/load.h"

namespace {

using namespace greenwave;

/// A stream's events in one spelling for both libraries. Anchors are numbered, as yaml-cpp does, and a plain
/// scalar that means null is one whatever it is written as.
class Trace {
 public:
  void add(std::string_view event) { text_.append(event) += '\n'; }

  void scalar(std::string_view value, bool plain) {
    const bool null = plain && std::holds_alternative<std::nullptr_t>(yaml::plain_scalar(value));
    add(null ? "null" : plain ? "plain" : "quoted");
    if (!null) add(nlohmann::json(value).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace));
  }

  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

/// Whether a reader accepts a text; its events go to `trace`, which may be null.
using Read = bool (*)(const std::string& text, Trace* trace);

struct Libyaml {
  yaml_parser_t parser{};
  std::map<std::string, std::size_t, std::less<>> anchors;

  Libyaml() { yaml_parser_initialize(&parser); }
  Libyaml(const Libyaml&) = delete;
  Libyaml& operator=(const Libyaml&) = delete;
  ~Libyaml() { yaml_parser_delete(&parser); }

  static std::string_view view(const yaml_char_t* text) {
    return text != nullptr ? reinterpret_cast<const char*>(text) : "";
  }

  void anchor(const yaml_char_t* name) {
    if (name != nullptr) anchors.insert_or_assign(std::string(view(name)), ++anchored);
  }

  void record(const yaml_event_t& event, Trace& trace) {
    switch (event.type) {
      case YAML_DOCUMENT_START_EVENT:
        anchors.clear();
        anchored = 0;
        return trace.add("document");
      case YAML_DOCUMENT_END_EVENT:
        return trace.add("end");
      case YAML_ALIAS_EVENT:
        return trace.add("alias " + std::to_string(anchors[std::string(view(event.data.alias.anchor))]));
      case YAML_SCALAR_EVENT: {
        const auto& scalar = event.data.scalar;
        anchor(scalar.anchor);
        return trace.scalar({reinterpret_cast<const char*>(scalar.value), scalar.length},
                            scalar.plain_implicit != 0);
      }
      case YAML_SEQUENCE_START_EVENT:
        anchor(event.data.sequence_start.anchor);
        return trace.add("[");
      case YAML_SEQUENCE_END_EVENT:
        return trace.add("]");
      case YAML_MAPPING_START_EVENT:
        anchor(event.data.mapping_start.anchor);
        return trace.add("{");
      case YAML_MAPPING_END_EVENT:
        return trace.add("}");
      default:
        return;
    }
  }

  std::size_t anchored = 0;
};

bool read_with_libyaml(const std::string& text, Trace* trace) {
  Libyaml reader;
  yaml_parser_set_input_string(&reader.parser, reinterpret_cast<const unsigned char*>(text.data()),
                               text.size());
  yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
  for (;;) {
    yaml_event_t event;
    if (yaml_parser_parse(&reader.parser, &event) != 1) return false;
    const auto type = event.type;
    if (trace != nullptr) reader.record(event, *trace);
    yaml_event_delete(&event);
    if (type == YAML_STREAM_END_EVENT) return true;
  }
}

class YamlCpp final : public YAML::EventHandler {
 public:
  explicit YamlCpp(Trace* trace) : trace_(trace) {}

  void OnDocumentStart(const YAML::Mark&) override { add("document"); }
  void OnDocumentEnd() override { add("end"); }
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {
    if (trace_ != nullptr) trace_->scalar("", true);
  }
  void OnAlias(const YAML::Mark&, YAML::anchor_t anchor) override {
    if (trace_ != nullptr) trace_->add("alias " + std::to_string(anchor));
  }
  void OnScalar(const YAML::Mark&, const std::string& tag, YAML::anchor_t,
                const std::string& value) override {
    if (trace_ != nullptr) trace_->scalar(value, tag == "?");
  }
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    add("[");
  }
  void OnSequenceEnd() override { add("]"); }
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
    add("{");
  }
  void OnMapEnd() override { add("}"); }

 private:
  void add(std::string_view event) {
    if (trace_ != nullptr) trace_->add(event);
  }

  Trace* trace_;
};

bool read_with_yaml_cpp(const std::string& text, Trace* trace) {
  std::istringstream stream(text);
  YamlCpp handler(trace);
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(handler)) {
    }
  } catch (const YAML::Exception&) {
    return false;
  }
  return true;
}

bool read_with_greenwave(const std::string& text, Trace*) {
  Problems problems;
  yaml::load_all(text, "in.yaml", problems);
  return !problems.has_errors();
}

struct Reader {
  std::string name;
  Read read;
};

const std::vector<Reader>& readers() {
  static const std::vector<Reader> all{
      {"libyaml", read_with_libyaml}, {"yaml-cpp", read_with_yaml_cpp}, {"greenwave", read_with_greenwave}};
  return all;
}

/// Bytes per second of one reader, over all texts as often as it takes to fill the time.
double speed(const Reader& reader, const std::vector<std::string>& texts, std::chrono::milliseconds least) {
  using Clock = std::chrono::steady_clock;
  const auto began = Clock::now();
  std::size_t bytes = 0;
  std::chrono::duration<double> took{};
  do {
    for (const auto& text : texts) {
      if (!reader.read(text, nullptr)) std::abort();
      bytes += text.size();
    }
    took = Clock::now() - began;
  } while (took < least);
  return static_cast<double>(bytes) / took.count();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: yaml_readers MILLISECONDS FILE...\n";
    return 2;
  }
  constexpr int rounds = 5;
  const std::chrono::milliseconds least(std::atoi(argv[1]));
  nlohmann::ordered_json result;
  std::vector<std::string> accepted;
  for (int i = 2; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    nlohmann::ordered_json found{{"path", argv[i]}, {"bytes", text.size()}};
    std::map<std::string, Trace> traces;
    bool by_all = true;
    for (const auto& reader : readers()) {
      const bool accepts = reader.read(text, &traces[reader.name]);
      found[reader.name] = accepts;
      by_all &= accepts;
    }
    found["alike"] = traces["libyaml"].text() == traces["yaml-cpp"].text();
    result["files"].push_back(std::move(found));
    if (by_all) accepted.push_back(text);
  }
  for (int round = 0; round < rounds && least.count() > 0 && !accepted.empty(); ++round) {
    for (const auto& reader : readers())
      result["speed"][reader.name].push_back(speed(reader, accepted, least));
  }
  std::cout << result.dump() << "\n";
}
