// What a call costs, with identity, access check and audit, beside bare gRPC with the same messages over the same kind of
// socket, and over mutual TLS.
#include <fcntl.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/server_posix.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lodge/v1/domain_service.grpc.pb.h"
#include "lodge/v1/host_service.grpc.pb.h"
#include "tests/bench/measure.h"
#include "tests/e2e/daemon/client.h"
#include "tests/e2e/support/guest.h"
#include "tests/e2e/support/pki.h"
#include "tests/e2e/support/sandbox.h"

using namespace lodge;
using namespace lodge::test;

namespace {

constexpr int kCalls = 5000;
constexpr int kRounds = 5;

sockaddr_un address_of(const fs::path& socket) {
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  socket.native().copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

// A local user who may look at what root defines.
constexpr uid_t kViewer = 4000;

constexpr const char* kOurTls = "127.0.0.1:16515";
constexpr const char* kBareTls = "127.0.0.1:16600";

std::string text_of(const fs::path& file) { return must(read_file(file)); }

// Certificates lie in `folder`/tls; see bench().
std::shared_ptr<grpc::Channel> connect_by_tls(const std::string& address, const fs::path& folder) {
  const fs::path tls = folder / "tls";
  return grpc::CreateChannel(
      address, grpc::SslCredentials({text_of(tls / "ca.crt"), text_of(tls / "bench.key"), text_of(tls / "bench.crt")}));
}

// Mutual, as lodged's.
std::shared_ptr<grpc::ServerCredentials> bare_tls(const fs::path& folder) {
  const fs::path tls = folder / "tls";
  grpc::SslServerCredentialsOptions options(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = text_of(tls / "ca.crt");
  options.pem_key_cert_pairs.push_back({text_of(tls / "server.key"), text_of(tls / "server.crt")});
  return grpc::SslServerCredentials(options);
}

// Answers what lodged answered, and nothing else: gRPC's callback API, as lodged uses it.
class BareHost final : public v1::HostService::CallbackService {
 public:
  explicit BareHost(v1::GetVersionResponse answer) : answer_(std::move(answer)) {}
  grpc::ServerUnaryReactor* GetVersion(grpc::CallbackServerContext* context, const v1::GetVersionRequest*,
                                       v1::GetVersionResponse* response) override {
    *response = answer_;
    auto* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

 private:
  const v1::GetVersionResponse answer_;
};

class BareDomains final : public v1::DomainService::CallbackService {
 public:
  explicit BareDomains(v1::GetDomainResponse answer) : answer_(std::move(answer)) {}
  grpc::ServerUnaryReactor* GetDomain(grpc::CallbackServerContext* context, const v1::GetDomainRequest*,
                                      v1::GetDomainResponse* response) override {
    *response = answer_;
    auto* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

 private:
  const v1::GetDomainResponse answer_;
};

v1::GetDomainRequest about(const std::string& name) {
  v1::GetDomainRequest request;
  request.mutable_domain()->set_name(name);
  request.mutable_domain()->set_project("default");
  return request;
}

void must_be_ok(const grpc::Status& status) {
  if (!status.ok()) throw WorldError("a call failed: " + status.error_message());
}

v1::GetVersionResponse version(v1::HostService::Stub& stub) {
  grpc::ClientContext context;
  v1::GetVersionResponse response;
  must_be_ok(stub.GetVersion(&context, {}, &response));
  return response;
}

// With its secrets it is a line of the audit each time.
v1::GetDomainResponse domain(v1::DomainService::Stub& stub, bool secure = false) {
  grpc::ClientContext context;
  v1::GetDomainRequest request = about("web1");
  request.set_secure(secure);
  v1::GetDomainResponse response;
  must_be_ok(stub.GetDomain(&context, request, &response));
  return response;
}

// The bare server, in a process of its own, as lodged is. It is told what to answer by two files.
int serve_bare(const fs::path& folder) {
  v1::GetVersionResponse version;
  v1::GetDomainResponse domain;
  version.ParseFromString(must(read_file(folder / "version")));
  domain.ParseFromString(must(read_file(folder / "domain")));
  BareHost host(version);
  BareDomains domains(domain);
  grpc::ServerBuilder builder;
  builder.RegisterService(&host).RegisterService(&domains);
  builder.AddListeningPort(kBareTls, bare_tls(folder));
  const auto server = builder.BuildAndStart();
  const fs::path socket = folder / "bare.sock";
  const sockaddr_un address = address_of(socket);
  Fd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener.get(), 8) != 0)
    throw WorldError("listen on " + socket.string() + ": " + errno_text(errno));
  if (!write_file(folder / "ready", "")) throw WorldError("write " + (folder / "ready").string());
  for (;;) {
    Fd connection(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (connection) grpc::AddInsecureChannelFromFd(server.get(), connection.release());
  }
}

// Microseconds for one call: the median of kCalls.
template <class F>
double one_call(F call) {
  std::vector<double> times;
  times.reserve(kCalls);
  for (int i = 0; i < kCalls; ++i) times.push_back(timed(call) * 1000);
  return median(std::move(times));
}

template <class Ours, class Bare>
void compare(Promises& promises, std::string_view what, Ours ours, Bare bare) {
  for (int i = 0; i < 500; ++i) ours(), bare();
  std::vector<double> with, without;
  // In turns, so that what else the machine does meets both.
  for (int round = 0; round < kRounds; ++round) {
    without.push_back(one_call(bare));
    with.push_back(one_call(ours));
  }
  fmt::print("{}: bare gRPC {:.0f} us, lodged {:.0f} us (medians of {} rounds of {} calls)\n", what, median(without),
             median(with), kRounds, kCalls);
  promises.at_most(fmt::format("{} against bare gRPC", what), median(with) / median(without), 1.5, "times");
}

int bench() {
  World world;
  const Pki pki(world.root() / "tls");
  pki.issue("server", {.common_name = "here", .alternative_names = "IP:127.0.0.1", .purpose = "serverAuth"});
  pki.issue("bench", {.common_name = "bench"});
  world.write("lodged.toml", fmt::format("[tls]\nenabled = true\nlisten = '{}'\nallow = ['bench']\n"
                                         "[limits]\ncalls_per_second = 1000000\n",
                                         kOurTls));
  world.write("policy.toml",
              fmt::format("[[bind]]\nsubject = 'uid:{}'\nrole = 'viewer'\nproject = 'default'\n", kViewer));
  world.start();
  define(world, {.name = "web1", .boots = false});
  const auto host = v1::HostService::NewStub(channel_as(0, world.socket()));
  const auto domains = v1::DomainService::NewStub(channel_as(0, world.socket()));
  world.write("version", version(*host).SerializeAsString());
  world.write("domain", domain(*domains).SerializeAsString());
  const Process bare(
      {.argv = {fs::read_symlink("/proc/self/exe").string(), "--bare", world.root().string()}, .err = 2});
  for (int i = 0; i < 1000 && !fs::exists(world.root() / "ready"); ++i) ::usleep(10'000);
  const auto bare_host = v1::HostService::NewStub(channel_as(0, world.root() / "bare.sock"));
  const auto bare_domains = v1::DomainService::NewStub(channel_as(0, world.root() / "bare.sock"));

  const auto host_by_tls = v1::HostService::NewStub(connect_by_tls(kOurTls, world.root()));
  const auto domains_by_tls = v1::DomainService::NewStub(connect_by_tls(kOurTls, world.root()));
  const auto bare_channel = connect_by_tls(kBareTls, world.root());
  const auto bare_host_by_tls = v1::HostService::NewStub(bare_channel);
  const auto bare_domains_by_tls = v1::DomainService::NewStub(bare_channel);

  const auto host_of_viewer = v1::HostService::NewStub(channel_as(kViewer, world.socket()));
  const auto domains_of_viewer = v1::DomainService::NewStub(channel_as(kViewer, world.socket()));

  Promises promises;
  compare(promises, "GetVersion over the Unix socket", [&] { version(*host); }, [&] { version(*bare_host); });
  compare(promises, "GetDomain over the Unix socket", [&] { domain(*domains); }, [&] { domain(*bare_domains); });
  compare(
      promises, "GetDomain with secrets, audited, over the Unix socket", [&] { domain(*domains, true); },
      [&] { domain(*bare_domains); });
  compare(promises, "GetVersion of a local user", [&] { version(*host_of_viewer); }, [&] { version(*bare_host); });
  compare(promises, "GetDomain of a local user", [&] { domain(*domains_of_viewer); }, [&] { domain(*bare_domains); });
  compare(promises, "GetVersion over TLS", [&] { version(*host_by_tls); }, [&] { version(*bare_host_by_tls); });
  compare(promises, "GetDomain over TLS", [&] { domain(*domains_by_tls); }, [&] { domain(*bare_domains_by_tls); });
  return promises.all_kept() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::string_view(argv[1]) == "--bare") return guarded([&] { return serve_bare(argv[2]); });
  return in_sandbox([&] { return guarded(bench); });
}
