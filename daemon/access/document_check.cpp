#include "daemon/access/document_check.h"

#include <google/protobuf/message.h>

#include <fmt/ranges.h>

#include <unistd.h>

#include <algorithm>
#include <optional>

#include "base/as_user.h"
#include "conf/numbered.h"
#include "daemon/access/document_rules.h"
#include "daemon/access/paths.h"
#include "lodge/xml/options.pb.h"

namespace lodge::access {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr std::string_view kAny = "*";

bool is_listed(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end() || std::ranges::find(names, kAny) != names.end();
}

std::string listed(const std::vector<std::string>& names) {
  return names.empty() ? "it may use none" : fmt::format("{}", fmt::join(names, ", "));
}

// Looks at files with the rights of the project's user while it lives, and on the thread where it lives.
class Eyes {
 public:
  explicit Eyes(const Project& project) : user_(project.run_as->uid, project.run_as->gid) {
    open_ = user_.is_so() || ::geteuid() == project.run_as->uid;
  }

  // permission_denied if it cannot be looked at, or cannot be read by the user.
  Result<std::uint64_t> measure(const Project& project, const std::string& path) const {
    TRY(may_look(project, path));
    TRY_ASSIGN(const Fd file, find_file(project.folders, path));
    auto size = disk_size(file);
    if (size) return size;
    return wrap(std::move(size).error().with_code(Code::permission_denied), "user '{}' cannot read '{}'",
                project.run_as->name, path);
  }
  Result<void> find_output(const Project& project, const std::string& path) const {
    TRY(may_look(project, path));
    TRY(access::find_output(project.folders, path));
    return {};
  }

 private:
  Result<void> may_look(const Project& project, const std::string& path) const {
    TRY(check_name(project.folders, path));
    if (open_) return {};
    return fail(Code::permission_denied, "the daemon cannot look at '{}' with the rights of user '{}'", path,
                project.run_as->name);
  }

  AsUser user_;
  bool open_ = false;
};

class Check {
 public:
  // `eyes` is null where files are judged by their names.
  Check(const Project& project, const v1::Capabilities* host, const conf::xml::SourceMap& source, const Eyes* eyes,
        std::uint32_t vcpus)
      : project_(project), host_(host), source_(source), eyes_(eyes), most_threads_(std::max(vcpus, kFreeThreads)) {}

  void message(const Message& message, const std::string& path) {
    std::vector<const FieldDescriptor*> fields;
    message.GetReflection()->ListFields(message, &fields);
    for (const FieldDescriptor* field : fields) {
      const int count = field->is_repeated() ? message.GetReflection()->FieldSize(message, field) : 1;
      for (int i = 0; i < count; ++i) one(message, *field, i, place_of(*field, path, i, count));
    }
    if (message.GetDescriptor() == v1::InterfaceDirect::descriptor())
      direct(static_cast<const v1::InterfaceDirect&>(message), path);
  }

  // Those whose guests are processes of the project's own user.
  void type(const v1::DomainSpec& spec) {
    if (spec.type() != v1::DOMAIN_TYPE_QEMU && spec.type() != v1::DOMAIN_TYPE_KVM)
      refuse("/domain/@type", "guests of project '{}' are of type qemu or kvm", project_.name);
  }

  std::vector<Finding>& findings() { return findings_; }

 private:
  static std::string place_of(const FieldDescriptor& field, const std::string& around, int index, int count) {
    const std::string& at = field.options().GetExtension(xml::at);
    if (at.empty() || at == ".") return around;
    const auto element = std::min(at.find("/@"), at.size());
    return conf::numbered(around + "/" + at.substr(0, element), index, count) + at.substr(element);
  }

  template <class... Args>
  void refuse(const std::string& path, fmt::format_string<Args...> format, Args&&... args) {
    findings_.push_back({.line = source_.line(path),
                         .path = source_.spelled(path),
                         .message = fmt::format(format, std::forward<Args>(args)...)});
  }

  void one(const Message& around, const FieldDescriptor& field, int index, const std::string& path) {
    const Rule rule = rule_of(field);
    if (rule == Rule::refused)
      return refuse(path, "guests of project '{}' may not have this: it is for guests of project '{}'", project_.name,
                    kDefaultProject);
    if (rule == Rule::mtu) return mtu(static_cast<const v1::Interface&>(around), path);
    if (rule == Rule::threads) return threads(around.GetReflection()->GetUInt32(around, &field), path);
    if (rule == Rule::websocket) return websocket(static_cast<const v1::GraphicsVnc&>(around), path);
    if (rule == Rule::user_net && !project_.user_network)
      return refuse(path + "/@type", "project '{}' may have no cards of type 'user'", project_.name);
    const auto& reflection = *around.GetReflection();
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      return message(field.is_repeated() ? reflection.GetRepeatedMessage(around, &field, index)
                                         : reflection.GetMessage(around, &field),
                     path);
    }
    if (field.cpp_type() != FieldDescriptor::CPPTYPE_STRING) return;
    std::string scratch;
    const std::string& value = field.is_repeated()
                                   ? reflection.GetRepeatedStringReference(around, &field, index, &scratch)
                                   : reflection.GetStringReference(around, &field, &scratch);
    if (!value.empty()) text(value, rule, path);
  }

