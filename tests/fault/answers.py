"""answers.py HOST:PORT NTH HOW REPORT: a server whose answer to one statement is not what was asked.

Listens on a port of its own and forwards to HOST:PORT (no TLS, and no compression, which myrecon
asks for where the line seems slow).  The answer to the NTH
statement (of all connections; 0: to none; =TEXT: to the first with that text) is changed, of
the text protocol as of prepared ones, whose column counts were others when they were prepared:

  ok     no rows: "done" instead
  less   without its last column
  more   with one column more than was asked for
  null   every value is NULL
  short  each row ends in its middle
  huge   each row's first value is 4 GiB long, and ends with the row
  rows   rows without end, where there are none
  endless  the first row without end, where there are some
  wild   values of what was prepared that are none of their types
  error  an error as long as a packet may be, of control bytes and what is no text
  killed the error of KILL QUERY, that came too late for the statement before
  counts of what is prepared: no columns, though they follow

REPORT has "port N" once it listens, and "statements N" at the end, which is that of its
standard input.
"""

import os
import socket
import sys
import threading

QUERY = 3
PREPARE = 0x16
EXECUTE = 0x17
COMPRESS = 0x20
DONE = b"\x00\x00\x00\x02\x00\x00\x00"


class Line:
    """Packets of one direction."""

    def __init__(self, source, sink, shared):
        self.source, self.sink, self.kept, self.shared = source, sink, b"", shared

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


HUGE = b"\xfe\xff\xff\xff\xff\x00\x00\x00\x00"
ERROR = b"\xff\x28\x04#42000" + b"\x1b[2J\r\nmyrecon: all is well\x07\xff\xfe" * 8000
KILLED = b"\xff\x25\x05#70100Query execution was interrupted"
END = b"\xfe\x00\x00\x02\x00"
COLUMN = b"\x03def\x00\x00\x00\x01x\x00\x0c\x21\x00\xff\x00\x00\x00\xfd\x00\x00\x00\x00\x00"


def change_row(body, how):
    if how == "less":
        return b"".join(cells(body)[:-1])
    if how == "more":
        return body + b"\x01x"
    if how == "null":
        return b"\xfb" * len(cells(body))
    if how == "huge":
        return HUGE
    return body[: len(body) // 2]


def change_packed(body, how, count):
    """A row of a prepared statement: a zero, a bit for each NULL, the values."""
    bits = (count + 9) // 8
    if how == "null":
        return b"\x00" + b"\xff" * bits
    if how == "huge":
        return bytes(1 + bits) + HUGE
    if how == "short":
        return body[: len(body) // 2]
    if how == "wild":
        return body[: 1 + bits] + bytes(b ^ (i % 3 == 0) << 7 for i, b in enumerate(body[1 + bits :]))
    return body


def rows_without_end(down, number, row=b"\xfb", head=(b"\x01", COLUMN, END)):
    for packet in head:
        down.send(number, packet)
        number += 1
    size = len(row).to_bytes(3, "little")
    while True:
        down.sink.sendall(b"".join(size + bytes([(number + i) & 255]) + row for i in range(256)))


def change(down, how, packed):
    """One answer; an error goes on as it is."""
    number, body = down.packet()
    if how == "counts":
        down.send(number, body[:5] + b"\0\0" + body[7:])
        return
    if how in ("error", "killed"):
        if body[:1] not in (b"\x00", b"\xff"):
            while not is_end(down.packet()[1]):
                pass
            while not is_end(row := down.packet()[1]) and row[:1] != b"\xff":
                pass
        down.send(number, ERROR if how == "error" else KILLED)
        return
    if how == "rows" and body[:1] == b"\x00":
        rows_without_end(down, number)
    if body[:1] in (b"\x00", b"\xff") or how == "rows":
        down.send(number, body)
        return
    count = body[0]
    known = len(body) > 1 and body[1] == 0  # the columns are those that were prepared
    columns = [] if known else [down.packet()[1] for _ in range(count)]
    down.packet()
    rows = []
    while not is_end(row := down.packet()[1]) and row[:1] != b"\xff":
        rows.append(row)
    if how == "ok":
        down.send(number, DONE)
        return
    if how == "endless" and rows:
        head = (body, *columns, END)
        rows_without_end(down, number, rows[0], head)
    told = count
    if how == "less" and count > 1:
        columns, told = columns[:-1], count - 1
    elif how == "less":
        how = "null"
    if how == "more":
        columns, told = columns + columns[-1:], count + 1
    out = [bytes([told]) + body[1:], *columns, END]
    out += [change_packed(r, how, count) if packed else change_row(r, how) for r in rows] + [row]
    for i, packet in enumerate(out):
        down.send(number + i, packet)


class Server:
    def __init__(self, nth, how):
        self.text = nth[1:].encode() if nth.startswith("=") else None
        self.nth, self.how, self.seen = 0 if self.text else int(nth), how, 0
        self.lock = threading.Lock()

    def is_it(self, command, body):
        with self.lock:
            if command in (QUERY, EXECUTE):
                self.seen += 1
                if self.text and self.text in body:
                    self.text, self.nth = None, self.seen
                return self.seen == self.nth and self.how != "counts"
            # What is prepared: the first at the NTH statement, or behind it.
            its = command == PREPARE and self.how == "counts" and 0 < self.nth <= self.seen + 1
            if its:
                self.nth = 0
            return its

    def up(self, line, wanted):
        try:
            while True:
                number, body = line.packet()
                if number == 0 and body and self.is_it(body[0], body):
                    line.shared["packed"] = body[0] == EXECUTE
                    wanted.set()
                line.send(number, body)
        except (OSError, EOFError):
            pass
        self.end(line)

    @staticmethod
    def greet(down):
        """The server's first packet: it compresses nothing."""
        number, body = down.packet()
        at = body.index(b"\0") + 1 + 4 + 8 + 1  # version, connection, salt
        down.send(number, body[:at] + bytes([body[at] & ~COMPRESS]) + body[at + 1 :])

    def down(self, line, wanted):
        try:
            self.greet(line)
            while True:
                if not line.kept:
                    line.kept = line.source.recv(65536)
                    if not line.kept:
                        break
                if wanted.is_set():
                    wanted.clear()
                    change(line, self.how, line.shared["packed"])
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
            wanted, shared = threading.Event(), {}
            for ends in ((self.up, Line(client, server, shared)), (self.down, Line(server, client, shared))):
                threading.Thread(target=ends[0], args=(ends[1], wanted), daemon=True).start()


def report(path, text):
    with open(path + ".new", "w", encoding="utf-8") as out:
        out.write(text + "\n")
    os.rename(path + ".new", path)


def main(address, nth, how, path):
    listener = socket.create_server(("127.0.0.1", 0))
    host, port = address.rsplit(":", 1)
    server = Server(nth, how)
    threading.Thread(target=server.accept, args=(listener, (host, int(port))), daemon=True).start()
    report(path, f"port {listener.getsockname()[1]}")
    sys.stdin.buffer.read()
    report(path, f"statements {server.seen}")


main(*sys.argv[1:])
