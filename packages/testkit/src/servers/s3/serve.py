"""Runs moto on a port, one request after the other.

moto's own server answers in threads, and looks whether a condition holds before it writes without a lock around both:
of 150 times that eight clients created one key at once, two of them succeeded once.
"""

import sys
import threading

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.server import MotoRequestHandler
from werkzeug.serving import run_simple

moto = DomainDispatcherApplication(create_backend_app)
lock = threading.Lock()


def one_at_a_time(environ, start_response):
    with lock:
        return [b"".join(moto(environ, start_response))]


run_simple("127.0.0.1", int(sys.argv[1]), one_at_a_time, threaded=True, request_handler=MotoRequestHandler)
