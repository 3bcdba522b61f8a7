#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <string_view>
#include <vector>

#include "lodge/v1/domain.pb.h"
#include "tests/conformance/plan_places.h"
#include "tests/conformance/schema_coverage.h"

// Whether the vocabulary has everything that libvirt's own schemas have: elements, attributes, text, enumerated values.

using namespace lodge::conformance;

namespace {

constexpr std::string_view kSchemas = "/usr/share/libvirt/schemas/";

// What the schema has and we do not.
bool is_exception(const std::string& place) {
  // By the schema itself nothing is allowed in there.
  if (place.ends_with("/privateData/")) return true;
  // Only a card of type hostdev has the place to itself; for the others it is read as these.
  if (place.starts_with("domain/devices/interface/driver/@name=")) return true;
  // The schema has one list for serial ports and consoles; libvirt refuses of each what belongs to the other.
  return place.starts_with("domain/devices/serial/target/@type=") ||
         place.starts_with("domain/devices/console/target/@type=");
}

}  // namespace

TEST_CASE("everything that libvirt's schema allows in a domain has its place in the message") {
  const std::string schema = std::string(kSchemas) + "domain.rng";
  if (!std::filesystem::exists(schema)) {
    std::printf("SKIPPED: there is no %s\n", schema.c_str());
    return;
  }
  const auto wanted = schema_places(schema, "domain");
  REQUIRE(wanted.size() > 2000);
  const PlanPlaces plan(lodge::v1::DomainSpec::descriptor());
  std::size_t taken = 0;
  std::vector<std::string> missing;
  for (const auto& place : wanted) {
    if (plan.take(place)) {
      ++taken;
    } else if (!is_exception(place)) {
      missing.push_back(place);
    }
  }
  std::printf("domain.rng: %zu of %zu places taken, %zu more are exceptions\n", taken, wanted.size(),
              wanted.size() - taken - missing.size());
  CHECK(missing == std::vector<std::string>());
}
