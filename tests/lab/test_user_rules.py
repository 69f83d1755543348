# SPDX-License-Identifier: Apache-2.0
"""Rules of the person's own between ours: they open and shut, survive renumbering, and what is wrong with them harms nobody."""
import os

from lab import OTHER_POOL, SERVER, limit, require_tools
from other_firewalls import LEGACY
from scenario import final_checks, online, toml, wait_delegated, wait_online
from test_flow_pickup import Transfer

OWN = {
    "nft": {"open": "chain user_forward {\n    tcp dport 8080 accept\n}\nchain user_input {\n    tcp dport 8022 accept\n}\n",
            "shut": "chain user_before_established {\n    ip6 daddr %s drop\n}\n" % SERVER,
            "wrong": "chain user_forward {\n    tcp dport nonsense accept\n}\n", "says": "line 2"},
    "ip6tables": {"open": "# mine\n-A sixgate-user-forward -p tcp --dport 8080 -j ACCEPT\n"
                          "-A sixgate-user-input -p tcp --dport 8022 -j ACCEPT\n",
                  "shut": "-A sixgate-user-before -d %s -j DROP\n" % SERVER,
                  "wrong": "\n-A FORWARD -j ACCEPT\n", "says": "line 2"},
}


def own_rules(lab, backend):
    require_tools("nft" if backend == "nft" else "ip6tables-restore")
    rules, path = OWN[backend], os.path.join(lab.directory, "own.rules")

    def write(text):
        with open(path, "w") as file:
            file.write(text)
        os.chmod(path, 0o644)
    write(rules["open"])
    house = online(lab, config=toml(top='[firewall]\nbackend = "%s"\ninclude_%s = "%s"\n' % (backend, backend, path)),
                   server_options={"renew": 6, "rebind": 9, "preferred": 60, "valid": 120})
    lab.h1.serve(tcp=[8080, 8081])
    lab.net.serve(tcp=[8090])
    lab.cpe.serve(tcp=[8022, 8023])

    def open_as_written(prefix):
        h1, router = lab.h1.address_in(prefix), lab.cpe.wait_address("2001:db8:0:1::/64", "wan0")
        lab.check(lab.net.tcp(h1, 8080) == "open", "what the own rule opens is shut")
        lab.check(lab.net.tcp(h1, 8081, timeout=1) != "open", "another port is open")
        lab.check(lab.net.tcp(router, 8022) == "open", "what the own rule opens of the router is shut")
        lab.check(lab.net.tcp(router, 8023, timeout=1) != "open", "another port of the router is open")
    open_as_written(house.prefix)
    house.server.renumber(OTHER_POOL, house.snooper)
    house.prefix = wait_delegated(lab, timeout=60, within=OTHER_POOL)
    wait_online(lab, house.prefix)
    open_as_written(house.prefix)

    # What is wrong keeps what there was, and is named.
    write(rules["wrong"])
    house.sixgated.reload()
    lab.until("it is said", lambda: "rules of your own" in house.sixgated.cli_run("status").stdout, 10)
    text = house.sixgated.cli_run("status").stdout
    lab.check(path in text and rules["says"] in text, text)
    open_as_written(house.prefix)
    # Also from the start: then without them.
    house.sixgated.terminate()
    house.sixgated.start()
    lab.until("the house is online", lambda: lab.h1.tcp(SERVER, 8090) == "open", 20)
    lab.check(lab.net.tcp(lab.h1.address_in(house.prefix), 8080, timeout=1) != "open", "open without a good rule")

    write(rules["shut"])
    house.sixgated.reload()
    lab.until("the server is out of reach", lambda: lab.h1.tcp(SERVER, 8090, timeout=1) != "open", 10)
    lab.check("rules of your own" not in house.sixgated.cli_run("status").stdout, house.sixgated.cli_run("status").stdout)
    shown = house.sixgated.cli_run("firewall", "print").stdout
    lab.check(SERVER in shown, shown[-500:])
    os.remove(path)
    house.sixgated.reload()
    lab.until("a file that is gone is said", lambda: path in house.sixgated.cli_run("status").stdout, 10)
    lab.check(lab.h1.tcp(SERVER, 8090, timeout=1) != "open", "rules that were good went with the file")
    house.sixgated.write(toml(top='[firewall]\nbackend = "%s"\n' % backend))
    house.sixgated.reload()
    lab.until("without them h1 has the server again", lambda: lab.h1.tcp(SERVER, 8090, timeout=1) == "open", 10)
    final_checks(lab)


@limit(200)
def test_rules_of_your_own_nft(lab):
    """nft: a file with chains of the table."""
    own_rules(lab, "nft")


@limit(200)
def test_rules_of_your_own_ip6tables(lab):
    """ip6tables: a file with lines for our chains."""
    own_rules(lab, "ip6tables")


def flows_of_own_rules(lab, backend, private=None):
    """What a rule of the person's own let in goes on while ours get narrower, and when we are killed; what a pinhole of
    ours let in ends with it."""
    require_tools("conntrack", "nft" if backend == "nft" else "ip6tables-restore")
    path = os.path.join(lab.directory, "own.rules")
    with open(path, "w") as file:
        file.write(OWN[backend]["open"])
    os.chmod(path, 0o644)
    lab.house()
    without = toml(top='[firewall]\nbackend = "%s"\ninclude_%s = "%s"\n' % (backend, backend, path))
    house = online(lab, config=without + '\n[[pinhole]]\nlan = "lan0"\nhost = "%s"\nports = [8082]\n' % lab.h1.mac("eth0"),
                   sixgated={"private": private})
    h1 = lab.h1.address_in(house.prefix)
    own = Transfer(lab, lab.h1, lab.net, h1, 8080)
    door = Transfer(lab, lab.h1, lab.net, h1, 8082)
    lab.check(own.goes_on(lab) and door.goes_on(lab), "they do not begin")
    house.sixgated.write(without)
    house.sixgated.reload()
    lab.until("the pinhole's connection has ended", lambda: not door.goes_on(lab, 0.5), 10)
    lab.check(own.goes_on(lab), "what an own rule lets in ended with a pinhole: %s" % own.error)
    house.sixgated.kill()
    house.sixgated.start()
    wait_online(lab, house.prefix)
    lab.check(own.goes_on(lab, 7), "what an own rule lets in ended with a start: %s" % own.error)
    own.ended = True
    final_checks(lab)


@limit(150)
def test_flows_of_rules_of_your_own_nft(lab):
    """nft: nobody ends what a rule of one's own let in."""
    flows_of_own_rules(lab, "nft")


@limit(150)
def test_flows_of_rules_of_your_own_ip6tables(lab):
    """ip6tables: the same."""
    flows_of_own_rules(lab, "ip6tables")


@limit(150)
def test_flows_of_rules_of_your_own_ip6tables_legacy(lab):
    """ip6tables-legacy-restore: the same."""
    flows_of_own_rules(lab, "ip6tables", LEGACY)
