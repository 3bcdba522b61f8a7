#include "client/cli/domains.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

#include "client/cli/data.h"
#include "client/cli/words.h"
#include "conf/xml/value.h"

namespace lodge::cli {

namespace {

std::string or_dash(const std::string& text) { return text.empty() ? "-" : text; }

std::string id_text(const v1::DomainStatus& status) { return status.id() == 0 ? "-" : std::to_string(status.id()); }

std::string interface_source(const v1::Interface& interface) {
  switch (interface.type_case()) {
    case v1::Interface::kNetwork: return interface.network().network();
    case v1::Interface::kBridge: return interface.bridge().bridge();
    case v1::Interface::kDirect: return interface.direct().dev();
    case v1::Interface::kUser: return interface.user().dev();
    case v1::Interface::kEthernet: return interface.ethernet().dev();
    case v1::Interface::kServer: return interface.server().address();
    case v1::Interface::kClient: return interface.client().address();
    case v1::Interface::kMcast: return interface.mcast().address();
    case v1::Interface::kUdp: return interface.udp().address();
    default: return {};
  }
}

std::string disk_source(const v1::Disk& disk) {
  switch (disk.type_case()) {
    case v1::Disk::kFile: return disk.file().path();
    case v1::Disk::kBlock: return disk.block().dev();
    case v1::Disk::kDir: return disk.dir().dir();
    case v1::Disk::kNetwork: return disk.network().name();
    case v1::Disk::kVolume: return disk.volume().pool() + "/" + disk.volume().volume();
    default: return {};
  }
}

// As the document spells it: DISK_DEVICE_CDROM is "cdrom".
std::string device_word(v1::DiskDevice device) {
  const auto spellings = conf::xml::spellings_of(*v1::DiskDevice_descriptor());
  const auto* spelling = spellings.by_number(device);
  return spelling ? spelling->text : "disk";
}

}  // namespace

v1::DomainRef domain_ref(const Session& session) {
  const std::string& text = session.args().text("DOMAIN");
  const auto after = [&](std::string_view prefix) {
    return text.starts_with(prefix) ? std::optional(text.substr(prefix.size())) : std::nullopt;
  };
  v1::DomainRef ref;
  if (const auto name = after("name:")) {
    ref.set_name(*name);
  } else if (const auto uuid = after("uuid:")) {
    ref.set_uuid(*uuid);
  } else if (const auto id = after("id:")) {
    std::uint32_t number = 0;  // of nobody
    std::from_chars(id->data(), id->data() + id->size(), number);
    ref.set_id(number);
  } else {
    ref.set_any(text);
  }
  ref.set_project(session.project());
  return ref;
}

Result<v1::Domain> get_domain(Session& session, v1::DomainView view) {
  TRY_ASSIGN(const auto* daemon, session.daemon());
  v1::GetDomainRequest request;
  *request.mutable_domain() = domain_ref(session);
  request.set_view(view);
  TRY_ASSIGN(auto response, daemon->get_domain(request, session.deadline()));
  return std::move(*response.mutable_domain());
}

Result<ExitCode> show_changed(Session& session, const v1::Domain& domain, const std::string& sentence) {
  switch (session.form()) {
    case Form::name: session.print(domain.name() + "\n"); break;
    case Form::json:
    case Form::yaml: {
      TRY_ASSIGN(const Json data, json_of(domain));
      session.print(print_data(data, session.form()));
      break;
    }
    default: session.say("{}", sentence);
  }
  return ExitCode::ok;
}

const v1::DomainSpec& shown_spec(const v1::Domain& domain, bool inactive) {
  if (domain.has_running_spec() && !(inactive && domain.has_persistent_spec())) return domain.running_spec();
  return domain.persistent_spec();
}

std::string state_text(const v1::DomainStatus& status, bool reason) {
  std::string text(state_word(status.state()));
  if (reason) text += fmt::format(" ({})", reason_word(status.reason()));
  return text;
}

Table domain_table(const std::vector<const v1::Domain*>& domains) {
  // Whoever sees one project only has no use for its name in each line.
  const bool several = std::ranges::any_of(
      domains, [&](const v1::Domain* domain) { return domain->project() != domains.front()->project(); });
  std::vector<std::string> head = {"Id", "Name", "State"};
  if (several) head.emplace_back("Project");
  Table table(head);
  for (const v1::Domain* domain : domains) {
    std::vector<std::string> row = {id_text(domain->status()), domain->name(), state_text(domain->status(), false)};
    if (several) row.push_back(domain->project());
    table.add(std::move(row));
  }
  return table;
}

Facts domain_facts(const v1::Domain& domain) {
  const v1::DomainStatus& status = domain.status();
  const v1::DomainSpec& spec = shown_spec(domain, false);
  Facts facts;
  facts.add("Id", id_text(status));
  facts.add("Name", domain.name());
  facts.add("UUID", domain.uuid());
  if (!spec.os().type().empty()) facts.add("OS Type", spec.os().type());
  facts.add("State", state_text(status, false));
  if (!time_text(status.state_since()).empty()) facts.add("Since", time_text(status.state_since()));
  if (spec.vcpu().count() > 0) facts.add("CPU(s)", std::to_string(spec.vcpu().count()));
  if (spec.memory() > 0) facts.add("Max memory", fmt::format("{} KiB", spec.memory()));
  if (spec.memory() > 0)
    facts.add("Used memory", fmt::format("{} KiB", spec.has_current_memory() ? spec.current_memory() : spec.memory()));
  facts.add("Persistent", domain.persistent() ? "yes" : "no");
  facts.add("Autostart", domain.autostart() ? "enable" : "disable");
  if (!status.driver().empty()) facts.add("Driver", status.driver());
  if (status.pid() > 0) facts.add("Process", std::to_string(status.pid()));
  if (!time_text(status.started_at()).empty()) facts.add("Started", time_text(status.started_at()));
  if (!domain.owner().empty()) facts.add("Owner", domain.owner());
  if (!domain.project().empty()) facts.add("Project", domain.project());
  if (!status.busy_with().empty()) facts.add("Busy with", status.busy_with());
  if (status.stale()) facts.add("Answers", "no: the state is the last one known");
  if (!status.last_error().empty()) facts.add("Last error", status.last_error());
  return facts;
}

Table interface_table(const v1::DomainSpec& spec) {
  Table table({"Interface", "Type", "Source", "Model", "MAC"});
  for (const v1::Interface& interface : spec.interfaces())
    table.add({or_dash(interface.target_dev()), case_word(interface, "type"), or_dash(interface_source(interface)),
               or_dash(interface.model()), or_dash(interface.mac())});
  return table;
}

Table disk_table(const v1::DomainSpec& spec, bool details) {
  Table table(details ? std::vector<std::string>{"Type", "Device", "Target", "Source"}
                      : std::vector<std::string>{"Target", "Source"});
  for (const v1::Disk& disk : spec.disks()) {
    std::vector<std::string> row;
    if (details) row = {or_dash(case_word(disk, "type")), device_word(disk.device())};
    row.push_back(or_dash(disk.target_dev()));
    row.push_back(or_dash(disk_source(disk)));
    table.add(std::move(row));
  }
  return table;
}

}  // namespace lodge::cli
