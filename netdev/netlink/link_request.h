#pragma once

#include <linux/rtnetlink.h>
#include <netlink/attr.h>

#include <cstdint>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "netdev/netlink/link_message.h"
#include "netdev/netlink/socket.h"

namespace lodge::netdev::netlink {

// The fixed part of a message about this link.
inline ifinfomsg about(std::uint32_t ifindex, unsigned char family = AF_UNSPEC) {
  ifinfomsg fixed{};
  fixed.ifi_family = family;
  fixed.ifi_index = static_cast<int>(ifindex);
  return fixed;
}

// A request about a link. Attributes are added one by one; they only fail to fit if memory is out.
class LinkMessage {
 public:
  LinkMessage(int type, int flags, const ifinfomsg& fixed) : message_(type, flags) {
    message_.header(&fixed, sizeof fixed);
  }

  LinkMessage& text(int type, std::string_view value) {
    return checked(nla_put_string(message_.get(), type, std::string(value).c_str()));
  }
  LinkMessage& number(int type, std::uint32_t value) { return checked(nla_put_u32(message_.get(), type, value)); }
  template <class Struct>
  LinkMessage& put(int type, const Struct& value) {
    return checked(nla_put(message_.get(), type, static_cast<int>(sizeof value), &value));
  }
  LinkMessage& byte(int type, std::uint8_t value) { return checked(nla_put_u8(message_.get(), type, value)); }
  LinkMessage& mac(int type, const Mac& value) {
    return checked(nla_put(message_.get(), type, static_cast<int>(value.bytes.size()), value.bytes.data()));
  }
  // Amid attributes: the fixed part of a message within the message.
  LinkMessage& fixed(const ifinfomsg& part) {
    message_.header(&part, sizeof part);
    return *this;
  }
  template <class Fill>
  LinkMessage& nest(int type, Fill fill) {
    nlattr* outer = nla_nest_start(message_.get(), type);
    if (!outer) throw std::bad_alloc();
    fill(*this);
    nla_nest_end(message_.get(), outer);
    return *this;
  }

  Result<void> send() const {
    TRY_ASSIGN(Socket socket, Socket::open());
    return socket.request(message_);
  }
  // What `parse` makes of each message of the answer, where it makes anything of it.
  template <class Parse>
  auto ask(Parse parse) const -> Result<std::vector<typename std::invoke_result_t<Parse, nlmsghdr*>::value_type>> {
    TRY_ASSIGN(Socket socket, Socket::open());
    std::vector<typename std::invoke_result_t<Parse, nlmsghdr*>::value_type> found;
    const auto collect = [&](nlmsghdr* header) {
      if (auto one = parse(header)) found.push_back(*std::move(one));
    };
    TRY(socket.ask(message_, collect));
    return found;
  }
  Result<std::vector<Link>> ask() const { return ask(parse_link); }

 private:
  LinkMessage& checked(int result) {
    if (result != 0) throw std::bad_alloc();
    return *this;
  }

  Message message_;
};

}  // namespace lodge::netdev::netlink
