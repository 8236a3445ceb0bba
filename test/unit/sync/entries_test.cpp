#include "sync/entries.h"

#include <catch2/catch.hpp>

#include "support/objects.h"

using namespace greenwave;
using namespace greenwave::test;

namespace {

Entry after(const plan::Step& step, Fault fault) {
  drivers::StepResult result;
  result.fail(Error(fault, "no"));
  return sync::result_of(step, result, CommitId("c"));
}

}  // namespace

TEST_CASE("entries: a failure passes only while every try since the object was well failed by what passes") {
  const plan::Desired desired = Make("SystemdUnit/radar");
  const auto well = applied(desired);
  const plan::Step first{.verb = plan::Verb::repair, .id = well.id, .desired = &desired, .entry = &well};
  const auto passing = after(first, Fault::transient);
  CHECK(passing.passes);
  const auto lasting = after(first, Fault::invalid);
  CHECK_FALSE(lasting.passes);

  const plan::Step again{.verb = plan::Verb::repair, .id = well.id, .desired = &desired, .entry = &lasting};
  CHECK_FALSE(after(again, Fault::transient).passes);
  const plan::Step later{.verb = plan::Verb::repair, .id = well.id, .desired = &desired, .entry = &passing};
  CHECK(after(later, Fault::transient).passes);
  CHECK_FALSE(after(later, Fault::invalid).passes);

  drivers::StepResult done;
  done.ok = true;
  const auto healed = sync::result_of(again, done, CommitId("c"));
  CHECK(healed.error == "");
  CHECK_FALSE(healed.passes);
}
