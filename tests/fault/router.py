"""router.py PORT-FILE MODE-FILE PORT PORT: what may stand between a client and two servers, a and b.

Its own port is written into PORT-FILE.  MODE-FILE has a word, which may change at any time:

  a, b    an address that leads to that one; when it moves, all connections are cut
  a TEXT  the same, and it moves to b when a client is about to send TEXT
  mask    to a, under a connection id of our own, as a proxy gives it
  split   as a proxy that sends statements of one connection to both: what reads goes to b, but
          within a transaction; SET to both, all else to a
  naive   the same, and within transactions, too

Accounts have no password.  No TLS, no LOAD DATA LOCAL.
"""

import os
import re
import select
import socket
import struct
import sys
import threading
import time

QUIT, QUERY, PREPARE, EXECUTE, LONG_DATA, CLOSE, RESET, FETCH = 1, 3, 0x16, 0x17, 0x18, 0x19, 0x1A, 0x1C
OF_STATEMENTS = (EXECUTE, LONG_DATA, CLOSE, RESET, FETCH)
MASK_ID = 4000000
open_sockets = set()


def mode():
    """The word, and the text behind it."""
    with open(sys.argv[2], encoding="utf-8") as file:
        word, _, text = file.read().strip().partition(" ")
        return word, text.encode()


def write(path, text):
    with open(path + ".new", "w", encoding="ascii") as out:
        out.write(text)
    os.rename(path + ".new", path)


def take(sock):
    """A packet with its header; the other side may have gone."""
    head = sock.recv(4, socket.MSG_WAITALL)
    body = b""
    while len(head) == 4 and len(body) < int.from_bytes(head[:3], "little"):
        more = sock.recv(int.from_bytes(head[:3], "little") - len(body))
        if not more:
            raise OSError("torn")
        body += more
    if len(head) < 4:
        raise OSError("gone")
    return head + body


def connect(port):
    sock = socket.create_connection(("127.0.0.1", port))
    open_sockets.add(sock)
    return sock


def masked(greeting):
    at = greeting.index(b"\0", 5) + 1
    number = struct.unpack("<I", greeting[at : at + 4])[0] + MASK_ID
    return greeting[:at] + struct.pack("<I", number) + greeting[at + 4 :]


def without_tls(greeting):
    at = greeting.index(b"\0", 5) + 1 + 4 + 8 + 1
    can = struct.unpack("<H", greeting[at : at + 2])[0] & ~(1 << 11)
    return greeting[:at] + struct.pack("<H", can) + greeting[at + 2 :]


def relay_login(client, server, how):
    """The client's own login, at the first server; returns its packet, or None: refused."""
    greeting = without_tls(take(server))
    client.sendall(masked(greeting) if how == "mask" else greeting)
    login = take(client)
    server.sendall(login)
    while True:
        answer = take(server)
        client.sendall(answer)
        if answer[4] == 0:
            return login
        if answer[4] == 0xFF:
            return None
        if answer[4:6] != b"\x01\x03":  # the server goes on by itself
            server.sendall(take(client))


def log_in_too(server, login):
    take(server)
    server.sendall(login)
    while True:
        answer = take(server)
        if answer[4] == 0:
            return
        if answer[4] == 0xFF:
            raise OSError("refused")
        if answer[4:6] != b"\x01\x03":
            server.sendall(struct.pack("<I", 0)[:3] + bytes([answer[3] + 1]))


class Split:
    """Statements of one connection go to two servers."""

    def __init__(self, client, servers, how):
        self.client, self.servers, self.how = client, servers, how
        self.in_transaction, self.statements, self.next_id = False, {}, 1

    def place(self, text):
        text = re.sub(rb"^(\s|/\*.*?\*/)*", b"", text, flags=re.S).upper()
        if re.match(rb"START TRANSACTION|BEGIN", text):
            self.in_transaction = True
        elif re.match(rb"COMMIT|ROLLBACK", text):
            self.in_transaction = False
        reads = re.match(rb"SELECT", text) and (self.how == "naive" or not self.in_transaction)
        return 1 if reads else 0

    def prepare(self, packet):
        at = self.place(packet[5:])
        self.servers[at].sendall(packet)
        answer = take(self.servers[at])
        if answer[4] == 0:
            self.statements[self.next_id] = (at, answer[5:9])
            answer = answer[:5] + struct.pack("<I", self.next_id) + answer[9:]
            self.next_id += 1
        self.client.sendall(answer)

    def command(self, packet):
        kind = packet[4]
        if kind == PREPARE:
            self.prepare(packet)
        elif kind in OF_STATEMENTS:
            at, number = self.statements[struct.unpack("<I", packet[5:9])[0]]
            self.servers[at].sendall(packet[:5] + number + packet[9:])
        elif kind == QUERY and re.match(rb"(\s|/\*.*?\*/)*SET\b", packet[5:], re.S | re.I):
            self.servers[1].sendall(packet)
            take(self.servers[1])
            self.servers[0].sendall(packet)
        else:
            self.servers[self.place(packet[5:]) if kind == QUERY else 0].sendall(packet)

    def run(self):
        while True:
            for ready in select.select([self.client, *self.servers], [], [])[0]:
                if ready is self.client:
                    packet = take(self.client)
                    if packet[4] == QUIT:
                        return
                    self.command(packet)
                else:
                    got = ready.recv(65536)
                    if not got:
                        return
                    self.client.sendall(got)


seen = threading.Lock(), [""]  # the mode by which connections are led


def move(now):
    """Cuts what led elsewhere, once."""
    lock, was = seen
    with lock:
        if now in ("", was[0]):
            return
        was[0] = now
        for sock in list(open_sockets):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def pump(client, server, until):
    while True:
        for ready in select.select([client, server], [], [])[0]:
            got = ready.recv(65536)
            if not got:
                return
            if until and ready is client and until in got:
                write(sys.argv[2], "b")
                move("b")
                return
            (server if ready is client else client).sendall(got)


def serve(client, ports):
    sockets = [client]
    how, until = mode()
    try:
        sockets.append(connect(ports[how == "b"]))
        if how in ("a", "b"):
            pump(client, sockets[1], until)
            return
        login = relay_login(client, sockets[1], how)
        if login is None:
            return
        if how == "mask":
            pump(client, sockets[1], until)
            return
        sockets.append(connect(ports[1]))
        log_in_too(sockets[2], login)
        Split(client, sockets[1:], how).run()
    except OSError:
        pass
    finally:
        for sock in sockets:
            open_sockets.discard(sock)
            sock.close()


def watch():
    while True:
        time.sleep(0.02)
        move(mode()[0])


def main():
    listener = socket.create_server(("127.0.0.1", 0))
    move(mode()[0])
    threading.Thread(target=watch, daemon=True).start()
    write(sys.argv[1], str(listener.getsockname()[1]))
    while True:
        client, _ = listener.accept()
        open_sockets.add(client)
        threading.Thread(target=serve, args=(client, [int(p) for p in sys.argv[3:5]]), daemon=True).start()


main()
