#pragma once

#include "tests/e2e/support/process.h"
#include "tests/fault/support/manager.h"

namespace lodge::test {

// An installed libvirtd, driven by virsh, with folders of its own. In a sandbox.
class LibvirtManager final : public Manager {
 public:
  // Why there is none here; none if there is.
  static std::optional<std::string> missing();

  // Hides the host's own configuration and state of libvirt from this sandbox, and has it look at the hypervisors there are.
  LibvirtManager();

  std::string_view name() const override { return "libvirtd"; }
  void start() override;
  void kill() override;
  void settle() override;

  Said define(const std::string& document) override;
  Said act(Verb verb, const std::string& guest) override;
  Said attach(const std::string& guest, const std::string& parent, const std::string& mac) override;
  Said detach(const std::string& guest, const std::string& mac) override;
  Said set_link(const std::string& guest, const std::string& mac, bool up) override;

  std::vector<GuestFacts> guests() override;
  std::optional<GuestFacts> find(const std::string& guest) override;
  std::vector<RunFile> run_files() override;
  void audit_ledger(Figures&) override {}  // it has none
  std::vector<std::string> next_names() override;

 private:
  std::optional<Process> daemon_;
};

}  // namespace lodge::test
