#include "promote/record.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace greenwave::promote {

std::string write_record(const Record& record) {
  auto json = nlohmann::json::object();
  for (const auto& [ref, seen] : record) {
    json[ref] = {{"commit", seen.commit.text()}, {"since", to_iso(seen.since)}};
  }
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

Record read_record(std::string_view message) {
  const auto start = std::min(message.find("\n{"), message.size());
  Record record;
  try {
    const auto json = nlohmann::json::parse(message.substr(start));
    for (const auto& [ref, seen] : json.items()) {
      record[ref] = {CommitId(seen.at("commit").get<std::string>()),
                     from_iso(seen.at("since").get<std::string>())};
    }
  } catch (const nlohmann::json::exception&) {
    return {};
  } catch (const Error&) {
    return {};
  }
  return record;
}

}  // namespace greenwave::promote
