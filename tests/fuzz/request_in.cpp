#include <google/protobuf/descriptor.h>
#include <grpcpp/create_channel_posix.h>
#include <grpcpp/generic/generic_stub.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstdint>
#include <future>
#include <thread>
#include <vector>

#include "daemon/rpc/listen.h"
#include "daemon/rpc/rpc_door.h"
#include "tests/fuzz/check.h"
#include "tests/unit/daemon/access/services.h"
#include "tests/unit/daemon/host/world.h"

// Any bytes as the request of any RPC, by the front door: gRPC, identity, access, audit, and a host with the example driver on a
// kernel in memory. The first byte says which method. Nothing is asked but that everybody is answered, and that nothing breaks.

using namespace lodge;
using namespace std::chrono_literals;

namespace {

class House {
 public:
  House() {
    if (const auto up = world_.boot(); !up) fuzz::broken("boot", up.error());
    for (const char* name : {"web1", "web2"}) {
      const auto xml = test::document(test::guest_xml(name, test::macvtap_xml()));
      const auto defined = world_.run(world_.host().define(world_.call(), "", xml, false));
      if (!defined) fuzz::broken("define", defined.error());
    }
    const auto started = world_.run(world_.host().start(world_.call(), test::named("web1"), false));
    if (!started) fuzz::broken("start", started.error());
    rpc::Sockets sockets;
    sockets.own_path = folder_.path() / "s";
    auto listening = rpc::listen_unix(sockets.own_path);
    if (!listening) fuzz::broken("listen", listening.error());
    sockets.local = std::move(*listening);
    const fs::path path = sockets.own_path;
    auto door = rpc::RpcDoor::open(world_.host(), world_.access(), auditor_, nullptr, {.unasked_deadline = 2s},
                                   std::move(sockets));
    if (!door) fuzz::broken("open the door", door.error());
    door_ = std::move(*door);
    loop_ = std::jthread([this](const std::stop_token& enough) { world_.serve(enough); });
    stub_ = std::make_unique<grpc::GenericStub>(grpc::CreateInsecureChannelFromFd("localhost", connect_to(path)));
    for (const auto* method : test::every_method()) {
      if (!method->client_streaming() && !method->server_streaming())
        methods_.push_back("/" + method->service()->full_name() + "/" + method->name());
    }
  }

  ~House() {
    stub_.reset();
    door_->stop_accepting();
    door_->close(Deadline::after(2s));
    loop_.request_stop();
    loop_.join();
    door_.reset();
  }

  void call(std::uint8_t method, const std::string& bytes) {
    const grpc::Slice slice(bytes);
    const grpc::ByteBuffer request(&slice, 1);
    grpc::ByteBuffer response;
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + 5s);
    std::promise<grpc::Status> answer;
    stub_->UnaryCall(&context, methods_[method % methods_.size()], {}, &request, &response,
                     [&](grpc::Status status) { answer.set_value(std::move(status)); });
    const grpc::Status status = answer.get_future().get();
    if (status.error_code() == grpc::UNKNOWN || status.error_code() == grpc::UNAVAILABLE)
      fuzz::broken("not answered", status.error_message());
  }

 private:
  static int connect_to(const fs::path& path) {
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    path.native().copy(address.sun_path, sizeof address.sun_path - 1);
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      fuzz::broken("connect", errno_text(errno));
    return fd;
  }

  test::TempFolder folder_;
  test::World world_;
  access::Auditor auditor_{[](const access::AuditEntry&, const std::string&) { return Result<void>(); }};
  std::unique_ptr<rpc::RpcDoor> door_;
  std::jthread loop_;
  std::unique_ptr<grpc::GenericStub> stub_;
  std::vector<std::string> methods_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static House house;
  if (size == 0) return 0;
  house.call(data[0], std::string(reinterpret_cast<const char*>(data) + 1, size - 1));
  return 0;
}
