# SPDX-License-Identifier: Apache-2.0
"""What our DHCPv6 server hands out beside leases, who hears what happens to leases, and leases that a person ends."""
import json
import os
import socket
import struct
import time

from dhcp_clients import Dhclient, DibblerClient
from lab import limit, require_tools, run
from peers import Sixgated
from scenario import build, final_checks, toml, wait_delegated
from test_dhcp6_names import dns_name, option
from test_dhcp6_server import held, leases
from wire import IdentityAssociation, dhcp_options, inside

AFTR = "aftr.example.net"
LAN_OPTIONS = """ntp = ["2001:db8:7::123", "ntp.example.org"]
sntp = ["2001:db8:7::124"]
posix_timezone = "CET-1CEST,M3.5.0,M10.5.0/3"
tzdb_timezone = "Europe/Vienna"
boot_file_url = "tftp://[2001:db8:7::69]/boot.efi"
sol_max_rt = 300
inf_max_rt = 900
information_refresh = 1200
vendor_options = ["32473:1:0a0b0c"]
dhcpv6_option = ["60:00026162"]
dhcpv6_withhold = ["sip-servers"]
dns = ["2001:db8:7::53"]
search = ["home.arpa"]
dnr = ["10 dns.example.org 2001:db8:7::54 alpn=dot"]
captive_portal_uri = "https://portal.example.org/api"
"""
OWN_OPTIONS = """dns = ["2001:db8:9::53"]
ntp = ["2001:db8:9::123"]
boot_file_url = "tftp://[2001:db8:9::69]/own.efi"
tzdb_timezone = "Asia/Tokyo"
information_refresh = 700
"""
ASKED = [17, 22, 23, 24, 31, 32, 41, 42, 56, 59, 60, 64, 82, 83, 103, 144]


def exchange(host, message):
    """Says this from a host; returns the options of the Reply."""
    own = host.link_local("eth0")

    def work():
        index = socket.if_nametoindex("eth0")
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            sock.settimeout(2)
            sock.bind((own, 546, 0, index))
            for _ in range(3):
                try:
                    sock.sendto(message, ("ff02::1:2", 547, 0, index))
                    return sock.recv(4096)
                except TimeoutError:
                    pass
            raise TimeoutError("no Reply")
    answer = host.call(work)
    assert answer[:4] == b"\7" + message[1:4], answer
    return dhcp_options(answer[4:])


def begun(host, kind, number):
    """How a message of a host begins."""
    return (bytes([kind]) + number.to_bytes(3, "big") + option(1, b"\0\3\0\1" + bytes.fromhex(host.mac("eth0").replace(":", "")))
            + option(8, b"\0\0"))


def inform(host, codes):
    """The options of the answer to an Information-request."""
    return exchange(host, begun(host, 11, 0x515253) + option(6, b"".join(struct.pack("!H", code) for code in codes)))


def judged(wire, host):
    """What tshark says of the Replies to a host."""
    return run("tshark", "-n", "-r", wire.path, "-V", "-Y", "dhcpv6.msgtype == 7 && eth.dst == %s" % host.mac("eth0"),
               timeout=60).stdout


@limit(120)
def test_options_of_a_lan_and_of_one_client(lab):
    """Everything that the configuration can say goes out to who asks, tshark reads it, and one client has its own."""
    require_tools("tshark")
    lab.house({"lan0": ["h1", "h2"], "lan1": ["h3"]})
    house = build(lab, server_options={"options": [("aftr-name", AFTR), ("sip-server-addr", "2001:db8:ffff::5060")]})
    house.sixgated = Sixgated(lab, config=toml(
        top='[[reservation]]\nmac = "%s"\n%s' % (lab.h2.mac("eth0"), OWN_OPTIONS),
        uplink='request_options = ["aftr"]\n', each={"lan0": LAN_OPTIONS})).start()
    wait_delegated(lab)
    for host in (lab.h1, lab.h2, lab.h3):
        host.wait_default_route()
    told = dict(inform(lab.h1, ASKED))
    lab.check(set(told) == {1, 2} | set(ASKED) - {22}, "options of the LAN: %s" % sorted(told))
    lab.check(told[64] == dns_name(AFTR), "the provider's AFTR is passed on: %s" % told[64])
    lab.check(told[17] == struct.pack("!IHH", 32473, 1, 3) + b"\x0a\x0b\x0c", told[17])
    lab.check(told[60] == b"\0\2ab" and told[59] == b"tftp://[2001:db8:7::69]/boot.efi", told)
    lab.check(struct.unpack("!I", told[32])[0] == 1200, told[32])
    own = dict(inform(lab.h2, ASKED))
    lab.check(own[23] == socket.inet_pton(socket.AF_INET6, "2001:db8:9::53"), own[23])
    lab.check(own[42] == b"Asia/Tokyo" and own[41] == told[41] and struct.unpack("!I", own[32])[0] == 700, own)
    lab.check(own[59] == b"tftp://[2001:db8:9::69]/own.efi", own[59])
    lab.check(22 in dict(inform(lab.h3, [22])), "the other LAN withholds nothing")
    few = dict(inform(lab.h1, [23]))
    lab.check(set(few) == {1, 2, 23}, "unasked: %s" % sorted(few))
    seen = judged(lab.lan0, lab.h1)
    for text in ("2001:db8:7::53", "home.arpa", "2001:db8:7::123", "ntp.example.org", "2001:db8:7::124",
                 "CET-1CEST,M3.5.0,M10.5.0/3", "Europe/Vienna", "Boot File URL", "Boot File Parameters", "SOL_MAX_RT",
                 "INF_MAX_RT", "32473", AFTR, "https://portal.example.org/api"):
        lab.check(text in seen, "tshark does not find %s in\n%s" % (text, seen))
    final_checks(lab)


