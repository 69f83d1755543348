# SPDX-License-Identifier: Apache-2.0
"""Attacks on the DHCPv6 server by other people's tools (thc-ipv6), while a client that nobody here wrote renews."""
import re

from dhcp_clients import Dhclient
from lab import limit, require_tools
from scenario import final_checks, online, toml
from test_dhcp6_server import leases

# T1, and so how often a client renews, follows the provider's lifetimes: every few seconds.
SHORT = {"renew": 6, "rebind": 9, "preferred": 16, "valid": 30}
ADDRESSES = 64
HOUSE = toml(top='[ula]\nprefix = "none"\n',
             lan='addressing = "slaac+dhcpv6"\ndhcpv6_range = "::1000-::%x"\n' % (0x1000 + ADDRESSES - 1))


class Renewing:
    """dhclient on h1 with an address and a prefix, which it is to keep."""

    def __init__(self, lab, house):
        self.lab, self.house = lab, house
        self.client = Dhclient(lab, lab.h1).start()
        lab.until("dhclient has an address and a prefix", lambda: len(self.named()) == 2, 30)
        self.given = self.named()
        self.mine = self.held()
        lab.check(len(self.mine) == 2, self.mine)

    def named(self):
        """What its lease file names."""
        return set(re.findall(r"^\s*ia(?:addr|prefix) ([0-9a-f:/]+) \{", self.client.text(), re.M))

    def held(self):
        """What the server has given of that, and to whom."""
        return [(one["duid"], one["type"], one["leases"]) for one in leases(self.house.sixgated)
                if self.given & {lease.removesuffix("/128") for lease in one["leases"]}]

    def bound(self):
        return self.client.process.text().count("PRC: Bound to lease")

    def goes_on_through(self, flood, times=3):
        """Renews that often during the flood, each time at the first try, and keeps what it has."""
        before = self.bound()
        self.lab.until("it renewed %d times" % times, lambda: self.bound() >= before + times, 12 * times)
        self.lab.check(flood.running, "the flood ended by itself: %s" % flood.text()[-500:])
        said = self.client.process.text()
        self.lab.check("XMT: Rebind" not in said and " expired." not in said, said[-3000:])
        self.lab.check(self.named() == self.given, "%s, had %s" % (self.named(), self.given))
        self.lab.check(self.held() == self.mine, "%s, was %s" % (self.held(), self.mine))


def counters(house):
    """Of the server on lan0."""
    counted = house.sixgated.lan("lan0")["counters"]
    return {name.removeprefix("dhcp6_"): value for name, value in counted.items() if name.startswith("dhcp6_")}


@limit(200)
def test_attack_by_clients_that_are_made_up(lab):
    """flood_dhcpc6 of senders that do not exist, and of one that does: their answers do not keep others from theirs."""
    require_tools("atk6-flood_dhcpc6")
    lab.house({"lan0": ["h1", "h2", "h3"]})
    lab.h3.ip("link", "set", "eth0", "down")
    house = online(lab, config=HOUSE, hosts=("h1", "h2"), server_options=SHORT)
    client = Renewing(lab, house)
    flood = lab.h2.start("flood", ["nice", "-n", "19", "atk6-flood_dhcpc6", "eth0"])
    lab.until("thousands were heard", lambda: counters(house)["newcomers_refused"] > 5000, 20)
    client.goes_on_through(flood)
    lab.h3.ip("link", "set", "eth0", "up")
    lab.h3.wait_default_route()
    newcomer = Dhclient(lab, lab.h3, ask=["-N"]).start()
    lab.until("who comes now has an address", lambda: "iaaddr" in newcomer.text(), 20)
    flood.kill()
    before = counters(house)
    print("refused %d, answered %d" % (before["newcomers_refused"], before["sent"]))
    flood = lab.h2.start("flood", ["nice", "-n", "19", "atk6-flood_dhcpc6", "-N", "eth0"])
    lab.until("thousands were answered", lambda: counters(house)["sent"] > before["sent"] + 5000, 20)
    client.goes_on_through(flood)
    final_checks(lab, judge=False)  # a hundred thousand packets of others


@limit(200)
def test_attack_by_one_that_takes_every_address(lab):
    """Hundreds of clients of perfdhcp on 64 addresses: who has one keeps it, the others hear that there is none."""
    house = online(lab, config=HOUSE, hosts=("h1", "h2"), server_options=SHORT)
    lab.h2.sysctl("net.ipv6.conf.eth0.accept_ra", 0)  # perfdhcp speaks from the first address that there is
    for one in lab.h2.json("addr", "show", "dev", "eth0")[0]["addr_info"]:
        if one["family"] == "inet6" and one["scope"] == "global":
            lab.h2.ip("addr", "del", "%s/%s" % (one["local"], one["prefixlen"]), "dev", "eth0")
    client = Renewing(lab, house)

    def taken():
        return sum(one["type"] == "address" for one in leases(house.sixgated))
    greedy = lab.h2.start("perfdhcp", ["perfdhcp", "-6", "-l", "eth0", "-r", "200", "-R", "500", "-p", "60"])
    lab.until("every address is taken", lambda: taken() == ADDRESSES, 20)
    client.goes_on_through(greedy)
    lab.check(taken() == ADDRESSES, taken())
    greedy.kill()
    lab.until("what nobody renews is free again", lambda: taken() == 1, 60)
    final_checks(lab)


@limit(200)
def test_attack_by_messages_that_are_broken(lab):
    """fuzz_dhcps6 with each message of a client: what cannot be read is dropped and counted, and nothing else changes."""
    require_tools("atk6-fuzz_dhcps6")
    house = online(lab, config=HOUSE, hosts=("h1", "h2"), server_options=SHORT)
    client = Renewing(lab, house)
    # Each of a client's messages, and Renew with its type made up as well.
    every = ["-%d" % kind for kind in range(1, 9)] + ["-4 -m"]
    fuzzer = lab.h2.start("fuzzer", ["nice", "-n", "19", "sh", "-c", " && ".join(
        "atk6-fuzz_dhcps6 %s eth0" % one for one in every) + "; echo that is all; sleep 3600"])
    client.goes_on_through(fuzzer, times=4)
    fuzzer.wait_log("that is all", 100)
    client.goes_on_through(fuzzer, times=1)
    seen = counters(house)
    dropped = {name: value for name, value in seen.items() if name.startswith("dropped_") and value}
    lab.check(seen["received"] > 20000 and dropped["dropped_malformed"] > 300 and len(dropped) >= 7, seen)
    lab.check(seen["received"] == seen["sent"] + sum(dropped.values()), seen)
    print(dropped)
    final_checks(lab, judge=False)  # the tool's own packets
