#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "support/server.h"
#include "support/temporary_directory.h"

namespace greenwave::test {

/// nginx in front of git http-backend, with TLS on a loopback port. A repository under /tmp is at
///   /NAME           open to all
///   /private/NAME   with the user "device" and the password "open sesame"
///   /old/NAME       through a server that knows nothing of protocol v2
///   /strict/NAME    the same, which refuses who offers no multi_ack, as Azure DevOps does
///   /mtls/NAME      only with a client certificate
///   /moved/NAME redirected to /NAME, /circle/ to itself, /away/ to another host, /plain/ to http://
///   /busy/          503 with Retry-After: 120
///   /page/          a page of HTML
/// What stands in /tmp/NAME.tip/ is served as files. A connection serves eight requests. The same is served
/// without TLS on the unix socket file("socket").
class HttpsServer {
 public:
  HttpsServer() : port_(free_port()) {
    make_certificates();
    directory_.write("passwords", "device:{PLAIN}open sesame\n");
    directory_.write("tips/ref", "0000000000000000000000000000000000000000\n");
    std::filesystem::permissions(directory_.path(), std::filesystem::perms(0755));
    const auto here = directory_.path().native();
    const auto strict =
        directory_.write("strict",
                         "#!/bin/sh\nbackend=/usr/lib/git-core/git-http-backend\n"
                         "[ \"$REQUEST_METHOD\" = POST ] || exec $backend\n"
                         "body=$(mktemp)\ncat >\"$body\"\nexec <\"$body\"\n"
                         "if grep -aq multi_ack \"$body\"; then rm \"$body\"; exec $backend; fi\n"
                         "rm \"$body\"\nprintf 'Status: 400\\r\\n\\r\\nTF401041'\n");
    std::filesystem::permissions(strict, std::filesystem::perms(0755));
    const auto backend = [&](const std::string& prefix, const std::string& more, bool v2 = true) {
      const auto program = prefix == "/strict" ? strict.native() : "/usr/lib/git-core/git-http-backend";
      return "location ~ ^" + prefix + "(/.*)$ { " + more + " fastcgi_pass unix:" + here +
             "/cgi; fastcgi_param SCRIPT_FILENAME " + program +
             ";"
             " fastcgi_param PATH_INFO $1; fastcgi_param GIT_PROJECT_ROOT /tmp; fastcgi_param "
             "GIT_HTTP_EXPORT_ALL 1;"
             " fastcgi_param REQUEST_METHOD $request_method; fastcgi_param QUERY_STRING $query_string;"
             " fastcgi_param CONTENT_TYPE $content_type; fastcgi_param CONTENT_LENGTH $content_length;" +
             (v2 ? "" : " fastcgi_param HTTP_GIT_PROTOCOL '';") +
             " }\n";  // nginx passes the header by itself
    };
    directory_.write(
        "nginx.conf",
        "daemon off; user root; worker_processes 1; pid " + here + "/pid; error_log " + here +
            "/error.log;\nevents {}\nhttp {\nlog_format bytes '$request_length $bytes_sent $connection "
            "$ssl_session_reused $status'; access_log " +
            here +
            "/access.log bytes; "
            "keepalive_requests 8; ssl_session_cache shared:tls:1m; client_body_temp_path " +
            here + "/body; fastcgi_temp_path " + here + "/fastcgi; proxy_temp_path " + here +
            "/proxy; client_max_body_size 64m; server_tokens off;\nserver {\nlisten unix:" + here +
            "/socket; listen 127.0.0.1:" + std::to_string(port_) +
            " ssl; server_name localhost;\nssl_certificate " + here + "/server.pem; ssl_certificate_key " +
            here + "/server.key; ssl_client_certificate " + here + "/ca.pem; ssl_verify_client optional;\n" +
            "location ~ ^/moved(/.*)$ { return 301 $1$is_args$args; }\n"
            "location ^~ /circle/ { return 302 $request_uri; }\n"
            "location ^~ /away/ { return 302 https://127.0.0.1:" +
            std::to_string(port_) + "$request_uri; }\n" +
            "location ^~ /plain/ { return 302 http://localhost:" + std::to_string(port_) +
            "$request_uri; }\n" +
            "location ^~ /busy/ { add_header Retry-After 120 always; return 503; }\n"
            "location ^~ /page/ { default_type text/html; return 200 '<html>Sign in</html>'; }\n" +
            "location ~ [.]tip/ { root /tmp; }\n" +
            backend("/private", "auth_basic git; auth_basic_user_file " + here + "/passwords;") +
            backend("/mtls", "if ($ssl_client_verify != SUCCESS) { return 400; }") +
            backend("/old", "", false) + backend("/strict", "", false) + backend("", "") + "}\n}\n");
    cgi_ = std::make_unique<Server>(
        std::vector<std::string>{"fcgiwrap", "-f", "-c", "2", "-s", "unix:" + here + "/cgi"},
        directory_ / "cgi.log");
    nginx_ = std::make_unique<Server>(
        std::vector<std::string>{"/usr/sbin/nginx", "-p", here, "-c", here + "/nginx.conf"},
        directory_ / "nginx.log");
    nginx_->wait_for_port(port_);  // nginx listens in the order of its file: by then on the unix socket too
  }

