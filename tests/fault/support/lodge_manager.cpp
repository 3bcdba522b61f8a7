#include "tests/fault/support/lodge_manager.h"

#include <fmt/format.h>

#include <thread>

#include "tests/fault/support/ledger_copy.h"

namespace lodge::test {
namespace {

constexpr std::chrono::milliseconds kLookAgain{20};
// Hundreds of guests may start at once.
constexpr std::chrono::minutes kVeryPatient{10};

v1::DomainRef named(const std::string& name) {
  v1::DomainRef ref;
  ref.set_name(name);
  return ref;
}

template <class T>
Said said(const Result<T>& result) {
  if (result) return {.answer = Answer::done};
  switch (result.error().code()) {
    case Code::unavailable:
    case Code::deadline_exceeded:
    case Code::cancelled: return {.answer = Answer::none, .why = result.error().message()};
    default: return {.answer = Answer::refused, .why = result.error().message()};
  }
}

template <class Request>
Request about(const std::string& guest) {
  Request request;
  *request.mutable_domain() = named(guest);
  return request;
}

// What its link sends is what the guest sends through a macvtap, and what it receives through a tap.
CardFacts card_facts(const v1::Interface& card) {
  const v1::Bandwidth& limits = card.bandwidth();
  return {.up = card.link() != v1::LINK_STATE_DOWN,
          .limited = card.has_direct() ? limits.has_outbound() : limits.has_inbound(),
          .isolated = card.isolated(),
          .filtered = card.has_filterref()};
}

GuestFacts facts_of(const v1::Domain& domain) {
  GuestFacts facts{.name = domain.name(),
                   .title = domain.persistent_spec().title(),
                   .running = domain.status().id() != 0,
                   .pid = static_cast<pid_t>(domain.status().pid()),
                   .links = {}};
  for (const v1::Interface& card : domain.running_spec().interfaces()) {
    facts.links.push_back(card.target_dev());
    facts.cards.emplace(card.target_dev(), card_facts(card));
  }
  return facts;
}

template <class T>
T must(Result<T> result) {
  if (!result) throw WorldError(result.error().message());
  return std::move(*result);
}

}  // namespace

void LodgeManager::start(World::Start options) {
  world_.start(std::move(options));
  // Each life has a name of its own: gRPC tries one that did not answer again only after a while.
  const fs::path socket = world_.root() / fmt::format("life-{}.sock", ++lives_);
  fs::create_symlink(world_.socket(), socket);
  client::ConnectOptions patient{.tls = {}, .tls_server_name = {}, .timeout = kVeryPatient};
  *connection_.lock() = std::make_shared<const client::Connection>(
      must(client::Connection::open("lodge+unix://" + socket.string(), patient)));
}

std::shared_ptr<const client::Connection> LodgeManager::connection() { return *connection_.lock(); }

void LodgeManager::settle() {
  const auto deadline = Deadline::after(kPatience);
  for (;;) {
    const auto operations = must(connection()->list_operations({}));
    v1::ListDomainsRequest all;
    all.set_include_inactive(true);
    const auto domains = must(connection()->list_domains(all));
    const bool stale = std::ranges::any_of(domains.domains(), [](const auto& one) { return one.status().stale(); });
    if (operations.operations().empty() && !stale) return;
    if (deadline.passed()) throw WorldError("lodged does not come to rest; it says:\n" + world_.log());
    std::this_thread::sleep_for(kLookAgain);
  }
}

Said LodgeManager::define(const std::string& document) {
  v1::DefineDomainRequest request;
  request.mutable_document()->set_xml(document);
  return said(connection()->define_domain(request));
}

Said LodgeManager::act(Verb verb, const std::string& guest) {
  const auto daemon = connection();
  switch (verb) {
    case Verb::start: return said(daemon->start_domain(about<v1::StartDomainRequest>(guest)));
    case Verb::start_paused: {
      auto request = about<v1::StartDomainRequest>(guest);
      request.set_paused(true);
      return said(daemon->start_domain(request));
    }
    case Verb::suspend: return said(daemon->suspend_domain(about<v1::SuspendDomainRequest>(guest)));
    case Verb::resume: return said(daemon->resume_domain(about<v1::ResumeDomainRequest>(guest)));
    case Verb::reset: return said(daemon->reset_domain(about<v1::ResetDomainRequest>(guest)));
    case Verb::reboot: return said(daemon->reboot_domain(about<v1::RebootDomainRequest>(guest)));
    case Verb::shutdown: return said(daemon->shutdown_domain(about<v1::ShutdownDomainRequest>(guest)));
    case Verb::destroy: return said(daemon->destroy_domain(about<v1::DestroyDomainRequest>(guest)));
    case Verb::undefine: return said(daemon->undefine_domain(about<v1::UndefineDomainRequest>(guest)));
    case Verb::autostart: {
      auto request = about<v1::SetAutostartRequest>(guest);
      request.set_autostart(true);
      return said(daemon->set_autostart(request));
    }
  }
  throw WorldError("no such verb");
}

Said LodgeManager::attach(const std::string& guest, const std::string& parent, const std::string& mac) {
  auto request = about<v1::AttachDeviceRequest>(guest);
  v1::Interface& card = *request.mutable_device()->mutable_interface();
  card.mutable_direct()->set_dev(parent);
  card.mutable_direct()->set_mode(v1::DIRECT_MODE_BRIDGE);
  card.set_model("virtio");
  card.set_mac(mac);
  return said(connection()->attach_device(request));
}

Said LodgeManager::detach(const std::string& guest, const std::string& mac) {
  auto request = about<v1::DetachDeviceRequest>(guest);
  request.set_interface(mac);
  // A guest that has not booted yet does not let go.
  return said(connection()->detach_device(request, Deadline::after(std::chrono::seconds(5))));
}

Said LodgeManager::set_link(const std::string& guest, const std::string& mac, bool up) {
  auto request = about<v1::SetInterfaceLinkRequest>(guest);
  request.set_interface(mac);
  request.set_up(up);
  return said(connection()->set_interface_link(request));
}

Said LodgeManager::set_limit(const std::string& guest, const std::string& mac, unsigned rate) {
  auto request = about<v1::SetInterfaceBandwidthRequest>(guest);
  request.set_interface(mac);
  request.mutable_outbound()->set_average(rate);
  return said(connection()->set_interface_bandwidth(request));
}

std::vector<GuestFacts> LodgeManager::guests() {
  v1::ListDomainsRequest all;
  all.set_include_inactive(true);
  all.set_include_specs(true);
  std::vector<GuestFacts> guests;
  const auto listed = must(connection()->list_domains(all));
  for (const v1::Domain& domain : listed.domains()) guests.push_back(facts_of(domain));
  return guests;
}

std::optional<GuestFacts> LodgeManager::find(const std::string& guest) {
  const auto found = connection()->get_domain(about<v1::GetDomainRequest>(guest));
  if (!found) return std::nullopt;
  return facts_of(found->domain());
}

// NAME.CLAIM
std::vector<RunFile> LodgeManager::run_files() {
  std::vector<RunFile> files;
  if (!fs::exists(runs())) return files;
  for (const auto& entry : fs::directory_iterator(runs()))
    files.push_back({.guest = entry.path().stem(), .kind = "folder", .path = entry.path()});
  return files;
}

void LodgeManager::audit_ledger(Figures& figures) {
  const LedgerCopy ledger(world_.root() / "state", world_.root() / "ledger-copy");
  for (const auto& row : ledger.rows("SELECT name, state, id FROM claims WHERE state != 'held' OR "
                                     "run_id NOT IN (SELECT run_id FROM runs WHERE phase = 'running')"))
    figures.find(Count::claims, fmt::format("{} is {} as claim {}", row[0], row[1], row[2]));
  for (const auto& row : ledger.rows("SELECT run_id FROM runs WHERE phase != 'running'"))
    figures.find(Count::claims, fmt::format("run {} is still starting", row[0]));
  for (const auto& row : ledger.rows("SELECT name FROM claims WHERE json_extract(identity, '$.kind') = 'link'"))
    if (!fs::exists("/sys/class/net/" + row[0]))
      figures.find(Count::claims, fmt::format("{} is held, and gone", row[0]));
}

std::vector<std::string> LodgeManager::next_names() {
  const LedgerCopy ledger(world_.root() / "state", world_.root() / "ledger-copy");
  std::vector<std::string> names;
  for (const auto& row : ledger.rows("SELECT name, next FROM counters WHERE name IN ('macvtap', 'vnet')"))
    names.push_back(row[0] + row[1]);
  return names;
}

}  // namespace lodge::test
