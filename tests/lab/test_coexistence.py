# SPDX-License-Identifier: Apache-2.0
"""Beside the rules of others: what ours let pass must pass theirs too, and what ours refuse nobody can let in."""
import concurrent.futures

from dhcp_clients import Dhclient
from lab import SERVER, limit, require_tools
from other_firewalls import LEGACY, Dockerd, Firewalld, Ufw
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


ACCEPTED = ("-m", "mark", "--mark", "%#x/%#x" % (MARK, MARK), "-j", "ACCEPT")


def nft(lab, rules):
    lab.cpe.run("nft", "-f", lab.file("others.nft", rules))


def configuration(lab, mark=0, backend="nft", include=""):
    return toml(top='[firewall]\nbackend = "%s"\n%s%s[[pinhole]]\nlan = "lan0"\nhost = "%s"\nports = [8080]\n' % (
        backend, "accept_mark = %d\n" % mark if mark else "", 'include_nft = "%s"\n' % include if include else "", lab.h1.mac("eth0")), each={"lan1": 'zone = "exposed"'})


def serve(lab):
    for role in ("h1", "h2", "h3"):
        lab.roles[role].serve(tcp=[8080, 8081], udp=[8082])
    lab.net.serve(tcp=[8090], udp=[8091])
    lab.cpe.serve(tcp=[8070])


def known(lab, house):
    lab.until("h1's addresses are known", lambda: lab.net.tcp(lab.h1.address_in(house.prefix), 8080, timeout=1) == "open", 20)


def beside(lab, mark=0, backend="nft", private=None):
    """A house with a door, and services everywhere; `private` is sixgated's, as Namespace.command has it."""
    require_tools("nft", "ip6tables")
    if not lab.roles:
        lab.house()
    house = online(lab, config=configuration(lab, mark, backend), sixgated={"private": private})
    serve(lab)
    known(lab, house)
    return house


def marked(lab, house):
    """The house sets the mark from now on, without a restart."""
    house.sixgated.write(configuration(lab, MARK))
    house.sixgated.reload()
    lab.until("the mark is set", lambda: "meta mark set" in lab.cpe.run("nft", "list", "table", "ip6", "sixgate").stdout, 10)


def jumps_first(lab, program="ip6tables"):
    """Whether ours is the first rule wherever ip6tables is to jump to us."""
    def first(table, chain):
        rules = lab.cpe.run(program, "-t", table, "-S", chain).stdout.splitlines()
        return next((rule for rule in rules if rule.startswith("-A")), "")
    return all("-j sixgate-" in first(*where) for where in (
        ("filter", "INPUT"), ("filter", "FORWARD"), ("filter", "OUTPUT"), ("mangle", "FORWARD"), ("raw", "PREROUTING"), ("raw", "OUTPUT")))


def wait_said(lab, house, *chains):
    """Status names them: what it says of other tables is asked for by a program, which takes its time on a busy machine."""
    lab.until("status names " + ", ".join(chains), lambda: all(
        'chain "%s" drops' % chain in house.sixgated.cli_run("status").stdout for chain in chains))


