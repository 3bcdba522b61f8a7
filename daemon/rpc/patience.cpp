#include "daemon/rpc/patience.h"

namespace lodge::rpc {
namespace {

constexpr std::chrono::seconds kShutOut{1};

}  // namespace

bool Patience::begun(const std::string& caller, const std::string& peer, Clock::time_point now) {
  if (rations_.take(caller, now)) return true;
  auto shut_out = shut_out_.lock();
  std::erase_if(*shut_out, [&](const auto& entry) { return entry.second <= now; });
  shut_out->insert_or_assign(peer, now + kShutOut);
  return false;
}

void Patience::heard(const std::string& caller, Clock::time_point now) { rations_.give(caller, now); }

Patience::Clock::time_point Patience::shut_out_until(const std::string& peer) {
  auto shut_out = shut_out_.lock();
  const auto found = shut_out->find(peer);
  return found == shut_out->end() ? Clock::time_point::min() : found->second;
}

}  // namespace lodge::rpc
