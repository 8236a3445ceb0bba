#include "drivers/workload/container_check.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "drivers/workload/pod_values.h"
#include "drivers/workload/probe.h"
#include "drivers/workload/volume_check.h"

namespace greenwave::drivers::workload {

namespace {

class ContainerCheck {
 public:
  ContainerCheck(const PodField& pod, Problems& problems) : pod_(pod), problems_(problems) {}

  void run() {
    for (const auto* key : {"initContainers", "containers"}) {
      for (const auto& container : pod_[key].items()) read_container(container);
    }
  }

 private:
  void error(const PodField& field, const PodField& parent, std::string what, std::string remedy) {
    problems_.error(field.node != nullptr ? field.node->place : parent.node->place,
                    fmt::format("{}: {}", field.path, what), std::move(remedy));
  }

  void read_container(const PodField& container) {
    for (const auto* key : {"name", "image"}) {
      const auto* text = container[key].text();
      if (text != nullptr && !text->empty()) continue;
      problems_.error(container.node->place, fmt::format("a container has no {}", key), "give it one");
    }
    const auto name = container["name"];
    if (name.text() != nullptr && !names_.insert(*name.text()).second)
      error(name, container, "two containers of the pod have this name", "rename one");
    check_probes(*container.node, problems_);
    for (const auto& port : container["ports"].items()) read_port(port);
    for (const auto& variable : container["env"].items()) read_variable(variable);
    for (const auto& source : container["envFrom"].items()) {
      if (source["configMapRef"].is_set() == source["secretRef"].is_set())
        error(source, source, "this names no one source", "write configMapRef or secretRef");
    }
    read_users(container["securityContext"]);
    const auto input = container["stdin"];
    if (is_true(input.node) && !is_true(container["tty"].node))
      error(input, container, "podman keeps no standard input open without tty",
            "write tty: true too, or leave it out");
  }

  void read_port(const PodField& port) {
    constexpr std::int64_t highest = 65'535;
    const auto inner = port["containerPort"];
    const auto* number = inner.node != nullptr ? std::get_if<std::int64_t>(&inner.node->value) : nullptr;
    if (number != nullptr && *number >= 1 && *number <= highest) return;
    error(inner, port, "this is no port", "give a number from 1 to 65535");
  }

  void read_variable(const PodField& variable) {
    const auto name = variable["name"];
    if (name.text() == nullptr || name.text()->empty() || name.text()->find('=') != std::string::npos)
      error(name, variable, "this is no name of a variable", "write one without =");
    const auto from = variable["valueFrom"];
    if (!from.is_set()) return;
    if (variable["value"].text() != nullptr && !variable["value"].text()->empty())
      error(from, variable, "the variable has a value too", "leave one");
    if (from.members().size() != 1)
      error(from, variable, "a value comes from one place",
            "write one of configMapKeyRef, secretKeyRef, fieldRef and resourceFieldRef");
    if (const auto ref = from["fieldRef"]; ref.is_set()) check_field_ref(ref, pod_, false, problems_);
    if (const auto ref = from["resourceFieldRef"]; ref.is_set())
      check_resource_ref(ref, pod_, false, problems_);
    for (const auto* key : {"configMapKeyRef", "secretKeyRef"}) {
      const auto ref = from[key];
      if (ref.is_set() && (ref["key"].text() == nullptr || ref["key"].text()->empty()))
        error(ref["key"], ref, "this names no key", "give one");
    }
  }

  /// What the pod says counts where the container says nothing.
  void read_users(const PodField& own) {
    const auto all = pod_["securityContext"];
    const auto said = [&](const char* key) { return own[key].is_set() ? own[key] : all[key]; };
    const auto user = said("runAsUser");
    const auto* number = user.node != nullptr ? std::get_if<std::int64_t>(&user.node->value) : nullptr;
    if (number != nullptr && *number == 0 && is_true(said("runAsNonRoot").node))
      error(user, all, "this is root, and runAsNonRoot forbids it", "choose another user");
    for (const auto* key : {"runAsUser", "runAsGroup"}) {
      const auto id = own[key];
      const auto* value = id.node != nullptr ? std::get_if<std::int64_t>(&id.node->value) : nullptr;
      if (value != nullptr && *value < 0) error(id, own, "this is no id", "write one from 0 up");
    }
  }

  const PodField& pod_;
  Problems& problems_;
  std::set<std::string> names_;
};

}  // namespace

void check_containers(const PodField& spec, const Rules& rules, Problems& problems) {
  const auto containers = spec["containers"];
  if (containers.items().empty()) {
    problems.error(spec.node->place, "the pod has no containers",
                   "write containers: [{name: NAME, image: IMAGE}]");
    return;
  }
  ContainerCheck(spec, problems).run();
  check_volumes(spec, rules, problems);
}

}  // namespace greenwave::drivers::workload
