#include <fmt/chrono.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "base/pki/check.h"
#include "base/pki/folder.h"
#include "base/pki/revoked.h"
#include "client/cli/commands.h"
#include "client/cli/session.h"
#include "client/cli/table.h"
#include "client/lib/tls_files.h"

namespace lodge::cli {

namespace {

constexpr pki::Days kAuthorityDays{3650};
constexpr pki::Days kServerDays{825};
constexpr pki::Days kClientDays{397};

pki::Folder folder_of(const Session& session) {
  const std::string& chosen = session.args().text("--folder");
  return chosen.empty() ? pki::Folder{} : pki::Folder{chosen};
}

pki::Days days_of(const Session& session, pki::Days usual) {
  return pki::Days(static_cast<int>(std::min(session.args().number("--days", usual.count()), 36500.0)));
}

std::string host_name() {
  char name[256] = "";
  ::gethostname(name, sizeof name - 1);
  return name;
}

// This host's addresses that other machines may know it by.
std::vector<std::string> addresses() {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return {};
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(list, ::freeifaddrs);
  std::vector<std::string> all;
  for (const ifaddrs* one = list; one != nullptr; one = one->ifa_next) {
    const int family = one->ifa_addr == nullptr ? AF_UNSPEC : one->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    char text[NI_MAXHOST];
    const socklen_t size = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    if (::getnameinfo(one->ifa_addr, size, text, sizeof text, nullptr, 0, NI_NUMERICHOST) != 0) continue;
    const std::string address(text);
    // Those with a zone are of one link only.
    if (address.find('%') == address.npos && address != "::1" && !address.starts_with("127.")) all.push_back(address);
  }
  return all;
}

// Neither overwrites what is there, unless told to.
Result<void> must_be_free(const Session& session, const fs::path& file, std::string_view what_goes) {
  std::error_code ignored;
  if (session.args().has("--force") || !fs::exists(fs::symlink_status(file, ignored))) return {};
  return fail(Code::already_exists, "{} is there already, and {}; --force replaces it", file.string(), what_goes);
}

Result<ExitCode> init(Session& session) {
  const pki::Folder folder = folder_of(session);
  for (const fs::path& file : {folder.ca(), folder.ca_key()})
    TRY(must_be_free(session, file, "without it, no certificate that it signed would count any more"));
  const std::string& given = session.args().text("NAME");
  const std::string name = given.empty() ? fmt::format("lodge on {}", host_name()).substr(0, 64) : given;
  const pki::Authority authority = pki::make_authority(name, days_of(session, kAuthorityDays));
  TRY(make_folder(folder.path, 0755));
  TRY(write_file(folder.ca_key(), authority.key.pem(), 0600));
  TRY(write_file(folder.ca(), authority.certificate.pem(), 0644));
  session.say("Authority '{}' made: {}, and its key {}, which is to stay secret", name, folder.ca().string(),
              folder.ca_key().string());
  session.say("Next: lodge pki issue-server");
  return ExitCode::ok;
}

// DNS names and addresses, told apart.
void add_host(pki::Subject& subject, const std::string& name) {
  const addrinfo hints{.ai_flags = AI_NUMERICHOST, .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
  addrinfo* found = nullptr;
  const bool number = ::getaddrinfo(name.c_str(), nullptr, &hints, &found) == 0;
  if (found != nullptr) ::freeaddrinfo(found);
  (number ? subject.ips : subject.dns).push_back(name);
}

Result<ExitCode> issue_server(Session& session) {
  const pki::Folder folder = folder_of(session);
  TRY(must_be_free(session, folder.server(), "lodged may serve with it"));
  TRY_ASSIGN(const pki::Authority authority, pki::load_authority(folder.ca(), folder.ca_key()));
  const std::string& name = session.args().text("NAME");
  pki::Subject subject{.common_name = (name.empty() ? host_name() : name).substr(0, 64),
                       .dns = {},
                       .ips = {},
                       .uris = {},
                       .use = pki::Use::server,
                       .valid = days_of(session, kServerDays)};
  add_host(subject, name.empty() ? host_name() : name);
  for (const std::string& other : session.args().all("--host")) add_host(subject, other);
  if (name.empty() && !session.args().has("--host")) subject.ips = addresses();
  const pki::Key key = pki::Key::make();
  TRY_ASSIGN(const pki::Certificate certificate, pki::issue(authority, subject, key));
  TRY(pki::record(folder.issued(), certificate));
  TRY(write_file(folder.server_key(), key.pem(), 0600));
  TRY(write_file(folder.server(), certificate.pem(), 0644));
  session.say("Certificate for {} made, valid until {}: {}", certificate.identity(), certificate.until(),
              folder.server().string());
  session.say("lodged takes it up by itself if its TLS door is on ('enabled = true' below [tls] in lodged.toml)");
  return ExitCode::ok;
}

Result<ExitCode> issue_client(Session& session) {
  const pki::Folder folder = folder_of(session);
  const std::string& name = session.args().text("NAME");
  if (name.empty())
    return fail(Code::invalid_argument, "a client's certificate needs a name: lodge pki issue-client NAME");
  TRY(pki::check_client_name(name));
  const std::string& out = session.args().text("--out");
  const fs::path target = out.empty() ? fs::path(name) : fs::path(out);
  TRY(must_be_free(session, target / "key.pem", "its owner may use it"));
  TRY_ASSIGN(const pki::Authority authority, pki::load_authority(folder.ca(), folder.ca_key()));
  const pki::Key key = pki::Key::make();
  TRY_ASSIGN(const pki::Certificate certificate,
             pki::issue(authority, {.common_name = name, .valid = days_of(session, kClientDays)}, key));
  TRY(pki::record(folder.issued(), certificate));
  TRY(make_folder(target, 0700));
  TRY(write_file(target / "ca.pem", authority.certificate.pem(), 0644));
  TRY(write_file(target / "cert.pem", certificate.pem(), 0644));
  TRY(write_file(target / "key.pem", key.pem(), 0600));
  session.say("Certificate for {} made, valid until {}: copy {} to that machine as ~/.config/lodge/pki", name,
              certificate.until(), target.string());
  session.say("lodged lets it in if '{}' is in its tls.allow; 'lodge remote token {}' does all of this in one step",
              name, name);
  return ExitCode::ok;
}

// The certificates that a user may mean: of a file, or of all that were issued under that name.
Result<std::vector<pki::Certificate>> meant(const pki::Folder& folder, const std::string& what) {
  std::error_code ignored;
  if (fs::is_regular_file(what, ignored)) return pki::load_certificates(what);
  TRY_ASSIGN(std::vector<pki::Certificate> all, pki::recorded(folder.issued()));
  std::erase_if(all, [&](const pki::Certificate& one) { return one.names().common_name != what; });
  if (all.empty())
    return fail(Code::not_found,
                "'{}' is neither a file nor a name that a certificate in {} was issued to; 'lodge pki show' lists them",
                what, folder.issued().string());
  return all;
}

Result<ExitCode> revoke(Session& session) {
  const pki::Folder folder = folder_of(session);
  const std::string& what = session.args().text("NAME");
  if (what.empty())
    return fail(Code::invalid_argument, "say which: a name, a certificate's file, sha256:FINGERPRINT or serial:NUMBER");
  std::string remark = session.args().text("--reason");
  if (what.starts_with("sha256:") || what.starts_with("serial:")) {
    TRY(pki::revoke(folder.revoked(), what, remark));
    session.say("Revoked {}", what);
    return ExitCode::ok;
  }
  TRY_ASSIGN(const std::vector<pki::Certificate> certificates, meant(folder, what));
  TRY_ASSIGN(const pki::RevocationList known, pki::load_revoked(folder.revoked()));
  int count = 0;
  for (const pki::Certificate& one : certificates) {
    if (known.reason(one)) continue;
    TRY(pki::revoke(folder.revoked(), one, fmt::format("{}{}{}", one.identity(), remark.empty() ? "" : ": ", remark)));
    session.say("Revoked {} (serial number {}, valid until {})", one.identity(), one.serial(), one.until());
    ++count;
  }
  if (count == 0) return fail(Code::already_exists, "'{}' is revoked already", what);
  return ExitCode::ok;
}

std::string state_of(const pki::Certificate& certificate, const pki::RevocationList& revoked) {
  if (revoked.reason(certificate)) return "revoked";
  if (certificate.not_after() < pki::Clock::now()) return "expired";
  return certificate.not_before() > pki::Clock::now() ? "not yet valid" : "valid";
}

Result<ExitCode> show(Session& session) {
  const pki::Folder folder = folder_of(session);
  TRY_ASSIGN(const pki::RevocationList revoked, pki::load_revoked(folder.revoked()));
  if (const std::string& what = session.args().text("NAME"); !what.empty()) {
    TRY_ASSIGN(const std::vector<pki::Certificate> certificates, meant(folder, what));
    for (const pki::Certificate& one : certificates) {
      Facts facts;
      facts.add("For", one.identity());
      facts.add("Signed by", one.issuer());
      facts.add("Use", one.is_authority()             ? "authority"
                       : one.serves(pki::Use::server) ? "server"
                       : one.serves(pki::Use::client) ? "client"
                                                      : "neither server nor client");
      facts.add("State", state_of(one, revoked));
      facts.add("Valid from", one.from());
      facts.add("Valid until", one.until());
      facts.add("Serial", one.serial());
      facts.add("SHA-256", one.fingerprint());
      session.print(facts.str());
    }
    return ExitCode::ok;
  }
  Table table({"For", "Use", "State", "Until", "Serial"});
  const auto add = [&](const pki::Certificate& one, std::string_view use) {
    table.add({one.identity(), std::string(use), state_of(one, revoked), one.until(), one.serial()});
  };
  TRY_ASSIGN(const std::vector<pki::Certificate> authorities, pki::load_certificates(folder.ca()));
  for (const pki::Certificate& one : authorities) add(one, "authority");
  TRY_ASSIGN(const std::vector<pki::Certificate> issued, pki::recorded(folder.issued()));
  for (const pki::Certificate& one : issued) add(one, one.serves(pki::Use::server) ? "server" : "client");
  session.print(table.str());
  return ExitCode::ok;
}

ExitCode tell(Session& session, const std::vector<pki::Remark>& remarks) {
  ExitCode code = ExitCode::ok;
  for (const pki::Remark& remark : remarks) {
    const bool wrong = remark.weight == pki::Remark::Weight::wrong;
    if (wrong) code = ExitCode::error;
    if (wrong || !session.quiet())
      session.print(fmt::format("{:<8} {}\n",
                                wrong                                           ? "wrong"
                                : remark.weight == pki::Remark::Weight::warning ? "warning"
                                                                                : "ok",
                                remark.text));
  }
  return code;
}

Result<ExitCode> check(Session& session) {
  const std::string& host = session.args().text("--host");
  const std::string& side = session.args().text("NAME");
  if (!side.empty() && side != "host" && side != "client")
    return fail(Code::invalid_argument, "check takes 'host' or 'client', not '{}'", side);
  const pki::Folder folder = folder_of(session);
  std::error_code ignored;
  const bool is_host = side.empty() ? fs::exists(folder.ca(), ignored) : side == "host";
  if (is_host)
    return tell(session, pki::check({.certificate = folder.server(),
                                     .key = folder.server_key(),
                                     .ca = folder.ca(),
                                     .revoked = folder.revoked()},
                                    pki::Use::server, host));
  TRY_ASSIGN(const client::TlsFiles files, session.tls_files());
  return tell(session,
              pki::check({.certificate = files.certificate, .key = files.key, .ca = files.ca}, pki::Use::client, ""));
}

Result<ExitCode> pki_command(Session& session) {
  const std::string& action = session.args().text("ACTION");
  if (action == "init") return init(session);
  if (action == "issue-server") return issue_server(session);
  if (action == "issue-client") return issue_client(session);
  if (action == "revoke") return revoke(session);
  if (action == "show") return show(session);
  return check(session);
}

}  // namespace

CommandGroup pki_commands() {
  return {
      .title = "Certificates, on the host itself",
      .commands =
          {
              {"pki",
               "make an authority, sign certificates with it, revoke, show and check them",
               {{"ACTION", Operand::one, {"init", "issue-server", "issue-client", "revoke", "show", "check"}},
                {"NAME", Operand::optional}},
               {{"--folder", "DIR", "where they are kept, instead of /etc/lodge/tls"},
                {"--host", "NAME",
                 "issue-server: another name or address of the host; check: the one that clients use"},
                {"--days", "N", "how long it is valid"},
                {"--out", "DIR", "issue-client: where the files go, instead of ./NAME"},
                {"--reason", "TEXT", "revoke: why, for whoever reads the list"},
                {"--force", "", "replace what is there"}},
               {},
               pki_command},
          },
  };
}

}  // namespace lodge::cli
