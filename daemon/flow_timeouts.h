// SPDX-License-Identifier: Apache-2.0
// How long the kernel remembers a flow that nothing is heard of, in seconds: what RFC 6092 asks for at least.
// More than that is left as it is. They are the kernel's for both versions of IP.
#pragma once

#include <array>
#include <string_view>
#include <utility>

namespace sixgate::daemon {

inline constexpr std::array<std::pair<std::string_view, unsigned>, 24> kFlowTimeouts{{
    // REC-14: two minutes, and the five that it recommends for a flow with answers.
    {"net/netfilter/nf_conntrack_udp_timeout", 120},
    {"net/netfilter/nf_conntrack_udp_timeout_stream", 300},
    {"net/netfilter/nf_conntrack_generic_timeout", 300},  // REC-12
    // REC-35: two hours and four minutes established, four minutes before and after.
    {"net/netfilter/nf_conntrack_tcp_timeout_established", 7440},
    {"net/netfilter/nf_conntrack_tcp_timeout_syn_sent", 240},
    {"net/netfilter/nf_conntrack_tcp_timeout_syn_recv", 240},
    {"net/netfilter/nf_conntrack_tcp_timeout_fin_wait", 240},
    {"net/netfilter/nf_conntrack_tcp_timeout_close_wait", 240},
    {"net/netfilter/nf_conntrack_tcp_timeout_last_ack", 240},
    {"net/netfilter/nf_conntrack_tcp_timeout_time_wait", 240},
    // REC-40: the same of SCTP.
    {"net/netfilter/nf_conntrack_sctp_timeout_established", 7440},
    {"net/netfilter/nf_conntrack_sctp_timeout_cookie_wait", 240},
    {"net/netfilter/nf_conntrack_sctp_timeout_cookie_echoed", 240},
    {"net/netfilter/nf_conntrack_sctp_timeout_shutdown_sent", 240},
    {"net/netfilter/nf_conntrack_sctp_timeout_shutdown_recd", 240},
    {"net/netfilter/nf_conntrack_sctp_timeout_shutdown_ack_sent", 240},
    {"net/netfilter/nf_conntrack_sctp_timeout_heartbeat_sent", 240},
    // REC-44: of DCCP, eight minutes where TCP has four.
    {"net/netfilter/nf_conntrack_dccp_timeout_open", 7440},
    {"net/netfilter/nf_conntrack_dccp_timeout_request", 480},
    {"net/netfilter/nf_conntrack_dccp_timeout_respond", 480},
    {"net/netfilter/nf_conntrack_dccp_timeout_partopen", 480},
    {"net/netfilter/nf_conntrack_dccp_timeout_closereq", 480},
    {"net/netfilter/nf_conntrack_dccp_timeout_closing", 480},
    {"net/netfilter/nf_conntrack_dccp_timeout_timewait", 480},
}};

inline constexpr std::string_view kFlowTimeoutPrefix = "net/netfilter/nf_conntrack_";

}  // namespace sixgate::daemon
