#include "daemon/app/doctor_checks.h"

#include <unistd.h>

#include "base/pki/certificate.h"
#include "daemon/doctor/certificates.h"
#include "daemon/doctor/clock.h"
#include "daemon/doctor/devices.h"
#include "daemon/doctor/firewall.h"
#include "daemon/doctor/folders.h"
#include "daemon/doctor/tools.h"

namespace lodge::app {
namespace {

std::vector<doctor::Place> places(const Paths& paths) {
  return {{.what = "the state folder", .path = paths.state, .at_most = 0700},
          {.what = "the ledger", .path = paths.state / "lodge.db", .at_most = 0600},
          {.what = "the runtime folder", .path = paths.runtime, .at_most = 0755},
          {.what = "the log folder", .path = paths.logs, .at_most = 0750}};
}

std::vector<doctor::Tool> tools() {
  return {{.name = "qemu-img", .for_what = "make, copy and snapshot disk images", .package = "qemu-utils"}};
}

std::vector<fs::path> tool_folders(const Settings& settings) {
  std::vector<fs::path> folders = {"/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"};
  folders.insert(folders.end(), settings.qemu.search.begin(), settings.qemu.search.end());
  return folders;
}

std::vector<doctor::CertificateFacts> certificates_in(const std::string& file, const std::string& whose) {
  const auto certificates = pki::load_certificates(file);
  if (!certificates) return {{.file = file, .whose = whose, .unreadable = certificates.error().message()}};
  std::vector<doctor::CertificateFacts> facts;
  for (const pki::Certificate& one : *certificates)
    facts.push_back({.file = file, .whose = whose, .not_before = one.not_before(), .not_after = one.not_after()});
  return facts;
}

doctor::Findings look_at_certificates(const Settings::Tls& tls) {
  auto facts = certificates_in(tls.certificate, "the daemon's certificate");
  auto authority = certificates_in(tls.ca, "the authority of clients");
  std::ranges::move(authority, std::back_inserter(facts));
  return doctor::certificate_findings(facts, std::chrono::system_clock::now());
}

}  // namespace

std::vector<doctor::Check> doctor_checks(const Paths& paths, const Settings& settings) {
  const std::vector<fs::path> folders = tool_folders(settings);
  std::vector<doctor::Check> checks = {
      {"devices", [] { return doctor::device_findings(doctor::look_at_devices()); }},
      {"firewall", [] { return doctor::firewall_findings(doctor::look_at_firewall()); }},
      {"folders", [kept = places(paths)] { return doctor::place_findings(doctor::look_at_places(kept), ::geteuid()); }},
      {"tools", [folders] { return doctor::tool_findings(doctor::missing_tools(tools(), folders)); }},
      {"clock", [db = paths.state / "lodge.db"] { return doctor::clock_findings(doctor::look_at_clock(db)); }},
  };
  if (settings.tls.enabled)
    checks.push_back({"certificates", [tls = settings.tls] { return look_at_certificates(tls); }});
  return checks;
}

}  // namespace lodge::app