def inside_option(code, *parts):
    return option(code, b"".join(parts)).hex()


# RFC 7598: OPTION_S46_CONT_MAPE, _MAPT and _LW, each with what its section 5 wants in it.
RULE = option(89, bytes([1, 16, 24, 192, 0, 2, 0, 40]) + bytes.fromhex("20010db880") + option(93, bytes([6, 8, 3, 0])))
WAYS = {94: inside_option(94, RULE, option(90, socket.inet_pton(socket.AF_INET6, "2001:db8:ffff::46"))),
        95: inside_option(95, RULE, option(91, bytes([96]) + bytes.fromhex("20010db80064") + bytes(6))),
        96: inside_option(96, option(90, socket.inet_pton(socket.AF_INET6, "2001:db8:ffff::47")),
                          option(92, bytes([203, 0, 113, 7, 56]) + bytes.fromhex("20010db8a00000")))}


@limit(100)
def test_ways_to_ipv4_are_passed_on(lab):
    """What Kea says of MAP-E, MAP-T and lightweight 4over6 a host hears octet by octet when it asks, and only then."""
    require_tools("tshark")
    lab.house({"lan0": ["h1"]})
    house = build(lab, server_options={"options": [(code, said[8:]) for code, said in WAYS.items()]})
    house.sixgated = Sixgated(lab, config=toml(lans=["lan0"], uplink='request_options = [94, 95, 96]\n')).start()
    wait_delegated(lab)
    lab.h1.wait_default_route()
    told = dict(inform(lab.h1, list(WAYS) + [23]))
    for code, said in WAYS.items():
        lab.check(code in told and told[code].hex() == said[8:], "%d: %s, not %s" % (code, told.get(code, b"").hex(), said[8:]))
    lab.check(set(dict(inform(lab.h1, [23]))) == {1, 2, 23}, "unasked")
    seen = judged(lab.lan0, lab.h1)
    lab.check("Malformed" not in seen and "192.0.2.0" in seen and "2001:db8:ffff::47" in seen, seen)
    final_checks(lab)


SCRIPT = """#!/bin/sh
echo "$@" >> %(directory)s/calls
env > %(directory)s/environment
"""


class Listener:
    """`sixgate monitor leases --json`, going on."""

    def __init__(self, sixgated, *arguments):
        self.process = sixgated.namespace.start("monitor", [
            sixgated.cli, "--socket", sixgated.socket, "monitor", "leases", "--json", *arguments])
        self.process.expected_to_live = False

    def lines(self):
        return [json.loads(line) for line in self.process.text().splitlines() if line.startswith("{")]

    def words(self):
        return [(one["event"], one["type"]) for one in self.lines() if "type" in one]


