#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/guarded.h"
#include "netdev/fake/steps.h"
#include "netdev/firewall/firewall.h"

namespace lodge::netdev {

// Tables in memory. Any thread.
class FakeFirewall final : public Firewall {
 public:
  explicit FakeFirewall(std::shared_ptr<Steps> steps = std::make_shared<Steps>()) : steps_(std::move(steps)) {}

  // Somebody else's table.
  void add(const std::string& name, const std::string& comment);
  std::optional<NewTable> table(const std::string& name) const;
  // The table that filters this device, whatever it is called.
  std::optional<NewTable> filtering(const std::string& device) const;
  // True if there is what was added, and nothing else.
  bool is_pristine() const;

  Result<std::vector<std::string>> tables() override;
  Result<std::optional<std::string>> find_table(std::string_view name) override;
  Result<void> create_table(const NewTable& table) override;
  Result<void> delete_table(std::string_view name) override;

 private:
  struct World {
    std::map<std::string, NewTable, std::less<>> tables;
    std::map<std::string, std::string, std::less<>> planted;  // with their comments
  };

  std::shared_ptr<Steps> steps_;
  mutable Guarded<World> world_;
};

}  // namespace lodge::netdev
