# SPDX-License-Identifier: Apache-2.0
"""Rules of the person's own before and after what is established: both see what begins, the first ones what goes on, too."""
import os

from lab import OTHER_POOL, SERVER, limit, require_tools
from other_firewalls import LEGACY
from scenario import final_checks, online, toml, wait_delegated, wait_online
from test_firewall_life import UdpFlow

AFTER, BEFORE, OTHER = 8101, 8102, 8103
LARGE = 600

# Small datagrams are left alone: so a flow can begin, and both can be asked of it, at any time.
OWN = {
    "nft": "chain user_before_established {\n    udp dport %d udp length > 500 drop\n}\n"
           "chain user_after_established {\n    udp dport %d udp length > 500 drop\n}\n" % (BEFORE, AFTER),
    "ip6tables": "-A sixgate-user-before -p udp --dport %d -m length --length 500:65535 -j DROP\n"
                 "-A sixgate-user-after -p udp --dport %d -m length --length 500:65535 -j DROP\n" % (BEFORE, AFTER),
}


def in_order(lab, backend, private=None):
    require_tools("nft" if backend == "nft" else "ip6tables-restore")
    path = os.path.join(lab.directory, "own.rules")

    def write(text):
        with open(path, "w") as file:
            file.write(text)
        os.chmod(path, 0o644)
    write("# nothing yet\n")
    house = online(lab, config=toml(top='[firewall]\nbackend = "%s"\ninclude_%s = "%s"\n' % (backend, backend, path)),
                   server_options={"renew": 6, "rebind": 9, "preferred": 60, "valid": 120},
                   sixgated={"private": private})
    lab.net.serve(udp=[AFTER, BEFORE, OTHER])
    ports = (AFTER, BEFORE, OTHER)

    def flow(port):
        return UdpFlow(lab, lab.h1, SERVER, port, (lab.h1.address_in(house.prefix), 0))

    def begin(size):
        return {port: flow(port).answers(size) for port in ports}

    def as_written(flows):
        """`flows`: of each port one that is established."""
        found = {port: flows[port].answers(LARGE) for port in ports}
        lab.check(found == {AFTER: True, BEFORE: False, OTHER: True}, "large ones of what is established: %s" % found)
        found = {port: flows[port].answers() for port in ports}
        lab.check(all(found.values()), "small ones of what is established: %s" % found)
        found = begin(LARGE)
        lab.check(found == {AFTER: False, BEFORE: False, OTHER: True}, "large ones that begin a flow: %s" % found)
        found = begin(4)
        lab.check(all(found.values()), "small ones that begin a flow: %s" % found)

    def established():
        flows = {port: flow(port) for port in ports}
        found = {port: one.answers() for port, one in flows.items()}
        lab.check(all(found.values()), "what begins: %s" % found)
        return flows
    found = begin(LARGE)
    lab.check(all(found.values()), "large ones without rules of ours: %s" % found)
    older = established()
    lab.check(all(one.answers(LARGE) for one in older.values()), "large ones of what is established")
    write(OWN[backend])
    house.sixgated.reload()
    lab.until("the rules are in force", lambda: not older[BEFORE].answers(LARGE), 10)
    as_written(older)
    as_written(established())

    house.server.renumber(OTHER_POOL, house.snooper)
    house.prefix = wait_delegated(lab, timeout=60, within=OTHER_POOL)
    wait_online(lab, house.prefix)
    flows = established()
    as_written(flows)
    # Without the rules, what they stopped goes on where it was.
    write("# nothing more\n")
    house.sixgated.reload()
    lab.until("nothing is stopped", lambda: flows[BEFORE].answers(LARGE), 10)
    found = begin(LARGE)
    lab.check(all(found.values()), "large ones without rules of ours: %s" % found)
    final_checks(lab)


@limit(90)
def test_user_rules_in_order_nft(lab):
    """nft: two chains, at work before and after a renumbering."""
    in_order(lab, "nft")


@limit(90)
def test_user_rules_in_order_ip6tables(lab):
    """ip6tables: the same."""
    in_order(lab, "ip6tables")


@limit(90)
def test_user_rules_in_order_ip6tables_legacy(lab):
    """The legacy ip6tables: the same."""
    in_order(lab, "ip6tables", LEGACY)