@limit(150)
def test_lease_events(lab):
    """Who listens hears of every change once and in order, and so does the script; who comes back knows what he missed."""
    lab.house({"lan0": ["h1"], "lan1": ["h2"]})
    directory = lab.fresh_directory("calls")
    script = lab.file("lease.sh", SCRIPT % {"directory": directory}, mode=0o755)
    house = build(lab)
    house.sixgated = Sixgated(lab, config=toml(
        top='lease_hook = "%s"\n' % script, lan='addressing = "slaac+dhcpv6"\ndhcpv6_lease_time = 120\n')).start()
    house.prefix = wait_delegated(lab)
    lab.h1.wait_default_route()
    listener = Listener(house.sixgated)
    lab.until("the listener has its place", lambda: listener.lines()[:1] and listener.lines()[0]["event"] == "begin", 5)
    dhclient = Dhclient(lab, lab.h1).start()
    lab.until("address and prefix are told of", lambda: {("added", "address"), ("delegated", "prefix")} <= set(listener.words()), 30)
    lab.until("and renewed", lambda: {("renewed", "address"), ("renewed", "prefix")} <= set(listener.words()), 60)
    dhclient.process.expected_to_live = False
    dhclient.process.kill()
    done = lab.h1.run("dhclient", "-6", "-r", "-cf", os.path.join(dhclient.directory, "conf"), "-lf", dhclient.leases, "-pf",
                      os.path.join(dhclient.directory, "pid2"), "-N", "-P", "eth0", check=False, timeout=20)
    lab.until("and released (%s)" % done.stderr[-200:], lambda: {("released", "address"), ("released", "prefix")} <= set(listener.words()), 20)
    heard = listener.lines()
    lab.check([one["seq"] for one in heard] == list(range(heard[0]["seq"], heard[0]["seq"] + len(heard))), heard)

    def calls():
        try:
            with open(os.path.join(directory, "calls")) as file:
                return [line.split() for line in file]
        except FileNotFoundError:
            return []
    for kind in ("address", "prefix"):
        told = [one for one in heard if one.get("type") == kind]
        expected = [[one["event"], one["lan"], one["duid"], str(one["iaid"]), *one["leases"]] for one in told]

        def mine():
            return [call for call in calls() if call[3:4] == [str(told[0]["iaid"])] and any(
                ("/" in lease) == (kind == "prefix") for lease in call[4:])]
        lab.until("the script was told the same of each %s, in order" % kind, lambda: mine() == expected, 20)

    def variables():
        with open(os.path.join(directory, "environment")) as file:
            return dict(line.rstrip("\n").split("=", 1) for line in file if "=" in line)

    def told_of_the_last():  # the script writes the file anew each time
        told = variables()
        return told.get("SIXGATE_EVENT") == "released" and told.get("SIXGATE_LAN") == "lan0" and told.get("SIXGATE_DUID") == heard[-1]["duid"]
    lab.until("the variables tell of the last event", told_of_the_last, 10)
    lab.check("HOME" not in variables(), variables())
    # Away while something happens, and back.
    place = "%d.%d" % (heard[-1]["epoch"], heard[-1]["seq"])
    listener.process.kill()
    Dhclient(lab, lab.h1).start()
    lab.until("there are leases again", lambda: len(leases(house.sixgated)) == 2, 30)
    back = house.sixgated.cli_run("monitor", "leases", "--since", place, "--count", "2")
    lab.check(back.returncode == 0 and back.stdout.count("\n") == 2 and "added" in back.stdout and "delegated" in back.stdout,
              back.stdout + back.stderr)
    house.sixgated.kill()
    house.sixgated.start()
    later = Listener(house.sixgated, "--since", place)
    lab.until("after a restart something may have been missed", lambda: later.lines()[:1] and
              later.lines()[0]["event"] == "missed" and later.lines()[0]["count"] is None, 10)
    lab.until("and the renewals are heard", lambda: ("renewed", "address") in later.words(), 60)
    final_checks(lab)


@limit(120)
def test_lease_events_of_what_ends_by_itself(lab):
    """An address that its client declines is told of as that, and not given again; what a client that is gone had is told
    of when its time is over, and not before."""
    lab.house({"lan0": ["h1", "h2"]})
    wire = lab.cpe.wire("lan0")
    # No lease is longer than what the provider gives.
    house = build(lab, server_options={"renew": 8, "rebind": 12, "preferred": 20, "valid": 30})
    house.sixgated = Sixgated(lab, config=toml(lans=["lan0"], top='[ula]\nprefix = "none"\n',
                                               lan='addressing = "slaac+dhcpv6"\n')).start()
    house.prefix = wait_delegated(lab)
    lab.h2.wait_default_route()
    listener = Listener(house.sixgated)
    lab.until("the listener has its place", listener.lines, 5)

    def lease(number):
        """An address by rapid commit; returns it and the options of the Reply."""
        told = dict(exchange(lab.h1, begun(lab.h1, 1, number) + option(14, b"") + option(3, struct.pack("!III", 9, 0, 0))))
        return IdentityAssociation(3, told[3]).addresses[0][0], told
    first, told = lease(1)
    exchange(lab.h1, begun(lab.h1, 9, 2) + option(2, told[2]) + option(3, told[3]))
    second, told = lease(3)
    lab.check(second != first, "%s again" % first)
    lab.until("three events", lambda: len(listener.words()) >= 3, 5)
    lab.check([(one["event"], one["leases"], one["duid"]) for one in listener.lines() if "type" in one] == [
        (word, [address], told[1].hex()) for word, address in (("added", first), ("declined", first), ("added", second))],
        listener.lines())
    dhclient = Dhclient(lab, lab.h2).start()
    lab.until("h2 has an address and a prefix", lambda: {("added", "address"), ("delegated", "prefix")} <= {
        (one["event"], one["type"]) for one in listener.lines() if one.get("iaid") not in (None, 9)}, 20)
    dhclient.process.kill()
    reply = wire.dhcp("Reply")[-1]
    prefix, _, valid = reply.delegated()[0]
    lab.until("both are over", lambda: {("expired", "address"), ("expired", "prefix")} <= {
        (one["event"], one["type"]) for one in listener.lines() if one.get("duid") == reply.client.hex()}, 45)
    lab.check(time.time() > reply.time + valid - 1, "%.1f s too early" % (reply.time + valid - time.time()))
    lab.check(reply.client.hex() not in {one["duid"] for one in leases(house.sixgated)}, leases(house.sixgated))
    lab.until("no way to the prefix", lambda: prefix not in {one["dst"] for one in lab.cpe.routes()}, 5)
    final_checks(lab)


