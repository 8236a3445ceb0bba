#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli.h"
#include "http/encoded.h"
#include "last_state.h"
#include "text.h"

namespace greenwave::cli {

namespace {

nlohmann::json read_objects(const Context& context, const std::string& name) {
  try {
    return context.client()
        .get(name.empty() ? "/v1/objects" : "/v1/objects/" + http::encoded(name, "/"))
        .at("objects");
  } catch (const Unreachable& unreachable) {
    auto objects = last_objects(context, name);
    print_error(unreachable, false);
    if (objects.empty() && !name.empty()) {
      throw Refused(404, fmt::format("there is no object {} on this device", printable(name)),
                    "list all objects: greenwave show");
    }
    return objects;
  }
}

int show_object(const Context& context, const std::string& name) {
  try {
    const auto objects = read_objects(context, name);
    if (context.json) {
      print(nlohmann::json{{"objects", objects}});
    } else {
      print(name.empty() ? object_list_text(objects, context.style) : objects_text(objects, context.style));
    }
    return 0;
  } catch (const Refused& refused) {
    if (refused.status() != 404) throw;
    print_error(refused, context.json);
    return 1;
  }
}

Action declare_show(CommandLine& line) {
  const auto name = std::make_shared<std::string>();
  line.option("object", *name, "Kind/name, or the name alone").value_name("OBJECT");
  return [name](const Context& context) { return show_object(context, *name); };
}

}  // namespace

const Subcommand show_command{
    .name = "show",
    .summary = "What the agent knows about one object, or a list of all",
    .details =
        R"(OBJECT is a name as shown by status and diff (File/motd), or its last part (motd). Without it, all objects
are listed. Exit codes: 0 found, 1 no such object, 2 it could not be read.

Examples:
  greenwave show
  greenwave show SystemdUnit/chrony.service
  greenwave show Pod/spat                            with its containers and the end of its log)",
    .declare = declare_show,
};

}  // namespace greenwave::cli
