# SPDX-License-Identifier: Apache-2.0
"""Which TCP goes on from its middle: the inside's own in a house that never let any in, on isolated LANs too; and none that
was let in, in whichever way, when that way is shut."""
import errno
import time

from lab import SERVER, limit, require_tools
from other_firewalls import LEGACY
from scenario import final_checks, online, toml, wait_online
from test_flow_pickup import PORT, Transfer
from test_pcp import SUCCESS, ask, request

HOLE = '[[pinhole]]\nlan = "%s"\nhost = "%s"\nports = [%d]\n'
OWN, OWN_LATER = 8096, 8098


class Bursts(Transfer):
    """As it, with bursts that need the window's scale, but not much: several go on at once, and for long."""

    def send(self):
        try:
            while not self.ended:
                self.far.sendall(bytes(1 << 17))
                time.sleep(0.5)
        except OSError as problem:
            self.error = self.error or problem

    def goes_on(self, lab, seconds=2):
        return self.brings(lab, seconds, seconds << 16)

    def was_reset(self):
        return self.error and self.error.errno in (errno.ECONNRESET, errno.EPIPE)


def config(backend, lans, *holes, each):
    return toml(lans=lans, top='[firewall]\nbackend = "%s"\n' % backend, each=each) + "".join(HOLE % one for one in holes)


def own_flows(lab, port, *roles):
    """What guarded hosts send to the Internet."""
    found = [Bursts(lab, lab.net, lab.roles[role], SERVER, port + number, upload=True)
             for number, role in enumerate(roles)]
    lab.until("the transfers are under way", lambda: all(one.octets > 1 << 17 for one in found), 20)
    return found


def start_anew(house):
    house.sixgated.kill()
    house.sixgated.start()


def check_own(lab, backend, later, private=None):
    """`later` is what ends it: "shut" or "restart"."""
    lans, hosts = {"lan0": ["h1"], "guest0": ["h5"]}, ("h1", "h5")
    each = {"guest0": 'zone = "isolated"\n'}
    shut = config(backend, lans, each=each)
    require_tools("conntrack", "nft" if backend == "nft" else "ip6tables-restore")
    lab.house(lans)
    house = online(lab, config=shut, hosts=hosts, sixgated={"private": private})
    flows = own_flows(lab, OWN, *hosts)
    # No run ever let anything in: what the table does not know has begun inside.
    start_anew(house)
    lab.until("its rules are in place", lambda: house.sixgated.status()["firewall"]["applied"], 20)
    wait_online(lab, house.prefix, hosts)
    lab.cpe.run("conntrack", "-F", "-f", "ipv6", check=False)
    for role, flow in zip(hosts, flows):
        lab.check(flow.goes_on(lab), "%s: %d octets, %s" % (role, flow.octets, flow.error))

    # A door is opened, and after that nobody knows.
    house.sixgated.write(config(backend, lans, ("lan0", lab.h1.mac("eth0"), PORT), each=each))
    house.sixgated.reload()
    h1 = lab.h1.address_in(house.prefix)
    lab.until("the door is open", lambda: lab.net.tcp(h1, PORT, timeout=1) == "refused", 20)
    lab.cpe.run("conntrack", "-F", "-f", "ipv6", check=False)
    lab.check(all(one.goes_on(lab) for one in flows), "ended, and nothing was shut: %s" % [one.error for one in flows])
    if later == "shut":
        house.sixgated.write(shut)
        house.sixgated.reload()
        lab.until("the door is shut", lambda: lab.net.tcp(h1, PORT, timeout=1) == "silent", 20)
    else:
        start_anew(house)
        lab.until("its rules are in place", lambda: house.sixgated.status()["firewall"]["applied"], 20)
    lab.check(all(one.goes_on(lab) for one in flows), "ended, and the table knows them: %s" % [one.error for one in flows])
    lab.cpe.run("conntrack", "-F", "-f", "ipv6", check=False)
    lab.until("what the table does not know has ended", lambda: all(one.error for one in flows), 20)
    lab.check(all(one.was_reset() for one in flows), [one.error for one in flows])
    # What begins goes on.
    for flow in own_flows(lab, OWN_LATER, *hosts):
        flow.ended = True
    final_checks(lab)


