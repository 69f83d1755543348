# SPDX-License-Identifier: Apache-2.0
"""What is refused is logged, and a flood of it fills no disk. The kernel's log is of its first namespace: what the rule
before it lets through is counted."""
import time

from firewall_house import H1, H3, NET, WAN, Rules, each_backend, tcp_to, udp_to
from wire import inject, ipv6

RATE = 5


def saved(lab, house):
    program = "ip6tables-legacy-save" if house.backend == "ip6tables-legacy" else "ip6tables-save"
    return lab.cpe.run(program, "-c").stdout


def logged(lab, house):
    """Packets that came to the log."""
    if house.backend == "nft":
        words = lab.cpe.run("nft", "list", "counter", "ip6", "sixgate", "logged").stdout.split()
        return int(words[words.index("packets") + 1])
    line = [one for one in saved(lab, house).splitlines() if "-A sixgate-logged " in one][0]
    return int(line[1:].split(":")[0])


@each_backend
def check_log(lab, house):
    """Without `log` no rule logs; with it what is refused is, at most so many a second, and nothing that passes."""
    def text():
        return lab.cpe.run("nft", "list", "table", "ip6", "sixgate").stdout if house.backend == "nft" \
            else saved(lab, house)

    def flood(destination, content, count):
        for _ in range(count):
            proto, octets = content(NET, destination, house.token())
            inject(lab.isp, "isp0", ipv6(NET, destination, proto, octets, 64), house.gates["isp"][1])
    rules = Rules()
    house.apply(rules)
    lab.check("jump log_refused" not in text() and "-j sixgate-log " not in text() + " ", text())
    rules.text = rules.text.replace("provisioned", "log %d\nprovisioned" % RATE)
    house.apply(rules)
    lab.check('sixgate refused: ' in text(), text())
    flood(H3, udp_to(5000), 20)  # an exposed host: let in
    lab.pause(0.2)
    lab.check(logged(lab, house) == 0, "what passes is logged")
    began = time.monotonic()
    flood(H1, udp_to(5000), 100)
    flood(H1, tcp_to(22), 100)
    flood(WAN, tcp_to(22), 100)
    lab.pause(0.2)
    count, most = logged(lab, house), RATE + RATE * (time.monotonic() - began) + 1
    lab.check(RATE <= count <= most, "%d packets logged, at most %d are to be" % (count, most))
    lab.until("later ones are logged again", lambda: flood(WAN, tcp_to(23), 1) or logged(lab, house) > count, 5)
    # A change of something else goes on with it.
    rules.text = rules.text.replace("log %d" % RATE, "local lan0 fd00:77::/64\nlog %d" % RATE)
    before = logged(lab, house)
    house.apply(rules)
    lab.check(logged(lab, house) >= before and "sixgate refused: " in text(), text())
