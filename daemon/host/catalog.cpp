#include "daemon/host/catalog.h"

#include <algorithm>
#include <charconv>
#include <ranges>

#include "base/uuid.h"

namespace lodge::host {
namespace {

const std::string& name_of(const Catalog::Entry& entry) { return entry.domain->name(); }

// What entries are sorted by.
std::pair<std::string_view, std::string_view> key_of(const Catalog::Entry& entry) {
  return {entry.domain->name(), entry.domain->project()};
}

// How many letters must change to make one of the other.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, diagonal + 1, row[j] + 1});
    }
  }
  return row.back();
}

// What readers get: while an operation holds the guest, with its name and how long it has.
DomainPtr shown(const Catalog::Entry& entry) {
  if (entry.busy_verb.empty()) return entry.domain;
  auto domain = std::make_shared<v1::Domain>(*entry.domain);
  const auto held = std::chrono::duration_cast<std::chrono::seconds>(Deadline::Clock::now() - entry.busy_since);
  domain->mutable_status()->set_busy_with(fmt::format("{} ({} s)", entry.busy_verb, held.count()));
  return domain;
}

std::uint32_t as_id(std::string_view text) {
  std::uint32_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  return error == std::errc() && end == text.data() + text.size() ? id : 0;
}

}  // namespace

access::Place place_of(const v1::Domain& domain) {
  return {.project = domain.project(), .name = domain.name(), .uuid = domain.uuid()};
}

Catalog::Catalog(std::vector<Entry> entries) : entries_(std::move(entries)) { std::ranges::sort(entries_, {}, key_of); }

Catalog Catalog::with(Entry entry) const {
  Catalog next(*this);
  auto place = std::ranges::lower_bound(next.entries_, key_of(entry), {}, key_of);
  if (place != next.entries_.end() && key_of(*place) == key_of(entry)) {
    *place = std::move(entry);
  } else {
    next.entries_.insert(place, std::move(entry));
  }
  return next;
}

Catalog Catalog::without(std::string_view uuid) const {
  Catalog next(*this);
  std::erase_if(next.entries_, [&](const Entry& entry) { return entry.domain->uuid() == uuid; });
  return next;
}

// One look for one guest, by somebody who does not see all of them.
class Catalog::Search {
 public:
  Search(const std::vector<Entry>& entries, const access::Rights& rights, const std::string& project)
      : entries_(entries), rights_(rights), project_(project.empty() ? rights.home() : project) {}

  const Entry* by_uuid(std::string_view uuid) const {
    return seen([&](const v1::Domain& domain) { return domain.uuid() == uuid; });
  }
  const Entry* by_name(std::string_view name) const {
    const auto found = std::ranges::lower_bound(entries_, std::pair(name, std::string_view(project_)), {}, key_of);
    if (found == entries_.end() || key_of(*found) != std::pair(name, std::string_view(project_))) return nullptr;
    return rights_.sees(place_of(*found->domain)) ? &*found : nullptr;
  }
  const Entry* by_id(std::uint32_t id) const {
    if (id == 0) return nullptr;
    return seen([&](const v1::Domain& domain) { return domain.status().id() == id; });
  }

  // For one who looked in the wrong place, or mistyped.
  std::string hint(std::string_view name) const {
    std::vector<std::pair<std::size_t, std::string>> near;
    std::vector<std::string_view> elsewhere;
    for (const Entry& entry : entries_) {
      if (!rights_.sees(place_of(*entry.domain))) continue;
      const std::string& candidate = name_of(entry);
      if (entry.domain->project() != project_) {
        if (candidate == name && elsewhere.size() < 3) elsewhere.push_back(entry.domain->project());
        continue;
      }
      if (name.size() > 64 || candidate.size() > 64) continue;
      const std::size_t distance = edit_distance(name, candidate);
      if (distance <= 2 && distance < candidate.size()) near.emplace_back(distance, fmt::format("'{}'", candidate));
    }
    if (!elsewhere.empty())
      return fmt::format(" in project '{}' (there is one in project {}: say which)", project_,
                         fmt::join(elsewhere, ", "));
    std::ranges::sort(near);
    if (near.size() > 3) near.resize(3);
    return near.empty() ? "" : fmt::format(" (near: {})", fmt::join(near | std::views::values, ", "));
  }

 private:
  const Entry* seen(auto matches) const {
    const auto found = std::ranges::find_if(entries_, [&](const Entry& entry) { return matches(*entry.domain); });
    return found != entries_.end() && rights_.sees(place_of(*found->domain)) ? &*found : nullptr;
  }

  const std::vector<Entry>& entries_;
  const access::Rights& rights_;
  const std::string project_;
};

Result<DomainPtr> Catalog::find(const v1::DomainRef& ref, const access::Rights& rights) const {
  const Search search(entries_, rights, ref.project());
  const Entry* found = nullptr;
  switch (ref.by_case()) {
    case v1::DomainRef::kUuid: {
      TRY_ASSIGN(const Uuid uuid, Uuid::parse(ref.uuid()));
      found = search.by_uuid(uuid.str());
      if (!found) return fail(Code::not_found, "no guest with uuid {}", uuid.str());
      return shown(*found);
    }
    case v1::DomainRef::kName:
      found = search.by_name(ref.name());
      if (!found) return fail(Code::not_found, "no guest named '{}'{}", ref.name(), search.hint(ref.name()));
      return shown(*found);
    case v1::DomainRef::kId:
      found = search.by_id(ref.id());
      if (!found) return fail(Code::not_found, "no running guest with id {}", ref.id());
      return shown(*found);
    case v1::DomainRef::kAny: {
      if (ref.any().empty()) break;
      found = search.by_id(as_id(ref.any()));
      if (const auto uuid = Uuid::parse(ref.any()); !found && uuid) found = search.by_uuid(uuid->str());
      const Entry* const named = search.by_name(ref.any());
      if (found && named && found != named) {
        return fail(Code::invalid_argument, "'{}' is the name of one guest and the {} of '{}': say name:{} or {}:{}",
                    ref.any(), as_id(ref.any()) ? "id" : "uuid", name_of(*found), ref.any(),
                    as_id(ref.any()) ? "id" : "uuid", ref.any());
      }
      if (!found) found = named;
      if (!found) return fail(Code::not_found, "no guest named '{}'{}", ref.any(), search.hint(ref.any()));
      return shown(*found);
    }
    case v1::DomainRef::BY_NOT_SET: break;
  }
  return fail(Code::invalid_argument, "the request does not say which guest");
}

std::vector<DomainPtr> Catalog::list() const {
  std::vector<DomainPtr> domains;
  domains.reserve(entries_.size());
  for (const Entry& entry : entries_) domains.push_back(shown(entry));
  // Stable, so that those without an id stay in the order of their names.
  std::ranges::stable_sort(domains, {}, [](const DomainPtr& domain) { return domain->status().id() - 1; });
  return domains;
}

}  // namespace lodge::host
