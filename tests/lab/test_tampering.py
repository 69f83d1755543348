# SPDX-License-Identifier: Apache-2.0
"""Somebody changes or deletes our rules in the kernel: it is seen, said, and put right, whatever the change was."""
import re
import signal

from lab import SERVER, limit, require_tools
from other_firewalls import LEGACY
from scenario import build, final_checks, online, toml, wait_delegated, wait_online
from peers import Sixgated
from test_firewall_life import UdpFlow


def told(house):
    """How often it was said that all is right again."""
    return house.sixgated.process.text().count(": they are back")


def each_is_undone(lab, house, ours, tamper, timeout):
    """`tamper`: what somebody does, by a name; `ours()`: the rules as they are."""
    before = ours()
    for name, change in tamper.items():
        said = told(house)
        change()
        lab.until("%s is undone" % name, lambda: ours() == before and told(house) > said, timeout)
    return before


# One for each kind of set that the kernel is to give back as it was given.
PINHOLES = """
[[pinhole]]
lan = "lan0"
host = "::77"
ports = [22, "8000-8010"]
[[pinhole]]
lan = "lan0"
host = "::77"
protocol = "udp"
ports = [53]
sources = ["2001:db8:9::/48"]
[[pinhole]]
lan = "lan1"
host = "::78"
protocol = "sctp"
"""


def test_nft_changes_are_undone(lab):
    """`nft flush ruleset`, the first line of Debian's nftables.conf, does not leave the house open; nor does less."""
    require_tools("nft")
    house = online(lab, config=toml(top='[firewall]\nbackend = "nft"\n') + PINHOLES)

    def nft(*words):
        return lambda: lab.cpe.run("nft", *words)

    def ours():
        # Words, for the elements of a set come in any order.
        text = lab.cpe.run("nft", "-s", "list", "table", "ip6", "sixgate", check=False).stdout
        return sorted(text.replace(",", " ").split())
    before = each_is_undone(lab, house, ours, {
        "a flush of all": nft("flush", "ruleset"),
        "a flush of our rules": nft("flush", "table", "ip6", "sixgate"),
        "another flush of all": nft("flush", "ruleset"),
        "a door": nft("insert rule ip6 sixgate forward accept"),
        "a LAN called exposed": nft("add element ip6 sixgate exposed { lan0 }"),
        "an emptied set": nft("flush set ip6 sixgate local64"),
        "a sleeping table": nft("add table ip6 sixgate { flags dormant; }"),
    }, 20)
    lab.check("from_wan" in before and '"lan0"' in before, "the rules of the start")
    # What is others' is none of our affair, and our own changes are no surprise.
    said = told(house)
    nft("add table inet other { chain c { type filter hook input priority 5; counter; }; }")()
    house.sixgated.reload()
    house.sixgated.write(toml(top='[firewall]\nbackend = "nft"\nlog = "refused"\n') + PINHOLES)
    house.sixgated.reload()
    lab.until("our own change is there", lambda: "log_refused" in "".join(ours()), 20)
    lab.check(told(house) == said, "put back without need")
    final_checks(lab)


def ip6tables_changes(lab, prefix, legacy, seconds):
    require_tools("ip6tables%s-save" % prefix)
    lab.house()
    house = build(lab)
    house.sixgated = Sixgated(lab, config=toml(top='[firewall]\nbackend = "ip6tables"\n'))
    house.sixgated.private = LEGACY if legacy else None
    house.sixgated.start()
    house.prefix = wait_delegated(lab)
    wait_online(lab, house.prefix)

    def tool(*words):
        return lambda: lab.cpe.run("ip6tables%s" % prefix, *words)

    def ours():
        text = lab.cpe.run("ip6tables%s-save" % prefix).stdout
        return sorted(re.sub(r"\[\d+:\d+\]", "", line) for line in text.splitlines() if "sixgate" in line)
    others = lab.file("rules.v6", "*filter\n-A FORWARD -i other0 -j ACCEPT\nCOMMIT\n")
    before = each_is_undone(lab, house, ours, {
        "a flush of all": tool("-F"),
        "a file of somebody's own": lambda: lab.cpe.run("ip6tables%s-restore" % prefix, others),
        "a jump that is gone": tool("-D", "FORWARD", "-j", "sixgate-forward"),
        "a door": tool("-I", "sixgate-forward", "-j", "ACCEPT"),
        "a rule that is another": tool("-R", "sixgate-invalid", "1", "-j", "ACCEPT"),
        "a flush of one chain": tool("-F", "sixgate-through"),
        "no more notrack": tool("-t", "raw", "-F", "sixgate-untracked"),
    }, seconds)
    lab.check(len(before) > 100, str(before))
    forward = [line for line in tool("-S", "FORWARD")().stdout.splitlines() if line.startswith("-A")]
    lab.check(forward == ["-A FORWARD -j sixgate-forward", "-A FORWARD -i other0 -j ACCEPT"], str(forward))
    # Somebody who wants to be first is, and status says so.
    tool("-I", "INPUT", "-p", "tcp", "--dport", "22", "-j", "ACCEPT")()
    def said():
        text = house.sixgated.cli_run("status").stdout
        return "rules of others come before ours" in text and "-A INPUT -p tcp" in text
    lab.until("status says so", said)
    final_checks(lab)


