# SPDX-License-Identifier: Apache-2.0
"""How long the router remembers what the inside began (RFC 6092): the kernel's timeouts, read where they are and seen at work."""
import re
import signal
import socket

from lab import SERVER, limit, proves
from scenario import final_checks, online

ROWS = {
    "6092-REC-12": {"generic_timeout": 120},
    "6092-REC-14": {"udp_timeout": 120, "udp_timeout_stream": 300},
    "6092-REC-35": {"tcp_timeout_established": 7440, "tcp_timeout_syn_sent": 240, "tcp_timeout_syn_recv": 240,
                    "tcp_timeout_fin_wait": 240, "tcp_timeout_close_wait": 240, "tcp_timeout_last_ack": 240,
                    "tcp_timeout_time_wait": 240},
    "6092-REC-40": {"sctp_timeout_established": 7440, "sctp_timeout_cookie_wait": 240, "sctp_timeout_cookie_echoed": 240,
                    "sctp_timeout_shutdown_sent": 240, "sctp_timeout_shutdown_recd": 240,
                    "sctp_timeout_shutdown_ack_sent": 240},
    "6092-REC-44": {"dccp_timeout_open": 7440, "dccp_timeout_request": 480, "dccp_timeout_respond": 480,
                    "dccp_timeout_partopen": 480, "dccp_timeout_closing": 480, "dccp_timeout_timewait": 480},
}


def send(source):
    """One packet of a flow, the same flow each time."""
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        sock.bind((source, 7776))
        sock.sendto(b"hello", (SERVER, 7777))


def remaining(lab, port):
    """Seconds that the flow to this port of the server has left."""
    flows = lab.cpe.run("conntrack", "-L", "-f", "ipv6", "-p", "udp", "--dport", port, check=False).stdout
    found = re.search(r"^udp\s+17\s+(\d+)\s", flows, re.MULTILINE)
    return int(found.group(1)) if found else None


def below(left, most):
    return left if left is not None and left < most else None


def above(left, least):
    return left if left is not None and left > least else None


@limit(120)
@proves(*ROWS, "6092-REC-16")
def test_flows_are_remembered_for_long_enough(lab):
    """Nothing is shorter than RFC 6092 allows; what the inside sends makes its flow young again."""
    lab.house()
    # What a kernel has by itself, and one setting of the user's that is more than enough.
    lab.cpe.sysctl("net.netfilter.nf_conntrack_udp_timeout", 30)
    lab.cpe.sysctl("net.netfilter.nf_conntrack_tcp_timeout_established", 432000)
    house = online(lab)
    for row, wanted in ROWS.items():
        found = {key: lab.cpe.run("sysctl", "-n", "net.netfilter.nf_conntrack_" + key, check=False).stdout.strip()
                 for key in wanted}
        # A kernel without the protocol has no flows of it.
        short = ["%s is %s" % (key, value) for key, value in found.items() if value and int(value) < wanted[key]]
        known = [value for value in found.values() if value]
        lab.row(row, not short and (known or row == "6092-REC-44"), ", ".join(short) or str(found))
        lab.check(not short, ", ".join(short))
    kept = lab.cpe.run("sysctl", "-n", "net.netfilter.nf_conntrack_tcp_timeout_established").stdout.strip()
    lab.check(kept == "432000", "the user's own setting became %s" % kept)
    source = lab.h1.address_in(house.prefix)
    lab.h1.call(send, source)
    first = lab.until("the flow is remembered", lambda: remaining(lab, 7777), 5)
    older = lab.until("it grows older", lambda: below(remaining(lab, 7777), first - 1), 10)
    lab.h1.call(send, source)
    younger = lab.until("it is young again", lambda: above(remaining(lab, 7777), older), 5)
    lab.row("6092-REC-16", younger > older, "%s, then %s, then %s s" % (first, older, younger))
    final_checks(lab)


def test_flow_timeouts_are_put_back(lab):
    """What was raised is as it was before when sixgated is stopped, also by a run after one that was killed; not what
    somebody has set meanwhile, and not when it only makes way for a new version."""
    keys = ("udp_timeout", "udp_timeout_stream", "generic_timeout")

    def now():
        return [int(lab.cpe.run("sysctl", "-n", "net.netfilter.nf_conntrack_" + key).stdout) for key in keys]
    lab.house()
    for key, value in zip(keys, (30, 121, 301)):
        lab.cpe.sysctl("net.netfilter.nf_conntrack_" + key, value)
    house = online(lab)
    lab.check(now() == [120, 300, 301], "while it runs: %s" % now())
    house.sixgated.kill()
    house.sixgated.start()
    lab.until("it looks after the house again", lambda: house.sixgated.status()["firewall"]["applied"])
    lab.check(now() == [120, 300, 301], "after kill -9: %s" % now())
    lab.cpe.sysctl("net.netfilter.nf_conntrack_udp_timeout_stream", 400)
    house.sixgated.terminate()
    lab.check(now() == [30, 400, 301], "when it is stopped: %s" % now())
    house.sixgated.start()
    lab.until("raised again", lambda: now() == [120, 400, 301])
    house.sixgated.process.stop(signal.SIGUSR2, 15)
    lab.check(now() == [120, 400, 301], "when it hands over: %s" % now())
    final_checks(lab)
