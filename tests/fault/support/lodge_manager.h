#pragma once

#include <memory>

#include "base/guarded.h"
#include "client/lib/connection.h"
#include "tests/e2e/support/world.h"
#include "tests/fault/support/manager.h"

namespace lodge::test {

class LodgeManager final : public Manager {
 public:
  explicit LodgeManager(World& world) : world_(world) {}

  std::string_view name() const override { return "lodged"; }
  void start() override { start(World::Start{}); }
  // With a failpoint, for instance.
  void start(World::Start options);
  void kill() override { world_.kill(); }
  void settle() override;

  Said define(const std::string& document) override;
  Said act(Verb verb, const std::string& guest) override;
  Said attach(const std::string& guest, const std::string& parent, const std::string& mac) override;
  Said detach(const std::string& guest, const std::string& mac) override;
  Said set_link(const std::string& guest, const std::string& mac, bool up) override;
  // Of what a card's guest sends, in KiB a second.
  Said set_limit(const std::string& guest, const std::string& mac, unsigned rate);

  std::vector<GuestFacts> guests() override;
  std::optional<GuestFacts> find(const std::string& guest) override;
  std::vector<RunFile> run_files() override;
  void audit_ledger(Figures& figures) override;
  std::vector<std::string> next_names() override;

  fs::path runs() const { return world_.root() / "run" / "runs"; }

 private:
  std::shared_ptr<const client::Connection> connection();

  World& world_;
  int lives_ = 0;
  Guarded<std::shared_ptr<const client::Connection>> connection_;
};

}  // namespace lodge::test
