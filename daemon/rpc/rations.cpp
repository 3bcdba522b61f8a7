#include "daemon/rpc/rations.h"

#include <algorithm>

namespace lodge::rpc {
namespace {

// As many as are remembered. What of them is full again says nothing, and is forgotten first; if all are busy, newcomers
// share one ration.
constexpr std::size_t kMostKeys = 4096;
constexpr const char* kNewcomers = "";

}  // namespace

double Rations::left_at(const Ration& ration, Clock::time_point now) const {
  return std::min(at_once_, ration.left + a_second_ * std::chrono::duration<double>(now - ration.when).count());
}

bool Rations::take(const std::string& key, Clock::time_point now) {
  auto rations = rations_.lock();
  auto found = rations->find(key);
  if (found == rations->end() && rations->size() >= kMostKeys)
    std::erase_if(*rations, [&](const auto& entry) { return left_at(entry.second, now) >= at_once_; });
  if (found == rations->end())
    found = rations->try_emplace(rations->size() >= kMostKeys ? kNewcomers : key, Ration{at_once_, now}).first;
  Ration& ration = found->second;
  ration = {.left = left_at(ration, now), .when = now};
  if (ration.left < 1) return false;
  ration.left -= 1;
  return true;
}

void Rations::give(const std::string& key, Clock::time_point now) {
  auto rations = rations_.lock();
  auto found = rations->find(key);
  if (found == rations->end()) found = rations->find(kNewcomers);
  if (found == rations->end()) return;
  found->second = {.left = std::min(at_once_, left_at(found->second, now) + 1), .when = now};
}

}  // namespace lodge::rpc
