#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "lodge/v1/enrolment_service.pb.h"
#include "tests/fuzz/check.h"
#include "tests/unit/daemon/enrol/office.h"
#include "tests/unit/daemon/store/temp_folder.h"

// Any bytes as what a stranger brings to the door for enrolment. The first byte says as what: the whole request, or the certificate
// request of somebody whose token is the right one.

using namespace lodge;

namespace {

class Counter {
 public:
  void take(std::string id, std::string secret, std::string request) {
    const auto admitted = office_.run(office_.enrolment->admit(std::move(id), std::move(secret), std::move(request)));
    if (admitted && !pki::Certificate::parse_all(admitted->certificate))
      fuzz::broken("a certificate that is none", admitted->certificate);
  }

  void take_with_token(std::string request) {
    if (!office_.enrolment->expects_somebody()) {
      const auto ordered = office_.order();
      if (!ordered) fuzz::broken("order", ordered.error());
      token_ = ordered->token;
    }
    take(token_.id, token_.secret, std::move(request));
  }

 private:
  test::TempFolder temp_;
  test::Office office_{temp_.path()};
  pki::Token token_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Counter counter;
  if (size == 0) return 0;
  std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 2 == 1) {
    counter.take_with_token(std::move(bytes));
  } else if (v1::EnrolRequest request; request.ParseFromString(bytes)) {
    counter.take(request.token_id(), request.secret(), request.certificate_request());
  }
  return 0;
}
