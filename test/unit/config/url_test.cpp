#include "config/url.h"

#include <catch2/catch.hpp>

#include "base/error.h"

using namespace greenwave;
using config::parse_url;
using config::Url;

TEST_CASE("config: URLs are split into scheme, user, host, port and path") {
  const auto https = parse_url("https://git.example/traffic/city.git");
  CHECK(https.scheme == Url::Scheme::https);
  CHECK(https.host == "git.example");
  CHECK(https.port == 443);
  CHECK(https.path == "/traffic/city.git");

  const auto ssh = parse_url("ssh://deploy@[2001:db8::1]:2222/city.git");
  CHECK(ssh.scheme == Url::Scheme::ssh);
  CHECK(ssh.user == "deploy");
  CHECK(ssh.host == "2001:db8::1");
  CHECK(ssh.port == 2222);

  const auto scp = parse_url("git@git.example:traffic/city.git");
  CHECK(scp.scheme == Url::Scheme::ssh);
  CHECK(scp.user == "git");
  CHECK(scp.host == "git.example");
  CHECK(scp.port == 22);
  CHECK(scp.path == "traffic/city.git");

  CHECK(parse_url("file:///srv/my%20city.git").path == "/srv/my city.git");
}

TEST_CASE("config: URLs that cannot work are refused with what to write") {
  const auto remedy = [](const char* text) {
    try {
      parse_url(text);
    } catch (const Error& error) {
      CHECK(error.fault() == Fault::invalid);
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  CHECK(remedy("http://git.example/c.git").find("use https://") != std::string::npos);
  CHECK(remedy("git://git.example/c.git").find("use https:// or ssh://") != std::string::npos);
  CHECK(remedy("/srv/city.git").find("write file:///srv/city.git") != std::string::npos);
  CHECK(remedy("file://srv/city.git").find("three slashes") != std::string::npos);
  for (const auto* text :
       {"", "city.git", "https://", "https:///c", "https://git.example", "https://a b/c", "https://h:0/c",
        "https://h:99999/c", "https://h:x/c", "https://-h/c", "ssh://-o@h/c", "https://h/c?token=x",
        "https://h/c#x", "file:///a%zz", "file:///a%00", "git@:c", "git@h:", "https://[::1/c"}) {
    CAPTURE(text);
    CHECK(remedy(text) != "accepted");
  }
}
