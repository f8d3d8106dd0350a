"""Runs a program on a terminal of its own as a person would: waits for what is on the screen, types, changes the size.

argv: a JSON list of steps, then the program. Steps: ["see", regex], ["type", text], ["size", rows, cols], ["end"].
Prints a JSON object: the screen's bytes as text, the exit code, and whether the terminal's settings came back.
"""
import fcntl, json, os, pty, re, select, signal, struct, sys, termios, time

steps = json.loads(sys.argv[1])
master, slave = pty.openpty()
fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
before = termios.tcgetattr(slave)
pid = os.fork()
if pid == 0:
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for number in range(3):
        os.dup2(slave, number)
    os.execvp(sys.argv[2], sys.argv[2:])

screen, seen, raw = "", 0, False
deadline = time.monotonic() + 50

def read():
    global screen
    if time.monotonic() > deadline:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        raise TimeoutError(f"after {screen!r}")
    if select.select([master], [], [], 0.1)[0]:
        screen += os.read(master, 65536).decode(errors="replace")

for step, *rest in steps:
    if step == "see":
        while not (match := re.compile(rest[0]).search(screen, seen)):
            read()
        seen = match.end()
    elif step == "type":
        raw = raw or not termios.tcgetattr(slave)[3] & termios.ICANON
        os.write(master, rest[0].encode())
    elif step == "size":
        fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", *rest, 0, 0))
while True:
    ended, status = os.waitpid(pid, os.WNOHANG)
    if ended:
        break
    read()
print(json.dumps({
    "screen": screen, "exitCode": os.waitstatus_to_exitcode(status), "raw": raw,
    "restored": termios.tcgetattr(slave) == before,
}))
