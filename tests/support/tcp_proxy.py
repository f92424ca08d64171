"""Passes TCP connections on: python tcp_proxy.py PORT TARGET_PORT, both on 127.0.0.1.

Stopped by SIGSTOP it is a network that has gone quiet and keeps all that was sent for later.
Its receive buffer is large, so that the sender notices nothing for some seconds.
"""

import socket
import sys
from threading import Thread

_BUFFER = 4 << 20


def main() -> None:
    port, target_port = int(sys.argv[1]), int(sys.argv[2])
    with socket.create_server(("127.0.0.1", port)) as listener:
        print("ready", flush=True)
        while True:
            client, _ = listener.accept()
            target = socket.create_connection(("127.0.0.1", target_port))
            target.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
            Thread(target=_pass_on, args=(client, target), daemon=True).start()
            Thread(target=_pass_on, args=(target, client), daemon=True).start()


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    try:
        while piece := source.recv(65536):
            sink.sendall(piece)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # either side has gone, and the other learns it by our closing
    finally:
        source.close()


if __name__ == "__main__":
    main()
