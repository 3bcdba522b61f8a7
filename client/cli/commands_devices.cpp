#include <algorithm>
#include <charconv>
#include <iterator>

#include "client/cli/commands.h"
#include "client/cli/document.h"
#include "client/cli/domains.h"
#include "conf/domain/plug.h"

// Network cards of guests, plugged, unplugged and changed, under virsh's names.
namespace lodge::cli {

namespace {

// --live, --config, --persistent; none: as it is, running or not.
v1::DeviceScope scope_of(const Args& args, const v1::Domain* domain = nullptr) {
  v1::DeviceScope scope;
  scope.set_live(args.has("--live"));
  scope.set_config(args.has("--config"));
  if (args.has("--persistent")) {
    scope.set_config(true);
    scope.set_live(domain && domain->status().id() != 0);
  }
  return scope;
}

// --persistent means both where the guest runs, which only the daemon knows.
Result<v1::DeviceScope> scope_of(Session& session) {
  if (!session.args().has("--persistent")) return scope_of(session.args());
  TRY_ASSIGN(const v1::Domain domain, get_domain(session));
  return scope_of(session.args(), &domain);
}

Result<v1::DeviceDocument> read_device_file(Session& session) {
  const std::string& file = session.args().text("FILE");
  v1::DeviceDocument document;
  TRY_ASSIGN(*document.mutable_xml(), read_text(file));
  session.set_document(display_name(file));
  return document;
}

Result<std::uint64_t> read_rate(std::string_view option, std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size() && !text.empty()) return value;
  return fail(Code::invalid_argument,
              "{} takes AVERAGE[,PEAK[,BURST[,FLOOR]]], whole numbers of kilobytes (BURST: KiB), not '{}'", option,
              text);
}

// "1000,2000,512".
Result<v1::BandwidthLimit> read_limit(std::string_view option, const std::string& text) {
  v1::BandwidthLimit limit;
  std::string_view rest = text;
  void (*const setters[])(v1::BandwidthLimit&, std::uint64_t) = {
      [](v1::BandwidthLimit& l, std::uint64_t v) { l.set_average(v); },
      [](v1::BandwidthLimit& l, std::uint64_t v) { l.set_peak(v); },
      [](v1::BandwidthLimit& l, std::uint64_t v) { l.set_burst(v); },
      [](v1::BandwidthLimit& l, std::uint64_t v) { l.set_floor(v); },
  };
  for (std::size_t i = 0; i < std::size(setters); ++i) {
    const std::size_t comma = rest.find(',');
    const std::string_view part = rest.substr(0, comma);
    if (!part.empty()) {
      TRY_ASSIGN(const std::uint64_t value, read_rate(option, part));
      setters[i](limit, value);
    }
    if (comma == std::string_view::npos) return limit;
    rest.remove_prefix(comma + 1);
  }
  return fail(Code::invalid_argument, "{} takes at most four numbers, not '{}'", option, text);
}

Result<void> set_kind(const Args& args, v1::Interface& interface) {
  const std::string& type = args.text("TYPE");
  const std::string& source = args.text("SOURCE");
  if (type == "network") {
    interface.mutable_network()->set_network(source);
  } else if (type == "bridge") {
    interface.mutable_bridge()->set_bridge(source);
  } else if (type == "ethernet") {
    interface.mutable_ethernet();
    if (!source.empty() && args.text("--target").empty()) interface.set_target_dev(source);
  } else if (type == "user") {
    interface.mutable_user();
  } else {
    interface.mutable_direct()->set_dev(source);
    const std::string& mode = args.text("--source-mode");
    const std::pair<std::string_view, v1::DirectMode> modes[] = {{"", v1::DIRECT_MODE_UNSPECIFIED},
                                                                 {"vepa", v1::DIRECT_MODE_VEPA},
                                                                 {"private", v1::DIRECT_MODE_PRIVATE},
                                                                 {"bridge", v1::DIRECT_MODE_BRIDGE},
                                                                 {"passthrough", v1::DIRECT_MODE_PASSTHROUGH}};
    const auto* const found = std::ranges::find(modes, std::string_view(mode),
                                                [](const auto& one) { return one.first; });
    if (found == std::end(modes))
      return fail(Code::invalid_argument, "--source-mode is vepa, private, bridge or passthrough, not '{}'", mode);
    interface.mutable_direct()->set_mode(found->second);
  }
  if (source.empty() && type != "user" && type != "ethernet")
    return fail(Code::invalid_argument, "an interface of type '{}' needs its SOURCE", type);
  return {};
}

Result<ExitCode> attach_interface(Session& session) {
  const Args& args = session.args();
  v1::AttachDeviceRequest request;
  v1::Interface& interface = *request.mutable_device()->mutable_interface();
  TRY(set_kind(args, interface));
  interface.set_mac(args.text("--mac"));
  if (args.has("--target")) interface.set_target_dev(args.text("--target"));
  interface.set_model(args.text("--model"));
  interface.set_alias(args.text("--alias"));
  if (args.has("--unmanaged")) interface.set_target_managed(false);
  if (args.has("--inbound")) {
    TRY_ASSIGN(*interface.mutable_bandwidth()->mutable_inbound(), read_limit("--inbound", args.text("--inbound")));
  }
  if (args.has("--outbound")) {
    TRY_ASSIGN(*interface.mutable_bandwidth()->mutable_outbound(), read_limit("--outbound", args.text("--outbound")));
  }
  TRY_ASSIGN(const auto* daemon, session.daemon());
  *request.mutable_domain() = domain_ref(session);
  TRY_ASSIGN(*request.mutable_scope(), scope_of(session));
  TRY_ASSIGN(const auto response, daemon->attach_device(request, session.deadline()));
  return show_changed(session, response.domain(), "Interface attached successfully");
}

Result<ExitCode> attach_device(Session& session) {
  v1::AttachDeviceRequest request;
  TRY_ASSIGN(*request.mutable_device(), read_device_file(session));
  TRY_ASSIGN(const auto* daemon, session.daemon());
  *request.mutable_domain() = domain_ref(session);
  TRY_ASSIGN(*request.mutable_scope(), scope_of(session));
  TRY_ASSIGN(const auto response, daemon->attach_device(request, session.deadline()));
  return show_changed(session, response.domain(), "Device attached successfully");
}

// The address of the guest's only card of this type, as virsh takes it where --mac is left out.
Result<std::string> only_card(Session& session) {
  TRY_ASSIGN(const v1::Domain domain, get_domain(session));
  const v1::DomainSpec& spec = shown_spec(domain, session.args().has("--config") && !session.args().has("--live"));
  std::string mac;
  const auto* const member = v1::Interface::descriptor()->FindFieldByName(session.args().text("TYPE"));
  for (const auto& interface : spec.interfaces()) {
    if (!member || !interface.GetReflection()->HasField(interface, member)) continue;
    if (!mac.empty())
      return fail(Code::invalid_argument, "it has several interfaces of type '{}': name one with --mac",
                  session.args().text("TYPE"));
    mac = interface.mac();
  }
  if (mac.empty()) return fail(Code::not_found, "it has no interface of type '{}'", session.args().text("TYPE"));
  return mac;
}

Result<ExitCode> detach_interface(Session& session) {
  v1::DetachDeviceRequest request;
  TRY_ASSIGN(const auto* daemon, session.daemon());
  *request.mutable_domain() = domain_ref(session);
  request.set_interface(session.args().text("--mac"));
  if (request.interface().empty()) {
    TRY_ASSIGN(*request.mutable_interface(), only_card(session));
  }
  TRY_ASSIGN(*request.mutable_scope(), scope_of(session));
  TRY_ASSIGN(const auto response, daemon->detach_device(request, session.deadline()));
  return show_changed(session, response.domain(), "Interface detached successfully");
}

Result<ExitCode> detach_device(Session& session) {
  v1::DetachDeviceRequest request;
  TRY_ASSIGN(*request.mutable_device(), read_device_file(session));
  TRY_ASSIGN(const auto* daemon, session.daemon());
  *request.mutable_domain() = domain_ref(session);
  TRY_ASSIGN(*request.mutable_scope(), scope_of(session));
  TRY_ASSIGN(const auto response, daemon->detach_device(request, session.deadline()));
  return show_changed(session, response.domain(), "Device detached successfully");
}

Result<ExitCode> update_device(Session& session) {
  v1::UpdateDeviceRequest request;
  TRY_ASSIGN(*request.mutable_device(), read_device_file(session));
  TRY_ASSIGN(const auto* daemon, session.daemon());
  *request.mutable_domain() = domain_ref(session);
  TRY_ASSIGN(*request.mutable_scope(), scope_of(session));
  TRY_ASSIGN(const auto response, daemon->update_device(request, session.deadline()));
  return show_changed(session, response.domain(), "Device updated successfully");
}

Result<ExitCode> domif_setlink(Session& session) {
  v1::SetInterfaceLinkRequest request;
  TRY_ASSIGN(const auto* daemon, session.daemon());
  *request.mutable_domain() = domain_ref(session);
  request.set_interface(session.args().text("INTERFACE"));
  request.set_up(session.args().text("STATE") == "up");
  TRY_ASSIGN(*request.mutable_scope(), scope_of(session));
  TRY_ASSIGN(const auto response, daemon->set_interface_link(request, session.deadline()));
  return show_changed(session, response.domain(), "Device updated successfully");
}

// The card that the INTERFACE operand names, as it runs or as its next start will have it.
Result<v1::Interface> named_card(Session& session) {
  const bool inactive = session.args().has("--config");
  TRY_ASSIGN(const v1::Domain domain,
             get_domain(session, inactive ? v1::DOMAIN_VIEW_INACTIVE : v1::DOMAIN_VIEW_UNSPECIFIED));
  const v1::DomainSpec& spec = shown_spec(domain, inactive);
  TRY_ASSIGN(const int index, conf::find_interface(spec, session.args().text("INTERFACE")));
  return spec.interfaces(index);
}

Result<ExitCode> domif_getlink(Session& session) {
  TRY_ASSIGN(const v1::Interface card, named_card(session));
  session.print(
      fmt::format("{} {}\n", session.args().text("INTERFACE"), card.link() == v1::LINK_STATE_DOWN ? "down" : "up"));
  return ExitCode::ok;
}

Result<ExitCode> show_limits(Session& session) {
  TRY_ASSIGN(const v1::Interface card, named_card(session));
  std::string text;
  const auto add = [&](std::string_view direction, const v1::BandwidthLimit& limit, bool floor) {
    text += fmt::format("{}.average: {}\n{}.peak   : {}\n{}.burst  : {}\n", direction, limit.average(), direction,
                        limit.peak(), direction, limit.burst());
    if (floor) text += fmt::format("{}.floor  : {}\n", direction, limit.floor());
  };
  add("inbound", card.bandwidth().inbound(), true);
  add("outbound", card.bandwidth().outbound(), false);
  session.print(text);
  return ExitCode::ok;
}

Result<ExitCode> domiftune(Session& session) {
  const Args& args = session.args();
  if (!args.has("--inbound") && !args.has("--outbound")) return show_limits(session);
  v1::SetInterfaceBandwidthRequest request;
  if (args.has("--inbound")) {
    TRY_ASSIGN(*request.mutable_inbound(), read_limit("--inbound", args.text("--inbound")));
  }
  if (args.has("--outbound")) {
    TRY_ASSIGN(*request.mutable_outbound(), read_limit("--outbound", args.text("--outbound")));
  }
  TRY_ASSIGN(const auto* daemon, session.daemon());
  *request.mutable_domain() = domain_ref(session);
  request.set_interface(args.text("INTERFACE"));
  TRY_ASSIGN(*request.mutable_scope(), scope_of(session));
  TRY_ASSIGN(const auto response, daemon->set_interface_bandwidth(request, session.deadline()));
  return show_changed(session, response.domain(), fmt::format("Limits of '{}' set", request.interface()));
}

}  // namespace

