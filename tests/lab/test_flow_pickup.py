# SPDX-License-Identifier: Apache-2.0
"""A connection of the inside outlives the router's memory of it (RFC 6092 REC-32), and one that was let in does not."""
import socket
import threading
import time

from lab import SERVER, limit, proves, require_tools
from scenario import final_checks, online, toml

PORT = 8095


class Transfer:
    """One side sends without end, with windows that need their scale (RFC 7323): who was asked or, `upload`, who asked."""

    def __init__(self, lab, server, host, target, port, upload=False):
        self.octets, self.error, self.ended = 0, None, False

        def listen():
            sock = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            sock.bind((target, port))
            sock.listen(1)
            return sock

        def connect():
            sock = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            sock.settimeout(5)
            sock.connect((target, port))
            return sock
        listener = server.call(listen)
        self.near = host.call(connect)
        self.far, _ = listener.accept()
        if upload:
            self.near, self.far = self.far, self.near
        lab.sockets += [listener, self.near, self.far]
        threading.Thread(target=self.send, daemon=True).start()
        threading.Thread(target=self.read, daemon=True).start()

    def send(self):
        try:
            while not self.ended:
                self.far.send(bytes(65536))
                time.sleep(0.001)
        except OSError as problem:
            self.error = self.error or problem

    def read(self):
        try:
            while not self.ended:
                got = self.near.recv(1 << 20)
                if not got:
                    return
                self.octets += len(got)
        except OSError as problem:
            self.error = self.error or problem

    def goes_on(self, lab, seconds=2):
        """More comes, and nobody has reset it."""
        return self.brings(lab, seconds, (1 << 20) + 1)

    def brings(self, lab, seconds, octets):
        """In that time, or whenever the one who sends gets his turn."""
        before = self.octets
        lab.pause(seconds)
        lab.until("more comes, or it has ended", lambda: self.error is not None or self.octets >= before + octets, 10)
        return self.error is None


def pickup(lab, backend):
    require_tools("conntrack", "nft" if backend == "nft" else "ip6tables-restore")
    hole = '[[pinhole]]\nlan = "lan0"\nhost = "%s"\nports = [%d]\n'
    lab.house()
    config = toml(top='[firewall]\nbackend = "%s"\n' % backend + hole % (lab.h1.mac("eth0"), PORT))
    house = online(lab, config=config)
    h1 = lab.h1.address_in(house.prefix)
    # What the inside sends finds its way again: only from outside the middle of a flow is none.
    own = Transfer(lab, lab.net, lab.h2, SERVER, PORT, upload=True)
    lab.until("the transfer is under way", lambda: own.octets > 8 << 20, 10)
    lab.cpe.run("conntrack", "-F", "-f", "ipv6", check=False)
    lab.row("6092-REC-32", own.goes_on(lab), "%d octets, %s" % (own.octets, own.error))

    # What came in through a door ends with it, though its host goes on to send.
    lab.until("h1's address is known", lambda: lab.net.tcp(h1, PORT, timeout=1) in ("open", "refused"), 20)
    inner = Transfer(lab, lab.h1, lab.net, h1, PORT)
    lab.until("the transfer is under way", lambda: inner.octets > 1 << 20, 10)
    house.sixgated.write(toml(top='[firewall]\nbackend = "%s"\n' % backend))
    house.sixgated.reload()
    lab.until("what came in has ended", lambda: inner.error is not None, 20)
    lab.check(own.goes_on(lab), "the inside's own flow ended with it: %s" % own.error)
    own.ended = inner.ended = True
    final_checks(lab)


@limit(120)
@proves("6092-REC-32")
def test_flows_go_on_without_the_table_nft(lab):
    """nft: `conntrack -F` in the middle of a transfer."""
    pickup(lab, "nft")


@limit(120)
@proves("6092-REC-32")
def test_flows_go_on_without_the_table_ip6tables(lab):
    """ip6tables: the same."""
    pickup(lab, "ip6tables")
