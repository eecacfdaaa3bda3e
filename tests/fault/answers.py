"""answers.py HOST:PORT NTH HOW REPORT: a server whose answer to one statement is not what was asked.

Listens on a port of its own and forwards to HOST:PORT (no TLS).  The answer to the NTH
statement of the text protocol (of all connections; 0: to none) is changed:

  ok     no rows: "done" instead
  less   without its last column
  more   with one column more than was asked for
  null   every value is NULL
  short  each row ends in its middle

REPORT has "port N" once it listens, and "statements N" at the end, which is that of its
standard input.
"""

import os
import socket
import sys
import threading

QUERY = 3
DONE = b"\x00\x00\x00\x02\x00\x00\x00"


class Line:
    """Packets of one direction."""

    def __init__(self, source, sink):
        self.source, self.sink, self.kept = source, sink, b""

    def packet(self):
        while len(self.kept) < 4 or len(self.kept) < 4 + self.length():
            data = self.source.recv(65536)
            if not data:
                raise EOFError
            self.kept += data
        end = 4 + self.length()
        number, body = self.kept[3], self.kept[4:end]
        self.kept = self.kept[end:]
        return number, body

    def length(self):
        return int.from_bytes(self.kept[:3], "little")

    def send(self, number, body):
        self.sink.sendall(len(body).to_bytes(3, "little") + bytes([number & 255]) + body)


def cells(body):
    """The values of a row, each with its length in front."""
    found, at = [], 0
    while at < len(body):
        first = body[at]
        width = {0xFB: 0, 0xFC: 2, 0xFD: 3, 0xFE: 8}.get(first)
        if width is None:
            end = at + 1 + first
        else:
            end = at + 1 + width + (int.from_bytes(body[at + 1 : at + 1 + width], "little") if width else 0)
        found.append(body[at:end])
        at = end
    return found


def is_end(body):
    return body[:1] == b"\xfe" and len(body) < 9


def change_row(body, how):
    if how == "less":
        return b"".join(cells(body)[:-1])
    if how == "more":
        return body + b"\x01x"
    if how == "null":
        return b"\xfb" * len(cells(body))
    return body[: len(body) // 2]


def change(down, how):
    """One answer; an error, or one without rows, goes on as it is."""
    number, body = down.packet()
    if body[:1] in (b"\x00", b"\xff"):
        down.send(number, body)
        return
    count = body[0]
    columns = [down.packet()[1] for _ in range(count)]
    down.packet()
    rows = []
    while not is_end(row := down.packet()[1]) and row[:1] != b"\xff":
        rows.append(row)
    if how == "ok":
        down.send(number, DONE)
        return
    if how == "less" and count > 1:
        columns = columns[:-1]
    elif how == "less":
        how = "null"
    if how == "more":
        columns.append(columns[-1])
    out = [bytes([len(columns)]), *columns, b"\xfe\x00\x00\x02\x00"]
    out += [change_row(r, how) for r in rows] + [row]
    for i, packet in enumerate(out):
        down.send(number + i, packet)


class Server:
    def __init__(self, nth, how):
        self.nth, self.how, self.seen = nth, how, 0
        self.lock = threading.Lock()

    def is_it(self):
        with self.lock:
            self.seen += 1
            return self.seen == self.nth

    def up(self, line, wanted):
        try:
            while True:
                number, body = line.packet()
                if number == 0 and body[:1] == bytes([QUERY]) and self.is_it():
                    wanted.set()
                line.send(number, body)
        except (OSError, EOFError):
            pass
        self.end(line)

    def down(self, line, wanted):
        try:
            while True:
                if not line.kept:
                    line.kept = line.source.recv(65536)
                    if not line.kept:
                        break
                if wanted.is_set():
                    wanted.clear()
                    change(line, self.how)
                elif not line.kept:
                    continue
                else:
                    line.sink.sendall(line.kept)
                    line.kept = b""
        except (OSError, EOFError):
            pass
        self.end(line)

    @staticmethod
    def end(line):
        for side in (line.source, line.sink):
            try:
                side.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def accept(self, listener, address):
        while True:
            client = listener.accept()[0]
            server = socket.create_connection(address)
            wanted = threading.Event()
            for ends in ((self.up, Line(client, server)), (self.down, Line(server, client))):
                threading.Thread(target=ends[0], args=(ends[1], wanted), daemon=True).start()


def report(path, text):
    with open(path + ".new", "w", encoding="utf-8") as out:
        out.write(text + "\n")
    os.rename(path + ".new", path)


def main(address, nth, how, path):
    listener = socket.create_server(("127.0.0.1", 0))
    host, port = address.rsplit(":", 1)
    server = Server(int(nth), how)
    threading.Thread(target=server.accept, args=(listener, (host, int(port))), daemon=True).start()
    report(path, f"port {listener.getsockname()[1]}")
    sys.stdin.buffer.read()
    report(path, f"statements {server.seen}")


main(*sys.argv[1:])
