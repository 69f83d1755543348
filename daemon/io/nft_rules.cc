// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/nft_rules.h"

#include <arpa/inet.h>  // before linux/netfilter.h
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>

#include "daemon/io/netfilter_message.h"

namespace sixgate::daemon {
namespace {

struct RuleReading {
  bool any = true;  // whatever comes to the rule
  bool refuses = false;

  void take_verdict(const nlattr* value) {
    const auto immediate = attributes_in<NFTA_IMMEDIATE_MAX + 1>(value);
    const auto data = attributes_in<NFTA_DATA_MAX + 1>(immediate.of[NFTA_IMMEDIATE_DATA]);
    const auto verdict = attributes_in<NFTA_VERDICT_MAX + 1>(data.of[NFTA_DATA_VERDICT]);
    refuses = any && netfilter_number(verdict.of[NFTA_VERDICT_CODE]) == NF_DROP;
  }

  static int take(const nlattr* one, void* data) {
    auto& reading = *static_cast<RuleReading*>(data);
    const auto expression = attributes_in<NFTA_EXPR_MAX + 1>(one);
    const nlattr* value = expression.of[NFTA_EXPR_DATA];
    const std::string_view kind = netfilter_text(expression.of[NFTA_EXPR_NAME]);
    if (kind == "reject") {
      reading.refuses = reading.any;
    } else if (kind == "target") {  // of ip6tables, where it is nftables
      const auto target = attributes_in<NFTA_TARGET_MAX + 1>(value);
      reading.refuses = reading.any && netfilter_text(target.of[NFTA_TARGET_NAME]) == "REJECT";
    } else if (kind == "immediate") {
      reading.take_verdict(value);
    } else if (kind != "counter" && kind != "log") {
      reading.any = false;
    }
    return MNL_CB_OK;
  }
};

}  // namespace

bool refuses_everything(const nlmsghdr* rule) {
  RuleReading reading;
  const nlattr* all = attributes_of<NFTA_RULE_MAX + 1>(rule).of[NFTA_RULE_EXPRESSIONS];
  if (all != nullptr) mnl_attr_parse_nested(all, RuleReading::take, &reading);
  return reading.refuses;
}

}  // namespace sixgate::daemon
