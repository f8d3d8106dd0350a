"""HTTP servers, each on a port of its own: Python's, one that keeps its connections whatever it is told and shows what it got, and one that answers before it has read."""
import http.server, json, socketserver, sys, threading


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        print("python", self.command, self.headers["Host"], len(body), flush=True)
        text = f"{self.command} {self.headers['Host']} {len(body)}\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PUT = answer

    def log_message(self, *_):
        pass


class Lenient(socketserver.StreamRequestHandler):
    """Goes on after `Connection: close`, against RFC 9112."""

    def handle(self):
        while True:
            head = b""
            while line := self.rfile.readline():
                head += line if head or line.strip() else b""
                if head and not line.strip():
                    break
            if not line:
                return
            fields = [part.split(b": ", 1) for part in head.split(b"\r\n")[1:-2]]
            host = next(value for name, value in fields if name.lower() == b"host").decode()
            print("lenient", host, flush=True)
            body = json.dumps(head.decode().split("\r\n")).encode()
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


class Hasty(socketserver.StreamRequestHandler):
    """Refuses a body that it has not read, and closes: what it has not read makes that a reset."""

    rbufsize = 0

    def handle(self):
        while self.rfile.readline().strip():
            pass
        self.wfile.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 5\r\n\r\nlarge")


class Server(socketserver.ThreadingTCPServer):
    def handle_error(self, *_):
        pass  # a client that went away

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128


for port, handler in ((8002, Handler), (8005, Lenient), (8006, Hasty)):
    threading.Thread(target=Server(("0.0.0.0", port), handler).serve_forever).start()
print("ready", flush=True)
