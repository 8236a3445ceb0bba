#include "init/devices.h"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <set>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/contains.h"
#include "base/error.h"
#include "base/text.h"
#include "render/features.h"

namespace greenwave::cli {

namespace {

using nlohmann::ordered_json;

constexpr std::array<std::string_view, 4> usual_labels{"district", "corridor", "model", "role"};

bool is_usual(std::string_view key) {
  return contains(usual_labels, key);
}

Error wrong(const std::string& file, std::size_t line, std::string_view message, std::string remedy) {
  return Error(Fault::invalid, fmt::format("{}:{}: {}", file, line, message), std::move(remedy));
}

std::optional<double> number_of(std::string_view text) {
  double value = 0;
  const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || at != text.data() + text.size() || !std::isfinite(value))
    return {};
  return value;
}

/// Numbers become JSON numbers; an id with leading zeros stays a string.
ordered_json value_of(const std::string& text) {
  const bool plain = !text.starts_with('0') || text == "0" || text.starts_with("0.");
  std::int64_t whole = 0;
  const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), whole);
  if (plain && error == std::errc() && at == text.data() + text.size()) return whole;
  if (const auto number = number_of(text); plain && number) return *number;
  return text;
}

/// Collects Features and writes one per line, so that a diff shows devices.
class Inventory {
 public:
  explicit Inventory(std::string city) : city_(std::move(city)) {}

  /// Throws Error for a duplicate id or an impossible position.
  void add(std::string id, double longitude, double latitude, ordered_json properties,
           const std::string& file, std::size_t line) {
    if (id.empty()) id = fmt::format("{}-{:04}", city_, features_.size() + 1);
    if (std::abs(longitude) > 180 || std::abs(latitude) > 90) {
      const bool swapped = std::abs(longitude) <= 90 && std::abs(latitude) <= 180;
      throw wrong(file, line, fmt::format("{}, {} is not a longitude and latitude", longitude, latitude),
                  swapped ? "they seem to be swapped: the longitude comes first"
                          : "write degrees (WGS 84), the longitude between -180 and 180, the latitude "
                            "between -90 and 90");
    }
    if (id.find('/') != id.npos || id == "." || id == "..") {
      throw wrong(file, line, fmt::format("the id {} cannot be the name of a directory", printable(id)),
                  "a device's own layer is called after its id: write one without /");
    }
    if (!ids_.insert(id).second) {
      throw wrong(file, line, fmt::format("duplicate id {}", printable(id)), "give each device its own id");
    }
    if (!properties.contains("labels")) properties["labels"] = ordered_json::object();
    features_.push_back({{"type", "Feature"},
                         {"id", std::move(id)},
                         {"geometry", {{"type", "Point"}, {"coordinates", {longitude, latitude}}}},
                         {"properties", std::move(properties)}});
  }

  std::string text(const std::string& file) const {
    if (features_.empty()) throw wrong(file, 1, "it contains no device", "list at least one intersection");
    std::string text = "{\"type\": \"FeatureCollection\", \"features\": [\n";
    for (std::size_t i = 0; i < features_.size(); ++i) {
      text += features_[i].dump(-1, ' ', false, ordered_json::error_handler_t::replace);
      text += i + 1 < features_.size() ? ",\n" : "\n";
    }
    return text + "]}\n";
  }

 private:
  std::string city_;
  std::vector<ordered_json> features_;
  std::set<std::string> ids_;
};

/// A record of a CSV, with the line it starts on.
struct CsvRecord {
  std::size_t line = 1;
  std::vector<std::string> fields;
};

std::vector<CsvRecord> records_of(std::string_view csv, const std::string& file) {
  if (csv.starts_with("\xEF\xBB\xBF")) csv.remove_prefix(3);
  const auto first = csv.substr(0, csv.find('\n'));
  const char separator = first.find(',') == first.npos && first.find(';') != first.npos ? ';' : ',';
  std::vector<CsvRecord> records;
  CsvRecord record;
  std::string field;
  bool quoted = false;
  std::size_t line = 1;
  const auto end_field = [&] {
    record.fields.emplace_back(trim(field));
    field.clear();
  };
  const auto end_record = [&] {
    end_field();
    if (record.fields.size() > 1 || !record.fields[0].empty()) records.push_back(std::move(record));
    record = {line + 1, {}};
  };
  for (std::size_t i = 0; i < csv.size(); ++i) {
    const char c = csv[i];
    if (quoted) {
      if (c == '"' && i + 1 < csv.size() && csv[i + 1] == '"') {
        field += csv[++i];
      } else if (c == '"') {
        quoted = false;
      } else {
        field += c;
      }
    } else if (c == '"' && trim(field).empty()) {
      quoted = true;
    } else if (c == separator) {
      end_field();
    } else if (c == '\n') {
      end_record();
    } else {
      field += c;
    }
    if (c == '\n') ++line;
  }
  if (quoted) throw wrong(file, record.line, "unclosed quote", "end the field with \"");
  if (!field.empty() || !record.fields.empty()) end_record();
  return records;
}

