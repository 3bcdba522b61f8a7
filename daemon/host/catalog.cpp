#include "daemon/host/catalog.h"

#include <algorithm>
#include <charconv>
#include <ranges>

#include "base/uuid.h"

namespace lodge::host {
namespace {

const std::string& name_of(const Catalog::Entry& entry) { return entry.domain->name(); }

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

Catalog::Catalog(std::vector<Entry> entries) : entries_(std::move(entries)) {
  std::ranges::sort(entries_, {}, name_of);
}

Catalog Catalog::with(Entry entry) const {
  Catalog next(*this);
  auto place = std::ranges::lower_bound(next.entries_, name_of(entry), {}, name_of);
  if (place != next.entries_.end() && name_of(*place) == name_of(entry)) {
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

const Catalog::Entry* Catalog::by_uuid(std::string_view uuid) const {
  const auto found = std::ranges::find_if(entries_, [&](const Entry& entry) { return entry.domain->uuid() == uuid; });
  return found == entries_.end() ? nullptr : &*found;
}

const Catalog::Entry* Catalog::by_name(std::string_view name) const {
  const auto found = std::ranges::lower_bound(entries_, name, {},
                                              [](const Entry& entry) -> std::string_view { return name_of(entry); });
  return found == entries_.end() || name_of(*found) != name ? nullptr : &*found;
}

const Catalog::Entry* Catalog::by_id(std::uint32_t id) const {
  if (id == 0) return nullptr;
  const auto found = std::ranges::find_if(entries_,
                                          [&](const Entry& entry) { return entry.domain->status().id() == id; });
  return found == entries_.end() ? nullptr : &*found;
}

std::string Catalog::nearest_names(std::string_view name) const {
  std::vector<std::pair<std::size_t, std::string>> near;
  for (const Entry& entry : entries_) {
    const std::string& candidate = name_of(entry);
    if (name.size() > 64 || candidate.size() > 64) continue;
    const std::size_t distance = edit_distance(name, candidate);
    if (distance <= 2 && distance < candidate.size()) near.emplace_back(distance, fmt::format("'{}'", candidate));
  }
  std::ranges::sort(near);
  if (near.size() > 3) near.resize(3);
  if (near.empty()) return "";
  return fmt::format(" (near: {})", fmt::join(near | std::views::values, ", "));
}

Result<DomainPtr> Catalog::find(const v1::DomainRef& ref) const {
  const Entry* found = nullptr;
  switch (ref.by_case()) {
    case v1::DomainRef::kUuid: {
      TRY_ASSIGN(const Uuid uuid, Uuid::parse(ref.uuid()));
      found = by_uuid(uuid.str());
      if (!found) return fail(Code::not_found, "no guest with uuid {}", uuid.str());
      return shown(*found);
    }
    case v1::DomainRef::kName:
      found = by_name(ref.name());
      if (!found) return fail(Code::not_found, "no guest named '{}'{}", ref.name(), nearest_names(ref.name()));
      return shown(*found);
    case v1::DomainRef::kId:
      found = by_id(ref.id());
      if (!found) return fail(Code::not_found, "no running guest with id {}", ref.id());
      return shown(*found);
    case v1::DomainRef::kAny: {
      if (ref.any().empty()) break;
      found = by_id(as_id(ref.any()));
      if (const auto uuid = Uuid::parse(ref.any()); !found && uuid) found = by_uuid(uuid->str());
      const Entry* const named = by_name(ref.any());
      if (found && named && found != named) {
        return fail(Code::invalid_argument, "'{}' is the name of one guest and the {} of '{}': say name:{} or {}:{}",
                    ref.any(), as_id(ref.any()) ? "id" : "uuid", name_of(*found), ref.any(),
                    as_id(ref.any()) ? "id" : "uuid", ref.any());
      }
      if (!found) found = named;
      if (!found) return fail(Code::not_found, "no guest named '{}'{}", ref.any(), nearest_names(ref.any()));
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
