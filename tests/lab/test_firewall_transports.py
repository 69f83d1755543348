# SPDX-License-Identifier: Apache-2.0
"""Transports beside TCP and UDP through the firewall: what the inside began goes on, and nothing else begins."""
import struct

from firewall_house import (H1, H2, MOBILITY, NET, PEER, Rules, behind, each_backend, esp, icmp, raw, routing, tcp_octets,
                            udp_to)
from lab import proves
from wire import checksum, inject, ipv6

TABLE = []
for index in range(256):
    value = index
    for _ in range(8):
        value = value >> 1 ^ (0x82f63b78 if value & 1 else 0)
    TABLE.append(value)


def crc32c(octets):
    """RFC 9260 appendix A: SCTP's checksum, which the connection tracking looks at."""
    value = 0xffffffff
    for octet in octets:
        value = value >> 8 ^ TABLE[(value ^ octet) & 0xff]
    return struct.pack("<I", value ^ 0xffffffff)


def sctp(source_port, port, tag, kind, own_tag):
    """RFC 9260 section 3.3.2: an INIT or INIT ACK, alone in its packet. The token is a state cookie."""
    def make(source, destination, token):
        cookie = struct.pack("!HH", 7, 4 + len(token)) + token
        body = struct.pack("!IIHHI", own_tag, 65536, 1, 1, 1) + cookie
        octets = struct.pack("!HHI", source_port, port, tag) + bytes(4) + struct.pack("!BBH", kind, 0, 4 + len(body)) + body
        return 132, octets[:8] + crc32c(octets) + octets[12:]
    return make