@limit(150)
def test_ip6tables_changes_are_undone(lab):
    ip6tables_changes(lab, "", False, 20)


@limit(200)
def test_ip6tables_legacy_changes_are_undone(lab):
    """Of these the kernel tells nobody: they are looked at every ten seconds."""
    ip6tables_changes(lab, "-legacy", True, 40)


def flows_of_a_gap(lab, backend, take_away, private=None):
    """While our rules are away somebody comes in; when they are back he is out again."""
    require_tools("nft" if backend == "nft" else "ip6tables-restore")
    house = online(lab, config=toml(top='[firewall]\nbackend = "%s"\n' % backend), sixgated={"private": private})
    h1 = lab.h1.address_in(house.prefix)
    lab.h1.serve(udp=[8081])
    lab.net.serve(udp=[8091])
    inside = UdpFlow(lab, lab.h1, SERVER, 8091)
    lab.check(inside.answers() and inside.answers() and not UdpFlow(lab, lab.net, h1, 8081).answers(), "not as it should be")
    # Others track connections, too: who comes in is known in the kernel.
    lab.cpe.run("nft", "-f", "-", stdin="table ip6 others { chain seen { type filter hook forward priority 10; ct state new counter; }; }")
    lab.pause(6)  # until its look at flows of an earlier run is over (OpenFlows::kPatience)
    house.sixgated.process.send(signal.SIGSTOP)
    lab.cpe.run(*take_away)
    flow = UdpFlow(lab, lab.net, h1, 8081)
    lab.check(flow.answers() and flow.answers(), "there was no gap")
    house.sixgated.process.send(signal.SIGCONT)
    lab.until("the rules are back", lambda: told(house), 40)
    lab.until("who came in meanwhile is out", lambda: not flow.answers(), 10)
    lab.check(not flow.answers(), "it came back")
    lab.check(inside.answers(), "a flow of the inside ended")
    house.sixgated.process.wait_log("open connections ended")
    final_checks(lab)


def test_flows_of_a_gap_end_nft(lab):
    """nft: what begins while our table is gone ends when it is back."""
    flows_of_a_gap(lab, "nft", ("nft", "delete", "table", "ip6", "sixgate"))


def test_flows_of_a_gap_end_ip6tables(lab):
    """ip6tables: the same."""
    flows_of_a_gap(lab, "ip6tables", ("ip6tables", "-F"))


@limit(120)
def test_flows_of_a_gap_end_legacy_ip6tables(lab):
    """ip6tables-legacy: the same."""
    flows_of_a_gap(lab, "ip6tables", ("ip6tables-legacy", "-F"), LEGACY)


def test_jump_position(lab):
    """A jump goes where it is wanted, and to the end where there are fewer rules."""
    require_tools("ip6tables-save")
    lab.house()
    for number in (1, 2):
        lab.cpe.run("ip6tables", "-A", "INPUT", "-p", "tcp", "--dport", str(number), "-j", "ACCEPT")
    online(lab, config=toml(top='[firewall]\nbackend = "ip6tables"\njump_position = 2\n'))

    def chain(name):
        return [line.split()[-1] for line in lab.cpe.run("ip6tables", "-S", name).stdout.splitlines()[1:]]
    lab.check(chain("INPUT") == ["ACCEPT", "sixgate-input", "ACCEPT"], str(chain("INPUT")))
    lab.check(chain("FORWARD") == ["sixgate-forward"], str(chain("FORWARD")))
    final_checks(lab)


def foreign_rule_that_drops_invalid(lab, backend):
    require_tools("nft", "ip6tables")
    lab.house()
    lab.cpe.run("nft", "-f", "-", stdin="table inet fw { chain input { type filter hook input priority -5; "
                "ct state invalid drop; }; chain forward { type filter hook forward priority -5; "
                "ct state vmap { invalid : drop, established : accept }; }; }\n")
    lab.cpe.run("ip6tables", "-A", "INPUT", "-m", "conntrack", "--ctstate", "INVALID", "-j", "DROP")
    house = online(lab, config=toml(top='[firewall]\nbackend = "%s"\n' % backend))
    def named():
        """It asks programs, which take their time."""
        problems = "\n".join(house.sixgated.status()["problems"])
        return problems.count("drops what conntrack calls invalid") == 3 and all(
            problems.count('"%s" drops what conntrack calls invalid' % chain) == 1
            for chain in ("inet fw input", "inet fw forward", "ip6 filter INPUT")) and problems
    problems = lab.until("status names three chains", named)
    lab.check("ip6 sixgate" not in problems, problems)
    lab.cpe.ip("-6", "neigh", "flush", "dev", "lan0")
    lab.h1.wait_ping(lab.cpe.wait_address(house.prefix, "lan0"))
    final_checks(lab)


def test_foreign_rule_that_drops_invalid_nft(lab):
    """It is named, and Neighbour Discovery and DHCPv6 pass it all the same."""
    foreign_rule_that_drops_invalid(lab, "nft")


def test_foreign_rule_that_drops_invalid_ip6tables(lab):
    """The same, and once, though ip6tables and nft both show it."""
    foreign_rule_that_drops_invalid(lab, "ip6tables")
