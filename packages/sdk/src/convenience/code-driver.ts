/**
 * What runs in the box for a `CodeContext`: takes `{"id", "code"}` a line on stdin, and tells what happens as a line of JSON
 * each on what was its stdout. Programs, and whatever they start, write to pipes in its place.
 */
export const codeDriver: string = String.raw`
import ast, asyncio, base64, fcntl, inspect, json, linecache, os, select, signal, sys, threading, traceback

os.environ.setdefault("MPLBACKEND", "agg")
link = os.fdopen(os.dup(1), "wb")
turn = threading.Lock()

def tell(**message):
    link.write(json.dumps(message).encode() + b"\n")
    link.flush()

class Carrier:
    """Takes what is written to a descriptor and tells it as output."""
    def __init__(self, number, name):
        self.name = name
        self.end, writing = os.pipe()
        os.set_blocking(self.end, False)
        os.dup2(writing, number)
        os.close(writing)
        threading.Thread(target=self.forward, daemon=True).start()
    def forward(self):
        while True:
            select.select([self.end], [], [])
            with turn:
                self.drain()
    def drain(self):
        while True:
            try:
                data = os.read(self.end, 65536)
            except BlockingIOError:
                return
            tell(type=self.name, data=base64.b64encode(data).decode())

carriers = [Carrier(1, "stdout"), Carrier(2, "stderr")]
requests = os.fdopen(os.dup(0), "rb")
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
forms = {"html": "text/html", "markdown": "text/markdown", "latex": "text/latex", "svg": "image/svg+xml",
         "png": "image/png", "jpeg": "image/jpeg", "json": "application/json"}

def in_turn(**message):
    with turn:
        tell(**message)

def display(value, main=False):
    """Shows a value as a result, in every form that it has."""
    data = {"text/plain": repr(value)}
    for name, form in forms.items():
        method = getattr(value, "_repr_" + name + "_", None)
        if method is None or inspect.isclass(value):
            continue
        try:
            shown = method()
            if isinstance(shown, tuple):
                shown = shown[0]
            if shown is None:
                continue
            if isinstance(shown, (bytes, bytearray)):
                shown = base64.b64encode(shown).decode()
            data[form] = shown if isinstance(shown, str) else json.dumps(shown)
        except Exception:
            pass
    in_turn(type="result", main=main, data=data)

def figures():
    plots = sys.modules.get("matplotlib.pyplot")
    if plots is None:
        return
    import io
    for number in plots.get_fignums():
        image = io.BytesIO()
        plots.figure(number).savefig(image, format="png", bbox_inches="tight")
        in_turn(type="result", main=False, data={"text/plain": "<figure>", "image/png": base64.b64encode(image.getvalue()).decode()})
    plots.close("all")

space = {"__name__": "__main__", "__builtins__": __builtins__, "display": display}
flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT

def compute(code):
    value = eval(code, space)
    return loop.run_until_complete(value) if code.co_flags & inspect.CO_COROUTINE else value

def run(number, source):
    name = "<run %d>" % number
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    try:
        tree = ast.parse(source, name)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        compute(compile(tree, name, "exec", flags))
        if last is not None:
            value = compute(compile(ast.Expression(last.value), name, "eval", flags))
            if value is not None:
                space["_"] = value
                display(value, True)
        figures()
        return None
    except BaseException as error:
        kind = type(error)
        frames = error.__traceback__
        while frames is not None and frames.tb_frame.f_code.co_filename != name:
            frames = frames.tb_next
        trace = "".join(traceback.format_exception(kind, error, frames))
        return {"name": kind.__name__, "message": str(error), "traceback": trace}

def next_request():
    while True:
        try:
            return requests.readline()
        except KeyboardInterrupt:
            pass

tell(type="ready", version=sys.version.split()[0])
while True:
    line = next_request()
    if not line:
        break
    request = json.loads(line)
    failure = None
    try:
        failure = run(request["id"], request["code"])
    except KeyboardInterrupt:
        failure = {"name": "KeyboardInterrupt", "message": "", "traceback": "KeyboardInterrupt\n"}
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass
    with turn:
        for carrier in carriers:
            carrier.drain()
        tell(type="done", id=request["id"], error=failure)
    signal.signal(signal.SIGINT, signal.default_int_handler)
`;