def dccp(source_port, port, kind, rest):
    """RFC 4340 section 5.1, with long sequence numbers."""
    def make(source, destination, token):
        size = 16 + len(rest)
        octets = struct.pack("!HHBBHBBHI", source_port, port, size // 4, 0, 0, kind << 1 | 1, 0, 0, 1) + rest + token
        value = checksum(source, destination, 33, octets)
        return 33, octets[:6] + struct.pack("!H", value) + octets[8:]
    return make


SHIM6 = b"\x3b\x00\x80" + bytes(5)                            # RFC 5533 section 5.1: a payload extension header


DELEGATED_ON = "2001:db8:1000:20::/60"


@each_backend
@proves("9663-04")
def check_stations(lab, house):
    """What a router behind a LAN was delegated is used by its station alone, and is not given back to it."""
    cpe, inside = lab.cpe, "2001:db8:1000:21::5"
    cpe.ip("-6", "route", "add", DELEGATED_ON, "via", lab.h1.link_local("eth0"), "dev", "lan0")
    house.gates["h2"] = ("eth0", cpe.mac("lan0"))

    def look(bound):
        house.probes.clear()
        house.probe("out, of the router", "h1", inside, NET, raw(253), "isp", True)
        house.probe("out, of another", "h2", inside, NET, raw(253), "isp", not bound)
        house.probe("out, of another for itself", "h2", H2, NET, raw(253), "isp", True)
        house.probe("in, of the world", "isp", NET, inside, esp(), "h1", True)
        house.probe("in, of another", "h2", H2, inside, raw(253), "h1", True)
        house.probe("round", "h1", H1, inside, raw(253), "h1", not bound)
        found = house.shoot()
        return ["%s, %s" % (one.name, "bound" if bound else "free") for one in house.probes if found[one.name] != one.expected]

    rules = Rules(lan0=("2001:db8:1000:1::/64", DELEGATED_ON))
    plain = rules.text
    house.apply(rules)
    wrong = look(False)
    bound = "station lan0 %s %s\nprovisioned" % (DELEGATED_ON, lab.h1.mac("eth0"))
    rules.text = plain.replace("provisioned", bound)
    house.apply(rules)
    wrong += look(True)
    # The router is another machine now, and then nobody's.
    rules.text = plain.replace("provisioned", bound.replace(lab.h1.mac("eth0"), lab.h2.mac("eth0")))
    house.apply(rules)
    house.probes.clear()
    house.probe("out, of the former", "h1", inside, NET, raw(253), "isp", False)
    house.probe("out, of the new one", "h2", inside, NET, raw(253), "isp", True)
    found = house.shoot()
    wrong += [one.name for one in house.probes if found[one.name] != one.expected]
    rules.text = plain
    house.apply(rules)
    wrong += look(False)
    lab.row("9663-04", not wrong, wrong)
    lab.check(not wrong, "wrong: " + ", ".join(wrong))


@each_backend
@proves("6092-REC-27", "6092-REC-28", "6092-REC-30", "6092-REC-31", "6092-REC-38", "6092-REC-41",
        "6092-REC-42", "6092-REC-43", "6092-REC-45", "6092-REC-46", "6092-REC-47")
def check_other_transports(lab, house):
    """Answers to flows of the inside, errors about them, and that no error ends one; the same unasked for does not come."""
    house.apply(Rules())

    def begin(content):
        proto, octets = content(H1, PEER, house.token())
        packet = ipv6(H1, PEER, proto, octets, 64)
        inject(lab.h1, "eth0", packet, house.gates["h1"][1])
        return packet[:7] + b"\x3f" + packet[8:]  # as it looks behind the router

    def back(name, content, row, expected=True, source=PEER):
        house.probe(name, "isp", source, H1, content, "h1", expected, row=row)

    def errors(what, packet, row):
        for kind, code, name in ((1, 4, "unreachable"), (2, 0, "too big"), (3, 0, "time exceeded")):
            back("%s about %s" % (name, what), icmp(kind, code, packet), row)

    begun = {"sctp": begin(sctp(5000, 5001, 0, 1, 7)),
             "dccp": begin(dccp(5002, 5003, 0, struct.pack("!I", 1))),
             "mobility": begin(raw(135, MOBILITY))}
    begin(raw(140, SHIM6))
    begin(udp_to(5007, 5006))
    begin(lambda source, destination, token: (6, tcp_octets(source, destination, 5008, 5009, 2)))
    lab.pause(0.2)
    errors("sctp", begun["sctp"], "6092-REC-41")
    errors("dccp", begun["dccp"], "6092-REC-45")
    errors("mobility", begun["mobility"], "6092-REC-30")
    back("sctp init ack", sctp(5001, 5000, 7, 2, 9), "6092-REC-38 6092-REC-42")
    back("dccp response", dccp(5003, 5002, 1, struct.pack("!HHII", 0, 0, 1, 1)),
         "6092-REC-43 6092-REC-46")
    back("mobility", raw(135, MOBILITY), "6092-REC-28")
    back("shim6", raw(140, SHIM6), "6092-REC-47")
    back("udp with routing header 2", behind(43, routing(2, H1), udp_to(5006, 5007)), "6092-REC-27")
    back("simultaneous open", lambda source, destination, token: (6, tcp_octets(
        source, destination, 5009, 5008, 2, token, sequence=9)), "6092-REC-31")
    # Nobody asked for these.
    back("other sctp", sctp(5001, 5010, 0, 1, 11), "6092-REC-38", False, NET)
    back("other dccp", dccp(5003, 5010, 0, struct.pack("!I", 1)), "6092-REC-43", False, NET)
    found = house.shoot()
    rows, wrong = {}, []
    for one in house.probes:
        if found[one.name] != one.expected:
            wrong.append(one.name)
        for row in one.row.split():
            rows.setdefault(row, []).append(None if found[one.name] == one.expected else one.name)
    # And the whole handshake.
    lab.net.serve(tcp=[8080])
    opened = lab.h1.tcp(NET, 8080, source=H1)
    rows["6092-REC-31"].append(None if opened == "open" else "connect: " + opened)
    for row, bad in rows.items():
        lab.row(row, not any(bad), [one for one in bad if one])
    lab.check(not wrong, "wrong: " + ", ".join(wrong))

