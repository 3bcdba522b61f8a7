#pragma once

#include "conf/domain/findings.h"
#include "lodge/v1/cpu_document.pb.h"

// What libvirt 9.0 refuses when one is defined, beyond what the grammar says.
namespace lodge::conf {

void check_cpu(const v1::CpuDocument& document, Findings& findings);

// The processor that a guest sees, at `path`: /cpu, /domain/cpu. What a document of CPUs and a guest's have in common.
void check_guest_cpu(const v1::Cpu& cpu, const std::string& path, Findings& findings);

}  // namespace lodge::conf
