"""balanced.py PORT-FILE PORT…: an address behind which several servers are, as a load balancer
has it: its connections go to one after the other.  Its own port is written into PORT-FILE."""

import itertools
import os
import socket
import sys
import threading


def pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def main():
    listener = socket.create_server(("127.0.0.1", 0))
    with open(sys.argv[1] + ".new", "w", encoding="ascii") as out:
        out.write(str(listener.getsockname()[1]))
    os.rename(sys.argv[1] + ".new", sys.argv[1])
    for port in itertools.cycle(sys.argv[2:]):
        client, _ = listener.accept()
        server = socket.create_connection(("127.0.0.1", int(port)))
        for ends in ((client, server), (server, client)):
            threading.Thread(target=pump, args=ends, daemon=True).start()


main()