@limit(120)
def test_own_flows_of_a_house_that_lets_nothing_in_nft(lab):
    """nft: an emptied table after a restart ends nothing, unless an earlier run had a door open."""
    check_own(lab, "nft", "restart")


@limit(120)
def test_own_flows_of_a_house_that_lets_nothing_in_ip6tables(lab):
    """ip6tables: an emptied table after a restart ends nothing, unless a door was shut."""
    check_own(lab, "ip6tables", "shut")


@limit(120)
def test_own_flows_of_a_house_that_lets_nothing_in_ip6tables_legacy(lab):
    """Legacy ip6tables: an emptied table after a restart ends nothing, unless an earlier run had a door open."""
    check_own(lab, "ip6tables", "restart", LEGACY)


def check_let_in(lab, backend, private=None):
    lans = {"lan0": ["h1", "h2"], "lan1": ["h3"], "guest0": ["h5"]}
    hosts = ("h1", "h2", "h3", "h5")

    def text(zone, *holes):
        return config(backend, lans, *holes, each={"lan0": "pcp = true\n", "lan1": 'zone = "%s"\n' % zone,
                                                   "guest0": 'zone = "isolated"\n'})
    require_tools("conntrack", "nft" if backend == "nft" else "ip6tables-restore")
    lab.house(lans)
    guest = ("guest0", lab.h5.mac("eth0"), PORT)
    house = online(lab, config=text("exposed", ("lan0", lab.h1.mac("eth0"), PORT), guest), hosts=hosts,
                   sixgated={"private": private})
    at = {role: lab.roles[role].address_in(house.prefix) for role in hosts}
    answer = ask(lab.h2, at["h2"], request(at["h2"], PORT))
    lab.check(answer and answer.code == SUCCESS, "a door by PCP: %s" % answer)
    own = own_flows(lab, OWN, "h1", "h5")
    for role in hosts:
        lab.until("%s is open" % role, lambda who=role: lab.net.tcp(at[who], PORT, timeout=1) in ("open", "refused"), 20)
    inner = {role: Bursts(lab, lab.roles[role], lab.net, at[role], PORT) for role in hosts}
    lab.until("the transfers are under way", lambda: all(one.octets > 1 << 17 for one in inner.values()), 20)

    def ends(role, why):
        """It is over, though its host goes on to send; those that are left go on."""
        gone = inner.pop(role)
        lab.until("what came in by %s has ended" % why, lambda: gone.error is not None, 20)
        lab.check(gone.was_reset(), "%s: %s" % (why, gone.error))
        had = gone.octets
        for name, flow in [*inner.items(), ("own of h1", own[0]), ("own of h5", own[1])]:
            lab.check(flow.goes_on(lab, 1), "%s ended with %s: %s" % (name, why, flow.error))
        lab.check(gone.octets == had, "%s came back" % why)
    house.sixgated.write(text("exposed", guest))
    house.sixgated.reload()
    ends("h1", "a pinhole")
    lab.check(ask(lab.h2, at["h2"], request(at["h2"], PORT, 0)).code == SUCCESS, "closing the door of PCP")
    ends("h2", "PCP")
    house.sixgated.write(text("protected", guest))
    house.sixgated.reload()
    ends("h3", "an exposed LAN")
    # While nobody is there to see it.
    house.sixgated.kill()
    house.sixgated.write(text("protected"))
    house.sixgated.start()
    ends("h5", "a pinhole of an isolated LAN, over a restart")
    for flow in own:
        flow.ended = True
    final_checks(lab)


@limit(150)
def test_flows_that_were_let_in_end_nft(lab):
    """nft: by a pinhole, by PCP, to an exposed LAN that is one no more, and to an isolated one, over a restart."""
    check_let_in(lab, "nft")


@limit(150)
def test_flows_that_were_let_in_end_ip6tables(lab):
    """ip6tables: the same."""
    check_let_in(lab, "ip6tables")


@limit(150)
def test_flows_that_were_let_in_end_ip6tables_legacy(lab):
    """Legacy ip6tables: the same."""
    check_let_in(lab, "ip6tables", LEGACY)