def look(lab, house):
    """[(what, whether it is as it should be)]; asked all at once, for what is refused in silence takes its time."""
    h1, h2, h3 = (lab.roles[role].address_in(house.prefix) for role in ("h1", "h2", "h3"))
    own = lab.cpe.wait_address(house.prefix, "lan0")
    questions = [
        ("hosts open TCP", lambda: lab.h1.tcp(SERVER, 8090) == "open" and lab.h3.tcp(SERVER, 8090) == "open"),
        ("hosts use UDP", lambda: lab.h2.udp(SERVER, 8091) == "open"),
        ("hosts ping", lambda: lab.h1.ping(SERVER)),
        ("the door", lambda: lab.net.tcp(h1, 8080) == "open"),
        ("no other port", lambda: lab.net.tcp(h1, 8081, timeout=1) != "open"),
        ("no other host", lambda: lab.net.tcp(h2, 8080, timeout=1) != "open"),
        ("the exposed host", lambda: lab.net.tcp(h3, 8081) == "open" and lab.net.udp(h3, 8082) == "open"),
        ("ping from outside", lambda: lab.net.ping(h1)),
        ("ping of the router", lambda: lab.h1.ping(own)),
        ("the router's services", lambda: lab.h1.tcp(own, 8070) == "open"),
        ("for those inside", lambda: lab.net.tcp(own, 8070, timeout=1) != "open"),
        ("LAN to LAN", lambda: lab.h1.tcp(h3, 8081) == "open"),
        ("not from exposed to protected", lambda: lab.h3.tcp(h1, 8080, timeout=1) != "open"),
    ]
    with concurrent.futures.ThreadPoolExecutor(len(questions)) as pool:
        answers = list(pool.map(lambda one: one[1](), questions))
    return [(what, right) for (what, _), right in zip(questions, answers)]


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
    wait_said(lab, house, "inet fw4 forward", "inet fw4 input")
    lab.until("status says what helps", lambda: "accept_mark" in house.sixgated.cli_run("status").stdout)
    marked(lab, house)
    nft(lab, "delete table inet fw4\n" + CLOSED % {"accept": "meta mark & %#x == %#x accept" % (MARK, MARK)})
    check(lab, house, "with the mark")
    # What rules of one's own let in bears it, too, and nothing else does.
    lab.check(lab.net.udp(lab.h1.address_in(house.prefix), 8082, timeout=0.5) != "open", "open before there is a rule")
    own = lab.file("own.nft", 'chain user_forward { iifname "wan0" udp dport 8082 accept; }\n')
    house.sixgated.write(configuration(lab, MARK, include=own))
    house.sixgated.reload()
    lab.until("the rule of one's own is good", lambda: lab.net.udp(lab.h1.address_in(house.prefix), 8082) == "open", 10)
    check(lab, house, "with a rule of one's own")
    lab.check("drops what none" not in house.sixgated.cli_run("status").stdout, house.sixgated.cli_run("status").stdout)
    # Neighbour Discovery and DHCPv6 to the router do not depend on the other table either.
    lab.cpe.ip("-6", "neigh", "flush", "dev", "lan0")
    lab.h1.ip("-6", "neigh", "flush", "dev", "eth0")
    check(lab, house, "with empty tables of neighbours")
    house.sixgated.kill()
    house.sixgated.start()
    check(lab, house, "after kill -9")
    final_checks(lab)


def beside_ufw(lab, backend, legacy=False):
    """ufw as it comes, which drops what it does not know, through its reload and its end; and ours killed."""
    def ours_first():
        return backend == "nft" or jumps_first(lab, "ip6tables-legacy" if legacy else "ip6tables")
    lab.house()
    ufw = Ufw(lab, lab.cpe, legacy)
    # They share the lock of legacy ip6tables, which is in /run.
    house = beside(lab, backend=backend, private={**LEGACY, "/run": ufw.private["/run"]} if legacy else None)
    ufw("--force", "enable")
    if backend == "nft":
        wrong = [what for what, right in look(lab, house) if not right]
        lab.check({"the door", "hosts open TCP", "the router's services"} <= set(wrong), "ufw refuses nothing: %s" % wrong)
        wait_said(lab, house, "ip6 filter FORWARD", "ip6 filter INPUT")
        marked(lab, house)
        ufw.first("-A ufw6-before-input " + " ".join(ACCEPTED), "-A ufw6-before-forward " + " ".join(ACCEPTED))
        ufw("reload")
    check(lab, house, "enabled")
    # To the router's DHCPv6 server, too, which ufw knows nothing of.
    client = Dhclient(lab, lab.h2, ask=["-S"]).start()
    lab.until("h2 is told the resolvers by DHCPv6", lambda: client.settings().get("new_dhcp6_name_servers"), 20)
    for what in ("disable", "enable") if backend == "nft" else ("reload", "disable", "enable"):
        ufw("--force", what)
        lab.check(ours_first(), "after ufw %s our jumps are not the first" % what)
        check(lab, house, "after ufw " + what)
    house.sixgated.kill()
    house.sixgated.start()
    lab.check(ours_first(), "after kill -9 our jumps are not the first")
    check(lab, house, "after kill -9")
    lab.check("drops what none" not in house.sixgated.cli_run("status").stdout, house.sixgated.cli_run("status").stdout)
    final_checks(lab)


@limit(300)
def test_beside_ufw(lab):
    """nft and ufw: two rules in before6.rules accept the mark."""
    beside_ufw(lab, "nft")


@limit(300)
def test_beside_ufw_with_ip6tables(lab):
    """ip6tables and ufw: one table, ours first, and nothing has to be done."""
    beside_ufw(lab, "ip6tables")


