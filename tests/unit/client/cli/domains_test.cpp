#include "client/cli/domains.h"

#include <catch2/catch.hpp>

#include "client/cli/console.h"
#include "client/cli/events.h"
#include "client/cli/operations.h"

using namespace lodge;
using namespace lodge::cli;

namespace {

v1::Domain domain(const std::string& name, std::uint32_t id, v1::DomainState state, v1::DomainStateReason reason) {
  v1::Domain domain;
  domain.set_name(name);
  domain.mutable_status()->set_id(id);
  domain.mutable_status()->set_state(state);
  domain.mutable_status()->set_reason(reason);
  return domain;
}

}  // namespace

TEST_CASE("guests are listed the way virsh lists them") {
  const v1::Domain running = domain("web1", 1, v1::DOMAIN_STATE_RUNNING, v1::DOMAIN_STATE_REASON_RUNNING_BOOTED);
  const v1::Domain off = domain("a-longer-name", 0, v1::DOMAIN_STATE_SHUTOFF,
                                v1::DOMAIN_STATE_REASON_SHUTOFF_DESTROYED);
  CHECK(domain_table({&running, &off}).str() ==
        " Id   Name            State\n"
        "--------------------------------\n"
        " 1    web1            running\n"
        " -    a-longer-name   shut off\n"
        "\n");
}

TEST_CASE("a list of no guests is an empty table") {
  CHECK(domain_table({}).str() ==
        " Id   Name   State\n"
        "--------------------\n"
        "\n");
}

TEST_CASE("states and reasons carry virsh's words") {
  const auto text = [](v1::DomainState state, v1::DomainStateReason reason) {
    return state_text(domain("x", 0, state, reason).status(), true);
  };
  CHECK(text(v1::DOMAIN_STATE_RUNNING, v1::DOMAIN_STATE_REASON_RUNNING_BOOTED) == "running (booted)");
  CHECK(text(v1::DOMAIN_STATE_PAUSED, v1::DOMAIN_STATE_REASON_PAUSED_USER) == "paused (user)");
  CHECK(text(v1::DOMAIN_STATE_SHUTDOWN, v1::DOMAIN_STATE_REASON_SHUTDOWN_USER) == "in shutdown (user)");
  CHECK(text(v1::DOMAIN_STATE_SHUTOFF, v1::DOMAIN_STATE_REASON_SHUTOFF_DESTROYED) == "shut off (destroyed)");
  CHECK(text(v1::DOMAIN_STATE_CRASHED, v1::DOMAIN_STATE_REASON_CRASHED_PANICKED) == "crashed (panicked)");
  CHECK(text(v1::DOMAIN_STATE_PMSUSPENDED, v1::DOMAIN_STATE_REASON_UNSPECIFIED) == "pmsuspended (unknown)");
}

TEST_CASE("every state and every reason has a word") {
  for (int n = 1; n < v1::DomainState_descriptor()->value_count(); ++n) {
    const auto* value = v1::DomainState_descriptor()->value(n);
    INFO(value->name());
    CHECK(state_text(domain("x", 0, v1::DomainState(value->number()), {}).status(), false) != "no state");
  }
  for (int n = 1; n < v1::DomainStateReason_descriptor()->value_count(); ++n) {
    const auto* value = v1::DomainStateReason_descriptor()->value(n);
    if (value->number() == v1::DOMAIN_STATE_REASON_PMSUSPENDED_GUEST) continue;  // virsh calls this one unknown
    INFO(value->name());
    CHECK(state_text(domain("x", 0, {}, v1::DomainStateReason(value->number())).status(), true).find("unknown") ==
          std::string::npos);
  }
}

TEST_CASE("a guest's facts are aligned, and what there is not is left out") {
  v1::Domain web1 = domain("web1", 3, v1::DOMAIN_STATE_RUNNING, v1::DOMAIN_STATE_REASON_RUNNING_BOOTED);
  web1.set_uuid("4a3fbd26-e9b3-4d5c-8a5c-6a3f0e5b8d11");
  web1.set_persistent(true);
  web1.mutable_running_spec()->set_memory(131072);
  web1.mutable_running_spec()->mutable_vcpu()->set_count(2);
  CHECK(domain_facts(web1).str() ==
        "Id:           3\n"
        "Name:         web1\n"
        "UUID:         4a3fbd26-e9b3-4d5c-8a5c-6a3f0e5b8d11\n"
        "State:        running\n"
        "CPU(s):       2\n"
        "Max memory:   131072 KiB\n"
        "Used memory:  131072 KiB\n"
        "Persistent:   yes\n"
        "Autostart:    disable\n");
}

