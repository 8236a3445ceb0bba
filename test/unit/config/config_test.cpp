#include "config/config.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "base/error.h"
#include "support/temporary_directory.h"

using namespace greenwave;
using config::Config;

namespace {

const std::string minimal = "repository: {url: https://git.example/city.git}\n";

Config parsed(const std::string& text, const std::string& root = "/") {
  Problems problems;
  auto result = config::parse_config(text, "agent.yaml", root, problems);
  for (const auto& problem : problems.list()) UNSCOPED_INFO(to_string(problem));
  REQUIRE_FALSE(problems.has_errors());
  return result;
}

std::vector<std::string> problems_of(const std::string& text) {
  Problems problems;
  config::parse_config(text, "agent.yaml", "/", problems);
  std::vector<std::string> lines;
  for (const auto& problem : problems.list()) lines.push_back(to_string(problem));
  return lines;
}

std::string only_problem(const std::string& text) {
  const auto lines = problems_of(text);
  CAPTURE(lines);
  REQUIRE(lines.size() == 1);
  return lines[0];
}

}  // namespace

TEST_CASE("config: a URL alone is enough, and the rest has defaults") {
  const auto made = parsed(minimal);
  CHECK_FALSE(made.device.empty());
  CHECK(made.repository.branch == "main");
  CHECK(made.repository.interval == std::chrono::seconds(60));
  CHECK(made.runtime == config::Runtime::none);
  CHECK(made.allowed_paths == std::vector<std::string>{"/etc", "/opt", "/srv", "/var/lib"});
  CHECK(made.state_directory == "/var/lib/greenwave");
  CHECK(made.socket() == "/run/greenwave/control.sock");
}

