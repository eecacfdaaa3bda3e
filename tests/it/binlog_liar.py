#!/usr/bin/env python3
"""binlog_liar.py PORT HOW: a server that lies about the first binary log that it is asked for.

Prints the port that it listens on, and hands everything on to PORT, as far as the fourth event of a log:
  elsewhere   says that another log comes, by a path
  rotates     announces the log without end
  beats       sends heartbeats without end
  goes-on     sends more and more of the log
  skips       leaves an event out
"""
import socket
import struct
import sys
import threading
import zlib

PORT, HOW = int(sys.argv[1]), sys.argv[2]
DUMP, ROTATE, HEARTBEAT, IGNORABLE, ARTIFICIAL = 0x12, 4, 27, 28, 0x20
told = threading.Event()


def take(sock, size):
    got = b""
    while len(got) < size:
        more = sock.recv(size - len(got))
        if not more:
            raise EOFError
        got += more
    return got


def packet(sock):
    head = take(sock, 4)
    return head[3], take(sock, head[0] | head[1] << 8 | head[2] << 16)


def send(sock, number, body):
    sock.sendall(struct.pack("<I", len(body))[:3] + bytes([number & 255]) + body)


def event(kind, body, flags, end=0):
    raw = struct.pack("<IBIIIH", 0, kind, 1, 19 + len(body) + 4, end, flags) + body
    return b"\0" + raw + struct.pack("<I", zlib.crc32(raw))


def lie(client, number, body, log):
    """What stands in the place of that event."""
    rotate = struct.pack("<Q", 4)
    if HOW == "skips":
        return
    if HOW == "elsewhere":
        send(client, number, event(ROTATE, rotate + b"../../x.000001", ARTIFICIAL))
        return
    end = struct.unpack("<I", body[14:18])[0] - len(body) + 1
    while True:
        if HOW == "rotates":
            send(client, number, event(ROTATE, rotate + log, ARTIFICIAL))
        elif HOW == "beats":
            send(client, number, event(HEARTBEAT, log, ARTIFICIAL))
        else:
            end += 19 + 1024 + 4
            send(client, number, event(IGNORABLE, bytes(1024), 0x80, end & 0xFFFFFFFF))
        number += 1


def serve(client):
    server = socket.create_connection(("127.0.0.1", PORT))
    asked = []

    def forward():
        try:
            while True:
                number, body = packet(client)
                if body[:1] == bytes([DUMP]) and number == 0:
                    asked.append(body[11:])
                send(server, number, body)
        except (EOFError, OSError):
            server.close()

    threading.Thread(target=forward, daemon=True).start()
    events = 0
    try:
        while True:
            number, body = packet(server)
            events += bool(asked)
            if events == 6 and not told.is_set():
                told.set()
                lie(client, number, body, asked[0])
                continue
            send(client, number, body)
    except (EOFError, OSError):
        client.close()


listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