  unsigned port() const { return port_; }
  std::filesystem::path file(const std::string& name) const { return directory_ / name; }
  std::filesystem::path write(const std::string& name, const std::string& text) const {
    return directory_.write(name, text);
  }

  struct Logged {
    unsigned long received = 0, sent = 0, connection = 0;  ///< bytes of a request, of its answer
    bool resumed = false;                                  ///< by a TLS session of an earlier connection
    int status = 0;
  };

  /// The requests so far. nginx writes a line only after its answer has left, so this waits a while for as
  /// many as there must be.
  std::vector<Logged> log(std::size_t expected) const {
    auto lines = read_log();
    for (int tries = 0; lines.size() < expected && tries < 500; ++tries) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      lines = read_log();
    }
    return lines;
  }

  /// `kind` is empty or one of the prefixes, such as "/private".
  std::string url(const std::filesystem::path& repository, const std::string& kind = "") const {
    return "https://localhost:" + std::to_string(port_) + kind + "/" + repository.filename().native();
  }

 private:
  std::vector<Logged> read_log() const {
    std::vector<Logged> lines;
    std::ifstream file(directory_ / "access.log");
    Logged line;
    std::string reused;
    while (file >> line.received >> line.sent >> line.connection >> reused >> line.status) {
      line.resumed = reused == "r";
      lines.push_back(line);
    }
    return lines;
  }

  void make_certificates() const {
    const auto path = [&](const char* name) { return (directory_ / name).native(); };
    const auto pair = [&](const std::string& name, const std::vector<std::string>& more) {
      std::vector<std::string> words{"openssl",  "req",
                                     "-x509",    "-nodes",
                                     "-newkey",  "ec",
                                     "-pkeyopt", "ec_paramgen_curve:prime256v1",
                                     "-days",    "2",
                                     "-keyout",  path((name + ".key").c_str()),
                                     "-out",     path((name + ".pem").c_str())};
      words.insert(words.end(), more.begin(), more.end());
      run_or_throw(words);
    };
    pair("ca", {"-subj", "/CN=Test CA"});
    pair("other", {"-subj", "/CN=Another CA"});
    const std::vector<std::string> signed_by{"-CA", path("ca.pem"), "-CAkey", path("ca.key")};
    auto server = signed_by;
    server.insert(server.end(), {"-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                                 "-addext", "basicConstraints=critical,CA:FALSE"});
    pair("server", server);
    auto client = signed_by;
    client.insert(client.end(), {"-subj", "/CN=sf-0042", "-addext", "basicConstraints=critical,CA:FALSE"});
    pair("client", client);
  }

  TemporaryDirectory directory_;
  unsigned port_;
  std::unique_ptr<Server> cgi_;
  std::unique_ptr<Server> nginx_;
};

}  // namespace greenwave::test
