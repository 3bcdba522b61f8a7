#include "daemon/app/settings.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <variant>

#include "base/toml.h"
#include "daemon/app/nearest.h"

namespace lodge::app {
namespace {

// Where a key's value is kept, and which values it takes.
struct Text {
  std::string* value;
  std::vector<std::string_view> choices = {};  // any text if empty
};
struct Path {
  std::string* value;
};
struct List {
  std::vector<std::string>* value;
};
struct Number {
  std::uint32_t* value;
  std::uint32_t least;
  std::uint32_t most;
};
using Slot = std::variant<bool*, Text, Path, List, Number>;

struct Key {
  std::string_view section;
  std::string_view name;
  std::string_view help;  // lines of at most 100 characters
  Slot (*slot)(Settings&);
};

const Key kKeys[] = {
    {"log", "level",
     "How much is logged to standard error (the journal, under systemd):\ntrace, debug, info, warning, error or off.",
     [](Settings& s) -> Slot { return Text{&s.log.level, {"trace", "debug", "info", "warning", "error", "off"}}; }},

    {"unix", "group",
     "Members of this group may do everything, as root may; other local users own the guests of a project of\n"
     "their own, as the policy says. Read when lodged starts.",
     [](Settings& s) -> Slot { return Text{&s.local.group}; }},

    {"access", "policy",
     "The policy file: who else may do what, and how much of the host a project may take. A relative path starts\n"
     "at this file's folder. Without that file the built-in policy holds. Read again on SIGHUP.",
     [](Settings& s) -> Slot { return Path{&s.access.policy}; }},

    {"audit", "file",
     "Where every change and every refusal is written down, as a line of JSON: an absolute path. Without one: the\n"
     "journal, or, where there is none, the log.",
     [](Settings& s) -> Slot { return Text{&s.audit.file}; }},

    {"tls", "enabled", "Whether remote users are served: mutual TLS 1.3 on a TCP port.",
     [](Settings& s) -> Slot { return &s.tls.enabled; }},
    {"tls", "listen", "The address and port to listen on, in numbers; an IPv6 address in brackets: \"[::]:16515\".",
     [](Settings& s) -> Slot { return Text{&s.tls.listen}; }},
    {"tls", "enrol_listen",
     "Where clients bring the tokens that 'lodge remote token' makes. Nobody listens there unless a token waits to be used.",
     [](Settings& s) -> Slot { return Text{&s.tls.enrol_listen}; }},
    {"tls", "certificate",
     "The server's certificate, its issuers after it, as PEM. A relative path starts at this file's folder.\n"
     "New files are taken up within seconds, without a restart, once they belong together; until then the old ones serve.",
     [](Settings& s) -> Slot { return Path{&s.tls.certificate}; }},
    {"tls", "key", "The private key of that certificate, as PEM. Nobody but its owner may be able to read it.",
     [](Settings& s) -> Slot { return Path{&s.tls.key}; }},
    {"tls", "ca", "The authorities whose client certificates are accepted, as PEM.",
     [](Settings& s) -> Slot { return Path{&s.tls.ca}; }},
    {"tls", "ca_key",
     "The key of one of these authorities, to sign clients that enrol with a token. Need not exist: then none can.",
     [](Settings& s) -> Slot { return Path{&s.tls.ca_key}; }},
    {"tls", "revoked",
     "Client certificates that count no more, one 'sha256:FINGERPRINT' or 'serial:NUMBER' a line, with a remark after '#'.\n"
     "Need not exist. What is added to it counts at once, for open connections too; 'lodge pki revoke' writes it.",
     [](Settings& s) -> Slot { return Path{&s.tls.revoked}; }},
    {"tls", "allow",
     "Who may come in besides those who have enrolled with a token, and may then do everything: the identities\n"
     "in client certificates. A certificate's\n"
     "identities are its URI and DNS alternative names; its common name counts only if it has neither, and\n"
     "'sha256:FINGERPRINT' only if it has none of these.",
     [](Settings& s) -> Slot { return List{&s.tls.allow}; }},

    {"qemu", "search", "Where the emulators (qemu-system-ARCH) are looked for, in this order.",
     [](Settings& s) -> Slot { return List{&s.qemu.search}; }},

    {"migration", "listen",
     "Where guests that come from other hosts are listened for: an address of this host, in numbers. The stream of\n"
     "a guest's memory is neither encrypted nor authenticated: this belongs on a network of the hosts' own.",
     [](Settings& s) -> Slot { return Text{&s.migration.listen}; }},
    {"migration", "first_port",
     "The first of the TCP ports at which they are listened for; each takes the first free one.",
     [](Settings& s) -> Slot { return Number{&s.migration.first_port, 1, 65535}; }},
    {"migration", "last_port", "The last of these ports.",
     [](Settings& s) -> Slot { return Number{&s.migration.last_port, 1, 65535}; }},
    {"migration", "lease_seconds",
     "A guest that is expected here, or has come completely, and that nobody goes on with, is given up after this time.",
     [](Settings& s) -> Slot { return Number{&s.migration.lease_seconds, 1, 86400}; }},
    {"migration", "stall_seconds",
     "A guest whose line has carried nothing for this time, or for half of it while it stands still, is not sent\n"
     "any more but runs on where it is.",
     [](Settings& s) -> Slot { return Number{&s.migration.stall_seconds, 1, 86400}; }},
    {"migration", "limit_seconds",
     "A guest that has begun to come here and has not come completely is given up after this time.",
     [](Settings& s) -> Slot { return Number{&s.migration.limit_seconds, 1, 604800}; }},

    {"limits", "message_mib", "The largest request that is read, in MiB.",
     [](Settings& s) -> Slot { return Number{&s.limits.message_mib, 1, 1024}; }},
    {"limits", "connections",
     "How many connections may be open at once at each of the sockets, and how many of them one\nlocal user or one remote address may have. Root is let in beyond them.",
     [](Settings& s) -> Slot { return Number{&s.limits.connections, 1, 100000}; }},
    {"limits", "connections_per_peer", "See `connections`.",
     [](Settings& s) -> Slot { return Number{&s.limits.connections_per_peer, 1, 100000}; }},
    {"limits", "calls_per_caller",
     "How many calls one local user or one certificate's identity may have under way, streams among them.",
     [](Settings& s) -> Slot { return Number{&s.limits.calls_per_caller, 1, 100000}; }},
    {"limits", "calls_per_second",
     "How many calls one of them that is no administrator may make a second, and four times as many at once.",
     [](Settings& s) -> Slot { return Number{&s.limits.calls_per_second, 1, 1000000}; }},
    {"limits", "memory_mib",
     "What requests and answers on their way may take up together, in MiB: those of administrators, those of remote clients,\n"
     "and a quarter of it those of each other local user. Beyond it connections that hold some of it are ended.",
     [](Settings& s) -> Slot { return Number{&s.limits.memory_mib, 128, 65536}; }},
    {"limits", "idle_seconds",
     "A connection without a call is closed after this time; clients connect again by themselves.",
     [](Settings& s) -> Slot { return Number{&s.limits.idle_seconds, 1, 86400}; }},
    {"limits", "deadline_seconds", "How long a call may take if its caller has set no deadline.",
     [](Settings& s) -> Slot { return Number{&s.limits.deadline_seconds, 1, 86400}; }},
    {"limits", "workers",
     "Threads for work that blocks: the database, starting processes, the kernel's network interface.",
     [](Settings& s) -> Slot { return Number{&s.limits.workers, 1, 64}; }},
};

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};

// ── Reading ──

class Reader {
 public:
  explicit Reader(const fs::path& file) : file_(file) {}

