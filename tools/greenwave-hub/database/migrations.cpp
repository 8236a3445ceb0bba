#include "database/migrations.h"

#include <array>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "database/answer.h"
#include "database/schema.h"

namespace greenwave::hub {

namespace {

/// The number of PostgreSQL's advisory lock that whoever migrates holds: any that nobody else uses.
constexpr const char* lock = "SELECT pg_advisory_xact_lock(443974641006)";

class Session {
 public:
  explicit Session(const std::string& settings) : raw_(PQconnectdb(settings.c_str())) {
    if (raw_ && PQstatus(raw_.get()) == CONNECTION_OK) return;
    throw Error(Fault::transient,
                fmt::format("the database cannot be reached: {}",
                            raw_ ? printable(trim(PQerrorMessage(raw_.get()))) : "no memory"),
                "check database in hub.yaml, and that PostgreSQL runs");
  }

  /// One or several statements without values; the answer of the last.
  Answer run(const std::string& sql) {
    RawResult result(PQexec(raw_.get(), sql.c_str()));
    const auto status = PQresultStatus(result.get());
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return Answer(std::move(result));
    throw Error(Fault::invalid,
                fmt::format("the database's schema cannot be changed: {}",
                            printable(trim(PQerrorMessage(raw_.get())))),
                "the hub's role needs to own the schema greenwave, and a superuser creates the extension "
                "once: CREATE "
                "EXTENSION postgis");
  }

 private:
  RawConnection raw_;
};

int version_of(Session& session) {
  const auto known = session.run("SELECT to_regclass('greenwave.schema_version') IS NOT NULL");
  if (known.text(0, 0) != "t") return 0;
  return static_cast<int>(session.run("SELECT version FROM greenwave.schema_version").number(0, 0));
}

}  // namespace

int newest_schema() {
  return static_cast<int>(schema_steps.size());
}

void migrate(const std::string& settings, const Log& log) {
  Session session(settings);
  session.run("SET client_min_messages = warning");
  while (true) {
    session.run("BEGIN");
    session.run(lock);
    const int version = version_of(session);
    if (version > newest_schema()) {
      throw Error(
          Fault::invalid,
          fmt::format("the database's schema is {}, and this program knows {}", version, newest_schema()),
          "run the newer greenwave-hub, or restore a backup made before it");
    }
    if (version == newest_schema()) return;
    session.run(schema_steps[static_cast<std::size_t>(version)]);
    session.run(fmt::format("UPDATE greenwave.schema_version SET version = {}", version + 1));
    session.run("COMMIT");
    log.info(fmt::format("the database's schema is now {}", version + 1));
  }
}

}  // namespace greenwave::hub
