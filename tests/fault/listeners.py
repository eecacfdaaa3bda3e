"""listeners.py DIR: servers that answer a login in ways of their own, each on a port.

DIR/ports has a line "KIND PORT" each, once all listen.  What a client sends to KIND goes to
DIR/KIND.sent, in the order it came; what it sends after it was asked for a way to log in that
shows the password, to DIR/KIND.after, too, and to DIR/KIND.reply after one that does not.
Ends when its standard input does.
"""

import os
import socket
import ssl
import struct
import sys
import threading
import time

TLS, CHOOSE, SECURE, PROTOCOL_41 = 1 << 11, 1 << 19, 1 << 15, 1 << 9
ALL = 1 | 1 << 2 | PROTOCOL_41 | 1 << 13 | SECURE | CHOOSE | 1 << 21
SCRAMBLE = b"abcdefghijklmnopqrst"
MODEST = [b"mysql_native_password", b"caching_sha2_password", b"sha256_password"]
REFUSED = b"\xff" + struct.pack("<H", 1045) + b"#28000no"


def greeting(can=ALL, plugin=b"mysql_native_password"):
    return (
        b"\x0a9.0.0\0" + struct.pack("<I", 7) + SCRAMBLE[:8] + b"\0"
        + struct.pack("<H", can & 0xFFFF) + b"\x2d\x02\0" + struct.pack("<H", can >> 16)
        + b"\x15" + bytes(10) + SCRAMBLE[8:] + b"\0" + plugin + b"\0"
    )


def switch(method):
    return b"\xfe" + method + b"\0" + SCRAMBLE + b"\0"


class Line:
    """A client's connection, and what it sent."""

    def __init__(self, sock, folder, kind):
        self.sock, self.path, self.asked = sock, os.path.join(folder, kind), None
        self.sequence = 0

    def send(self, packet):
        self.sock.sendall(struct.pack("<I", len(packet))[:3] + bytes([self.sequence]) + packet)
        self.sequence += 1
        if packet[:1] == b"\xfe":
            modest = packet[1:].split(b"\0")[0] in MODEST
            self.asked = ".reply" if modest and self.asked != ".after" else ".after"

    def take(self):
        """A packet; None: the client has gone."""
        got = self.sock.recv(65536)
        if not got:
            return None
        # a packet may come in pieces; no packet of a login is as long as the start of TLS says
        while 4 <= len(got) < 4 + int.from_bytes(got[:3], "little") < 4096:
            more = self.sock.recv(65536)
            if not more:
                return None
            got += more
        self.sequence = got[3] + 1 if len(got) > 3 else 0
        for name in [".sent"] + ([self.asked] if self.asked else []):
            with open(self.path + name, "ab") as out:
                out.write(got)
        return got[4:]

    def begins_tls(self):
        """Takes the packet that says so, and nothing of the handshake, which may be there too."""
        head = self.sock.recv(4, socket.MSG_WAITALL)
        body = self.sock.recv(int.from_bytes(head[:3], "little"), socket.MSG_WAITALL)
        with open(self.path + ".sent", "ab") as out:
            out.write(head + body)
        return len(body) > 0

    def drain(self):
        while self.take() is not None:
            pass


def asks(*methods, can=ALL, plugin=b"mysql_native_password", end=None):
    """One way after the other; b"\\xfe" is the old way to ask for the old hash."""

    def serve(line):
        line.send(greeting(can, plugin)[:end])
        for method in methods:
            if line.take() is None:
                return
            line.send(method if method == b"\xfe" else switch(method))
        if line.take() is not None:
            line.send(REFUSED)
        line.drain()

    return serve


def all_at_once(line):
    """A greeting, and behind it what only a server that knows the account would say."""
    asked = switch(b"mysql_clear_password")
    line.sock.sendall(b"".join(
        struct.pack("<I", len(packet))[:3] + bytes([at]) + packet
        for at, packet in enumerate([greeting(ALL | TLS), b"", asked])))
    line.asked = ".after"
    line.drain()


def wants_all_of_it(method):
    """The full exchange: what the client sends first does not do."""

    def serve(line):
        line.send(greeting(ALL, method))
        if line.take() is None:
            return
        line.send(switch(method))
        got = line.take()
        if got is not None and method == b"caching_sha2_password":
            line.send(b"\x01\x04")
            got = line.take()
        if got is not None and len(got) == 1:
            with open(os.path.join(os.path.dirname(line.path), "key.pem"), "rb") as key:
                line.send(b"\x01" + key.read())
            got = line.take()
        if got is not None:
            line.send(REFUSED)
        line.drain()

    return serve


def says(text):
    def serve(line):
        line.sock.sendall(text)
        line.drain()

    return serve


def packet(text):
    return lambda line: (line.send(text), line.drain())


