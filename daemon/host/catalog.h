#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "daemon/access/rights.h"
#include "lodge/v1/domain_object.pb.h"
#include "lodge/v1/domain_service.pb.h"

namespace lodge::host {

using DomainPtr = std::shared_ptr<const v1::Domain>;

access::Place place_of(const v1::Domain& domain);

// All guests as they were at one moment. Immutable, so any thread may look while the control thread goes on.
class Catalog {
 public:
  struct Entry {
    DomainPtr domain;
    std::string busy_verb;  // of the operation that holds the guest; empty if none
    Deadline::Clock::time_point busy_since{};
  };

  Catalog() = default;
  // `entries` in any order; uuids, names within a project and ids of running guests are unique.
  explicit Catalog(std::vector<Entry> entries);

  // The same with this guest added or replaced; and without it.
  Catalog with(Entry entry) const;
  Catalog without(std::string_view uuid) const;

  // What `rights` do not see is not there. not_found names guests whose names are near; invalid_argument if the reference is empty.
  // `any` is the id of a running guest, else a uuid, else a name; a name is one of the reference's project, or of their own.
  Result<DomainPtr> find(const v1::DomainRef& ref, const access::Rights& rights) const;
  // Running ones by id, then the others by name.
  std::vector<DomainPtr> list() const;

  std::size_t size() const { return entries_.size(); }

 private:
  class Search;

  std::vector<Entry> entries_;  // by name, then by project
};

}  // namespace lodge::host
