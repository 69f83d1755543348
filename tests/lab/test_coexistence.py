# SPDX-License-Identifier: Apache-2.0
"""Beside the rules of others: what ours let pass must pass theirs too, and what ours refuse nobody can let in."""
from lab import SERVER, limit, require_tools
from scenario import final_checks, online, toml

MARK = 0x10000000
# A table such as OpenWrt's fw4 or a hand-written /etc/nftables.conf: what it does not know is rejected.
CLOSED = """
table inet fw4 {
    chain input {
        type filter hook input priority filter; policy drop;
        iifname "lo" accept
        ct state established,related accept
        %(accept)s
        jump refuse
    }
    chain forward {
        type filter hook forward priority filter; policy drop;
        ct state established,related accept
        ct state invalid drop
        %(accept)s
        jump refuse
    }
    chain refuse {
        meta l4proto tcp reject with tcp reset
        reject with icmpx type port-unreachable
    }
}
"""


def nft(lab, rules):
    lab.cpe.run("nft", "-f", lab.file("others.nft", rules))


def configuration(lab, firewall=""):
    return toml(top='[firewall]\nbackend = "nft"\n%s[[pinhole]]\nlan = "lan0"\nhost = "%s"\nports = [8080]\n'
                % (firewall, lab.h1.mac("eth0")), each={"lan1": 'zone = "exposed"'})


def beside(lab, firewall=""):
    """A house with a door, and services everywhere."""
    require_tools("nft")
    lab.house()
    house = online(lab, config=configuration(lab, firewall))
    for role in ("h1", "h2", "h3"):
        lab.roles[role].serve(tcp=[8080, 8081], udp=[8082])
    lab.net.serve(tcp=[8090], udp=[8091])
    lab.until("h1's addresses are known", lambda: lab.net.tcp(lab.h1.address_in(house.prefix), 8080, timeout=1) == "open", 20)
    return house


def look(lab, house):
    """[(what, whether it is as it should be)]"""
    h1, h2, h3 = (lab.roles[role].address_in(house.prefix) for role in ("h1", "h2", "h3"))
    own = lab.cpe.address_in(house.prefix, "lan0")
    return [
        ("hosts open TCP", lab.h1.tcp(SERVER, 8090) == "open" and lab.h3.tcp(SERVER, 8090) == "open"),
        ("hosts use UDP", lab.h2.udp(SERVER, 8091) == "open"),
        ("hosts ping", lab.h1.ping(SERVER)),
        ("the door", lab.net.tcp(h1, 8080) == "open"),
        ("no other port", lab.net.tcp(h1, 8081, timeout=1) != "open"),
        ("no other host", lab.net.tcp(h2, 8080, timeout=1) != "open"),
        ("the exposed host", lab.net.tcp(h3, 8081) == "open" and lab.net.udp(h3, 8082) == "open"),
        ("ping from outside", lab.net.ping(h1)),
        ("ping of the router", lab.h1.ping(own)),
        ("LAN to LAN", lab.h1.tcp(h3, 8081) == "open"),
        ("not from exposed to protected", lab.h3.tcp(h1, 8080, timeout=1) != "open"),
    ]


def check(lab, house, when):
    wrong = [what for what, right in look(lab, house) if not right]
    lab.check(not wrong, "%s: %s" % (when, wrong))


@limit(150)
def test_beside_a_closed_table(lab):
    """A table like fw4's that rejects what it does not know: status says so; with accept_mark, and one rule there that
    never changes, everything is as without it, through a renewal and the other table's reload too."""
    house = beside(lab)
    check(lab, house, "alone")
    nft(lab, CLOSED % {"accept": ""})
    wrong = [what for what, right in look(lab, house) if not right]
    lab.check("the door" in wrong and "hosts open TCP" in wrong, "the other table refuses nothing: %s" % wrong)
    text = house.sixgated.cli_run("status").stdout
    lab.check('chain "inet fw4 forward" drops' in text and 'chain "inet fw4 input"' in text and "accept_mark" in text, text)
    # Without a restart: by a reload.
    house.sixgated.write(configuration(lab, "accept_mark = %d\n" % MARK))
    house.sixgated.reload()
    nft(lab, "delete table inet fw4\n" + CLOSED % {"accept": "meta mark & %#x == %#x accept" % (MARK, MARK)})
    lab.until("the mark is set", lambda: lab.net.tcp(lab.h1.address_in(house.prefix), 8080, timeout=1) == "open", 20)
    check(lab, house, "with the mark")
    lab.check("drops what none" not in house.sixgated.cli_run("status").stdout, house.sixgated.cli_run("status").stdout)
    # Neighbour Discovery and DHCPv6 to the router do not depend on the other table either.
    lab.cpe.ip("-6", "neigh", "flush", "dev", "lan0")
    lab.h1.ip("-6", "neigh", "flush", "dev", "eth0")
    check(lab, house, "with empty tables of neighbours")
    house.sixgated.kill()
    house.sixgated.start()
    check(lab, house, "after kill -9")
    final_checks(lab)


@limit(150)
def test_beside_dockers_chains(lab):
    """ip6tables with FORWARD's policy drop and chains before it, as Docker leaves them: the mark is accepted in
    DOCKER-USER."""
    require_tools("ip6tables")
    house = beside(lab, "accept_mark = %d\n" % MARK)
    for rule in ("-N DOCKER-USER", "-N DOCKER-FORWARD", "-A FORWARD -j DOCKER-USER", "-A FORWARD -j DOCKER-FORWARD",
                 "-A DOCKER-FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", "-P FORWARD DROP"):
        lab.cpe.run("ip6tables", *rule.split())
    lab.check(lab.net.tcp(lab.h1.address_in(house.prefix), 8080, timeout=1) != "open", "Docker's chains refuse nothing")
    lab.cpe.run("ip6tables", "-I", "DOCKER-USER", "-m", "mark", "--mark", "%#x/%#x" % (MARK, MARK), "-j", "ACCEPT")
    check(lab, house, "with the mark")
    final_checks(lab)


@limit(150)
def test_beside_dockers_chains_with_ip6tables(lab):
    """The backend ip6tables: our jump is the first of FORWARD, and what passes there has passed the table."""
    require_tools("ip6tables-restore")
    lab.house()
    house = online(lab, config=toml(each={"lan1": 'zone = "exposed"'}), sixgated={"extra": ["--firewall", "ip6tables"]})
    for rule in ("-N DOCKER-USER", "-A FORWARD -j DOCKER-USER", "-A DOCKER-USER -j DROP", "-P FORWARD DROP"):
        lab.cpe.run("ip6tables", *rule.split())
    lab.h3.serve(tcp=[8081])
    lab.net.serve(tcp=[8090])
    lab.check(lab.h1.tcp(SERVER, 8090) == "open", "h1 has no way out")
    lab.check(lab.net.tcp(lab.h3.address_in(house.prefix), 8081) == "open", "exposed h3 is shut")
    final_checks(lab)