  Result<Settings> read(const toml::table& document) {
    for (const auto& [section, node] : document) TRY(read_section(section.str(), section.source(), node));
    TRY(check_whole(document));
    return settings_;
  }

 private:
  Failure wrong(const toml::source_region& at, std::string_view message) const {
    return fail(Code::invalid_argument, "{}:{}: {}", file_.string(), at.begin.line, message);
  }

  Failure unknown(const toml::source_region& at, std::string_view what, std::string_view name,
                  const std::vector<std::string_view>& known) const {
    const std::string_view meant = nearest(name, known);
    return wrong(at, meant.empty()
                         ? fmt::format("no {} is called '{}'; there are {}", what, name, fmt::join(known, ", "))
                         : fmt::format("no {} is called '{}'; did you mean '{}'?", what, name, meant));
  }

  Result<void> read_section(std::string_view section, const toml::source_region& at, const toml::node& node) {
    std::vector<std::string_view> sections, names;
    for (const Key& key : kKeys) {
      if (std::ranges::find(sections, key.section) == sections.end()) sections.push_back(key.section);
      if (key.section == section) names.push_back(key.name);
    }
    if (names.empty()) return unknown(at, "section", section, sections);
    const toml::table* table = node.as_table();
    if (table == nullptr)
      return wrong(at, fmt::format("'{}' is a section: write [{}] and its keys below", section, section));
    for (const auto& [name, value] : *table) {
      const auto key = std::ranges::find_if(kKeys,
                                            [&](const Key& k) { return k.section == section && k.name == name.str(); });
      if (key == std::end(kKeys)) return unknown(name.source(), fmt::format("key of [{}]", section), name.str(), names);
      TRY(read_value(*key, value));
    }
    return {};
  }

