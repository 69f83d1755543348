// SPDX-License-Identifier: Apache-2.0
// The keys that belong to no table, to [ula] and to [firewall].
#include "conf/keys.h"

#include <array>

#include "net/text.h"

namespace sixgate::conf {

namespace {

const std::array kGlobalKeys{
    Key<Config>{"state_dir", "Where leases, prefixes and identifiers are kept over a restart.",
                [](const Value& v, Config& c, Complaints& e) { read_into(v, c.state_dir, e); },
                [](const Config& c) { return quoted(c.state_dir); }},
    Key<Config>{"socket",
                "Where the daemon listens. The sixgate tool asks at the default unless its own\n"
                "--socket says the same.",
                [](const Value& v, Config& c, Complaints& e) { read_into(v, c.socket, e); },
                [](const Config& c) { return quoted(c.socket); }},
    Key<Config>{"user",
                "Run as this user, with no more than the capabilities that are needed.\n"
                "\"\": stay the user the daemon was started as.",
                [](const Value& v, Config& c, Complaints& e) { read_into(v, c.user, e); },
                [](const Config& c) { return quoted(c.user); }},
    Key<Config>{"log_level", "\"error\", \"warning\", \"info\" or \"debug\".",
                [](const Value& v, Config& c, Complaints& e) {
                  read_word(v, log_level_words(), c.log_level, e);
                },
                [](const Config& c) { return quoted(word_of(c.log_level, log_level_words())); }},
    Key<Config>{"hook",
                "A script that is run when an uplink gets, renews or loses something, with\n"
                "odhcp6c's arguments and environment: an absolute path. \"\": none.",
                [](const Value& v, Config& c, Complaints& e) { read_into(v, c.hook, e); },
                [](const Config& c) { return quoted(c.hook); }},
    Key<Config>{"lease_hook",
                "A script that is run when our DHCPv6 server gives, renews or ends a lease: an\n"
                "absolute path. \"\": none.",
                [](const Value& v, Config& c, Complaints& e) { read_into(v, c.lease_hook, e); },
                [](const Config& c) { return quoted(c.lease_hook); }},
    Key<Config>{"hosts_hook",
                "A script that is run when a hosts_file was written anew, with the paths of all\n"
                "that were: to have the resolver read them, where it does not notice by itself.\n"
                "\"\": none.",
                [](const Value& v, Config& c, Complaints& e) { read_into(v, c.hosts_hook, e); },
                [](const Config& c) { return quoted(c.hosts_hook); }},
    Key<Config>{"hook_timeout", "Seconds that one run of a script may take before it is killed.",
                [](const Value& v, Config& c, Complaints& e) {
                  read_duration(v, c.hook_timeout, 1, 3600, e);
                },
                [](const Config& c) { return cat(c.hook_timeout.count()); }},
    Key<Config>{
        "duid",
        "Who we are to DHCPv6 servers: \"llt\" (what \"auto\" is), \"ll\" or \"uuid\", made\n"
        "once and kept; or a given one: \"en:32473:0a0b0c\", \"uuid:\" and 32 hexadecimal\n"
        "digits, or the whole DUID in hexadecimal digits.",
        [](const Value& v, Config& c, Complaints& e) { read_parsed(v, c.duid, parse_duid, e); },
        [](const Config& c) { return quoted(duid_text(c.duid)); }},
    Key<Config>{
        "durability",
        "DHCPv6 leases survive a crash of the daemon (\"process\"), or of the whole machine\n"
        "(\"power\"), which is slower and wears flash.",
        [](const Value& v, Config& c, Complaints& e) {
          read_word(v, durability_words(), c.durability, e);
        },
        [](const Config& c) { return quoted(word_of(c.durability, durability_words())); }},
};

const std::array kUlaKeys{
    Key<UlaConfig>{
        "prefix",
        "A prefix of the house's own, which stays when the provider's changes (RFC 4193).\n"
        "\"auto\" makes one and keeps it; \"none\"; or your own, such as\n"
        "\"fd12:3456:789a::/48\".",
        [](const Value& v, UlaConfig& c, Complaints& e) { read_parsed(v, c, parse_ula, e); },
        [](const UlaConfig& c) { return quoted(ula_text(c)); }},
};

const std::array kFirewallKeys{
    Key<FirewallConfig>{
        "backend",
        "\"nft\", \"ip6tables\", \"none\" (somebody else keeps the house), or \"auto\":\n"
        "what the machine has.",
        [](const Value& v, FirewallConfig& c, Complaints& e) {
          read_word(v, firewall_words(), c.backend, e);
        },
        [](const FirewallConfig& c) { return quoted(to_string(c.backend)); }},
    Key<FirewallConfig>{
        "on_stop",
        "What sixgated leaves behind when it is stopped (not when it is restarted in place):\n"
        "\"keep\" its rules, but for doors that programs opened, which nobody would shut later;\n"
        "\"block\" everything between the LANs and the Internet; \"remove\" them, and nothing of "
        "ours\n"
        "guards the house. Of rules nothing outlives a reboot.",
        [](const Value& v, FirewallConfig& c, Complaints& e) {
          read_word(v, on_stop_words(), c.on_stop, e);
        },
        [](const FirewallConfig& c) { return quoted(word_of(c.on_stop, on_stop_words())); }},
    Key<FirewallConfig>{
        "jump_position",
        "Of ip6tables alone: which rule of INPUT, FORWARD and the others leads to ours, 1 to\n"
        "1000. What rules of others before that one accept, ours never see. It is made at the\n"
        "end where there are fewer, and one that is there stays where it is.",
        [](const Value& v, FirewallConfig& c, Complaints& e) {
          if (const auto n = read_number(v, 1, 1000, e))
            c.jump_position = static_cast<unsigned>(*n);
        },
        [](const FirewallConfig& c) { return cat(c.jump_position); }},
    Key<FirewallConfig>{
        "accept_mark",
        "Where other rules drop what ours let pass (ufw, Docker, OpenWrt's fw4, a policy drop):\n"
        "set these bits in the mark of such packets, such as 0x10000000, and let the other\n"
        "rules accept what has them. Of nft alone. 0: no mark.",
        [](const Value& v, FirewallConfig& c, Complaints& e) {
          read_number32(v, 0, c.accept_mark, e);
        },
        [](const FirewallConfig& c) { return cat(c.accept_mark); }},
    Key<FirewallConfig>{
        "answer_refused",
        "Who opens a TCP or SCTP connection from the Internet and is not let in hears so, six\n"
        "seconds later and some ten times a second at most (RFC 6092 REC-34, REC-39). false: he\n"
        "hears nothing.",
        [](const Value& v, FirewallConfig& c, Complaints& e) { read_into(v, c.answer_refused, e); },
        [](const FirewallConfig& c) { return boolean(c.answer_refused); }},
    Key<FirewallConfig>{
        "log",
        "\"refused\": what comes from the Internet for a guarded LAN or for the router, and\n"
        "is not let in, goes to the kernel's log, each line beginning \"sixgate refused\", but\n"
        "for what is INVALID or has a forged source. \"none\": nothing.",
        [](const Value& v, FirewallConfig& c, Complaints& e) {
          read_word(v, firewall_log_words(), c.log, e);
        },
        [](const FirewallConfig& c) { return quoted(word_of(c.log, firewall_log_words())); }},
    Key<FirewallConfig>{
        "log_rate",
        "How many packets are logged in a second at most, 1 to 1000; the others are counted alone.",
        [](const Value& v, FirewallConfig& c, Complaints& e) {
          if (const auto n = read_number(v, 1, 1000, e))
            c.log_rate = static_cast<std::uint32_t>(*n);
        },
        [](const FirewallConfig& c) { return cat(c.log_rate); }},
    Key<FirewallConfig>{
        "include_nft",
        "A file with rules of your own, as nft has them in a table: chain user_input { ... },\n"
        "user_before_established, user_after_established and user_forward are jumped to from\n"
        "ours. Read at the start and at a reload. \"\": none.",
        [](const Value& v, FirewallConfig& c, Complaints& e) { read_into(v, c.include_nft, e); },
        [](const FirewallConfig& c) { return quoted(c.include_nft); }},
    Key<FirewallConfig>{
        "include_ip6tables",
        "The same for ip6tables: lines \"-A sixgate-user-forward ...\", also -input, -before and\n"
        "-after (what is established).",
        [](const Value& v, FirewallConfig& c, Complaints& e) {
          read_into(v, c.include_ip6tables, e);
        },
        [](const FirewallConfig& c) { return quoted(c.include_ip6tables); }},
};

}  // namespace

std::span<const Key<Config>> global_keys() { return kGlobalKeys; }
std::span<const Key<UlaConfig>> ula_keys() { return kUlaKeys; }
std::span<const Key<FirewallConfig>> firewall_keys() { return kFirewallKeys; }

}  // namespace sixgate::conf
