#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/guarded.h"
#include "base/pki/token.h"
#include "base/pool.h"
#include "base/task.h"
#include "daemon/access/enrolled.h"
#include "daemon/store/store.h"

namespace lodge::enrol {

struct EnrolSettings {
  fs::path certificate;  // the host's own
  fs::path ca;           // whose key signs clients
  fs::path ca_key;
  std::uint16_t port = 0;        // of the TLS door
  std::uint16_t enrol_port = 0;  // of the door for enrolment
};

// How clients come to be known: an administrator makes a token, whoever brings it gets a certificate, once. Tokens are kept
// as digests; both they and the clients survive a restart. Control thread, except where it says otherwise.
class Enrolment {
 public:
  using Clock = std::chrono::system_clock;

  // Blocks. Fills `enrolled`, and adds to it from then on. All outlive it.
  static Result<std::unique_ptr<Enrolment>> open(EnrolSettings settings, store::Store& store, Pool& pool,
                                                 access::Enrolled& enrolled);

  struct NewToken {
    pki::Token token;
    Clock::time_point expires_at;
  };
  struct Order {
    std::string name;            // of the client to be
    std::chrono::seconds valid;  // 0: the usual quarter of an hour
    std::string host;            // what clients call this host; the first name in its certificate if empty
    std::string role;            // of the built-in ones; admin if empty
    std::string project;         // one that there is; every one if empty
  };
  // invalid_argument if the name or role cannot be one, or if the certificate is not for that host; resource_exhausted if too
  // many tokens wait; not_found if there is no authority here.
  Task<Result<NewToken>> make_token(Order order);

  struct Admission {
    std::string name;
    std::string certificate;  // PEM
    std::string authority;    // PEM
  };
  // Uses the token up. permission_denied, without a word more, if there is none with this id and secret now; a few wrong
  // secrets use it up, too. invalid_argument, and the token stays, if the request is none.
  Task<Result<Admission>> admit(std::string token_id, std::string secret, std::string request);

  // Forgets the client, and the tokens that wait for its name. not_found if nobody has enrolled by it.
  Task<Result<void>> remove(std::string name);

  // Whether a token waits to be used. Any thread.
  bool expects_somebody() const;
  // By name. Any thread.
  std::vector<store::ClientRow> clients() const;

 private:
  struct Waiting {
    store::TokenRow row;
    int wrong = 0;        // secrets brought so far
    bool in_use = false;  // somebody with the right secret is being admitted
  };
  struct State {
    std::map<std::string, Waiting> tokens;  // by id, in hexadecimal digits
    std::map<std::string, store::ClientRow> clients;
  };

  Enrolment(EnrolSettings settings, store::Store& store, Pool& pool, access::Enrolled& enrolled)
      : settings_(std::move(settings)), store_(store), pool_(pool), enrolled_(enrolled) {}
  Task<Result<Admission>> admit_with(store::TokenRow token, std::string request);
  Task<Result<void>> drop(std::vector<std::string> ids);
  std::vector<std::string> take_expired();

  const EnrolSettings settings_;
  store::Store& store_;
  Pool& pool_;
  access::Enrolled& enrolled_;
  mutable Guarded<State> state_;
};

}  // namespace lodge::enrol
