#include "daemon/rpc/user_servers.h"

#include "base/log.h"

namespace lodge::rpc {

Result<UserServers> UserServers::start(Make make) {
  UserServers all(std::move(make));
  TRY_ASSIGN(auto first, all.make_());
  all.servers_.push_back(std::move(first));
  return all;
}

grpc::Server& UserServers::of(uid_t uid) {
  if (const auto own = owners_.find(uid); own != owners_.end()) return *servers_[own->second];
  if (owners_.size() == servers_.size() && servers_.size() < kMost) {
    if (auto one = make_())
      servers_.push_back(std::move(*one));
    else
      log::failed("make a server for one more user, who shares one now", one.error());
  }
  if (owners_.size() == servers_.size()) return *servers_[uid % servers_.size()];
  const std::size_t free = owners_.size();
  owners_.emplace(uid, free);
  return *servers_[free];
}

void UserServers::shutdown(std::chrono::system_clock::time_point until) {
  for (const auto& server : servers_) server->Shutdown(until);
}

}  // namespace lodge::rpc
