"""DNS on 8.8.8.8, TCP echo on 93.184.216.34 and others, an HTTP server, a TLS server, a sink and a source."""
import asyncio, hashlib, socket, ssl, struct, subprocess, sys, tempfile, os

NAMES = {
    "example.com": ["93.184.216.34"],
    "www.example.com": ["93.184.216.34"],
    "other.org": ["93.184.216.35"],
    "both.org": ["93.184.216.34"],
    "rebind.org": ["10.9.9.9"],
    "meta.org": ["169.254.169.254"],
    "mixed.org": ["10.9.9.9", "93.184.216.34"],
    "own.org": ["44.0.0.2"],
    "classes.org": [
        "0.0.0.0", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.8.8.8", "169.254.1.1", "169.254.169.254", "172.16.0.1",
        "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1", "198.51.100.1",
        "203.0.113.1", "224.0.0.251", "240.0.0.1", "255.255.255.255", "44.0.0.2", "93.184.216.35",
    ],
}


def name_bytes(name):
    return b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0"


def answer(query):
    at, labels = 12, []
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].decode())
        at += 1 + query[at]
    question, kind = query[12 : at + 5], struct.unpack(">H", query[at + 1 : at + 3])[0]
    name = ".".join(labels).lower()
    print("dns", name, kind, flush=True)
    records = b""
    count = 0
    if name == "silent.org":
        return None
    if name == "forged.org":  # another id: never to be taken
        query = bytes([query[0] ^ 1]) + query[1:]
        return query[:2] + struct.pack(">HHHHH", 0x8180, 1, 1, 0, 0) + question + b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + socket.inet_aton("93.184.216.34")
    if name == "alias.org" and kind == 1:
        target = name_bytes("example.com")
        records += b"\xc0\x0c" + struct.pack(">HHIH", 5, 1, 60, len(target)) + target
        records += target + struct.pack(">HHIH", 1, 1, 60, 4) + socket.inet_aton("93.184.216.34")
        count = 2
    # Aliases: of a name that no list allows, of a private address, in a circle; and an address for a name that was not asked.
    chains = {
        "chain.org": [("chain.org", "far.other"), ("far.other", "93.184.216.35")],
        "inward.org": [("inward.org", "in.other"), ("in.other", "10.9.9.9")],
        "circle.org": [("circle.org", "other.circle"), ("other.circle", "circle.org")],
        "stray.org": [("other.org", "93.184.216.35"), ("stray.org.", "93.184.216.35")],
    }
    for owner, target in chains.get(name, []) if kind == 1 else []:
        data = socket.inet_aton(target) if target[0].isdigit() else name_bytes(target)
        head = struct.pack(">HHIH", 1 if target[0].isdigit() else 5, 1, 0, len(data))
        records += (name_bytes(owner[:-1] + "x") if owner[-1] == "." else name_bytes(owner)) + head + data
        count += 1
    if kind == 16:
        text = b"x" * (200 if name == "long.org" else 5)
        for _ in range(20 if name == "long.org" else 1):
            records += b"\xc0\x0c" + struct.pack(">HHIH", 16, 1, 60, len(text) + 1) + bytes([len(text)]) + text
            count += 1
    for address in NAMES.get(name, []) if kind == 1 else []:
        records += b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + socket.inet_aton(address)
        count += 1
    code = 0x8180 if count or name in NAMES else 0x8183
    return query[:2] + struct.pack(">HHHHH", code, 1, count, 0, 0) + question + records


class Dns(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, peer):
        message = answer(data)
        if message and len(message) > 1232:
            message = message[:2] + b"\x83\x80" + message[4:6] + b"\0" * 6 + data[12 : data.index(b"\0", 12) + 5]
        if message:
            self.transport.sendto(message, peer)


class Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, peer):
        self.transport.sendto(b"echo " + data, peer)


async def dns_stream(reader, writer):
    try:
        while True:
            size = struct.unpack(">H", await reader.readexactly(2))[0]
            message = answer(await reader.readexactly(size))
            if message:
                writer.write(struct.pack(">H", len(message)) + message)
                await writer.drain()
    except (asyncio.IncompleteReadError, OSError):
        writer.close()


async def echo(reader, writer):
    """Everything back; its own end only after the other's."""
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
        writer.close()
    except OSError:
        writer.close()


async def digest(reader, writer):
    """Reads to the end, then says what it was: needs the half-close."""
    total, state = 0, hashlib.sha256()
    while data := await reader.read(1 << 20):
        state.update(data)
        total += len(data)
    writer.write(f"{total} {state.hexdigest()}\n".encode())
    await writer.drain()
    writer.close()


async def http(reader, writer):
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        print("http", head.split(b"\r\n")[0].decode(), flush=True)
        writer.write(b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nyes")
        await writer.drain()
    except (asyncio.IncompleteReadError, OSError):
        pass
    writer.close()


async def greet(reader, writer):
    """Speaks first, as SSH and SMTP do."""
    writer.write(b"220 hello\r\n")
    await writer.drain()
    await echo(reader, writer)


def certificate():
    folder = tempfile.mkdtemp()
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{folder}/key", "-out", f"{folder}/cert", "-days", "2", "-subj", "/CN=test"], check=True, stderr=subprocess.DEVNULL)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{folder}/cert", f"{folder}/key")
    for file in os.listdir(folder):
        os.unlink(f"{folder}/{file}")
    os.rmdir(folder)
    return context


async def main():
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(Dns, local_addr=("8.8.8.8", 53))
    for address in ("93.184.216.34", "1.1.1.1"):
        await loop.create_datagram_endpoint(Echo, local_addr=(address, 443))
        await loop.create_datagram_endpoint(Echo, local_addr=(address, 123))
    await asyncio.start_server(dns_stream, "8.8.8.8", 53)
    await asyncio.start_server(echo, "0.0.0.0", 7, backlog=1024)
    await asyncio.start_server(digest, "0.0.0.0", 9)
    await asyncio.start_server(http, "0.0.0.0", 80)
    await asyncio.start_server(http, "0.0.0.0", 8080)
    await asyncio.start_server(greet, "0.0.0.0", 25)
    await asyncio.start_server(http, "0.0.0.0", 443, ssl=certificate())
    print("ready", flush=True)
    # Ends with the test.
    await loop.run_in_executor(None, sys.stdin.read)
    os._exit(0)


asyncio.run(main())
