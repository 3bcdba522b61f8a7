#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "lodge/v1/domain_object.pb.h"

namespace lodge::client {

// What happens to guests, as it happens. One thread reads; cancel() may come from any other. Destroying it cancels.
class EventStream {
 public:
  // Waits for the next one. Empty when the stream has ended by cancel(). deadline_exceeded when its time is up.
  Result<std::optional<v1::DomainEvent>> next();
  void cancel();

  EventStream(EventStream&&) noexcept;
  EventStream& operator=(EventStream&&) noexcept;
  ~EventStream();

 private:
  friend class Connection;
  struct Impl;
  explicit EventStream(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// A guest's console. One thread may read while another writes; cancel() may come from any. Destroying it hangs up.
class ConsoleStream {
 public:
  // Waits for output; at least one byte. Empty when the guest has closed the console, or after cancel(). Errors say why it
  // was not opened, or why it was taken away.
  Result<std::optional<std::string>> read();
  // False when the stream has ended: read() knows why.
  bool write(std::string_view bytes);
  void cancel();

  ConsoleStream(ConsoleStream&&) noexcept;
  ConsoleStream& operator=(ConsoleStream&&) noexcept;
  ~ConsoleStream();

 private:
  friend class Connection;
  struct Impl;
  explicit ConsoleStream(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace lodge::client
