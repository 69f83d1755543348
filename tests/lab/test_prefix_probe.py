# SPDX-License-Identifier: Apache-2.0
"""prefix-probe against each server: its table is what the server's configuration says."""
import ipaddress
import json
import os
import pwd

from lab import CORE, POOL, LabFailure, check_not_malformed, run
from peers import Dibbler, Kea, Radvd
from servers import ModalDhcpd, PooledKea, PooledWide

HINTS = range(48, 65)
DUID = "00030001020000000001"


def probe(lab, *arguments, code=0, user=None):
    program = os.path.join(lab.programs, "prefix-probe")
    if not os.access(program, os.X_OK):
        raise LabFailure("%s is not built (./dev build)" % program)
    command = ["ip", "netns", "exec", lab.cpe.name]
    if user:
        command += ["setpriv", "--reuid", user, "--clear-groups", "--inh-caps=-all"]
    done = run(*command, program, "wan0", *arguments, check=False, timeout=100)
    lab.check(done.returncode == code, "prefix-probe %s: exit code %d, not %d\n%s%s"
              % (" ".join(arguments), done.returncode, code, done.stdout, done.stderr))
    return done


def survey(lab, *arguments, code=0):
    return json.loads(probe(lab, "--json", *arguments, code=code).stdout)


def table(server):
    """{hint length: the lengths offered, [] for a refusal}, and all offers."""
    offers = [offer for answer in server["answers"] for offer in answer.get("offered", [])]
    return {int(answer["hint"].split("/")[1]): [offer["length"] for offer in answer.get("offered", [])
                                                if offer["usable"]] for answer in server["answers"]}, offers


def only(lab, found):
    lab.check(len(found["servers"]) == 1, "%d servers: %s" % (len(found["servers"]), found))
    return found["servers"][0]


def inside(offers, pool):
    return all(ipaddress.IPv6Network(one["prefix"]).subnet_of(ipaddress.IPv6Network(pool)) for one in offers)


def says(lab, found, part):
    lab.check(any(part in sentence for sentence in found["verdict"]["sentences"]),
              "no %r in %s" % (part, found["verdict"]["sentences"]))


def test_prefix_probe_of_kea(lab):
    """One pool; a few /64s before the /56s; nobody at all; nobody allowed to ask."""
    lab.house(lans={})
    Radvd(lab, rdnss=CORE).start()
    server = Kea(lab).start()
    capture = os.path.join(lab.directory, "probe.pcap")
    found = survey(lab, "--request", "--pcap", capture)
    lengths, offers = table(only(lab, found))
    lab.check(lengths == {hint: [56] for hint in HINTS} and inside(offers, POOL), lengths)
    lab.check(all((one["preferred"], one["valid"]) == (3000, 6000) for one in offers), offers)
    lab.check((found["servers"][0]["answers"][0]["t1"], found["servers"][0]["answers"][0]["t2"]) == (1000, 2000), found)
    lab.check(found["servers"][0]["address_and_prefix_together"] == "yes", found["servers"][0])
    says(lab, found, "ignores hints")
    lab.check(found["verdict"]["reqprefix"] == 56 and found["verdict"]["slash64s"] == 256, found["verdict"])
    lab.check([one["managed"] for one in found["routers"]] == [True] and found["dns_servers"] == [CORE], found["routers"])
    lab.check(len(found["request"]["delegated"]) == 1 and found["request"]["released"], found["request"])
    seen = run("tshark", "-n", "-r", capture, "-T", "fields", "-e", "dhcpv6.msgtype", "-e", "icmpv6.type").stdout.split()
    lab.check(set("1 2 3 7 8 133 134".split()) <= set(seen), "in the capture: %s" % seen)
    wrong = run("tshark", "-n", "-o", "udp.check_checksum:TRUE", "-r", capture, "-Y",
                "_ws.malformed || icmpv6.checksum.status == 0 || udp.checksum.status == 0").stdout
    lab.check(not wrong, "tshark on what prefix-probe wrote:\n" + wrong)
    server.stop()

    server = PooledKea(lab, [("2001:db8:1000::/62", 64), ("2001:db8:2000::/48", 56)]).start()
    found = survey(lab)
    lengths, offers = table(only(lab, found))
    lab.check(found["verdict"]["largest"].endswith("/56") and all(
        inside([one], "2001:db8:1000::/62" if one["length"] == 64 else "2001:db8:2000::/48") for one in offers), lengths)
    says(lab, found, "Lock-in")
    server.stop()

    before = len(lab.wan.dhcp())
    found = survey(lab, "--timeout", "15", code=1)
    says(lab, found, "No DHCPv6 server answered")
    lab.check({one.name for one in lab.wan.dhcp()[before:]} == {"Solicit"}, "more than a Solicit was sent")
    denied = probe(lab, code=4, user=str(pwd.getpwnam("nobody").pw_uid))
    lab.check("CAP_NET_RAW" in denied.stderr and not denied.stdout, denied.stderr)
    check_not_malformed(lab)


def test_prefix_probe_of_dhcpd(lab):
    """isc-dhcp-server with pools of /64 and /56 in each prefix-length-mode."""
    lab.house(lans={})
    first = 64
    expected = {
        "ignore": lambda hint: [first],
        "prefer": lambda hint: [hint] if hint in (56, 64) else [first],
        "exact": lambda hint: [hint] if hint in (56, 64) else [],
        "minimum": lambda hint: [56] if hint == 56 else [64] if hint > 56 else None,  # any that is longer
        "maximum": lambda hint: [] if hint < 56 else [56] if hint < 64 else [64],
    }
    for mode, rule in expected.items():
        server = ModalDhcpd(lab, mode).start()
        found = survey(lab)
        lengths, offers = table(only(lab, found))
        for hint in HINTS:
            wanted = rule(hint)
            lab.check(lengths[hint] == wanted if wanted is not None else lengths[hint] and lengths[hint][0] >= hint,
                      "%s: ::/%d is answered by %s, not %s" % (mode, hint, lengths[hint], wanted))
        lab.check(all(inside([one], "2001:db8:4000::/48" if one["length"] == 64 else "2001:db8:5000::/48")
                      for one in offers), offers)
        lab.check(found["verdict"]["largest"].endswith("/64" if mode == "ignore" else "/56"), found["verdict"])
        server.stop()
    check_not_malformed(lab)


def test_prefix_probe_of_dibbler_and_wide(lab):
    """dibbler refuses more than a few IAs in one message; wide knows its clients by DUID."""
    lab.house(lans={})
    server = Dibbler(lab).start()
    found = survey(lab)
    lengths, offers = table(only(lab, found))
    lab.check(all(one == [56] for one in lengths.values()) and inside(offers, POOL), lengths)
    lab.check(found["verdict"]["largest"].endswith("/56"), found["verdict"])
    server.stop()

    server = PooledWide(lab, DUID).start()
    found = survey(lab, "--duid", DUID)
    lengths, offers = table(only(lab, found))
    lab.check(48 in lengths[48] and 56 in lengths[56] and found["verdict"]["largest"] == "2001:db8:3000::/48", lengths)
    # As the router would, with one IAID.
    found = survey(lab, "--duid", DUID, "--iaid", "5", "--hint", "48,56")
    lengths, _ = table(only(lab, found))
    lab.check(48 in lengths[48] and 56 in lengths[56], lengths)
    server.stop()
