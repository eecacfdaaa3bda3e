"""between_views.py: a proxy that lets something happen between two views.

  between_views.py HOST:PORT REPORT COMMAND

Listens on a free port of 127.0.0.1, which it writes to REPORT, and forwards to HOST:PORT.
The first connection that opens its view for the second time (the first time is when it is
made) passes at once; before the next one does, COMMAND is run by bash, to its end, and
"port N, ran" stands in REPORT.  After that everything passes.  Not for encrypted connections.
"""
import socket
import subprocess
import sys
import threading

OPENS = b"START TRANSACTION WITH CONSISTENT SNAPSHOT"
host, port = sys.argv[1].rsplit(":", 1)
report, command = sys.argv[2:4]
lock = threading.Lock()
again = set()  # connections that have opened their view twice
done = False


def tell(text):
    with open(report, "w", encoding="ascii") as file:
        file.write(text)


def hold(number):
    """Of all connections the second waits until COMMAND has run."""
    global done
    with lock:
        again.add(number)
        if done or len(again) < 2:
            return
        done = True
        subprocess.run(["bash", "-c", command], check=True)
        tell(f"{mine} ran")


def pump(number, source, target, is_client):
    views = 0
    try:
        while data := source.recv(65536):
            if is_client and OPENS in data:
                views += 1
                if views == 2:
                    hold(number)
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        source.close()
        target.close()


listener = socket.create_server(("127.0.0.1", 0))
mine = listener.getsockname()[1]
tell(f"{mine}")
number = 0
while True:
    client, _ = listener.accept()
    server = socket.create_connection((host, int(port)))
    for end in client, server:
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    number += 1
    for args in (number, client, server, True), (number, server, client, False):
        threading.Thread(target=pump, args=args, daemon=True).start()
