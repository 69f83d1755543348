// SPDX-License-Identifier: Apache-2.0
// A rule in the kernel's own form: expressions, which load fields of the packet into registers, compare, and decide
// (linux/netfilter/nf_tables.h).
#pragma once

#include <string>

#include "firewall/nft_translation.h"

struct nlattr;
struct nlmsghdr;

namespace sixgate::daemon {

// The expressions and the comment of what firewall::nft_text() says, for a message that names table and chain.
void put_rule(nlmsghdr* header, const firewall::NftTranslationRule& rule);

// What its maker keeps with a rule (NFTA_RULE_USERDATA) says in its comment; empty: none.
std::string rule_comment(const nlattr* user_data);

}  // namespace sixgate::daemon