  Result<void> read_value(const Key& key, const toml::node& node) {
    const auto expected = [&](std::string_view what) {
      return wrong(node.source(), fmt::format("{}.{} must be {}", key.section, key.name, what));
    };
    return std::visit(Overloaded{
                          [&](bool* slot) -> Result<void> {
                            const auto value = node.value_exact<bool>();
                            if (!value) return expected("true or false");
                            *slot = *value;
                            return {};
                          },
                          [&](const Text& slot) -> Result<void> {
                            const auto value = node.value_exact<std::string>();
                            if (!value) return expected("a text in quotes");
                            if (!slot.choices.empty() && std::ranges::find(slot.choices, *value) == slot.choices.end())
                              return expected(fmt::format("one of {}", fmt::join(slot.choices, ", ")));
                            *slot.value = *value;
                            return {};
                          },
                          [&](const Path& slot) -> Result<void> {
                            const auto value = node.value_exact<std::string>();
                            if (!value || value->empty()) return expected("a path in quotes");
                            *slot.value = *value;
                            return {};
                          },
                          [&](const List& slot) -> Result<void> {
                            const toml::array* values = node.as_array();
                            if (values == nullptr || (!values->empty() && !values->is_homogeneous<std::string>()))
                              return expected("a list of texts in quotes: [\"a\", \"b\"]");
                            slot.value->clear();
                            for (const toml::node& value : *values)
                              slot.value->push_back(*value.value_exact<std::string>());
                            return {};
                          },
                          [&](const Number& slot) -> Result<void> {
                            const auto value = node.value_exact<std::int64_t>();
                            if (!value || *value < slot.least || *value > slot.most)
                              return expected(fmt::format("a number from {} to {}", slot.least, slot.most));
                            *slot.value = static_cast<std::uint32_t>(*value);
                            return {};
                          },
                      },
                      key.slot(settings_));
  }

  // What no single key can tell.
  Result<void> check_whole(const toml::table& document) {
    if (settings_.migration.first_port > settings_.migration.last_port) {
      const toml::node* const first = document["migration"]["first_port"].node();
      return wrong(first ? first->source() : document["migration"].node()->source(),
                   fmt::format("migration.first_port is {}, after migration.last_port, {}",
                               settings_.migration.first_port, settings_.migration.last_port));
    }
    for (const Key& key : kKeys) {
      const Slot slot = key.slot(settings_);
      if (const Path* path = std::get_if<Path>(&slot))
        *path->value = (fs::absolute(file_).parent_path() / *path->value).lexically_normal().string();
    }
    return {};
  }

  const fs::path& file_;
  Settings settings_;
};

// ── Printing ──

std::string in_quotes(std::string_view text) { return fmt::format("\"{}\"", text); }

std::string print_value(const Slot& slot) {
  return std::visit(Overloaded{
                        [](bool* value) { return std::string(*value ? "true" : "false"); },
                        [](const Text& text) { return in_quotes(*text.value); },
                        [](const Path& path) { return in_quotes(*path.value); },
                        [](const List& list) {
                          std::vector<std::string> items;
                          for (const std::string& item : *list.value) items.push_back(in_quotes(item));
                          return fmt::format("[{}]", fmt::join(items, ", "));
                        },
                        [](const Number& number) { return std::to_string(*number.value); },
                    },
                    slot);
}

}  // namespace

Paths Paths::of_system() {
  return {.settings = "/etc/lodge/lodged.toml",
          .state = "/var/lib/lodge",
          .runtime = "/run/lodge",
          .logs = "/var/log/lodge",
          .socket = "/run/lodge/lodge.sock"};
}

Paths Paths::below(const fs::path& root) {
  fs::path base = fs::absolute(root).lexically_normal();
  if (!base.has_filename()) base = base.parent_path();
  return {.settings = base / "lodged.toml",
          .state = base / "state",
          .runtime = base / "run",
          .logs = base / "log",
          .socket = base / "lodge.sock"};
}

Result<Settings> parse_settings(std::string_view text, const fs::path& file) {
  const toml::parse_result parsed = toml::parse(text, file.string());
  if (!parsed)
    return fail(Code::invalid_argument, "{}:{}: {}", file.string(), parsed.error().source().begin.line,
                parsed.error().description());
  return Reader(file).read(parsed.table());
}

Result<Settings> load_settings(const fs::path& file, bool must_exist) {
  auto text = read_file(file, 1u << 20);
  if (!text && text.error().sys() == ENOENT && !must_exist) return parse_settings("", file);
  if (!text) return wrap(std::move(text).error(), "settings");
  return parse_settings(*text, file);
}

std::string default_settings_file() {
  Settings defaults;
  std::string out =
      "# Settings of lodged, with their defaults. A key that is left out has its default; an unknown one is refused.\n";
  std::string_view section;
  for (const Key& key : kKeys) {
    if (key.section != section) out += fmt::format("\n[{}]\n", section = key.section);
    std::string_view help = key.help;
    while (!help.empty()) {
      const auto end = std::min(help.find('\n'), help.size());
      out += fmt::format("# {}\n", help.substr(0, end));
      help.remove_prefix(std::min(end + 1, help.size()));
    }
    out += fmt::format("{} = {}\n", key.name, print_value(key.slot(defaults)));
  }
  return out;
}

}  // namespace lodge::app
