"""https - a web server for tests over TLS: fixed answers by host and path, and what was posted

    with Https(context) as web:
        web.pages[("mta-sts.partner.test", "/.well-known/mta-sts.txt")] = b"version: STSv1 ..."
        ... web.asked, web.posted: (host, path, body, content type)
"""
import http.server
import threading


class Https:
    def __init__(self, context, host="127.0.0.1"):
        self.pages, self.asked, self.posted = {}, [], []
        web = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self, body):
                host = self.headers.get("Host", "").split(":")[0]
                web.asked.append((host, self.path))
                if body is not None:
                    web.posted.append((host, self.path, body, self.headers.get("Content-Type")))
                page = web.pages.get((host, self.path))
                self.send_response(404 if page is None else 200)
                self.send_header("Content-Length", str(len(page or b"")))
                self.end_headers()
                self.wfile.write(page or b"")

            def do_GET(self):
                self.answer(None)

            def do_POST(self):
                self.answer(self.rfile.read(int(self.headers.get("Content-Length", 0))))

            def log_message(self, *what):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def get_request(self):
                sock, address = super().get_request()
                sock.settimeout(20)
                return context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False), address

            def handle_error(self, request, client_address):
                pass

        self.server = Server((host, 0), Handler)
        self.port = self.server.server_address[1]

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *what):
        self.server.shutdown()
        self.server.server_close()
