#include "drivers/workload/lifecycle.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace greenwave::drivers::workload {

namespace {

using OrderedJson = nlohmann::ordered_json;

/// A hook names what it asks as a probe does: it is read as if it were this one of its container.
constexpr const char* as_probe = "livenessProbe";
constexpr std::array hook_kinds{"exec", "httpGet", "sleep", "tcpSocket"};

class LifecycleCheck {
 public:
  explicit LifecycleCheck(Problems& problems) : problems_(problems) {}

  void run(const PodField& spec) {
    check_grace(spec["terminationGracePeriodSeconds"]);
    for (const auto& container : spec["initContainers"].items()) {
      check_own_policy(container, true);
      check_hooks(container);
    }
    for (const auto& container : spec["containers"].items()) {
      check_own_policy(container, false);
      check_hooks(container);
    }
  }

 private:
  void error(const PodField& field, std::string_view what, std::string remedy) {
    problems_.error(field.node->place, fmt::format("{}: {}", field.path, what), std::move(remedy));
  }

  void check_grace(const PodField& grace) {
    if (!grace.is_set()) return;
    const auto* number = std::get_if<std::int64_t>(&grace.node->value);
    if (number != nullptr && *number >= 0 && *number <= longest_grace.count()) return;
    error(grace, fmt::format("not a whole number of seconds from 0 to {}", longest_grace.count()),
          "fix it, or leave it out: it is 30 then");
  }

  /// An init container may be a sidecar; otherwise the pod's restartPolicy is all there is.
  void check_own_policy(const PodField& container, bool is_init) {
    if (const auto rules = container["restartPolicyRules"]; rules.is_set())
      error(rules, "podman restarts a container by its pod's restartPolicy alone", "leave it out");
    const auto policy = container["restartPolicy"];
    if (!policy.is_set()) return;
    if (is_init && policy.text() != nullptr && *policy.text() == "Always") return;
    error(policy,
          is_init ? "an init container has no such restartPolicy" : "only the pod has a restartPolicy",
          is_init ? "write Always for a sidecar, or leave it out" : "write it beside containers");
  }

  void check_hooks(const PodField& container) {
    const auto lifecycle = container["lifecycle"];
    if (!lifecycle.is_set()) return;
    if (const auto hook = lifecycle["postStart"]; hook.is_set()) {
      error(hook, "podman restarts a container by itself, and would not run this then",
            "do it in the container's command, or in an init container");
    }
    if (const auto signal = lifecycle["stopSignal"]; signal.is_set())
      error(signal, "podman takes the signal from the image", "set STOPSIGNAL in the image");
    if (const auto hook = lifecycle["preStop"]; hook.is_set()) check_stop_hook(container, hook);
  }

  void check_stop_hook(const PodField& container, const PodField& hook) {
    const auto written =
        std::ranges::count_if(hook_kinds, [&](const char* key) { return hook[key].is_set(); });
    if (written != 1 || hook["tcpSocket"].is_set()) {
      error(hook, "a hook needs one of exec, httpGet and sleep", "write exec: {command: [PROGRAM, WORD]}");
      return;
    }
    if (const auto sleep = hook["sleep"]; sleep.is_set()) {
      const auto seconds = sleep["seconds"];
      const auto* number = seconds.is_set() ? std::get_if<std::int64_t>(&seconds.node->value) : nullptr;
      if (number == nullptr || *number < 0 || *number > longest_grace.count())
        error(sleep, "not a whole number of seconds", "write sleep: {seconds: 5}");
      return;
    }
    yaml::Node asked = *container.node;
    for (const auto* kind : {"startupProbe", "readinessProbe"}) yaml::set(asked, kind, {});
    yaml::set(asked, as_probe, *hook.node);
    check_probes(asked, problems_);
  }

  Problems& problems_;
};

}  // namespace

void check_lifecycle(const PodField& spec, Problems& problems) {
  LifecycleCheck(problems).run(spec);
}

std::chrono::seconds grace_of(const yaml::Node& spec) {
  const auto* written = spec.find("terminationGracePeriodSeconds");
  const auto* number = written != nullptr ? std::get_if<std::int64_t>(&written->value) : nullptr;
  if (number == nullptr) return usual_grace;
  return std::clamp<std::chrono::seconds>(std::chrono::seconds(*number), std::chrono::seconds(0),
                                          longest_grace);
}

bool is_sidecar(const OrderedJson& init_container) {
  const auto policy = init_container.find("restartPolicy");
  return policy != init_container.end() && *policy == "Always";
}

OrderedJson take_stop_hook(OrderedJson& container, bool host_network) {
  const auto lifecycle = container.find("lifecycle");
  if (lifecycle == container.end()) return {};
  OrderedJson hook;
  if (lifecycle->is_object() && lifecycle->contains("preStop")) hook = (*lifecycle)["preStop"];
  container.erase("lifecycle");
  if (!hook.is_object()) return {};
  OrderedJson asked{{as_probe, std::move(hook)}};
  if (container.contains("ports")) asked["ports"] = container["ports"];
  return take_probes(asked, host_network)[as_probe];
}

std::optional<StopHook> stop_hook_from(std::string_view label, std::string_view container) {
  const auto all = OrderedJson::parse(label, nullptr, false);
  if (!all.is_object()) return {};
  const auto own = all.find(std::string(container));
  if (own == all.end() || !own->is_object()) return {};
  const auto sleep = own->find("sleep");
  if (sleep != own->end() && sleep->is_object()) {
    const auto seconds = sleep->find("seconds");
    if (seconds == sleep->end() || !seconds->is_number_integer()) return {};
    const std::chrono::seconds written(seconds->get<std::int64_t>());
    return StopHook{{}, std::clamp<std::chrono::seconds>(written, std::chrono::seconds(0), longest_grace)};
  }
  const OrderedJson probes{{container, {{as_probe, *own}}}};
  auto ask = probes_from(probes.dump(), container).liveness;
  if (!ask) return {};
  return StopHook{std::move(ask), {}};
}

}  // namespace greenwave::drivers::workload
