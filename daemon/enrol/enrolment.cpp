#include "daemon/enrol/enrolment.h"

#include "base/log.h"
#include "base/pki/bytes.h"
#include "base/pki/folder.h"

namespace lodge::enrol {
namespace {

using namespace std::chrono_literals;

constexpr auto kUsual = 15min;
constexpr auto kLongest = 24h;
constexpr std::size_t kMostTokens = 64;
constexpr int kMostWrong = 5;
constexpr pki::Days kClientDays{397};

// What a token needs to know of the host.
struct Host {
  std::string name;
  std::string fingerprint;
};

Result<Host> look_at_host(const EnrolSettings& settings, std::string name) {
  TRY(pki::load_authority(settings.ca, settings.ca_key));
  TRY_ASSIGN(const std::vector<pki::Certificate> chain, pki::load_certificates(settings.certificate));
  const pki::Certificate& own = chain.front();
  const pki::Names names = own.names();
  if (name.empty()) name = !names.dns.empty() ? names.dns.front() : !names.ips.empty() ? names.ips.front() : "";
  if (name.empty() || !own.names_host(name))
    return fail(Code::invalid_argument,
                "clients would not take the certificate {} for '{}': it is for {}; say one of these, or run: lodge pki "
                "issue-server {} --force",
                settings.certificate.string(), name, own.identity(), name.empty() ? "NAME" : name);
  return Host{std::move(name), *pki::from_hex(own.fingerprint())};
}

// The certificate that the bearer of the token gets, recorded; and the PEM of those who vouch for it and for the host.
Result<std::pair<pki::Certificate, std::string>> sign(const EnrolSettings& settings, const std::string& name,
                                                      const std::string& request) {
  TRY_ASSIGN(const pki::Key key, pki::key_of_request(request));
  TRY_ASSIGN(const pki::Authority authority, pki::load_authority(settings.ca, settings.ca_key));
  TRY_ASSIGN(pki::Certificate certificate, pki::issue(authority, {.common_name = name, .valid = kClientDays}, key));
  TRY(pki::record(settings.ca_key.parent_path() / "issued", certificate));
  return std::pair(std::move(certificate), authority.certificate.pem());
}

Failure not_let_in() {
  return fail(
      Code::permission_denied,
      "the token is not, or no more, one of this host's: it may have been used or have expired; 'lodge remote token' "
      "there makes a new one");
}

std::int64_t seconds(Enrolment::Clock::time_point time) { return Enrolment::Clock::to_time_t(time); }

Result<access::Role> role_of(const std::string& word) {
  if (word.empty()) return access::Role::admin;
  if (const auto role = access::role_named(word)) return *role;
  return fail(Code::invalid_argument,
              "a token gives one of the roles viewer, operator, owner and admin, not '{}': bind roles of your own to "
              "\"tls:NAME\" in the policy",
              word);
}

// What the client's row gives it. A role that this program does not know, of a newer one, gives nothing.
access::Holding holding_of(const store::ClientRow& client) {
  const auto role = access::role_named(client.role);
  return {.role = client.role,
          .project = client.project,
          .object = {},
          .verbs = role ? access::verbs_of(*role) : access::VerbSet()};
}

}  // namespace

Result<std::unique_ptr<Enrolment>> Enrolment::open(EnrolSettings settings, store::Store& store, Pool& pool,
                                                   access::Enrolled& enrolled) {
  std::unique_ptr<Enrolment> enrolment(new Enrolment(std::move(settings), store, pool, enrolled));
  TRY_ASSIGN(store::Contents contents, store.contents());
  auto state = enrolment->state_.lock();
  for (store::TokenRow& token : contents.tokens) {
    std::string id = token.id;
    state->tokens.emplace(std::move(id), Waiting{.row = std::move(token)});
  }
  for (store::ClientRow& client : contents.clients) {
    enrolled.put(client.name, holding_of(client));
    std::string name = client.name;
    state->clients.emplace(std::move(name), std::move(client));
  }
  return enrolment;
}

Task<Result<Enrolment::NewToken>> Enrolment::make_token(Order order) {
  CO_TRY(pki::check_client_name(order.name));
  CO_TRY_ASSIGN(const access::Role role, role_of(order.role));
  const std::chrono::seconds valid = order.valid == 0s ? kUsual : order.valid;
  if (valid > kLongest)
    co_return fail(Code::invalid_argument, "a token may wait at most {} hours", std::chrono::hours(kLongest).count());
  CO_TRY(co_await drop(take_expired()));
  if (state_.lock()->tokens.size() >= kMostTokens)
    co_return fail(Code::resource_exhausted, "{} tokens wait to be used, which is the most", kMostTokens);
  auto look = [this, &order] { return look_at_host(settings_, order.host); };
  CO_TRY_ASSIGN(const Host known, co_await pool_.run(look));

  NewToken made{.token = {.host = known.name,
                          .port = settings_.port,
                          .enrol_port = settings_.enrol_port,
                          .fingerprint = known.fingerprint,
                          .id = pki::random_bytes(pki::kTokenIdBytes),
                          .secret = pki::random_bytes(pki::kTokenSecretBytes)},
                .expires_at = Clock::now() + valid};
  store::Batch batch;
  const store::TokenRow row{.id = pki::hex(made.token.id),
                            .name = order.name,
                            .digest = pki::hex(pki::sha256(made.token.secret)),
                            .expires_at = seconds(made.expires_at),
                            .role = std::string(access::to_string(role)),
                            .project = order.project.empty() ? "*" : order.project};
  batch.put_tokens.push_back(row);
  CO_TRY(co_await store_.commit(std::move(batch)));
  state_.lock()->tokens.emplace(row.id, Waiting{.row = row});
  co_return made;
}

Task<Result<Enrolment::Admission>> Enrolment::admit(std::string token_id, std::string secret, std::string request) {
  CO_TRY(co_await drop(take_expired()));
  const std::string id = pki::hex(token_id);
  const std::string digest = pki::hex(pki::sha256(secret));
  store::TokenRow token;
  std::vector<std::string> burnt;
  {
    auto state = state_.lock();
    const auto found = state->tokens.find(id);
    if (found == state->tokens.end() || found->second.in_use) co_return not_let_in();
    Waiting& waiting = found->second;
    const bool right = pki::same_secret(digest, waiting.row.digest);
    if (right)
      waiting.in_use = true;
    else if (++waiting.wrong >= kMostWrong)
      burnt.push_back(id);
    token = right ? waiting.row : store::TokenRow();
    if (!burnt.empty()) {
      log::warn("the token for '{}' was burnt: {} wrong secrets were tried on it", waiting.row.name, kMostWrong);
      state->tokens.erase(found);
    }
  }
  if (token.id.empty()) {
    CO_TRY(co_await drop(std::move(burnt)));
    co_return not_let_in();
  }
  // Whoever brought it may leave meanwhile: the token is used up then, or waits on, and never stays in between.
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  auto admitted = co_await admit_with(token, std::move(request));
  auto state = state_.lock();
  if (admitted)
    state->tokens.erase(id);
  else if (const auto found = state->tokens.find(id); found != state->tokens.end())
    found->second.in_use = false;
  co_return admitted;
}

Task<Result<Enrolment::Admission>> Enrolment::admit_with(store::TokenRow token, std::string request) {
  auto work = [this, &token, &request] { return sign(settings_, token.name, request); };
  CO_TRY_ASSIGN(const auto made, co_await pool_.run(work));
  const auto& [certificate, authority] = made;
  const store::ClientRow client{.name = token.name,
                                .fingerprint = certificate.fingerprint(),
                                .serial = certificate.serial(),
                                .enrolled_at = seconds(Clock::now()),
                                .expires_at = seconds(certificate.not_after()),
                                .role = token.role,
                                .project = token.project};
  if (!state_.lock()->tokens.contains(token.id)) co_return not_let_in();  // taken back meanwhile
  store::Batch batch;
  batch.drop_tokens.push_back(token.id);
  batch.put_clients.push_back(client);
  CO_TRY(co_await store_.commit(std::move(batch)));
  state_.lock()->clients.insert_or_assign(client.name, client);
  enrolled_.put(client.name, holding_of(client));
  co_return Admission{.name = token.name, .certificate = certificate.pem(), .authority = authority};
}

Task<Result<void>> Enrolment::remove(std::string name) {
  store::Batch batch;
  batch.drop_clients.push_back(name);
  std::map<std::string, Waiting> taken;
  {
    auto state = state_.lock();
    if (!state->clients.contains(name))
      co_return fail(Code::not_found, "nobody has enrolled as '{}'; 'lodge remote clients' lists who has", name);
    // Now, so that nobody who is being admitted with one comes in behind this.
    for (auto token = state->tokens.begin(); token != state->tokens.end();) {
      const auto next = std::next(token);
      if (token->second.row.name == name) taken.insert(state->tokens.extract(token));
      token = next;
    }
    for (const auto& [id, waiting] : taken) batch.drop_tokens.push_back(id);
  }
  auto done = co_await store_.commit(std::move(batch));
  auto state = state_.lock();
  if (!done) {
    state->tokens.merge(taken);
    co_return done;
  }
  state->clients.erase(name);
  enrolled_.remove(name);
  co_return Result<void>();
}

Task<Result<void>> Enrolment::drop(std::vector<std::string> ids) {
  if (ids.empty()) co_return Result<void>();
  store::Batch batch;
  batch.drop_tokens = std::move(ids);
  co_return co_await store_.commit(std::move(batch));
}

std::vector<std::string> Enrolment::take_expired() {
  std::vector<std::string> ids;
  const std::int64_t now = seconds(Clock::now());
  auto state = state_.lock();
  std::erase_if(state->tokens, [&](const auto& entry) {
    if (entry.second.in_use || entry.second.row.expires_at > now) return false;
    ids.push_back(entry.first);
    return true;
  });
  return ids;
}

bool Enrolment::expects_somebody() const {
  const std::int64_t now = seconds(Clock::now());
  auto state = state_.lock();
  for (const auto& [id, waiting] : state->tokens)
    if (waiting.in_use || waiting.row.expires_at > now) return true;
  return false;
}

std::vector<store::ClientRow> Enrolment::clients() const {
  std::vector<store::ClientRow> all;
  for (const auto& [name, client] : state_.lock()->clients) all.push_back(client);
  return all;
}

}  // namespace lodge::enrol
