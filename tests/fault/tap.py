"""tap.py PORT FILE PORT-FILE: a line to 127.0.0.1:PORT that keeps what the client sends.

Listens on a port of its own, which it writes into PORT-FILE, and appends to FILE.  Ends when
its standard input does.
"""

import os
import socket
import sys
import threading


def pour(source, sink, kept):
    try:
        while data := source.recv(65536):
            if kept is not None:
                with open(kept, "ab") as out:
                    out.write(data)
            sink.sendall(data)
    except OSError:
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def accept(listener, port, kept):
    while True:
        client = listener.accept()[0]
        server = socket.create_connection(("127.0.0.1", port))
        for ends in ((client, server, kept), (server, client, None)):
            threading.Thread(target=pour, args=ends, daemon=True).start()


def main(port, kept, told):
    listener = socket.create_server(("127.0.0.1", 0))
    with open(told + ".new", "w", encoding="utf-8") as out:
        out.write(f"{listener.getsockname()[1]}\n")
    os.rename(told + ".new", told)
    threading.Thread(target=accept, args=(listener, int(port), kept), daemon=True).start()
    sys.stdin.buffer.read()


main(*sys.argv[1:])