  void text(const std::string& value, Rule rule, const std::string& path) {
    switch (rule) {
      case Rule::plain: return;
      case Rule::file:
      case Rule::output:
        if (const auto usable = file(value, rule); !usable) refuse(path, "{}", usable.error().message());
        return;
      case Rule::parent:
        if (!is_listed(project_.parents, value))
          refuse(path, "project '{}' may not attach guests to '{}' (it may to: {})", project_.name, value,
                 listed(project_.parents));
        return;
      case Rule::bridge:
        if (!is_listed(project_.bridges, value))
          refuse(path, "project '{}' may not use the bridge '{}' (it may use: {})", project_.name, value,
                 listed(project_.bridges));
        return;
      case Rule::format:
        if (value != "raw" && value != "qcow2")
          refuse(path, "disks of project '{}' are raw or qcow2: how large '{}' can grow is not known", project_.name,
                 value);
        return;
      case Rule::emulator:
        if (!is_known_emulator(value))
          refuse(path, "'{}' is not one of the emulators that the daemon has found", value);
        return;
      case Rule::random:
        if (value != "/dev/urandom" && value != "/dev/random")
          refuse(path, "'{}': only /dev/urandom and /dev/random can be used", value);
        return;
      case Rule::listen:
        if (!is_listed(project_.listen, value))
          refuse(path, "guests of project '{}' may not be served at '{}' (they may at: {})", project_.name, value,
                 listed(project_.listen));
        return;
      case Rule::mtu:
      case Rule::threads:
      case Rule::user_net:
      case Rule::websocket:
      case Rule::refused: return refuse(path, "may not be said");
    }
  }

  Result<void> file(const std::string& value, Rule rule) const {
    if (!eyes_) return check_name(project_.folders, value);
    if (rule == Rule::output) return eyes_->find_output(project_, value);
    TRY(eyes_->measure(project_, value));
    return {};
  }

  // Of a device of the guest's own it is bounded by the kernel, and nobody else's.
  void mtu(const v1::Interface& interface, const std::string& path) {
    if (interface.has_bridge())
      refuse(path, "guests of project '{}' share their bridges: an MTU there would be everybody's", project_.name);
  }

  // Each is a thread of the host's, or may be.
  void threads(std::uint32_t count, const std::string& path) {
    if (count > most_threads_)
      refuse(path, "{} are too many: this guest of project '{}' may have {}, {} or as many as it has processors", count,
             project_.name, most_threads_, kFreeThreads);
  }

  void websocket(const v1::GraphicsVnc& vnc, const std::string& path) {
    if (!vnc.listens().empty() && vnc.listens(0).has_socket())
      refuse(path, "beside a socket it would be served on every address of the host");
  }

  bool is_known_emulator(std::string_view path) const {
    return host_ != nullptr && std::ranges::any_of(host_->guests(), [&](const v1::GuestCapabilities& guest) {
             return guest.emulator() == path ||
                    std::ranges::any_of(guest.domains(), [&](const auto& domain) { return domain.emulator() == path; });
           });
  }

  // It takes the host's own device away from the host, with its address.
  void direct(const v1::InterfaceDirect& direct, const std::string& path) {
    if (direct.mode() == v1::DIRECT_MODE_PASSTHROUGH)
      refuse(path + "/source/@mode", "guests of project '{}' share the host's interface: passthrough takes it for one",
             project_.name);
  }

  const Project& project_;
  const v1::Capabilities* host_;
  const conf::xml::SourceMap& source_;
  const Eyes* eyes_;
  const std::uint32_t most_threads_;
  std::vector<Finding> findings_;
};

// Those that the guest can write to.
std::uint64_t size_of_disks(const v1::DomainSpec& spec, const Project& project, const Eyes& eyes) {
  std::uint64_t bytes = 0;
  for (const v1::Disk& disk : spec.disks()) {
    if (!disk.has_file() || disk.readonly() || disk.file().path().empty()) continue;
    const auto size = eyes.measure(project, disk.file().path());
    if (size && __builtin_add_overflow(bytes, *size, &bytes)) return UINT64_MAX;
  }
  return bytes;
}

Result<void> conclude(Check& check, const Project& project) {
  if (check.findings().empty()) return {};
  const Finding& first = check.findings().front();
  std::string message = fmt::format("the rules of project '{}' do not allow this: {}: {}", project.name, first.path,
                                    first.message);
  if (check.findings().size() > 1) message += fmt::format(" (and {} more)", check.findings().size() - 1);
  return Failure(Error(Code::permission_denied, std::move(message)).with_findings(std::move(check.findings())));
}

}  // namespace

Result<std::uint64_t> check_document(const v1::DomainSpec& spec, const Project& project, const v1::Capabilities& host,
                                     const conf::xml::SourceMap& source, Files files) {
  if (!project.restricted) return 0;
  std::optional<Eyes> eyes;
  if (files == Files::looked_at) eyes.emplace(project);
  Check check(project, &host, source, eyes ? &*eyes : nullptr, spec.vcpu().count());
  check.message(spec, "/domain");
  check.type(spec);
  TRY(conclude(check, project));
  return eyes ? size_of_disks(spec, project, *eyes) : 0;
}

Result<void> check_interface(const v1::Interface& interface, const Project& project, std::uint32_t vcpus) {
  if (!project.restricted) return {};
  const conf::xml::SourceMap nowhere;
  const Eyes eyes(project);
  Check check(project, nullptr, nowhere, &eyes, vcpus);
  check.message(interface, "/interface");
  return conclude(check, project);
}

std::uint64_t measure_disks(const v1::DomainSpec& spec, const Project& project) {
  return project.restricted ? size_of_disks(spec, project, Eyes(project)) : 0;
}

}  // namespace lodge::access
