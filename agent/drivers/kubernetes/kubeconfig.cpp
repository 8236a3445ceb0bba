#include "drivers/kubernetes/kubeconfig.h"

#include <fmt/format.h>

#include "base/base64.h"
#include "base/error.h"
#include "base/text.h"
#include "yaml/load.h"

namespace greenwave::drivers::kubernetes {

namespace {

namespace fs = std::filesystem;

constexpr yaml::Limits limits{.bytes = 1 << 20, .nodes = 20'000, .depth = 16};

class KubeconfigReader {
 public:
  explicit KubeconfigReader(const fs::path& name) : name_(name) {}

  Kubeconfig read(std::string_view text, const std::string& wanted) {
    Problems problems;
    const auto document = yaml::load(text, name_.native(), problems, limits);
    if (!document || problems.has_errors()) {
      // The reader's message may repeat the text.
      throw Error(Fault::invalid,
                  fmt::format("{}: this cannot be read as YAML",
                              problems.empty() ? name_.native() : to_string(problems.list().front().place)),
                  "it must be a kubeconfig, as kubectl config view --raw prints it");
    }
    const auto name = wanted.empty() ? text_of(*document, "current-context") : wanted;
    if (name.empty()) {
      refuse(*document, "no context is current", "name one with kubernetes.context in agent.yaml");
    }
    const auto& context = named(*document, "contexts", "context", name);
    Kubeconfig found;
    found.namespace_ = text_of(context, "namespace");
    read_cluster(named(*document, "clusters", "cluster", text_of(context, "cluster")), found);
    if (const auto user = text_of(context, "user"); !user.empty()) {
      read_user(named(*document, "users", "user", user), found);
    }
    return found;
  }

 private:
  [[noreturn]] static void refuse(const yaml::Node& node, const std::string& what,
                                  const std::string& remedy) {
    throw Error(Fault::invalid, fmt::format("{}: {}", to_string(node.place), what), remedy);
  }

  static std::string text_of(const yaml::Node& map, std::string_view key) {
    const auto* member = map.find(key);
    if (member == nullptr || member->is_null()) return {};
    if (const auto* text = member->string()) return *text;
    refuse(*member, fmt::format("{} must be a string", key), "put it in quotes");
  }

  static const yaml::Node& named(const yaml::Node& document, std::string_view list, std::string_view what,
                                 const std::string& name) {
    const auto* items = document.find(list);
    if (items != nullptr && items->sequence() != nullptr) {
      for (const auto& item : *items->sequence()) {
        if (text_of(item, "name") != name) continue;
        const auto* found = item.find(what);
        if (found != nullptr && found->is_map()) return *found;
      }
    }
    refuse(document, fmt::format("there is no {} named \"{}\"", what, printable(name)),
           "fix current-context, or kubernetes.context in agent.yaml");
  }

  static void refuse_key(const yaml::Node& map, std::string_view key, const std::string& what,
                         const std::string& remedy) {
    const auto* member = map.find(key);
    if (member != nullptr && !member->is_null()) refuse(*member, fmt::format("{}: {}", key, what), remedy);
  }

  fs::path file_of(const yaml::Node& map, std::string_view key) const {
    const fs::path written = text_of(map, key);
    return written.empty() ? written : (name_.parent_path() / written).lexically_normal();
  }

  static std::string data_of(const yaml::Node& map, std::string_view key) {
    const auto written = text_of(map, key);
    try {
      return decode_base64(written);
    } catch (const Error&) {
      refuse(*map.find(key), fmt::format("{} is not base64", key), "copy the file again");
    }
  }

  void read_cluster(const yaml::Node& cluster, Kubeconfig& found) const {
    found.server = text_of(cluster, "server");
    while (found.server.ends_with('/')) found.server.pop_back();
    if (!found.server.starts_with("https://") || found.server.size() == 8 || !is_text(found.server) ||
        found.server.find_first_of(" \t\r\n@?#") != std::string::npos) {
      refuse(cluster, "server must be https://HOST:PORT", "the agent speaks to an API server over TLS only");
    }
    const auto* unchecked = cluster.find("insecure-skip-tls-verify");
    const auto* flag = unchecked != nullptr ? std::get_if<bool>(&unchecked->value) : nullptr;
    if (unchecked != nullptr && !unchecked->is_null() && (flag == nullptr || *flag)) {
      refuse(*unchecked, "the server's certificate is always checked",
             "remove insecure-skip-tls-verify, and give certificate-authority-data");
    }
    refuse_key(cluster, "proxy-url", "proxies to an API server are not supported",
               "set server to an address that can be reached directly");
    refuse_key(cluster, "tls-server-name", "the server's certificate must name the host in server",
               "write that name as the host in server");
    found.authorities = data_of(cluster, "certificate-authority-data");
    found.authorities_file = file_of(cluster, "certificate-authority");
  }

  void read_user(const yaml::Node& user, Kubeconfig& found) const {
    const std::string instead =
        "use a token, a tokenFile or a client certificate, for example of a service account";
    refuse_key(user, "exec", "the agent runs no program to log in", instead);
    refuse_key(user, "auth-provider", "Kubernetes itself no longer has login plugins", instead);
    refuse_key(user, "username", "API servers no longer accept passwords", instead);
    refuse_key(user, "password", "API servers no longer accept passwords", instead);
    refuse_key(user, "as", "the user to impersonate is set in agent.yaml",
               "remove it here, and write kubernetes.impersonate there");
    found.certificate = data_of(user, "client-certificate-data");
    found.certificate_file = file_of(user, "client-certificate");
    found.key = data_of(user, "client-key-data");
    found.key_file = file_of(user, "client-key");
    found.token = text_of(user, "token");
    found.token_file = file_of(user, "tokenFile");
    const bool has_certificate = !found.certificate.empty() || !found.certificate_file.empty();
    const bool has_key = !found.key.empty() || !found.key_file.empty();
    if (has_certificate != has_key) {
      refuse(user, "a client certificate needs its key, and the other way round",
             "give client-certificate and client-key");
    }
  }

  const fs::path& name_;
};

}  // namespace

Kubeconfig parse_kubeconfig(std::string_view text, const fs::path& name, const std::string& context) {
  return KubeconfigReader(name).read(text, context);
}

}  // namespace greenwave::drivers::kubernetes