def in_pieces(line):
    whole = greeting(ALL & ~TLS)
    for byte in struct.pack("<I", len(whole)) + whole:
        line.sock.sendall(bytes([byte]))
    line.sequence = 1
    if line.take() is not None:
        line.send(switch(b"mysql_clear_password"))
    line.drain()


def breaks_tls(line):
    line.send(greeting(ALL | TLS))
    if line.take() is not None:
        line.sock.sendall(b"this is no handshake of TLS")
    line.drain()


def drips(line):
    whole = greeting(ALL & ~TLS)
    for byte in struct.pack("<I", len(whole)) + whole:
        line.sock.sendall(bytes([byte]))
        time.sleep(0.15)
    line.drain()


def drips_tls(line):
    """A record of TLS, byte by byte, and never all of it."""
    line.send(greeting(ALL | TLS))
    if line.take() is not None:
        for byte in b"\x16\x03\x03\x40\x00" + bytes(200):
            line.sock.sendall(bytes([byte]))
            time.sleep(0.1)
    line.drain()


def within_tls(*packets, plugin=b"mysql_native_password"):
    """Asks for one thing after the other, and what is sent then is written down as it was meant."""

    def serve(line):
        line.send(greeting(ALL | TLS, plugin))
        if not line.begins_tls():
            return
        folder = os.path.dirname(line.path)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(folder, "ca.pem"), os.path.join(folder, "ca.key"))
        line.sock = context.wrap_socket(line.sock, server_side=True)
        line.asked = ".after"
        for asked in packets:
            if line.take() is None:
                return
            line.send(asked)
        if line.take() is not None:
            line.send(REFUSED)

    return serve


KINDS = {
    "native": asks(b"mysql_native_password"),
    "native-first": asks(b"mysql_native_password", plugin=b"caching_sha2_password"),
    "clear": asks(b"mysql_clear_password"),
    "clear-first": asks(b"mysql_clear_password", plugin=b"mysql_clear_password"),
    "dialog": asks(b"dialog"),
    "asking": within_tls(b"\xfedialog\0\x02Your mother's name: "),
    "within-clear": within_tls(switch(b"mysql_clear_password")),
    "within-clear-first": within_tls(plugin=b"mysql_clear_password"),
    "within-unheard": within_tls(switch(b"of_which_nobody_heard")),
    "within-then-clear": within_tls(switch(b"mysql_native_password"), switch(b"mysql_clear_password")),
    "old": asks(b"\xfe"),
    "old-by-name": asks(b"mysql_old_password"),
    "unheard": asks(b"of_which_nobody_heard"),
    "nameless": asks(b""),
    "escapes": asks(b"\x1b[2Jx"),
    "then-clear": asks(b"mysql_native_password", b"mysql_clear_password"),
    "then-old": asks(b"mysql_native_password", b"\xfe"),
    "gssapi-then-clear": asks(b"auth_gssapi_client", b"mysql_clear_password"),
    "short": asks(b"mysql_clear_password", end=-24),
    "short-old": asks(b"\xfe", end=-24),
    "too-old": asks(b"\xfe", can=ALL & ~CHOOSE),
    "too-old-tls": asks(b"\xfe", can=ALL & ~CHOOSE | TLS),
    "older": asks(b"\xfe", can=ALL & ~CHOOSE & ~SECURE),
    "oldest": asks(b"\xfe", can=ALL & ~CHOOSE & ~SECURE & ~PROTOCOL_41),
    "at-once": all_at_once,
    "progress": packet(b"\xff\xff\xff\1\1\2\3\0\0\0\0"),
    "sha2": wants_all_of_it(b"caching_sha2_password"),
    "sha256": wants_all_of_it(b"sha256_password"),
    "pieces": in_pieces,
    "broken-tls": breaks_tls,
    "dripping-tls": drips_tls,
    "dripping": drips,
    "ssh": says(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"),
    "full": packet(b"\xff" + struct.pack("<H", 1040) + b"#08004Too many connections"),
    "torn": says(b"\x50\0\0\0\x0a9.0"),
    "silent": says(b""),
    "gone": lambda line: None,
}


def listen(folder, kind):
    server = socket.create_server(("127.0.0.1", 0))

    def serve(sock):
        try:
            with sock:
                KINDS[kind](Line(sock, folder, kind))
        except OSError:
            pass

    def accept():
        while True:
            threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return server.getsockname()[1]


def main(folder):
    ports = [f"{kind} {listen(folder, kind)}\n" for kind in KINDS]
    with open(os.path.join(folder, "ports.new"), "w", encoding="utf-8") as out:
        out.writelines(ports)
    os.rename(os.path.join(folder, "ports.new"), os.path.join(folder, "ports"))
    sys.stdin.buffer.read()


main(sys.argv[1])