/// Spreadsheets write what their system is set to.
void check_encoding(std::string_view csv, const std::string& file) {
  constexpr auto remedy = "save it as UTF-8 (spreadsheets call that \"CSV UTF-8\"), or convert it: ";
  if (csv.starts_with("\xFF\xFE") || csv.starts_with("\xFE\xFF")) {
    throw wrong(file, 1, "it is UTF-16, not UTF-8",
                fmt::format("{}iconv -f UTF-16 -t UTF-8 {}", remedy, file));
  }
  std::size_t line = 1;
  for (const auto text : split(csv, '\n')) {
    if (!is_text(text)) {
      throw wrong(file, line, "this line is not UTF-8 text",
                  fmt::format("{}iconv -f WINDOWS-1252 -t UTF-8 {}", remedy, file));
    }
    ++line;
  }
}

std::optional<std::size_t> column_of(const std::vector<std::string>& heads,
                                     const std::vector<std::string_view>& names) {
  for (const auto name : names) {
    for (std::size_t i = 0; i < heads.size(); ++i) {
      if (heads[i] == name) return i;
    }
  }
  return {};
}

}  // namespace

std::string inventory_from_csv(std::string_view csv, const std::string& file, const std::string& name) {
  check_encoding(csv, file);
  const auto records = records_of(csv, file);
  if (records.empty()) throw wrong(file, 1, "the file is empty", "the first line must name the columns");
  auto heads = records.front().fields;
  for (auto& head : heads) head = in_lower_case(head);
  const auto id = column_of(heads, {"id"});
  const auto longitude = column_of(heads, {"longitude", "lon", "lng", "long", "x"});
  const auto latitude = column_of(heads, {"latitude", "lat", "y"});
  if (!longitude || !latitude) {
    throw wrong(file, 1, "no columns named longitude and latitude",
                fmt::format("rename them; the columns are: {}",
                            printable(fmt::format("{}", fmt::join(heads, ", ")))));
  }
  Inventory inventory(name);
  for (std::size_t i = 1; i < records.size(); ++i) {
    const auto& [line, fields] = records[i];
    if (fields.size() != heads.size()) {
      throw wrong(file, line,
                  fmt::format("{} where {} were expected", count_of(fields.size(), "field"), heads.size()),
                  "quote a field that contains a comma");
    }
    const auto east = number_of(fields[*longitude]);
    const auto north = number_of(fields[*latitude]);
    if (!east || !north) {
      const bool comma = (fields[*longitude] + fields[*latitude]).find(',') != std::string::npos;
      throw wrong(file, line, "the longitude or the latitude is not a number",
                  comma ? "write a decimal point: -122.4194" : "write degrees: -122.4194, 37.7749");
    }
    auto properties = ordered_json::object();
    auto labels = ordered_json::object();
    for (std::size_t c = 0; c < heads.size(); ++c) {
      if (c == *longitude || c == *latitude || (id && c == *id) || fields[c].empty()) continue;
      if (heads[c].starts_with("label.")) {
        labels[heads[c].substr(6)] = fields[c];
      } else if (is_usual(heads[c])) {
        labels[heads[c]] = fields[c];
      } else {
        properties[records.front().fields[c]] = value_of(fields[c]);
      }
    }
    properties["labels"] = std::move(labels);
    inventory.add(id ? fields[*id] : "", *east, *north, std::move(properties), file, line);
  }
  return inventory.text(file);
}

std::string inventory_from_geojson(std::string_view geojson, const std::string& file,
                                   const std::string& name) {
  Inventory inventory(name);
  render::each_feature(geojson, file, [&](const yaml::Node& feature) {
    const auto line = feature.place.line;
    const auto json = yaml::to_json(feature);
    const auto geometry = json.value("geometry", ordered_json());
    const auto position =
        geometry.is_object() ? geometry.value("coordinates", ordered_json()) : ordered_json();
    if (!geometry.is_object() || geometry.value("type", "") != "Point" || !position.is_array() ||
        position.size() < 2 || !position[0].is_number() || !position[1].is_number()) {
      throw wrong(file, line, "this Feature is not a Point", "include only the points of intersections");
    }
    std::string id;
    if (const auto found = json.find("id"); found != json.end()) {
      id = found->is_string()   ? found->get<std::string>()
           : found->is_number() ? name + "-" + found->dump()
                                : "";
    }
    auto properties = json.value("properties", ordered_json::object());
    if (!properties.is_object()) properties = ordered_json::object();
    if (const auto found = properties.find("labels"); found == properties.end() || !found->is_object()) {
      auto labels = ordered_json::object();
      for (const auto key : usual_labels) {
        const auto value = properties.find(std::string(key));
        if (value != properties.end() && value->is_string()) labels[std::string(key)] = *value;
      }
      properties["labels"] = std::move(labels);
    }
    inventory.add(std::move(id), position[0].get<double>(), position[1].get<double>(), std::move(properties),
                  file, line);
  });
  return inventory.text(file);
}

std::string sample_inventory(const std::string& name, double longitude, double latitude) {
  Inventory inventory(name);
  inventory.add("", longitude, latitude, {{"name", "First intersection"}, {"labels", {{"role", "canary"}}}},
                "devices", 1);
  return inventory.text("devices");
}

}  // namespace greenwave::cli
