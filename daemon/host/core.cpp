#include "daemon/host/core.h"

#include <algorithm>

#include "conf/domain/prepare.h"
#include "conf/view.h"
#include "conf/xml/codec.h"
#include "daemon/access/document_check.h"
#include "daemon/host/quota.h"

namespace lodge::host {
namespace {

// Between two tries to learn what a hypervisor can do.
constexpr std::chrono::seconds kProbeAgain{30};

// What is none of the guest's doing, nor of its hypervisor's.
bool is_callers_fault(Code code) {
  switch (code) {
    case Code::invalid_argument:
    case Code::not_found:
    case Code::already_exists:
    case Code::failed_precondition:
    case Code::permission_denied:
    case Code::unauthenticated:
    case Code::unsupported:
    case Code::busy:
    case Code::cancelled: return true;
    case Code::deadline_exceeded:
    case Code::resource_exhausted:
    case Code::unavailable:
    case Code::data_loss:
    case Code::internal: return false;
  }
  return false;
}

using SpecDocument = conf::xml::Document<v1::DomainSpec>;

Result<SpecDocument> read_document(const v1::DomainDocument& document) {
  switch (document.form_case()) {
    case v1::DomainDocument::kXml: return conf::xml::parse<v1::DomainSpec>(document.xml());
    case v1::DomainDocument::kSpec: return SpecDocument{.message = document.spec(), .source = {}};
    case v1::DomainDocument::FORM_NOT_SET: break;
  }
  return fail(Code::invalid_argument, "the request carries no document");
}

// Whose it is, and how it is called, is not for a stranger.
Failure uuid_in_use(const std::string& project, const std::string& uuid) {
  return fail(Code::already_exists, "uuid {} cannot be used in project '{}': choose another, or leave it out", uuid,
              project);
}

}  // namespace

Core::Core(HostParts host_parts, HostSettings host_settings)
    : parts(std::move(host_parts)), settings(std::move(host_settings)) {}

Core::~Core() {
  // Coroutines that were thrown away unfinished may keep objects a little longer; nothing of theirs may come back here, and
  // no guest outlive its driver.
  for (const auto& [uuid, object] : by_uuid) {
    object->gate.detach();
    const auto let_go = [](auto& phase) {
      if constexpr (requires { phase.run; }) phase.run->guest.reset();
    };
    std::visit(let_go, object->phase);
  }
}

Result<ObjectPtr> Core::find(const Caller& caller, const v1::DomainRef& ref) const {
  TRY_ASSIGN(const DomainPtr domain, std::shared_ptr(*catalog.lock())->find(ref, *caller.rights));
  TRY(caller.check(place_of(*domain)));
  const auto object = by_uuid.find(domain->uuid());
  if (object == by_uuid.end()) return fail(Code::not_found, "{} is gone", domain->name());
  return object->second;
}

Result<std::string> Core::target(const Caller& caller, const std::string& named) const {
  const std::string& project = named.empty() ? caller.rights->home() : named;
  if (!access::is_project_name(project)) return fail(Code::invalid_argument, "'{}' is no name of a project", project);
  const bool possible = std::ranges::any_of(caller.rights->holdings(), [&](const access::Holding& one) {
    return one.project == "*" || one.project == project;
  });
  if (!possible)
    return fail(Code::permission_denied, "{} may have no guests in project '{}'", caller.identity, project);
  // A right to one guest is enough until the document has said which it is about.
  if (!caller.verb || !caller.rights->may_in(*caller.verb, project)) TRY(caller.check({.project = project}));
  return project;
}

Result<ObjectPtr> Core::claim_name(const Caller& caller, const std::string& project, const std::string& uuid,
                                   const std::string& name) {
  TRY(caller.check({.project = project, .name = name, .uuid = uuid}));
  // What is in the way may be another guest, which is not the caller's to hear of.
  const auto hidden = [&](const auto& found, const auto& end) {
    return found != end &&
           !caller.rights->sees(
               {.project = found->second->project, .name = found->second->name, .uuid = found->second->uuid});
  };
  if (hidden(by_uuid.find(uuid), by_uuid.end())) return uuid_in_use(project, uuid);
  if (hidden(by_name.find({project, name}), by_name.end()))
    return fail(Code::already_exists, "the name '{}' cannot be used in project '{}' with uuid {}", name, project, uuid);
  return claim_name(project, uuid, name);
}

Result<ObjectPtr> Core::claim_name(const std::string& project, const std::string& uuid, const std::string& name) {
  if (const auto same = by_uuid.find(uuid); same != by_uuid.end()) {
    if (same->second->project != project) return uuid_in_use(project, uuid);
    if (same->second->name == name) return same->second;
    return fail(Code::already_exists, "domain '{}' already exists with uuid {}: a definition cannot rename it to '{}'",
                same->second->name, uuid, name);
  }
  if (const auto other = by_name.find({project, name}); other != by_name.end()) {
    return fail(Code::already_exists,
                "domain '{}' already exists with uuid {}: only a document with that uuid means the same guest", name,
                other->second->uuid);
  }
  const auto object = std::make_shared<Object>(project, uuid, name, [this, uuid] {
    if (const auto changed = by_uuid.find(uuid); changed != by_uuid.end()) publish(ObjectPtr(changed->second));
  });
  by_uuid.emplace(uuid, object);
  by_name.emplace(std::pair(project, name), object);
  return object;
}

void Core::publish(const ObjectPtr& object) {
  if (object->known()) {
    Catalog::Entry entry{.domain = snapshot(*object), .busy_verb = {}, .busy_since = {}};
    if (const Gate::Holder* const holder = object->gate.holder()) {
      entry.busy_verb = holder->verb;
      entry.busy_since = holder->since;
    }
    auto current = catalog.lock();
    *current = std::make_shared<const Catalog>((*current)->with(std::move(entry)));
    return;
  }
  {
    auto current = catalog.lock();
    *current = std::make_shared<const Catalog>((*current)->without(object->uuid));
  }
  if (!object->gate.idle()) return;
  by_name.erase({object->project, object->name});
  by_uuid.erase(object->uuid);
}

void Core::emit(const ObjectPtr& object, v1::DomainEventKind kind, std::string detail) {
  publish(object);
  v1::DomainEvent event;
  event.set_uuid(object->uuid);
  event.set_name(object->name);
  event.set_project(object->project);
  event.set_kind(kind);
  *event.mutable_status() = object->render_status();
  event.set_detail(std::move(detail));
  parts.events.publish(std::move(event));
}

Result<drivers::Driver*> Core::driver_for(const v1::DomainSpec& spec) const {
  std::vector<std::string_view> names;
  for (const auto& driver : parts.drivers) {
    names.push_back(driver->name());
    if (!driver->runs(spec.type())) continue;
    if (const auto known = known_drivers_.find(driver->name());
        known == known_drivers_.end() || !known->second.capabilities) {
      const std::string why = known == known_drivers_.end() ? "" : known->second.info.unavailable();
      return fail(Code::unavailable, "driver '{}' has not said yet what it can run{}{}", driver->name(),
                  why.empty() ? "" : ": ", why);
    }
    return driver.get();
  }
  return fail(Code::unsupported, "no driver here runs guests of type {} (drivers: {})",
              v1::DomainType_Name(spec.type()), fmt::join(names, ", "));
}

drivers::Driver* Core::driver_named(std::string_view name) const {
  for (const auto& driver : parts.drivers) {
    if (driver->name() == name) return driver.get();
  }
  return nullptr;
}

Task<Result<Prepared>> Core::prepare(std::string project, v1::DomainDocument document, access::Files files,
                                     ObjectPtr like) {
  const std::shared_ptr<const v1::Capabilities> host = *capabilities.lock();
  const auto work = [this, project, document = std::move(document), host, files, like]() -> Result<Prepared> {
    TRY_ASSIGN(access::ProjectPtr rules, parts.access.project(project));
    TRY_ASSIGN(auto read, read_document(document));
    if (like && read.message.uuid().empty()) read.message.set_uuid(like->uuid);
    if (like && read.message.name().empty()) read.message.set_name(like->name);
    TRY_ASSIGN(conf::ValidatedDomain domain, conf::prepare(std::move(read.message), *host, read.source));
    TRY_ASSIGN(const std::uint64_t disk_bytes,
               access::check_document(domain.spec(), *rules, *host, read.source, files));
    return Prepared{.domain = std::move(domain), .project = std::move(rules), .disk_bytes = disk_bytes};
  };
  auto prepared = co_await parts.pool.run(work);
  co_return prepared;
}

Task<Result<Prepared>> Core::prepare(std::string project, store::SpecPtr spec) {
  const std::shared_ptr<const v1::Capabilities> host = *capabilities.lock();
  const auto work = [this, project, spec, host]() -> Result<Prepared> {
    TRY_ASSIGN(access::ProjectPtr rules, parts.access.project(project));
    TRY_ASSIGN(conf::ValidatedDomain domain, conf::prepare(*spec, *host));
    // One that runs carries facts that nobody asked for.
    v1::DomainSpec asked = domain.spec();
    conf::apply_view(asked, {.view = conf::View::inactive, .secure = true});
    TRY_ASSIGN(const std::uint64_t disk_bytes, access::check_document(asked, *rules, *host, {}));
    return Prepared{.domain = std::move(domain), .project = std::move(rules), .disk_bytes = disk_bytes};
  };
  auto prepared = co_await parts.pool.run(work);
  co_return prepared;
}

Task<Result<access::ProjectPtr>> Core::judge(const Object& object, v1::Interface interface) {
  // All that it runs with or is defined with.
  const std::uint64_t vcpus = usage_of(object).vcpus;
  const auto work = [this, project = object.project, interface = std::move(interface),
                     vcpus]() -> Result<access::ProjectPtr> {
    TRY_ASSIGN(access::ProjectPtr rules, parts.access.project(project));
    TRY(access::check_interface(interface, *rules, static_cast<std::uint32_t>(vcpus)));
    return rules;
  };
  auto rules = co_await parts.pool.run(work);
  co_return rules;
}

struct Core::Probe {
  Latch done;
  Result<void> outcome = fail(Code::unavailable, "the daemon is stopping");
};

Task<Result<void>> Core::probe(bool refresh, Deadline deadline) {
  std::shared_ptr<Probe> mine = probe_;
  if (!mine) {
    mine = probe_ = std::make_shared<Probe>();
    background(ask_drivers(refresh, mine));  // may end at once
  }
  const Latch::Wait how = co_await mine->done.wait(deadline);
  if (how == Latch::Wait::open) co_return mine->outcome;
  if (how == Latch::Wait::cancelled) co_return fail(Code::cancelled, "cancelled");
  co_return fail(Code::deadline_exceeded,
                 "the hypervisors have not said yet what they can do; they are still being asked");
}

Task<void> Core::ask_drivers(bool refresh, std::shared_ptr<Probe> probe) {
  try {
    probe->outcome = co_await ask_each_driver(refresh);
  } catch (...) {
    probe->outcome = cancelled_or_rethrow();
  }
  probe_.reset();
  probe->done.open();
}

Task<Result<void>> Core::ask_each_driver(bool refresh) {
  std::optional<Error> first;
  for (const auto& driver : parts.drivers) {
    auto found = co_await driver->probe(refresh, Deadline::after(settings.internal_limit));
    KnownDriver& known = known_drivers_[std::string(driver->name())];
    v1::DriverInfo& info = known.info;
    info.set_name(std::string(driver->name()));
    info.clear_powers();
    for (const std::string& power : driver->powers()) info.add_powers(power);
    if (found) {
      const drivers::DriverVersion version = driver->version();
      info.set_hypervisor(version.hypervisor);
      info.set_hypervisor_version(version.version);
      info.clear_unavailable();
      known.capabilities = std::move(*found);
    } else {
      // One that once said what it can do is believed until it says otherwise.
      if (!known.capabilities) info.set_unavailable(found.error().message());
      if (!first) first = std::move(found).error().with_context(driver->name());
    }
  }
  publish_drivers();
  if (first) co_return Failure(std::move(*first));
  co_return Result<void>{};
}

void Core::publish_drivers() {
  auto together = std::make_shared<v1::Capabilities>();
  std::vector<v1::DriverInfo> infos;
  for (const auto& driver : parts.drivers) {
    const KnownDriver& known = known_drivers_[std::string(driver->name())];
    if (known.capabilities) together->MergeFrom(*known.capabilities);
    infos.push_back(known.info);
  }
  *driver_infos.lock() = std::move(infos);
  *capabilities.lock() = std::move(together);
}

Task<void> Core::probe_until_known() {
  for (;;) {
    const auto probed = co_await probe(false, Deadline::after(settings.internal_limit));
    if (probed) co_return;
    const Latch::Wait how = co_await closing_.wait(Deadline::after(kProbeAgain));
    if (how != Latch::Wait::deadline) co_return;
  }
}

CallContext Core::own_context() const {
  return {.caller = Caller::own(), .deadline = Deadline::after(settings.internal_limit)};
}

void Core::internally(std::string verb, ObjectPtr object, Body<void> body) {
  if (!closing()) background(see_to(std::move(verb), std::move(object), std::move(body)));
}

// An operation that was begun is left to close() to wait for.
Task<void> Core::see_to(std::string verb, ObjectPtr object, Body<void> body) {
  for (;;) {
    const auto launched = launch<void>(own_context(), verb, object, Entry::in_turn, body);
    if (launched) {
      const Latch::Wait ended = co_await launched->operation->ended().wait(Deadline::after(std::chrono::hours(24)));
      if (ended != Latch::Wait::open || *launched->outcome || is_callers_fault(launched->outcome->error().code()))
        co_return;
    } else {
      log::failed(fmt::format("{} {}", verb, object->name), launched.error());
    }
    const Latch::Wait how = co_await closing_.wait(Deadline::after(settings.retry_interval));
    if (how != Latch::Wait::deadline) co_return;
  }
}

Result<OperationPtr> Core::begin(const Caller& caller, const std::string& verb, const ObjectPtr& object) {
  Result<OperationPtr> begun = closing() ? fail(Code::unavailable, "the daemon is stopping")
                                         : operations.begin({.verb = verb,
                                                             .caller = caller.identity,
                                                             .project = object->project,
                                                             .domain_uuid = object->uuid,
                                                             .domain_name = object->name,
                                                             .request_id = caller.request_id,
                                                             .traceparent = caller.traceparent});
  if (begun) return begun;
  // Its name may have been taken for this alone.
  publish(object);
  return wrap(std::move(begun).error(), "{} {}", verb, object->name);
}

Result<OperationPtr> Core::find_operation(const Caller& caller, std::string_view id) const {
  auto found = operations.find(id);
  if (!found) return found;
  const v1::Operation facts = (*found)->facts();
  if (!caller.rights->sees(place_of(facts))) return Operations::not_found(id);
  TRY(caller.check(place_of(facts)));
  return found;
}

Task<void> Core::await_end(OperationPtr operation) {
  const auto far = Deadline::after(std::chrono::hours(24 * 365));
  Latch::Wait how = co_await operation->ended().wait(far);
  if (how == Latch::Wait::open) co_return;
  operation->cancel();
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  how = co_await operation->ended().wait(far);
  co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
}

Task<Result<Gate::Pass>> Core::pass_gate(Work& work, Entry entry, const std::string& verb) {
  Gate::Holder me{.verb = verb, .who = work.caller.identity, .cancel = nullptr};
  if (entry == Entry::take_over) return work.object->gate.take_over(std::move(me), work.deadline);
  me.cancel = [weak = std::weak_ptr(work.operation)] {
    if (const auto operation = weak.lock()) operation->cancel();
  };
  return work.object->gate.enter(std::move(me), work.deadline);
}

void Core::conclude(const Work& work, std::string_view verb, Error* error) {
  if (error) {
    Error told = std::move(*error).with_context(fmt::format("{} {}", verb, work.object->name));
    *error = std::move(told);
    const bool own = work.caller.identity == own_context().caller.identity;
    if (own || !is_callers_fault(error->code())) {
      log::failed(fmt::format("{} {}", work.caller.identity, work.caller.request_id), *error);
      work.object->condition.last_error = error->message();
    } else {
      log::info("{} {}: {}", work.caller.identity, work.caller.request_id, error->message());
    }
  }
  // A gate that was never passed has not told of any change.
  publish(work.object);
}

void Core::background(Task<void> work) {
  const auto place = background_.insert(background_.end(), std::make_shared<asio::cancellation_signal>());
  background_done_.close();
  asio::co_spawn(parts.control, std::move(work),
                 asio::bind_cancellation_slot((*place)->slot(), [this, place, signal = *place](std::exception_ptr bug) {
                   background_.erase(place);
                   if (background_.empty()) background_done_.open();
                   if (!bug) return;
                   try {
                     std::rethrow_exception(bug);
                   } catch (...) {
                     static_cast<void>(cancelled_or_rethrow());
                   }
                 }));
}

Task<void> Core::close(Deadline deadline) {
  closing_.open();
  const auto signals = background_;
  for (const auto& signal : signals) signal->emit(asio::cancellation_type::terminal);
  const bool idle = co_await operations.drained(deadline);
  if (!idle) {
    operations.cancel_all();
    const bool taken_back = co_await operations.drained(Deadline::after(settings.internal_limit));
    if (!taken_back) log::warn("stopping with operations under way; the next start takes back what they had made");
  }
  const Latch::Wait how = co_await background_done_.wait(Deadline::after(settings.internal_limit));
  if (how != Latch::Wait::open) log::warn("stopping with work in the background");
}

}  // namespace lodge::host
