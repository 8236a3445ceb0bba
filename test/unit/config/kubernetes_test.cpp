#include <catch2/catch.hpp>

#include "config/config.h"

using namespace greenwave;

namespace {

const std::string begin =
    "repository: {url: https://git.example/city.git}\nruntime: kubernetes\nkubernetes:\n";

config::Config parsed(const std::string& text, Problems& problems) {
  return config::parse_config(text, "agent.yaml", "/", problems);
}

std::string only_problem(const std::string& text) {
  Problems problems;
  parsed(text, problems);
  REQUIRE(problems.size() == 1);
  return to_string(problems.list().front());
}

}  // namespace

TEST_CASE("config: the settings of an API server are read, and have defaults") {
  Problems problems;
  const auto usual =
      parsed("repository: {url: https://git.example/city.git}\nruntime: kubernetes\n", problems).kubernetes;
  CHECK(usual.kubeconfig.empty());
  CHECK(usual.force == std::vector<std::string>{"kubectl*"});
  const auto made = parsed(begin + R"(  kubeconfig: /etc/kube/config
  context: cabinet
  namespace: traffic
  namespaceFromDirectory: true
  kinds: {deny: [Secret]}
  namespaces: {allow: [traffic, "cam-*"]}
  impersonate: {"*": greenwave, traffic: deployer}
  force: []
)",
                           problems)
                        .kubernetes;
  CHECK_FALSE(problems.has_errors());
  CHECK(made.kubeconfig == "/etc/kube/config");
  CHECK(made.context == "cabinet");
  CHECK(made.namespace_ == "traffic");
  CHECK(made.namespace_from_directory);
  CHECK(made.kinds.deny == std::vector<std::string>{"Secret"});
  CHECK(made.namespaces.allow == std::vector<std::string>{"traffic", "cam-*"});
  CHECK(made.impersonate.at("traffic") == "deployer");
  CHECK(made.force.empty());
}

TEST_CASE("config: invalid settings of an API server are reported with their place") {
  CHECK(only_problem(begin + "  kubeconfig: k3s.yaml\n").starts_with("agent.yaml:4:15: error: "));
  CHECK(only_problem(begin + "  namespace: Traffic\n").find("\"Traffic\" is not a valid namespace") !=
        std::string::npos);
  CHECK(only_problem(begin + "  kinds: {allow: []}\n").find("nothing could be applied") != std::string::npos);
  CHECK(only_problem(begin + "  impersonate: {a b: c}\n").find("service account") != std::string::npos);
  CHECK(only_problem(begin + "  token: abc\n").find("no field \"token\"") != std::string::npos);
  CHECK(only_problem("repository: {url: https://git.example/a.git}\nkubernetes: {context: a}\n")
            .find("without runtime: kubernetes") != std::string::npos);
}

TEST_CASE("config: another scope makes the device render again") {
  Problems problems;
  const auto before = parsed(begin + "  kinds: {deny: [Secret]}\n", problems).digest();
  CHECK(before != parsed(begin + "  kinds: {allow: [Secret]}\n", problems).digest());
  CHECK(before == parsed(begin + "  kinds: {deny: [Secret]}\n", problems).digest());
}