CommandGroup device_commands() {
  const Operand domain{"DOMAIN"};
  const Operand file{"FILE"};
  const Operand interface{"INTERFACE"};
  const Operand type{"TYPE", Operand::one, {"direct", "bridge", "ethernet", "user", "network"}};
  const Option live{"--live", "", "the guest as it runs"};
  const Option config{"--config", "", "its definition: from its next start on"};
  const Option persistent{"--persistent", "", "the definition, and the guest if it runs"};
  const Option mac{"--mac", "MAC", "the card's MAC address"};
  const Option inbound{"--inbound", "RATES", "what it receives: AVERAGE[,PEAK[,BURST[,FLOOR]]], kB/s and KiB"};
  const Option outbound{"--outbound", "RATES", "what it sends"};
  const std::vector<Form> changed{Form::table, Form::json, Form::yaml, Form::name};
  return {
      .title = "Plug and change devices",
      .commands =
          {
              {"attach-interface",
               "give a guest another network card",
               {domain, type, {"SOURCE", Operand::optional}},
               {live,
                config,
                persistent,
                mac,
                {"--target", "NAME", "the host's device; chosen if left out"},
                {"--model", "MODEL", "virtio, e1000e, …"},
                {"--alias", "ALIAS", "ua-… for one of your own"},
                {"--source-mode", "MODE", "of a macvtap: vepa, private, bridge or passthrough"},
                {"--unmanaged", "", "the host's device was made by others and stays theirs"},
                inbound,
                outbound},
               changed,
               attach_interface},
              {"detach-interface",
               "take a network card out of a guest",
               {domain, type},
               {live, config, persistent, mac},
               changed,
               detach_interface},
              {"attach-device",
               "plug in the device that a document describes",
               {domain, file},
               {live, config, persistent},
               changed,
               attach_device},
              {"detach-device",
               "unplug the device that a document describes",
               {domain, file},
               {live, config, persistent},
               changed,
               detach_device},
              {"update-device",
               "change a device to what a document describes",
               {domain, file},
               {live, config, persistent},
               changed,
               update_device},
              {"domif-setlink",
               "plug in or pull a network card's cable",
               {domain, interface, {"STATE", Operand::one, {"up", "down"}}},
               {live, config, persistent},
               changed,
               domif_setlink},
              {"domif-getlink",
               "whether a network card's cable is plugged in",
               {domain, interface},
               {{"--config", "", "in its definition"}},
               {},
               domif_getlink},
              {"domiftune",
               "show or set the limits of a network card",
               {domain, interface},
               {live, config, persistent, inbound, outbound},
               changed,
               domiftune},
          },
  };
}

}  // namespace lodge::cli
