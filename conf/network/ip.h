#pragma once

#include <string>
#include <vector>

#include "conf/domain/findings.h"
#include "conf/ip_address.h"
#include "lodge/v1/network.pb.h"

// The <ip> and <route> elements of a network.
namespace lodge::conf {

// Returns the subnets that have an address. `at` is the path of the network.
std::vector<Subnet> check_ips(const v1::NetworkSpec& network, Findings& findings);

// A route's gateway must be in one of the subnets.
void check_routes(const v1::NetworkSpec& network, const std::vector<Subnet>& subnets, Findings& findings);

}  // namespace lodge::conf
