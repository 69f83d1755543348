# SPDX-License-Identifier: Apache-2.0
"""What the ISP's server tells beyond addresses: in status, and in the hands of a hook script, as odhcp6c gives it."""
import ipaddress
import os

from lab import CORE, OTHER_POOL, POOL, SERVER, proves
from scenario import final_checks, online, toml, wait_online
from wire import inside


def name(text):
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".")) + b"\0"


NTP = ipaddress.IPv6Address("2001:db8:ffff::123")
DNR = b"\x00\x05" + len(name("dot.example.net")).to_bytes(2, "big") + name("dot.example.net")
OPTIONS = [
    ("domain-search", "isp.example.net, home.example.net"),
    (56, (b"\x00\x01\x00\x10" + NTP.packed).hex()),
    ("sntp-servers", "2001:db8:ffff::124"),
    ("sip-server-addr", "2001:db8:ffff::5060"),
    ("sip-server-dns", "sip.example.net"),
    ("aftr-name", "aftr.example.net"),
    ("v6-captive-portal", "https://portal.example.net/api?a=1&b=2"),
    (144, DNR.hex()),
    ("bootfile-url", "tftp://[2001:db8:ffff::1]/boot"),
]
# Every call leaves its environment in a file of its own; the last line of `calls` is the newest.
SCRIPT = """#!/bin/sh
number=$(($(wc -l < %(directory)s/calls) + 1))
env > %(directory)s/$number.env
ls -l /proc/self/fd > %(directory)s/$number.fds
echo "$# $1 $2" >> %(directory)s/calls
echo "called for $2"
[ -e %(directory)s/hang ] && sleep 4711
exit 0
"""
OWN = {"PATH", "LC_ALL", "PWD", "SHLVL", "_", "SIXGATE_UPLINK", "SERVER", "RDNSS", "DOMAINS", "SNTP_IP", "NTP_IP",
       "NTP_FQDN", "SIP_IP", "SIP_DOMAIN", "AFTR", "CAPTIVE_PORTAL_URI", "OPTION_1", "OPTION_2", "OPTION_59",
       "OPTION_144", "PREFIXES", "ADDRESSES", "RA_ADDRESSES", "RA_ROUTES", "RA_DNS", "RA_DOMAINS", "RA_HOPLIMIT",
       "RA_MTU", "RA_REACHABLE", "RA_RETRANSMIT", "PASSTHRU"}


class Script:
    def __init__(self, lab):
        self.lab, self.directory = lab, lab.fresh_directory("hook")
        self.path = lab.file("hook.sh", SCRIPT % {"directory": self.directory}, mode=0o755)
        open(os.path.join(self.directory, "calls"), "w").close()

    def calls(self):
        with open(os.path.join(self.directory, "calls")) as file:
            return [line.split() for line in file]

    def environment(self, number):
        with open(os.path.join(self.directory, "%d.env" % number)) as file:
            return dict(line.rstrip("\n").split("=", 1) for line in file)

    def wait(self, actions, after=0, timeout=30.0, match=lambda variables: True):
        """The environment of the first call for one of these actions, and its number."""
        def found():
            for number, (_, _, action) in enumerate(self.calls(), 1):
                if number > after and action in actions and match(self.environment(number)):
                    return number, self.environment(number)
            return None
        return self.lab.until("the script is called for %s" % " or ".join(actions), found, timeout)

    def hang(self, on):
        path = os.path.join(self.directory, "hang")
        if on:
            open(path, "w").close()
        else:
            os.unlink(path)


def prefixes(variables):
    """prefix -> [preferred, valid, t1, t2]"""
    return {word.split(",")[0]: [int(one) for one in word.split(",")[1:5]]
            for word in variables.get("PREFIXES", "").split()}


