# SPDX-License-Identifier: Apache-2.0
"""Clients that are not sure of what they have: Confirm after a restart and on another link, Decline of an address in use."""
import re
import shutil
import time

from dhcp_clients import Dhclient
from lab import check_not_malformed, limit
from scenario import final_checks, online, slash64, toml
from test_dhcp6_server import leased, leases
from wire import inside

HOUSE = toml(top='[ula]\nprefix = "none"\n', lan='addressing = "slaac+dhcpv6"\n')


def status(message):
    """The Status Code option of the message itself; a Reply without one is a success (RFC 9915 section 21.13)."""
    said = message.option(13)
    return int.from_bytes(said[:2], "big") if said else 0


@limit(100)
def test_dhclient_confirms(lab):
    """dhclient started anew asks whether its address is right: it is, and stays. With what it got on another LAN it hears
    NotOnLink, and gets another one."""
    lab.house({"lan0": ["h1"], "lan1": ["h3"]})
    house = online(lab, config=HOUSE, hosts=("h1", "h3"))
    here, there = (Dhclient(lab, host, ask=["-N"]).start() for host in (lab.h1, lab.h3))
    for client in (here, there):
        lab.until("%s has an address" % client.host, lambda: "iaaddr" in client.text(), 20)
    mine = re.findall(r"iaaddr (\S+) ", here.text())[-1]

    def confirms(since):
        """What it is told by the server."""
        asked = lab.lan0.wait_dhcp("Confirm", timeout=15, since=since)
        return asked, lab.lan0.wait_dhcp("Reply", lambda one: one.transaction == asked.transaction, 5, since)
    here.process.kill()
    since = time.time()
    here.start()
    asked, answer = confirms(since)
    lab.check([one[0] for ia in asked.addresses for one in ia.addresses] == [mine] and status(answer) == 0, answer)
    here.process.wait_log("PRC: Bound to lease")
    lab.check(not lab.lan0.dhcp("Solicit", since=since), "it asks for another one")

    here.process.kill()
    shutil.copy(there.leases, here.leases)
    since = time.time()
    here.start()
    asked, answer = confirms(since)
    lab.check(status(answer) == 4, "not NotOnLink: %s" % answer)
    reply = lab.lan0.wait_dhcp("Reply", lambda one: leased(one, 3), 20, since)
    lab.check(inside(leased(reply, 3)[0], slash64(lab.lan0, house.prefix)), "%s is not of lan0" % reply)
    check_not_malformed(lab)
    final_checks(lab)


@limit(100)
def test_dhclient_declines(lab):
    """What another host has already dhclient does not take: it declines, has another one, and nobody is given the first."""
    lab.house({"lan0": ["h1", "h2"], "lan1": ["h3"]})
    house = online(lab, config=HOUSE, hosts=("h1", "h2"))
    client = Dhclient(lab, lab.h1, ask=["-N"]).start()
    lab.until("dhclient has an address", lambda: "iaaddr" in client.text(), 20)
    first = re.findall(r"iaaddr (\S+) ", client.text())[-1]
    # The lease is written before its script gives the interface the address.
    lab.until("its script is through", lambda: any(one["local"] == first and not one.get("tentative")
                                                   for one in lab.h1.addresses("eth0")), 20)
    client.process.kill()
    lab.h1.ip("address", "del", first + "/128", "dev", "eth0")
    lab.h2.ip("address", "add", first + "/128", "dev", "eth0", "nodad")
    since = time.time()
    client.start()
    declined = lab.lan0.wait_dhcp("Decline", timeout=30, since=since)
    lab.check([one[0] for ia in declined.addresses for one in ia.addresses] == [first], declined)
    answer = lab.lan0.wait_dhcp("Reply", lambda one: one.transaction == declined.transaction, 5, since)
    lab.check(status(answer) == 0, answer)
    second = leased(lab.lan0.wait_dhcp("Reply", lambda one: leased(one, 3), 30, declined.time), 3)[0]
    lab.check(second != first, "it is given %s again" % first)
    lab.until("it has another one", lambda: second in {one["local"] for one in lab.h1.addresses("eth0")
                                                       if not one.get("tentative")}, 15)
    lab.check(first not in [lease for one in leases(house.sixgated) for lease in one["leases"]], leases(house.sixgated))
    check_not_malformed(lab)
    final_checks(lab)
