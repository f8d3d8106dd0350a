"""A box's own network stack, as narrow as gVisor's where it matters: it ignores all of a segment that begins beyond its
window, also what the segment acknowledges. Usage: INTERFACE PORT. It takes one connection to PORT and plays a program that
writes before it reads on: the rest of its window, less than a step of its scale, it takes back. Prints `listening`, then
how many bytes came."""
import socket
import struct
import sys

FIN, SYN, PSH, ACK = 1, 2, 8, 16
SCALE, BUFFER, SAID = 7, 65536, b'x' * 30000
OURS, PEER = bytes((192, 168, 127, 2)), bytes((192, 168, 127, 1))
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
wire.bind((sys.argv[1], 0))
wire.setsockopt(socket.SOL_SOCKET, 33, 16 << 20)  # SO_RCVBUFFORCE


def checksum(data):
    data += b'\0' * (len(data) % 2)
    total = sum(struct.unpack(f'!{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def send(port, seq, ack, flags, window, payload=b'', options=b''):
    head = struct.pack('!HHIIBBHHH', int(sys.argv[2]), port, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF,
                       (20 + len(options)) << 2, flags, window, 0, 0) + options
    pseudo = OURS + PEER + struct.pack('!HH', 6, len(head) + len(payload))
    head = head[:16] + struct.pack('!H', checksum(pseudo + head + payload)) + head[18:]
    ip = struct.pack('!BBHHHBBH', 0x45, 0, 20 + len(head) + len(payload), 0, 0x4000, 64, 6, 0) + OURS + PEER
    ip = ip[:10] + struct.pack('!H', checksum(ip)) + ip[12:]
    wire.send(b'\x02\0' + PEER + b'\x02\0' + OURS + b'\x08\0' + ip + head + payload)


def segments():
    while True:
        frame = wire.recv(70000)
        if frame[:6] != b'\x02\0' + OURS or frame[23] != 6:
            continue
        start = 14 + (frame[14] & 15) * 4
        port, to, seq, ack, offset, flags, _ = struct.unpack('!HHIIBBH', frame[start:start + 16])
        if to == int(sys.argv[2]):
            end = 14 + struct.unpack('!H', frame[16:18])[0]
            yield port, seq, ack, flags, frame[start + 20:start + (offset >> 4) * 4], frame[start + (offset >> 4) * 4:end]


def after(one, other):
    return 0 < (one - other) & 0xFFFFFFFF < 1 << 31


print('listening', flush=True)
sent, got, edge, first, heard, window = 1, 0, 0, 0, False, 2 * BUFFER
for port, seq, ack, flags, options, payload in segments():
    if flags & SYN:
        first = (seq + 1) & 0xFFFFFFFF
        edge = (first + 65408) & 0xFFFFFFFF
        send(port, 0, first, SYN | ACK, 65408, options=struct.pack('!BBHBBBB', 2, 4, 65495, 3, 3, SCALE, 1))
        continue
    expected = (first + got) & 0xFFFFFFFF
    if after(seq, edge) or (edge == expected and payload):
        send(port, sent, expected, ACK, (edge - expected & 0xFFFFFFFF) >> SCALE)
        continue
    heard = heard or (sent > 1 and ack == sent)
    if seq == expected and flags & FIN:
        send(port, sent, expected + len(payload) + 1, ACK | FIN, BUFFER >> SCALE)
        print(got + len(payload), flush=True)
        break
    if seq == expected:
        got += min(len(payload), edge - expected & 0xFFFFFFFF)
        expected = (first + got) & 0xFFFFFFFF
    left = edge - expected & 0xFFFFFFFF
    says = 0 < left < 1 << SCALE and sent == 1
    # What is no whole step of the scale is rounded down, and so taken back.
    left = left >> SCALE << SCALE
    if heard or (left == 0 and sent == 1 and not says):
        left, window = window, BUFFER
    edge = (expected + left) & 0xFFFFFFFF
    send(port, sent, expected, ACK, left >> SCALE, SAID if says else b'')
    sent += len(SAID) if says else 0