@limit(300)
def test_beside_ufw_with_legacy_ip6tables(lab):
    """The same where both use legacy ip6tables, which nftables knows nothing of."""
    beside_ufw(lab, "ip6tables", legacy=True)


# IPv6 of the zones whose interfaces are sixgate's is left to sixgate; IPv4 stays firewalld's.
POLICIES = {"sixgate-forward": ("external", "internal"), "sixgate-input": ("HOST",)}


def beside_firewalld(lab, backend):
    """firewalld with a zone for each side: it refuses what it does not know until two policies leave IPv6 to us. When it
    starts, reloads or ends it empties ip6tables, and ours are put back."""
    house = beside(lab, backend=backend)

    def ours_again(when):
        lab.until("%s our jumps are the first" % when, lambda: backend == "nft" or jumps_first(lab), 15)
    firewalld = Firewalld(lab, lab.cpe).start()
    for zone, interface in (("external", "wan0"), ("internal", "lan0"), ("internal", "lan1")):
        firewalld.command("--permanent", "--zone=" + zone, "--change-interface=" + interface)
    firewalld.command("--reload")
    ours_again("beside firewalld")
    wrong = [what for what, right in look(lab, house) if not right]
    lab.check({"the door", "hosts open TCP", "the router's services"} <= set(wrong), "firewalld refuses nothing: %s" % wrong)
    lab.check(not {"no other port", "no other host", "for those inside", "not from exposed to protected"} & set(wrong),
              "open beside firewalld: %s" % wrong)
    wait_said(lab, house, "inet firewalld filter_FORWARD", "inet firewalld filter_INPUT")
    for name, targets in POLICIES.items():
        firewalld.command("--permanent", "--new-policy=" + name)
        firewalld.command("--permanent", "--policy=" + name, "--add-ingress-zone=external", "--add-ingress-zone=internal")
        firewalld.command("--permanent", "--policy=" + name, *["--add-egress-zone=" + zone for zone in targets])
        firewalld.command("--permanent", "--policy=" + name, '--add-rich-rule=rule family="ipv6" source address="::/0" accept')
    for what in ("--reload", "--complete-reload"):
        firewalld.command(what)
        ours_again("after firewall-cmd " + what)
        check(lab, house, "after firewall-cmd " + what)
    client = Dhclient(lab, lab.h2, ask=["-S"]).start()
    lab.until("h2 is told the resolvers by DHCPv6", lambda: client.settings().get("new_dhcp6_name_servers"), 20)
    firewalld.stop()
    ours_again("without firewalld")
    check(lab, house, "without firewalld")
    final_checks(lab)


@limit(300)
def test_beside_firewalld(lab):
    """nft and firewalld."""
    beside_firewalld(lab, "nft")


@limit(300)
def test_beside_firewalld_with_ip6tables(lab):
    """ip6tables and firewalld."""
    beside_firewalld(lab, "ip6tables")


@limit(240)
def test_beside_docker(lab):
    """dockerd with IPv6, which forbids forwarding what is not its own: the mark is accepted at the top of FORWARD, and
    stays so when dockerd starts again."""
    house = beside(lab)
    docker = Dockerd(lab, lab.cpe).start()
    wrong = [what for what, right in look(lab, house) if not right]
    lab.check({"the door", "hosts open TCP"} <= set(wrong), "Docker refuses nothing: %s" % wrong)
    wait_said(lab, house, "ip6 filter FORWARD")
    marked(lab, house)
    lab.cpe.run("ip6tables", "-I", "FORWARD", *ACCEPTED)
    check(lab, house, "with the mark")
    docker.stop()
    docker.start()
    check(lab, house, "after Docker's restart")
    final_checks(lab)


@limit(240)
def test_beside_docker_with_ip6tables(lab):
    """The backend ip6tables beside dockerd, which was there before: our jump is the first of FORWARD, and what passes there
    has passed the table; Docker's restart puts its own before it, which speak of its bridge alone."""
    lab.house()
    docker = Dockerd(lab, lab.cpe).start()
    house = online(lab, config=configuration(lab, backend="ip6tables"))
    serve(lab)
    known(lab, house)
    lab.check(jumps_first(lab), "our jumps are not the first")
    check(lab, house, "beside Docker")
    docker.stop()
    docker.start()
    check(lab, house, "after Docker's restart")
    final_checks(lab)
