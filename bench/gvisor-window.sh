#!/bin/bash
# Whether gVisor and the kernel wait for each other for ever, without any code of this project: docs/decisions/0006-gvisor.md.
# bench/gvisor-window.sh SECONDS [ROUTE OPTIONS], as root, with runsc, a static /bin/busybox and python3: runsc on one end of a
# veth pair echoes, plain sockets on the other send 8 MiB and read slowly. Example of options: window 65535 advmss 32767
set -eu
seconds=$1; shift
dir=$(mktemp -d)
unshare --net sleep 1000 & holder=$!
trap 'runsc --root $dir/root delete --force window 2>/dev/null; kill $holder; rm -rf $dir' EXIT
inside() { nsenter -t $holder -n "$@"; }
until [ "$(readlink /proc/$holder/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
inside sh -ec 'ip link set lo up; ip link add eth0 mtu 65535 type veth peer name far mtu 65535; ip addr add 10.5.0.2/24 dev eth0
  ip link set eth0 up; ip link set far up'
mkdir -p $dir/bundle/rootfs/bin $dir/bundle/rootfs/proc $dir/root
cp /bin/busybox $dir/bundle/rootfs/bin/
echo='for p in 7 8 9 10; do busybox nc -ll -p $p -e busybox cat & done; wait'
cat > $dir/bundle/config.json <<JSON
{"ociVersion":"1.0.2","root":{"path":"rootfs"},"mounts":[{"destination":"/proc","type":"proc","source":"proc"}],
 "process":{"user":{"uid":0,"gid":0},"cwd":"/","env":["PATH=/bin"],"args":["/bin/busybox","sh","-c","$echo"]},
 "linux":{"namespaces":[{"type":"pid"},{"type":"mount"},{"type":"network","path":"/proc/$holder/ns/net"}]}}
JSON
# A release that takes every namespace with a sysctl in it for the host's starts where there is none.
inside unshare -m sh -c 'mount --make-rprivate /; mount -t tmpfs none /proc/sys/net; exec runsc --root "$0/root" \
  --platform=ptrace --ignore-cgroups run --detach --bundle "$0/bundle" window' $dir </dev/null >/dev/null
# Its stack has taken the address away from eth0; ours is at the other end.
mac=$(inside cat /sys/class/net/eth0/address)
inside sh -ec "ip addr flush dev eth0; ip addr add 10.5.0.1/24 dev far; ip neigh replace 10.5.0.2 lladdr $mac dev far
  ip route replace 10.5.0.0/24 dev far $*"
inside python3 - $seconds <<'PYTHON'
import os, random, socket, sys, threading, time
data, done, stalled = os.urandom(8 << 20), [], []
end = time.time() + float(sys.argv[1])
def transfer(port):
    s = socket.create_connection(('10.5.0.2', port), 10)
    s.settimeout(8)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    def send():
        try:
            for i in range(0, len(data), 65536): s.sendall(data[i:i + 65536])
        except OSError: pass
    sender = threading.Thread(target=send)
    sender.start()
    got = 0
    try:
        while got < len(data):
            got += len(s.recv(65536))
            if random.random() < 0.1: time.sleep(random.random() * 0.01)
        done.append(port)
    except OSError: stalled.append((port, got))
    s.close()
    sender.join()
def repeat(port):
    while time.time() < end and not stalled: transfer(port)
threads = [threading.Thread(target=repeat, args=(port,)) for port in (7, 8, 9, 10)]
for each in threads: each.start()
for each in threads: each.join()
print(f'{len(done)} transfers came back whole; stalled for 8 s (port, bytes): {stalled}')
PYTHON
