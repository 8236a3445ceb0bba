#include "fleet/inventory_edit.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "fleet/json_extents.h"
#include "secrets/identity.h"

namespace greenwave::fleet {

namespace {

using Json = nlohmann::json;

/// Bytes of a text that others take the place of.
struct Change {
  std::size_t at;
  std::size_t length;
  std::string bytes;
};

/// What must stand before a member that is added behind `members`, and between its key and value: as it is
/// before and in the last one.
struct Layout {
  std::string before;
  std::string colon;
};

std::string_view between(std::string_view first, std::string_view second) {
  const auto* from = first.data() + first.size();
  return {from, static_cast<std::size_t>(second.data() - from)};
}

Layout layout_of(std::string_view object, const std::vector<Member>& members) {
  const auto& last = members.back();
  const std::string colon(between(last.key_text, last.value));
  if (members.size() > 1)
    return {std::string(between(members[members.size() - 2].value, last.key_text)), colon};
  const auto lead = between(object.substr(0, 1), last.key_text);
  const bool is_broken = lead.find('\n') != std::string_view::npos;
  const std::string blank = colon.ends_with(' ') ? " " : "";
  return {"," + (is_broken ? std::string(lead) : blank), colon};
}

class Editor {
 public:
  Editor(std::string_view text, const std::map<std::string, std::string>& recipients, bool replaces)
      : text_(text), recipients_(recipients), replaces_(replaces) {}

  InventoryEdit run() {
    const auto collection = member_named(value_at(without_mark()), "features");
    if (collection) {
      for (const auto feature : elements_of(collection->value)) edit(feature);
    }
    for (const auto& [device, recipient] : recipients_) {
      if (!seen_.contains(device)) edit_.unlisted.push_back(device);
    }
    apply();
    return std::move(edit_);
  }

 private:
  std::string_view without_mark() const {
    return text_.starts_with("\xEF\xBB\xBF") ? text_.substr(3) : text_;
  }

  void edit(std::string_view feature) {
    const auto id = member_named(feature, "id");
    if (!id || !id->value.starts_with('"')) return;
    const auto device = Json::parse(id->value).get<std::string>();
    const auto recipient = recipients_.find(device);
    if (recipient == recipients_.end() || !seen_.insert(device).second) return;
    const auto quoted = Json(recipient->second).dump();
    const auto properties = member_named(feature, "properties");
    if (!properties) {
      append(feature, "properties", "{\"recipient\": " + quoted + "}");
      edit_.added.push_back(device);
    } else if (!properties->value.starts_with('{')) {
      replace(properties->value, "{\"recipient\": " + quoted + "}");
      edit_.added.push_back(device);
    } else {
      edit_properties(properties->value, device, recipient->second, quoted);
    }
  }

  void edit_properties(std::string_view properties, const std::string& device, const std::string& recipient,
                       const std::string& quoted) {
    const auto written = member_named(properties, "recipient");
    if (!written) {
      append(properties, "recipient", quoted);
      edit_.added.push_back(device);
      return;
    }
    const auto value = Json::parse(written->value);
    if (value.is_null()) {
      replace(written->value, quoted);
      edit_.added.push_back(device);
    } else if (has(value, recipient)) {
      return;
    } else if (replaces_) {
      replace(written->value, quoted);
      edit_.replaced.push_back(device);
    } else {
      edit_.differing.push_back(device);
    }
  }

  static bool has(const Json& value, const std::string& recipient) {
    if (value.is_string()) return secrets::normal_recipient(value.get_ref<const std::string&>()) == recipient;
    return value.is_array() && std::ranges::any_of(value, [&](const Json& one) {
             return one.is_string() && has(one, recipient);
           });
  }

  void append(std::string_view object, const std::string& key, const std::string& value) {
    const auto members = members_of(object);
    if (members.empty()) {
      replace(object, fmt::format("{{\"{}\": {}}}", key, value));
      return;
    }
    const auto layout = layout_of(object, members);
    const auto& last = members.back().value;
    replace(last.substr(last.size()), fmt::format("{}\"{}\"{}{}", layout.before, key, layout.colon, value));
  }

  void replace(std::string_view part, std::string bytes) {
    changes_.push_back({static_cast<std::size_t>(part.data() - text_.data()), part.size(), std::move(bytes)});
  }

  /// The Features are in the order of the text, and so are the changes.
  void apply() {
    std::size_t at = 0;
    for (const auto& change : changes_) {
      edit_.text.append(text_, at, change.at - at).append(change.bytes);
      at = change.at + change.length;
    }
    edit_.text.append(text_, at);
  }

  std::string_view text_;
  const std::map<std::string, std::string>& recipients_;
  bool replaces_;
  std::set<std::string> seen_;
  std::vector<Change> changes_;
  InventoryEdit edit_;
};

}  // namespace

InventoryEdit put_recipients(std::string_view text, const std::string& name,
                             const std::map<std::string, std::string>& recipients, bool replaces) {
  const auto json = Json::parse(text, nullptr, false);
  const bool is_collection = json.is_object() && json.contains("features") && json["features"].is_array();
  if (!is_collection) {
    throw Error(
        Fault::invalid, fmt::format("{}: it is not a GeoJSON FeatureCollection", printable(name)),
        "name the inventory, which greenwave.yaml calls devices; greenwave lint says what is wrong with it");
  }
  auto edit = Editor(text, recipients, replaces).run();
  if (!Json::accept(edit.text)) {
    throw Error(Fault::internal, fmt::format("{}: it would no longer be JSON", printable(name)));
  }
  return edit;
}

}  // namespace greenwave::fleet
