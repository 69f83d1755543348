# SPDX-License-Identifier: Apache-2.0
"""Both backends are one policy: for random houses every packet of a random set passes with both or with neither."""
import random as randomness

from firewall_house import (ATOMIC_FRAGMENT, H1, H1_ULA, H2, H3, H3_ULA, H4, NET, OLD, PADDING, PEER, FirewallHouse, Rules,
                            ah, behind, esp, icmp, raw, routing, tcp_to, udp_to)
from lab import limit

SEED = 20261126
ROUNDS, PACKETS = 8, 140
MARK = 77
KNOCKER = "2001:db8:9::7"
WIRES = {H1: "h1", H1_ULA: "h1", OLD: "h1", H2: "h2", H3: "h3", H3_ULA: "h3", H4: "h4", NET: "isp", PEER: "isp"}
SENDERS = {"h1": (H1, H1_ULA, OLD, H3, "2001:db8:bad::1", "::1"), "h3": (H3, H3_ULA, H1, "2001:db8:bad::1"),
           "isp": (NET, PEER, KNOCKER, H1, "fd00:9::1", "2001:db8:1000:77::1", "::ffff:1.2.3.4"), "h4": (H4, NET)}
ZONES = ("protected", "exposed", "isolated", "closed")


def random_house(random, stations):
    lines = ["uplink wan0"]
    zones = [random.choice(ZONES) for _ in range(2)]
    for lan, zone in zip(("lan0", "lan1"), zones):
        lines.append("lan %s %s" % (lan, zone))
        if random.randrange(4) == 0:
            lines.append("reaches %s %s" % (lan, random.choice(("lan0", "lan1", "lan0 lan1"))))
    for lan, number in (("lan0", 1), ("lan1", 2)):
        if random.randrange(6):
            lines.append("assigned %s 2001:db8:1000:%d::/64" % (lan, number))
        lines.append("local %s fd00:6:0:%d::/64" % (lan, number))
    if random.randrange(2):
        lines.append("local lan0 2001:db8:3000:1::/64")
    lines.append("delegated %s" % random.choice(("2001:db8:1000::/56", "2001:db8:1000::/57")))
    for _ in range(random.randrange(6)):
        lan, host = random.choice((("lan0", H1), ("lan0", H2), ("lan1", H3)))
        first = random.choice((22, 53, 500, 5000))
        lines.append("pinhole %s %s %d %d %d %s" % (lan, host, random.choice((6, 17, 132)), first, first + random.choice((0, 100)),
                                                    random.choice(("::/0", "2001:db8:9::/48", NET + "/128"))))
    # A router behind the LAN whose prefix h1 and h3 are in.
    for lan, number in (("lan0", 1), ("lan1", 2)):
        if random.randrange(3) == 0:
            lines.append("%s %s 2001:db8:1000:%d::/%d" % (random.choice(("open", "shut")), lan, number, random.choice((64, 124))))
    if random.randrange(2):
        lines.append("knock %s %d" % (random.choice(("lan0", "lan1")), MARK))
    if random.randrange(3) == 0:
        lines.append("station lan0 2001:db8:1000:1::/64 %s" % random.choice(stations))
    lines += ["provisioned"] * (random.randrange(5) > 0)
    rules = Rules()
    rules.text = "\n".join(lines + ["end", ""])
    return rules


def random_content(random, port):
    """One of the kinds of packet that rules tell apart; `port`: nobody else's source port, so that no two are one flow."""
    number = random.choice((22, 53, 123, 500, 546, 547, 5000, 5050))
    return random.choice((
        udp_to(number, port), udp_to(number, port), tcp_to(number, 2, port), tcp_to(number, 2, port),
        tcp_to(number, random.choice((1, 4, 16, 18, 24)), port),
        icmp(random.choice((1, 2, 3, 4, 100, 127, 128, 128, 129, 130, 133, 135, 137, 139, 144, 151, 200, 201))),
        esp(port), ah(), raw(139, b"\0\0\0\0"), raw(132, port.to_bytes(2, "big") + number.to_bytes(2, "big") + b"\0" * 8),
        raw(253), raw(59), behind(0, PADDING, udp_to(number, port)), behind(60, PADDING, tcp_to(number, 2, port)),
        behind(44, ATOMIC_FRAGMENT, udp_to(number, port)), behind(43, routing(0, H3), udp_to(number, port)),
        behind(43, routing(2, H1), udp_to(number, port))))


def load(house, random):
    house.probes.clear()
    for index in range(PACKETS):
        sender = random.choice(list(SENDERS))
        source = random.choice(SENDERS[sender][:1] * 3 + SENDERS[sender])
        destination = random.choice([one for one in WIRES if WIRES[one] != sender])
        house.probe("%d: %s %s -> %s" % (index, sender, source, destination), sender, source, destination,
                    random_content(random, 42000 + index), WIRES[destination], None, hop_limit=random.choice((64, 64, 64, 255, 2)))


@limit(300)
def test_firewall_backends_agree(lab):
    """nft and ip6tables let the same packets through, of 140 random ones in each of 8 random houses; both some, neither all."""
    house, random = FirewallHouse(lab, "nft"), randomness.Random(SEED)
    # What the kernel does to what came out of the tunnel of an IPsec knock.
    lab.cpe.run("nft", "-f", "-", stdin="table ip6 decapsulation { chain marks { type filter hook prerouting priority -500; "
                "ip6 saddr %s meta mark set %d; }; }\n" % (KNOCKER, MARK))
    passed = wrong = 0
    for number in range(ROUNDS):
        rules = random_house(random, (lab.h1.mac("eth0"), lab.h2.mac("eth0")))
        load(house, random)
        outcomes = {}
        for backend in ("nft", "ip6tables"):
            house.stop()
            house.backend = backend
            house.apply(rules)
            lab.cpe.run("conntrack", "-F", check=False)
            outcomes[backend] = house.shoot()
        different = ["%s: nft %s, ip6tables %s" % (name, outcomes["nft"][name], outcomes["ip6tables"][name])
                     for name in outcomes["nft"] if outcomes["nft"][name] != outcomes["ip6tables"][name]]
        lab.check(not different, "seed %d, house %d:\n%s\n%s" % (SEED, number, "\n".join(different), rules.text))
        passed += sum(outcomes["nft"].values())
        wrong += sum(not one for one in outcomes["nft"].values())
    lab.check(passed > ROUNDS * 10 and wrong > ROUNDS * 10, "%d passed and %d did not: the set proves little" % (passed, wrong))
    print("%d passed, %d did not" % (passed, wrong))
