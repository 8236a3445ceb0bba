#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace greenwave::systemd {

/// Where the administrator's (and our) units and drop-ins are.
inline constexpr std::string_view unit_directory = "/etc/systemd/system";

/// "foo@bar.service" is an instance of the template "foo@.service". template_of and instance_of return an
/// empty string for other names.
bool is_template(std::string_view unit);
bool is_instance(std::string_view unit);
std::string template_of(std::string_view unit);
std::string instance_of(std::string_view unit);

/// Names whose files and drop-ins make up a unit (systemd.unit(5)): for a-b@c.service these are itself,
/// a-b@.service, a-.service and service.
std::vector<std::string> definition_names(std::string_view unit);

}  // namespace greenwave::systemd