TEST_CASE("network cards are listed with their host's end and what it is connected to") {
  v1::DomainSpec spec;
  auto* direct = spec.add_interfaces();
  direct->mutable_direct()->set_dev("eth0");
  direct->set_target_dev("macvtap7");
  direct->set_model("virtio");
  direct->set_mac("52:54:00:00:00:01");
  spec.add_interfaces()->mutable_user();
  const Table table = interface_table(spec);
  CHECK(table.rows()[0] == std::vector<std::string>{"macvtap7", "direct", "eth0", "virtio", "52:54:00:00:00:01"});
  CHECK(table.rows()[1] == std::vector<std::string>{"-", "user", "-", "-", "-"});
}

TEST_CASE("disks are listed with their source, whatever it is") {
  v1::DomainSpec spec;
  auto* file = spec.add_disks();
  file->mutable_file()->set_path("/a.qcow2");
  file->set_target_dev("vda");
  auto* empty = spec.add_disks();
  empty->mutable_file();
  empty->set_device(v1::DISK_DEVICE_CDROM);
  empty->set_target_dev("sda");
  CHECK(disk_table(spec, false).rows()[0] == std::vector<std::string>{"vda", "/a.qcow2"});
  CHECK(disk_table(spec, true).rows()[0] == std::vector<std::string>{"file", "disk", "vda", "/a.qcow2"});
  CHECK(disk_table(spec, true).rows()[1] == std::vector<std::string>{"file", "cdrom", "sda", "-"});
}

TEST_CASE("a running guest is shown as it runs, unless its definition is asked for and it has one") {
  v1::Domain web1;
  web1.mutable_running_spec()->set_title("runs");
  CHECK(shown_spec(web1, false).title() == "runs");
  CHECK(shown_spec(web1, true).title() == "runs");
  web1.mutable_persistent_spec()->set_title("defined");
  CHECK(shown_spec(web1, false).title() == "runs");
  CHECK(shown_spec(web1, true).title() == "defined");
}

TEST_CASE("an event is one line that says when, what, whom and why") {
  v1::DomainEvent event;
  event.set_kind(v1::DOMAIN_EVENT_KIND_STOPPED);
  event.set_name("web1");
  event.mutable_status()->set_reason(v1::DOMAIN_STATE_REASON_SHUTOFF_DESTROYED);
  event.mutable_at()->set_seconds(1'700'000'000);
  event.mutable_at()->set_nanos(45'000'000);
  const std::string line = event_line(event);
  CHECK(line.substr(4, 1) == "-");
  CHECK(line.ends_with(".045: event 'stopped' for domain 'web1': destroyed\n"));
}

TEST_CASE("an initial state is told with the time from which it has lasted, if that is known") {
  v1::DomainEvent event;
  event.set_name("web1");
  event.mutable_status()->set_state(v1::DOMAIN_STATE_SHUTOFF);
  CHECK(event_line(event) == "event 'state' for domain 'web1': shut off, unknown\n");
  event.mutable_status()->mutable_state_since()->set_seconds(1'700'000'000);
  CHECK(event_line(event).ends_with(".000: event 'state' for domain 'web1': shut off, unknown\n"));
}

TEST_CASE("what is typed before the escape goes to the guest, and the escape does not") {
  CHECK(split_at_escape("ls\r").input == "ls\r");
  CHECK_FALSE(split_at_escape("ls\r").left);
  CHECK(split_at_escape("ls\x1d-la").input == "ls");
  CHECK(split_at_escape("ls\x1d-la").left);
}

TEST_CASE("who waited for an operation exits as if they had made the call") {
  v1::Operation operation;
  operation.set_state(v1::OPERATION_STATE_DONE);
  CHECK(exit_code_of(operation) == ExitCode::ok);
  operation.set_state(v1::OPERATION_STATE_FAILED);
  operation.mutable_error()->set_code("deadline_exceeded");
  CHECK(exit_code_of(operation) == ExitCode::deadline);
  operation.set_state(v1::OPERATION_STATE_CANCELLED);
  CHECK(exit_code_of(operation) == ExitCode::error);
}