@limit(180)
def test_a_person_ends_and_keeps_leases(lab):
    """`sixgate lease release` reaches routes, names and a client that takes orders at once; what `lease reserve` prints
    and the file has is kept through the next release."""
    lab.house({"lan0": ["h1"], "lan1": ["h2"]})
    house = build(lab)
    house.sixgated = Sixgated(lab, config=toml(lan='addressing = "slaac+dhcpv6"\n')).start()
    house.prefix = wait_delegated(lab)
    lab.h1.wait_default_route()
    dibbler = DibblerClient(lab, lab.h1).start()
    lab.until("dibbler-client has an address and a prefix", lambda: held(house.sixgated, "address", house.prefix)
              and held(house.sixgated, "prefix", house.prefix), 40)
    (duid, address), = held(house.sixgated, "address", house.prefix).items()
    prefix = held(house.sixgated, "prefix", house.prefix)[duid]
    lab.until("the way to the prefix", lambda: prefix in {one["dst"] for one in lab.cpe.routes() if one.get("gateway")}, 5)
    since = time.time()
    done = house.sixgated.cli_run("lease", "release", duid)
    lab.check(done.returncode == 0 and address in done.stdout and prefix in done.stdout, done.stdout + done.stderr)
    lab.until("the way is gone", lambda: prefix not in {one["dst"] for one in lab.cpe.routes() if one.get("gateway")}, 5)
    order = lab.lan0.wait_dhcp("Reconfigure", timeout=5, since=since)
    lab.check(order.time - since < 5, "%.1f s" % (order.time - since))
    reply = lab.lan0.wait_dhcp("Reply", lambda one: any(not valid and one_address == address for ia in one.addresses
                                                        for one_address, _, valid in ia.addresses), 15, since)
    given = [one for ia in reply.addresses for one, _, valid in ia.addresses if valid and inside(one, house.prefix)]
    lab.check(given and address not in given, "another address: %s" % reply)
    lab.until("it has other leases", lambda: held(house.sixgated, "address", house.prefix).get(duid) in given
              and held(house.sixgated, "prefix", house.prefix).get(duid) not in (None, prefix), 15)
    # What dibbler-client does when it is taken a prefix: it asks for it all over again.
    lab.lan0.wait_dhcp("Reply", lambda one: one.delegated() and not one.addresses, 15, reply.time)
    nobody = house.sixgated.cli_run("lease", "release", "2001:db8:9999::1")
    lab.check(nobody.returncode == 1 and "nothing is leased to" in nobody.stderr, nobody.stderr)

    kept, kept_prefix = given[0], held(house.sixgated, "prefix", house.prefix)[duid]
    table = house.sixgated.cli_run("lease", "reserve", kept)
    lab.check(table.returncode == 0 and duid in table.stdout, table.stdout + table.stderr)
    table = house.sixgated.cli_run("lease", "reserve", duid).stdout
    with open(house.sixgated.config_path, "a") as file:
        file.write(table)
    house.sixgated.reload()
    house.sixgated.process.wait_log("configuration changed")
    # Its Renew accepts no further orders: it is started anew, and would have others but for the reservation.
    done = house.sixgated.cli_run("lease", "release", duid)
    lab.check(done.returncode == 0 and kept in done.stdout and kept_prefix in done.stdout, done.stdout + done.stderr)
    dibbler.process.kill()
    DibblerClient(lab, lab.h1).start()
    lab.until("it has what is reserved", lambda: held(house.sixgated, "address", house.prefix).get(duid) == kept
              and held(house.sixgated, "prefix", house.prefix).get(duid) == kept_prefix, 30)
    final_checks(lab)
