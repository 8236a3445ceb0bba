#include <catch2/catch.hpp>

#include "base/base64.h"
#include "base/digest.h"
#include "config/mirror_config.h"
#include "mirror/webhook.h"
#include "tip/tip_name.h"

using namespace greenwave;

TEST_CASE("mirror: a path names a tip, or nothing") {
  for (const auto* good : {"/city.git.tip/refs/heads/main", "/a/b/city.git.tip/refs/heads/wave/canary",
                           "/city.tip/refs/heads/x.tip"}) {
    CHECK(hub::is_tip_path(good));
  }
  for (const auto* bad :
       {"", "/", "city.git.tip/refs/heads/main", "/city.git.tip/refs/heads", "/city.git.tip/refs/heads/",
        "/city.git.tip/../x/y/z", "/city.git.tip/refs/heads/..", "/city.git.tip/refs/heads/.lock",
        "/city.git.tip/refs/heads/a.lock", "/city.git/refs/heads/main", "/city.git.tip/config/heads/main",
        "/city.git.tip/refs/heads/a b", "/city.git.tip/refs/heads/a\n", "//city.git.tip/refs/heads/main",
        "/.tip/refs/heads/main", "/x/refs/heads/city.tip/main"}) {
    CHECK_FALSE(hub::is_tip_path(bad));
  }
  CHECK_FALSE(hub::is_tip_path("/city.git.tip/refs/heads/" + std::string(600, 'a')));
}

TEST_CASE(
    "mirror: a webhook is believed as GitHub, Gitea, GitLab and Bitbucket sign it, and in no other way") {
  const std::string secret = "it is a secret to everybody";
  const auto digits = to_hex(hmac_sha256(secret, "{}"));
  const auto asks = [](std::map<std::string, std::string> headers, std::string body = "{}") {
    return hub::HttpRequest{"POST", "/webhook", {}, std::move(headers), std::move(body)};
  };
  CHECK(hub::is_genuine(asks({{"x-hub-signature-256", "sha256=" + digits}}), secret));
  CHECK(hub::is_genuine(asks({{"x-gitea-signature", digits}}), secret));
  CHECK(hub::is_genuine(asks({{"x-gitlab-token", secret}}), secret));
  CHECK(hub::is_genuine(asks({{"x-hub-signature", "sha256=" + digits}}), secret));
  CHECK(hub::is_genuine(asks({{"x-hub-signature", "sha1=0"}, {"x-hub-signature-256", "sha256=" + digits}}),
                        secret));

  CHECK_FALSE(hub::is_genuine(asks({{"x-hub-signature", digits}}), secret));
  CHECK_FALSE(hub::is_genuine(asks({{"x-hub-signature", "sha1=" + digits}}), secret));
  CHECK_FALSE(hub::is_genuine(
      asks({{"x-hub-signature", "sha256=" + digits}, {"x-hub-signature-256", "sha256=0"}}), secret));
  CHECK_FALSE(hub::is_genuine(asks({}), secret));
  CHECK_FALSE(hub::is_genuine(asks({{"x-hub-signature-256", "sha256="}}), secret));
  CHECK_FALSE(hub::is_genuine(asks({{"x-hub-signature-256", digits}}), secret));
  CHECK_FALSE(hub::is_genuine(asks({{"x-hub-signature-256", "sha256=" + digits}}, "{} "), secret));
  CHECK_FALSE(hub::is_genuine(asks({{"x-gitea-signature", std::string(64, '0')}}), secret));
  CHECK_FALSE(hub::is_genuine(asks({{"x-gitlab-token", secret + " "}}), secret));
  CHECK_FALSE(hub::is_genuine(asks({{"x-gitlab-token", "guess"}}), secret));
  CHECK_FALSE(
      hub::is_genuine(asks({{"x-gitlab-token", ""}, {"x-hub-signature-256", "sha256=" + digits}}), ""));

  const auto basic = [&asks](const std::string& pair, const std::string& scheme = "Basic ") {
    return asks({{"authorization", scheme + encode_base64(pair)}});
  };
  CHECK(hub::is_genuine(basic("azure:" + secret), secret));
  CHECK(hub::is_genuine(basic(":" + secret, "basic "), secret));
  CHECK(hub::is_genuine(basic("a:b:c"), "b:c"));
  CHECK_FALSE(hub::is_genuine(basic(secret), secret));
  CHECK_FALSE(hub::is_genuine(basic("azure:"), secret));
  CHECK_FALSE(hub::is_genuine(basic("azure:" + secret, "Bearer "), secret));
  CHECK_FALSE(hub::is_genuine(basic("azure:"), ""));
  CHECK_FALSE(hub::is_genuine(asks({{"authorization", "Basic *"}}), secret));
  CHECK_FALSE(hub::is_genuine(asks({{"authorization", "Basic"}}), secret));
  for (const auto* name : {"x-hub-signature-256", "x-gitea-signature", "x-gitlab-token"}) {
    auto both = basic("azure:" + secret);
    both.headers.emplace(name, "sha256=0");
    CHECK_FALSE(hub::is_genuine(both, secret));
  }

  // RFC 4231, 4.7: a key longer than a block.
  CHECK(hub::is_genuine(asks({{"x-hub-signature-256",
                               "sha256=60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"}},
                             "Test Using Larger Than Block-Size Key - Hash Key First"),
                        std::string(131, '\xaa')));
}

namespace {

std::string problem_with(const std::string& text) {
  Problems problems;
  hub::parse_mirror_config(text, "mirror.yaml", problems);
  return problems.list().empty() ? "none" : to_string(problems.list().front());
}

}  // namespace

TEST_CASE("mirror: its configuration is read strictly") {
  CHECK(problem_with("repository: city.git\n") == "none");
  CHECK(problem_with("repository: city.git\nupstream: {url: 'https://git.example/a.git', interval: 30s}\n") ==
        "none");
  for (const auto* bad : {"", "{}", "repository: ../x\n", "repository: .git\n", "repository: a/b\n",
                          "repository: city.git.tip\n", "repository: city.git\nwhatever: 1\n",
                          "repository: city.git\ndirectory: srv\n", "repository: city.git\nupstream: {}\n",
                          "repository: city.git\nupstream: {url: 'http://x/y'}\n",
                          "repository: city.git\nupstream: {url: 'https://x/y', interval: 1s}\n",
                          "repository: city.git\nupstream: {url: 'https://x/y', username: 'a:b'}\n",
                          "repository: city.git\nupstream: {url: 'https://x/y', token: secret}\n"}) {
    INFO(bad);
    CHECK(problem_with(bad).find("mirror.yaml:") == 0);
  }
}
