#include "drivers/qemu/qemu_guest.h"

#include <signal.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <utility>

#include "drivers/qemu/console.h"
#include "drivers/qemu/log_file.h"

namespace lodge::drivers::qemu {

using qmp::Json;

namespace {

// "killed by signal 6 (Aborted): qemu-system-x86_64: …", for a process that nobody asked to end.
Task<> tell_last_words(Pool& pool, ExitStatus status, fs::path log_file, std::uint64_t log_start,
                       std::function<void(std::string)> tell) {
  const auto read = [&] { return last_line(log_file, log_start); };
  const std::string words = co_await pool.run(read);
  tell(words.empty() ? status.str() : status.str() + ": " + words);
}

}  // namespace

QemuGuest::QemuGuest(Parts parts)
    : control_(parts.control),
      pool_(parts.pool),
      live_spec_(std::move(parts.live_spec)),
      uid_(parts.uid),
      log_file_(std::move(parts.log_file)),
      log_start_(parts.log_start),
      observer_(parts.observer),
      translator_(live_spec_),
      process_(parts.control, parts.pid, std::move(parts.pidfd), [this](ExitStatus status) { ended(status); }),
      link_(parts.control, std::move(parts.monitor), listener()) {
  link_.start(parts.again);
}

QemuGuest::~QemuGuest() { *alive_ = false; }

qmp::Listener QemuGuest::listener() {
  return {
      .on_event =
          [this](const qmp::Event& event) {
            if (event.name == "RESET") reset_done_.open();
            heard_of_device(event);
            heard_of_migration(event);
            for (const auto& happened : translator_.translate(event)) tell(happened);
          },
      .on_silent =
          [this] { tell({.kind = GuestEventKind::unresponsive, .detail = "QEMU does not answer its monitor"}); },
      .on_answering = [this] { tell({.kind = GuestEventKind::responsive}); },
      .on_closed =
          [this](const Error& error) {
            // A process on its way out closes its monitor first; its end will be told.
            if (error.code() == Code::unavailable) return;
            tell({.kind = GuestEventKind::unresponsive, .detail = error.message()});
          },
  };
}

void QemuGuest::tell(const GuestEvent& event) {
  if (event.kind == GuestEventKind::resumed && std::exchange(starting_, false)) return;
  if (!announced_) return early_.push_back(event);
  observer_.on_guest_event(event);
}

void QemuGuest::announce() {
  const auto alive = alive_;
  announced_ = true;
  for (const auto& event : std::exchange(early_, {})) {
    if (*alive) observer_.on_guest_event(event);
  }
}

void QemuGuest::missed(GuestEvent event) {
  using enum GuestEventKind;
  const auto alike = [&](const GuestEvent& early) {
    return early.kind == event.kind || (event.kind == powered_off && early.kind == reset_held);
  };
  if (std::ranges::none_of(early_, alike)) early_.insert(early_.begin(), std::move(event));
}

void QemuGuest::ended(ExitStatus status) {
  const auto alive = alive_;
  exit_status_ = status;
  link_.drain();
  if (*alive) {
    for (const auto& [device, leaving] : leaving_) leaving->decided.open();
    if (move_.phase == MigrationPhase::active || move_.port != 0) moving(MigrationPhase::failed);
  }
  // One that ends before it is announced never was a guest: whoever starts it sees that it has ended.
  if (!*alive || !announced_) return;
  if (stop_requested_) return tell({.kind = GuestEventKind::exited, .requested = true, .detail = status.str()});
  asio::co_spawn(
      control_,
      tell_last_words(
          pool_, status, log_file_, log_start_,
          [this, alive](std::string detail) {
            if (!*alive) return;
            tell({.kind = GuestEventKind::exited, .requested = stop_requested_, .detail = std::move(detail)});
          }),
      asio::detached);
}

Result<Json> QemuGuest::told(Result<Json> answer) const {
  if (answer || answer.error().code() == Code::cancelled) return answer;
  if (process_.ended())
    return fail(Code::not_found, "{} is gone: QEMU ended ({})", live_spec_.name(), exit_status_.str());
  return wrap(std::move(answer).error(), "{} (pid {})", live_spec_.name(), pid());
}

Task<Result<Json>> QemuGuest::command(std::string name, Json arguments, Deadline deadline) {
  const auto alive = alive_;
  auto answer = co_await link_.execute(std::move(name), std::move(arguments), deadline);
  co_return *alive ? told(std::move(answer)) : std::move(answer);
}

Task<Result<GuestStatus>> QemuGuest::status(Deadline deadline) {
  CO_TRY_ASSIGN(const Json answer, co_await command("query-status", Json::object(), deadline));
  co_return status_from(qmp::text(answer, "status"));
}

Task<Result<void>> QemuGuest::pause(Deadline deadline) {
  const auto alive = alive_;
  translator_.expect_pause(true);
  const auto answer = co_await command("stop", Json::object(), deadline);
  if (*alive) translator_.expect_pause(false);
  if (!answer) co_return Failure(answer.error());
  co_return Result<void>{};
}

Task<Result<void>> QemuGuest::resume(Deadline deadline) {
  const auto alive = alive_;
  // QEMU would remember it, and let the guest run when it has arrived.
  if (move_.port != 0 && move_.phase != MigrationPhase::completed)
    co_return fail(Code::failed_precondition, "{} has not arrived yet", live_spec_.name());
  // A QEMU that has sent its guest tidies up for a moment after it has said "completed", and does not run it until then.
  while (*alive && move_.port == 0 && move_.phase == MigrationPhase::completed) {
    CO_TRY_ASSIGN(const Json status, co_await command("query-status", Json::object(), deadline));
    if (qmp::text(status, "status") != "finish-migrate") break;
    asio::steady_timer moment(co_await asio::this_coro::executor, std::chrono::milliseconds(5));
    co_await moment.async_wait(asio::use_awaitable);
  }
  if (!*alive) co_return let_go();
  translator_.expect_resume(true);
  const auto answer = co_await command("cont", Json::object(), deadline);
  if (*alive) translator_.expect_resume(false);
  if (!answer) co_return Failure(answer.error());
  co_return Result<void>{};
}

Task<Result<void>> QemuGuest::press(Deadline deadline) {
  const auto alive = alive_;
  const auto answer = co_await command("system_powerdown", Json::object(), deadline);
  if (!answer) co_return Failure(answer.error());
  if (*alive) translator_.expect_power_off();
  co_return Result<void>{};
}

Task<Result<void>> QemuGuest::reset(Deadline deadline) {
  const auto alive = alive_;
  reset_done_.close();
  // A QEMU that holds guests which reset themselves would hold this one, too. It looks when asked, so the three can go
  // together, and the last takes effect whatever becomes of us.
  const bool holds = live_spec_.on_reboot() != v1::LIFECYCLE_ACTION_RESTART &&
                     live_spec_.on_reboot() != v1::LIFECYCLE_ACTION_UNSPECIFIED;
  if (holds) link_.send("set-action", {{"reboot", "reset"}});
  auto pending = link_.send("system_reset");
  if (holds) link_.send("set-action", {{"reboot", "shutdown"}});
  auto answer = co_await link_.answer(std::move(pending), deadline);
  if (!*alive) co_return let_go();
  if (answer = told(std::move(answer)); !answer) co_return Failure(std::move(answer).error());

  const auto how = co_await reset_done_.wait(deadline);
  if (how == Latch::Wait::open) co_return Result<void>{};
  if (how == Latch::Wait::deadline) {
    co_return fail(Code::deadline_exceeded, "{}: QEMU has not reset it within the deadline", live_spec_.name());
  }
  co_return fail(Code::cancelled, "reset: cancelled");
}

Task<Result<Fd>> QemuGuest::open(std::string_view alias, Deadline) {
  CO_TRY_ASSIGN(const v1::CharBackend backend, find_chardev(live_spec_, alias));
  const auto join = [&] { return open_chardev(backend, uid_); };
  auto fd = co_await pool_.run(join);
  co_return fd;
}

Task<Result<void>> QemuGuest::stop(StopMode mode, Deadline deadline) {
  if (process_.ended()) co_return Result<void>{};
  const auto alive = alive_;
  const std::int64_t id = pid();
  const std::string name = live_spec_.name();
  stop_requested_ = true;
  CO_TRY(process_.signal(mode == StopMode::force ? SIGKILL : SIGTERM));
  const auto ended = co_await process_.wait_end(deadline);
  if (ended && *ended) co_return Result<void>{};
  if (*alive) stop_requested_ = false;
  if (!ended) co_return Failure(ended.error());
  if (mode == StopMode::polite) {
    co_return fail(Code::busy, "{}: QEMU (pid {}) was asked to end (SIGTERM) and still runs; stop it by force", name,
                   id);
  }
  co_return fail(
      Code::deadline_exceeded,
      "{}: QEMU (pid {}) was killed (SIGKILL) but has not ended yet: the kernel still holds it, as it does during "
      "input and output to a device that hangs",
      name, id);
}

}  // namespace lodge::drivers::qemu
