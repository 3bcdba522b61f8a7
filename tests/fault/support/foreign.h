#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tests/e2e/support/process.h"

namespace lodge::test {

// What others have on the host, made to look as much like ours as can be: macvtaps and taps with our names, one with the mark of
// another ledger and one with a number as ours are, some of them shaped as we shape ours, as the uplink is, a bridge, tables of
// nftables, one of them called as ours are, a control group, another user's QEMU whose environment mentions a claim, a folder
// beside those of our runs, a socket beside those of our guests. In a sandbox.
class Foreign {
 public:
  // `parent` is the guests' uplink, `runs` where the manager keeps the folders of its runs, `sockets` where users have sockets
  // of their guests; it is made.
  Foreign(std::string parent, fs::path runs, fs::path sockets);
  ~Foreign();
  Foreign(const Foreign&) = delete;

  // Links of these names are made, on the same parent; what was taken in this way long ago goes.
  void take(std::span<const std::string> names);
  // In a word for each object that is not as it was planted. They are forgotten then.
  std::vector<std::string> touched();
  // Whether it is one of these.
  bool has_link(const std::string& name) const { return identities_.contains("link " + name); }
  pid_t qemu() const { return qemu_.pid(); }
  const std::optional<fs::path>& group() const { return group_; }
  const fs::path& folder() const { return folder_; }
  const fs::path& sockets() const { return sockets_; }
  fs::path socket() const { return sockets_ / "theirs.sock"; }

 private:
  // What can be seen of each object: its name, and all by which it can be told from another.
  std::map<std::string, std::string> look() const;
  void plant(const std::string& arguments, const std::string& link);
  void plant_traffic_control() const;

  std::string parent_;
  fs::path folder_;
  fs::path sockets_;
  std::optional<fs::path> group_;
  Process qemu_;
  std::map<std::string, std::string> identities_;
  std::vector<std::string> taken_;  // the oldest first
};

}  // namespace lodge::test
