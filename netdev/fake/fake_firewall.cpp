#include "netdev/fake/fake_firewall.h"

#include <algorithm>

namespace lodge::netdev {

void FakeFirewall::add(const std::string& name, const std::string& comment) {
  auto world = world_.lock();
  world->tables[name] = NewTable{.name = name, .comment = comment};
  world->planted[name] = comment;
}

std::optional<NewTable> FakeFirewall::table(const std::string& name) const {
  auto world = world_.lock();
  const auto found = world->tables.find(name);
  return found == world->tables.end() ? std::nullopt : std::optional(found->second);
}

std::optional<NewTable> FakeFirewall::filtering(const std::string& device) const {
  auto world = world_.lock();
  const auto found = std::ranges::find(world->tables, device, [](const auto& pair) { return pair.second.device; });
  return found == world->tables.end() ? std::nullopt : std::optional(found->second);
}

bool FakeFirewall::is_pristine() const {
  auto world = world_.lock();
  return std::ranges::equal(world->tables, world->planted, [](const auto& have, const auto& planted) {
    return have.first == planted.first && have.second.comment == planted.second;
  });
}

Result<std::vector<std::string>> FakeFirewall::tables() {
  TRY(steps_->begin());
  std::vector<std::string> names;
  for (const auto& [name, table] : world_.lock()->tables) names.push_back(name);
  steps_->end();
  return names;
}

Result<std::optional<std::string>> FakeFirewall::find_table(std::string_view name) {
  TRY(steps_->begin());
  std::optional<std::string> comment;
  {
    auto world = world_.lock();
    if (const auto found = world->tables.find(name); found != world->tables.end()) comment = found->second.comment;
  }
  steps_->end();
  return comment;
}

Result<void> FakeFirewall::create_table(const NewTable& table) {
  TRY(steps_->begin());
  if (!world_.lock()->tables.try_emplace(table.name, table).second)
    return fail_errno(EEXIST, "make the table {}", table.name);
  steps_->end();
  return {};
}

Result<void> FakeFirewall::delete_table(std::string_view name) {
  TRY(steps_->begin());
  {
    auto world = world_.lock();
    if (const auto found = world->tables.find(name); found != world->tables.end()) world->tables.erase(found);
  }
  steps_->end();
  return {};
}

}  // namespace lodge::netdev