def sleepers():
    """Children of the script that outlived it."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/cmdline" % pid, "rb") as file:
                if file.read() == b"sleep\x004711\x00":
                    found.append(pid)
        except OSError:
            pass
    return found


@proves("7084-TR-DLW-1")
def test_hook_script_of_odhcp6c(lab):
    """bound, updated, a hanging script, a renumbering, stopped: the variables are those of Kea's configuration."""
    lab.house()
    script = Script(lab)
    config = toml(top='hook = "%s"\nhook_timeout = 2\n' % script.path,
                  uplink='request_address = "always"\nrequest_options = ["aftr", "bootfile-url"]\n')
    house = online(lab, config=config, server_options={
        "renew": 4, "rebind": 7, "preferred": 60, "valid": 120, "options": OPTIONS})
    number, told = script.wait(["bound"])
    calls = script.calls()
    lab.check(calls[0] == ["2", "wan0", "started"], "the first call: %s" % calls[0])
    lab.check([one[2] for one in calls].count("bound") == 1, "calls: %s" % calls)
    expected = {
        "SIXGATE_UPLINK": "wan0", "SERVER": lab.isp.link_local("isp0"), "RDNSS": CORE,
        "DOMAINS": "isp.example.net home.example.net", "NTP_IP": str(NTP), "NTP_FQDN": "",
        "SNTP_IP": "2001:db8:ffff::124", "SIP_IP": "2001:db8:ffff::5060", "SIP_DOMAIN": "sip.example.net",
        "AFTR": "aftr.example.net", "CAPTIVE_PORTAL_URI": "https://portal.example.net/api?a=1&b=2",
        "OPTION_59": b"tftp://[2001:db8:ffff::1]/boot".hex(), "OPTION_144": DNR.hex()}
    for key, value in expected.items():
        lab.check(told.get(key) == value, "%s is %r, not %r" % (key, told.get(key), value))
    asked = lab.wan.dhcp("Solicit")[0].requested
    lab.row("7084-TR-DLW-1", 64 in asked and told["AFTR"] == "aftr.example.net",
            "asked for %s, told %s" % (asked, told["AFTR"]))
    lab.check(set(told) <= OWN, "strange variables: %s" % sorted(set(told) - OWN))
    # Each of the server's options that is for hosts, as it came; none of those about this router alone.
    for part in (OPTIONS[1][1], DNR.hex(), ipaddress.IPv6Address(CORE).packed.hex()):
        lab.check(part in told["PASSTHRU"], "PASSTHRU lacks %s: %s" % (part, told["PASSTHRU"]))
    lab.check(name("aftr.example.net").hex() not in told["PASSTHRU"], "AFTR in PASSTHRU")
    times = prefixes(told).get(house.prefix)
    lab.check(times and inside(house.prefix.split("/")[0], POOL), "PREFIXES: %s" % told["PREFIXES"])
    for value, most in zip(times, (60, 120, 4, 7)):
        lab.check(most - 3 <= value <= most, "lifetimes %s of PREFIXES=%s" % (times, told["PREFIXES"]))
    lease = told["ADDRESSES"].split(",")
    lab.check(lease[0].endswith("/128") and any(one["local"] + "/128" == lease[0] for one in lab.cpe.addresses("wan0")),
              "ADDRESSES: %s" % told["ADDRESSES"])
    with open(os.path.join(script.directory, "%d.fds" % number)) as file:
        inherited = [line.split(" -> ")[1].strip() for line in file if " -> " in line]
    lab.check(inherited[0] == "/dev/null" and len(inherited) <= 4
              and not any("socket" in one for one in inherited), "descriptors: %s" % inherited)

    services = house.sixgated.status()["uplinks"][0]["services"]
    lab.check(services["ntp"] == [str(NTP)] and services["sntp"] == ["2001:db8:ffff::124"]
              and services["aftr"] == "aftr.example.net" and services["encrypted_dns"][0]["name"] == "dot.example.net"
              and services["captive_portal"] == expected["CAPTIVE_PORTAL_URI"]
              and services["options"] == [{"code": 59, "name": "bootfile-url", "hex": expected["OPTION_59"]}],
              "status: %s" % services)
    house.sixgated.process.wait_log("hook bound: called for bound")

    number, renewed = script.wait(["updated"], after=number)
    lab.check(prefixes(renewed)[house.prefix][2] >= 1, "renewed: %s" % renewed["PREFIXES"])

    script.hang(True)
    hung, _ = script.wait(["updated"], after=number)
    lab.roles["h1"].ping(SERVER, check=True)
    house.sixgated.process.wait_log("hook.sh: did not end in time; IPv6 goes on without it", 10)
    lab.until("nothing is left of the script that hung", lambda: not sleepers(), 5)
    script.hang(False)
    script.wait(["updated", "rebound"], after=hung)

    number = len(script.calls())
    old = house.prefix
    house.server.renumber(OTHER_POOL, house.snooper)

    def renumbered(variables):
        return any(times[1] and inside(prefix.split("/")[0], OTHER_POOL) for prefix, times in prefixes(variables).items())
    number, told = script.wait(["rebound", "updated"], after=number, timeout=30, match=renumbered)
    lab.check(script.calls()[number - 1][2] == "rebound", "another server: %s" % script.calls()[number - 1])
    lab.check(prefixes(told).get(old, [0, 0])[1] == 0, "PREFIXES: %s" % told["PREFIXES"])
    new = next(prefix for prefix, times in prefixes(told).items() if times[1])
    wait_online(lab, new)

    house.sixgated.process.stop()
    calls = script.calls()
    lab.check(calls[-1] == ["2", "wan0", "stopped"], "calls at the end: %s" % calls[-3:])
    last = script.environment(len(calls))
    lab.check("PREFIXES" not in last and last["RDNSS"] == "", "stopped: %s" % last)
    final_checks(lab)


def test_hook_script_that_is_missing(lab):
    """It is said once, and IPv6 comes and stays."""
    config = toml(top='hook = "/nonexistent/hook"\n')
    house = online(lab, config=config, server_options={"renew": 2, "rebind": 60, "preferred": 90, "valid": 120})
    lab.wan.wait_dhcp("Renew")
    lab.until("three Renews", lambda: len(lab.wan.dhcp("Renew")) >= 3, 15)
    said = house.sixgated.process.text().count("/nonexistent/hook: no such program; IPv6 goes on without it")
    lab.check(said == 1, "said %d times" % said)
    lab.roles["h1"].ping(SERVER, check=True)
    final_checks(lab)