TEST_CASE("config: every key is read") {
  const auto made = parsed(R"(
device: sf-0042
repository:
  url: ssh://git@git.example:2222/city.git
  branch: wave/canary
  path: ./cities//fresno/
  interval: 1h30m
  credentials: {username: git, sshKeyFile: /etc/greenwave/key, knownHostsFile: /etc/greenwave/known_hosts}
trust:
  allowedSigners: /etc/greenwave/allowed_signers
  requireRef: true
  paths: [{path: ./base//, signers: [ana@sf.example, bo@sf.example], threshold: 2}]
labels: {model: atc-5201, district: "3"}
runtime: podman
allowedPaths: [/etc/, /opt/./city, /etc]
stateDirectory: /data/state
runtimeDirectory: /data/run/
hub: {url: https://hub.example}
metrics: {file: /run/greenwave/metrics.prom}
)");
  CHECK(made.device == "sf-0042");
  CHECK(made.require_ref);
  REQUIRE(made.path_rules.size() == 1);
  CHECK(made.path_rules[0].path == "base");
  CHECK(made.path_rules[0].signers == std::vector<std::string>{"ana@sf.example", "bo@sf.example"});
  CHECK(made.path_rules[0].threshold == 2);
  CHECK(made.repository.url == "ssh://git@git.example:2222/city.git");
  CHECK(made.repository.branch == "wave/canary");
  CHECK(made.repository.path == "cities/fresno");
  CHECK(made.repository.interval == std::chrono::minutes(90));
  CHECK(made.repository.credentials.ssh_key_file == "/etc/greenwave/key");
  CHECK(made.repository.credentials.known_hosts_file == "/etc/greenwave/known_hosts");
  CHECK(made.allowed_signers == "/etc/greenwave/allowed_signers");
  CHECK(made.labels.size() == 2);
  CHECK(made.runtime == config::Runtime::podman);
  CHECK(made.allowed_paths == std::vector<std::string>{"/etc", "/opt/city"});
  CHECK(made.state_directory == "/data/state");
  CHECK(made.runtime_directory == "/data/run");
  CHECK(made.hub.url == "https://hub.example");
  CHECK(made.metrics_file == made.root / "run/greenwave/metrics.prom");
}

TEST_CASE("config: the hub's certificate is the enrolled one, unless agent.yaml names another") {
  const auto usual = parsed(minimal + "hub: {url: https://hub.example/city/}\n", "/tmp/device");
  CHECK(usual.hub.url == "https://hub.example/city");
  CHECK(usual.hub.certificate == "/tmp/device/var/lib/greenwave/hub.crt");
  CHECK(usual.hub.key == "/tmp/device/var/lib/greenwave/hub.key");
  CHECK(usual.hub.enrolled);
  CHECK(usual.named_files.empty());
  const auto sealed =
      parsed(minimal + "hub: {url: https://hub.example, ca: /etc/ca.pem, key: /etc/hub.key}\n");
  CHECK(sealed.hub.enrolled);
  CHECK(sealed.hub.key == "/etc/hub.key");
  CHECK(sealed.named_files == std::vector<std::filesystem::path>{"/etc/ca.pem", "/etc/hub.key"});
  const auto own =
      parsed(minimal + "hub: {url: https://hub.example, certificate: /etc/a.crt, key: /etc/a.key}\n");
  CHECK_FALSE(own.hub.enrolled);
  CHECK(own.hub.certificate == "/etc/a.crt");
  CHECK(only_problem(minimal + "hub: {url: https://hub.example, certificate: /etc/a.crt}\n")
            .find("needs key too") != std::string::npos);
  CHECK(only_problem(minimal + "hub: {url: 'http://hub.example'}\n").find("agent.yaml:2:12") !=
        std::string::npos);
}

TEST_CASE("config: --root puts the agent's own directories under it, but not the allowed paths") {
  const auto made = parsed(minimal, "/tmp/device");
  CHECK(made.state_directory == "/tmp/device/var/lib/greenwave");
  CHECK(made.runtime_directory == "/tmp/device/run/greenwave");
  CHECK(made.allowed_paths.front() == "/etc");
}

TEST_CASE("config: an unknown key is one line with its place and the key that was meant") {
  CHECK(only_problem(minimal + "runtme: podman\n") ==
        "agent.yaml:2:1: error: agent.yaml has no field \"runtme\"; did you mean runtime?");
}

TEST_CASE("config: all problems are listed at once") {
  const auto lines = problems_of(
      "device: [a]\nrepository: {url: http://git.example/c.git, interval: 10ms, branch: 'a..b', path: "
      "../up}\n"
      "runtime: docker\nallowedPaths: [etc]\nstateDirectory: var\nhub: {url: ftp://x/y}\nmore: 1\n");
  CAPTURE(lines);
  REQUIRE(lines.size() == 10);
  CHECK(lines[0].starts_with("agent.yaml:1:9: error: agent.yaml: device must be a string"));
  for (const auto& line : lines) CHECK(line.find('\n') == std::string::npos);
}

TEST_CASE("config: a missing repository or URL is reported with what to write") {
  CHECK(only_problem("device: a\n").find("repository is missing; write repository: {url:") !=
        std::string::npos);
  CHECK(only_problem("repository: {branch: main}\n").find("url is missing") != std::string::npos);
  CHECK(only_problem("").find("the configuration is empty") != std::string::npos);
}

TEST_CASE("config: a secret in the URL is refused and never shown") {
  for (const auto* url : {"https://me:hunter2@git.example/c.git", "https://hunter2@git.example/c.git",
                          "ssh://git:hunter2@git.example/c.git", "git:hunter2@git.example:c.git"}) {
    CAPTURE(url);
    const auto line = only_problem("repository: {url: \"" + std::string(url) + "\"}\n");
    CHECK(line.find("hunter2") == std::string::npos);
    CHECK(line.find("take it out of the URL") != std::string::npos);
  }
}

TEST_CASE("config: a repository may be at several places, where commits are checked") {
  const std::string url = "repository:\n  url: https://a.example/c.git\n  fallbacks:\n";
  const std::string trust = "trust: {allowedSigners: /etc/signers}\n";
  const std::string others =
      "    - {url: 'https://b.example/c.git', credentials: {tokenFile: /etc/token}}\n"
      "    - {url: 'ssh://git@c.example/c.git', credentials: {sshKeyFile: /etc/key}}\n";
  const auto places = parsed(url + others + trust).repository.fallbacks;
  REQUIRE(places.size() == 2);
  CHECK(places[0].url == "https://b.example/c.git");
  CHECK(places[0].credentials.token_file == "/etc/token");
  CHECK(places[1].credentials.ssh_key_file == "/etc/key");
  CHECK(only_problem(url + others).find("fallbacks needs trust") != std::string::npos);
  for (const auto* bad :
       {"    - https://b.example/c.git\n", "    - {}\n", "    - {url: 'http://b.example/c.git'}\n",
        "    - {url: 'https://b.example/c.git', branch: main}\n",
        "    - {url: 'https://b.example/c.git', credentials: {sshKeyFile: /etc/key}}\n"}) {
    CHECK(only_problem(url + bad + trust).find("agent.yaml:4:") == 0);
  }
}

TEST_CASE("config: trust.tip names the repository that signed tips are about, where they can be served") {
  const auto with = [](const std::string& url, const std::string& tip) {
    return "repository: {url: '" + url + "'}\ntrust: {allowedSigners: /etc/signers, tip: " + tip + "}\n";
  };
  const std::string https = "https://git.example/city.git";
  CHECK(parsed(with(https, "{repository: springfield}")).tip_repository == "springfield");
  CHECK(parsed(with("file:///srv/git/city.git", "{repository: a/b-1.c}")).tip_repository == "a/b-1.c");
  CHECK(parsed("repository: {url: '" + https + "'}\n").tip_repository.empty());
  for (const auto* name : {"'a b'", "''", ".a", "/a", "-a", "a:b"}) {
    INFO(name);
    CHECK_FALSE(only_problem(with(https, fmt::format("{{repository: {}}}", name))).empty());
  }
  CHECK(only_problem(with("ssh://git@git.example/city.git", "{repository: a}"))
            .find("cannot serve signed tips") != std::string::npos);
  CHECK(only_problem(with(https, "{}")).find("repository") != std::string::npos);
  CHECK(parsed("repository: {url: '" + https + "'}\ntrust: {allowedSigners: /etc/signers, tags: true}\n")
            .accept_tags);
}

TEST_CASE("config: credentials must fit each other and the URL") {
  const auto with = [](const std::string& url, const std::string& credentials) {
    return only_problem("repository:\n  url: " + url + "\n  credentials: {" + credentials + "}\n");
  };
  CHECK(with("https://g.example/c", "passwordFile: /p").find("needs username") != std::string::npos);
  CHECK(with("https://g.example/c", "clientCertificate: /p").find("needs clientKey") != std::string::npos);
  CHECK(with("https://g.example/c", "sshKeyFile: /k").find("only for ssh://") != std::string::npos);
  CHECK(with("git@g.example:c", "tokenFile: /t").find("only for https://") != std::string::npos);
  CHECK(with("https://g.example/c", "tokenFile: token").find("an absolute path or credential:NAME") !=
        std::string::npos);
  CHECK(with("https://g.example/c", "tokenFile: 'credential:../x'").find("not a valid name of a systemd") !=
        std::string::npos);
}

TEST_CASE("config: credential:NAME is a file of systemd's credentials directory") {
  const std::string text =
      "repository: {url: https://g.example/c, credentials: {tokenFile: 'credential:token'}}\n";
  ::unsetenv("CREDENTIALS_DIRECTORY");
  CHECK(only_problem(text).find("add LoadCredential=token:FILE") != std::string::npos);
  ::setenv("CREDENTIALS_DIRECTORY", "/run/credentials/greenwaved.service", 1);
  CHECK(parsed(text).repository.credentials.token_file == "/run/credentials/greenwaved.service/token");
  ::unsetenv("CREDENTIALS_DIRECTORY");
}

TEST_CASE("config: a missing file is reported with its place, unless files are not checked") {
  const test::TemporaryDirectory directory;
  const auto file = directory.write("agent.yaml",
                                    "repository:\n  url: https://g.example/c\n"
                                    "  credentials: {tokenFile: /nonexistent/token}\n");
  CHECK_THROWS_WITH(
      config::load_config(file, "/"),
      Catch::StartsWith(file.native() +
                        ":3:28: error: tokenFile: /nonexistent/token: No such file or directory"));
  CHECK_NOTHROW(config::load_config(file, "/", config::Check::words));
}

TEST_CASE("config: a token that everyone can read gives a warning") {
  const test::TemporaryDirectory directory;
  const auto token = directory.write("token", "t");
  std::filesystem::permissions(token, std::filesystem::perms(0644));
  const auto file = directory.write(
      "agent.yaml",
      "repository:\n  url: https://g.example/c\n  credentials: {tokenFile: " + token.native() + "}\n");
  const auto made = config::load_config(file, "/");
  REQUIRE(made.warnings.size() == 1);
  CHECK(made.warnings[0].find("chmod 600") != std::string::npos);
  std::filesystem::permissions(token, std::filesystem::perms(0600));
  CHECK(config::load_config(file, "/").warnings.empty());
}

TEST_CASE("config: a missing agent.yaml is reported with the option that names another") {
  try {
    config::load_config("/nonexistent/agent.yaml", "/");
    FAIL("was read");
  } catch (const Error& error) {
    CHECK(error.fault() == Fault::invalid);
    CHECK(std::string(error.what()).find("--config") != std::string::npos);
  }
}

TEST_CASE("config: its digest changes with what a render depends on, and with nothing else") {
  const auto base = parsed("device: a\n" + minimal).digest();
  CHECK(parsed("device: b\n" + minimal).digest() != base);
  CHECK(parsed("device: a\nlabels: {x: y}\n" + minimal).digest() != base);
  CHECK(parsed("device: a\nallowedPaths: [/etc]\n" + minimal).digest() != base);
  CHECK(parsed("device: a\nallowedKinds: [File]\n" + minimal).digest() != base);
  CHECK(parsed("device: a\ncommands: {users: []}\n" + minimal).digest() != base);
  CHECK(parsed("device: a\nhub: {url: https://hub.example}\nrepository: {url: file:///srv/c}\n").digest() ==
        base);
}

TEST_CASE("config: what a commit may do is anything, or what is listed") {
  CHECK_FALSE(parsed(minimal).allowed_kinds);
  CHECK_FALSE(parsed(minimal).program_users);
  CHECK(parsed(minimal + "allowedKinds: [File, Directory]\n").allowed_kinds ==
        std::vector<std::string>{"File", "Directory"});
  CHECK(parsed(minimal + "commands: {users: []}\n").program_users == std::vector<std::string>{});
  CHECK(parsed(minimal + "commands: {users: [traffic]}\n").program_users ==
        std::vector<std::string>{"traffic"});
  CHECK_THAT(only_problem(minimal + "allowedKinds: []\n"), Catch::Contains("nothing could be applied"));
  CHECK_THAT(only_problem(minimal + "allowedKinds: [\"File/motd\"]\n"),
             Catch::Contains("not the name of a kind"));
  CHECK_THAT(only_problem(minimal + "commands: {}\n"), Catch::Contains("users is missing"));
  CHECK_THAT(only_problem(minimal + "commands: {users: [\"a:b\"]}\n"),
             Catch::Contains("is not a user's name"));
}

TEST_CASE("config: identities are files or credentials, by default the one beside agent.yaml") {
  CHECK(parsed(minimal + "identity: {files: [/etc/a, /etc/b]}\n").identity_files ==
        std::vector<std::filesystem::path>{"/etc/a", "/etc/b"});
  CHECK_THAT(only_problem(minimal + "identity: {}\n"), Catch::Contains("identity: files is missing"));
  CHECK_THAT(only_problem(minimal + "identity: {files: [a]}\n"),
             Catch::Contains("absolute path or credential:NAME"));
  CHECK_THAT(only_problem(minimal + "identity: {files: [1]}\n"), Catch::Contains("list of strings"));

  const test::TemporaryDirectory directory;
  const auto file = directory.write("agent.yaml", minimal);
  CHECK(config::load_config(file, "/").identity_files.empty());
  const auto identity = directory.write("identity", "x");
  CHECK(config::load_config(file, "/").identity_files == std::vector{identity});
}

TEST_CASE(
    "config: a rule on a path that nobody could meet, or that guards no path, is an error at its place") {
  const auto problem = [](const std::string& rules) {
    return only_problem(minimal + "trust: {allowedSigners: /etc/greenwave/signers, paths: [" + rules +
                        "]}\n");
  };
  const std::string rest = ", signers: [ana, bo], threshold: 2}";
  for (const auto* path : {"/base", "../base", "base/../lamps", "base/*", "ba[s]e"}) {
    CHECK(problem("{path: \"" + std::string(path) + "\"" + rest) ==
          "agent.yaml:2:64: error: trust: paths: \"" + std::string(path) +
              "\" is not a path of the repository; write a directory or a file, relative to the cluster's "
              "root, "
              "without \"..\" and wildcards; \".\" is all of it");
  }
  CHECK_THAT(problem("{path: base, signers: [ana, bo], threshold: 3}"),
             Catch::Contains("threshold is 3, and there are 2 signers"));
  CHECK_THAT(problem("{path: base, signers: [ana, bo], threshold: 0}"), Catch::Contains("threshold is 0"));
  CHECK_THAT(problem("{path: base, signers: [ana, bo]}"), Catch::Contains("threshold is missing"));
  CHECK_THAT(problem("{path: base, signers: [ana, ana], threshold: 1}"),
             Catch::Contains("ana is listed twice"));
  CHECK_THAT(problem("{path: base, signers: [\"*@sf\"], threshold: 1}"),
             Catch::Contains("does not name a signer"));
  CHECK_THAT(problem("{path: base, signers: [], threshold: 1}"),
             Catch::Contains("signers is missing, or empty"));
  CHECK_THAT(problem("{path: base" + rest + ", {path: base/, signers: [bo, ana], threshold: 1}"),
             Catch::Contains("base has a rule with these signers already"));
}

TEST_CASE("config: when a commit counts as healthy has defaults and bounds") {
  CHECK(parsed(minimal).health.settle == std::chrono::seconds(10));
  CHECK(parsed(minimal).health.reach == std::chrono::minutes(5));
  CHECK(parsed(minimal + "health: {settle: 3s, reach: 1m}\n").health.reach == std::chrono::minutes(1));
  CHECK(only_problem(minimal + "health: {reach: 2h}\n").ends_with("write a time from 1s to 1h"));
  CHECK(only_problem(minimal + "health: {setle: 3s}\n").ends_with("did you mean settle?"));
}

TEST_CASE("config: podman's settings are restrictive by default") {
  const auto usual = parsed(minimal + "runtime: podman\n").podman;
  CHECK(usual.socket == "/run/podman/podman.sock");
  CHECK_FALSE(usual.allow_privileged);
  CHECK_FALSE(usual.allow_host_network);
  CHECK(usual.host_ports == std::vector<config::PortRange>{{1024, 65535}});
  CHECK_FALSE(usual.prune_volumes);
  CHECK_FALSE(usual.prune_images);
  const auto made = parsed(minimal +
                           "podman: {socket: /run/p.sock, allowPrivileged: true, prune: [volumes], "
                           "credentials: /etc/auth.json, images: /srv/images/}\n");
  CHECK(made.podman.socket == "/run/p.sock");
  CHECK(made.podman.allow_privileged);
  CHECK(made.podman.prune_volumes);
  CHECK_FALSE(made.podman.prune_images);
  CHECK(made.podman.credentials == "/etc/auth.json");
  CHECK(made.digest() != parsed(minimal).digest());
  const auto open = parsed(minimal + "podman: {allowHostNetwork: true, hostPorts: [\"80\", 8000-8100]}\n");
  CHECK(open.podman.allow_host_network);
  CHECK(open.podman.host_ports == std::vector<config::PortRange>{{80, 80}, {8000, 8100}});
  CHECK(parsed(minimal + "podman: {hostPorts: []}\n").podman.host_ports.empty());
  CHECK(open.digest() != parsed(minimal + "podman: {allowHostNetwork: true}\n").digest());
  CHECK(open.digest() != parsed(minimal + "podman: {hostPorts: [\"80\", 8000-8100]}\n").digest());
  for (const auto* wrong : {"\"0\"", "\"65536\"", "9-8", "a", "8-", "\"-8\""}) {
    CHECK_THAT(only_problem(minimal + "podman: {hostPorts: [" + wrong + "]}\n"),
               Catch::Contains("is not a port"));
  }
  CHECK_THAT(only_problem(minimal + "podman: {prune: [secrets]}\n"),
             Catch::Contains("prune: [volumes, images]"));
  CHECK_THAT(only_problem(minimal + "podman: {socket: p.sock}\n"), Catch::Contains("absolute path"));
  CHECK_THAT(only_problem(minimal + "podman: {privileged: true}\n"), Catch::Contains("podman"));
}
