"""A RESP client that keeps every reply byte for byte, so that two servers can be compared to the byte."""

import socket


class ReplyError(Exception):
    """An error reply: its text without the leading '-' and the line end."""


class Closed(Exception):
    """The server closed the connection; `rest` holds what it had sent before."""

    def __init__(self, rest=b""):
        super().__init__(f"the server closed the connection after {rest[:200]!r}")
        self.rest = rest


def word(value):
    """One word of a request as bytes: bytes stay, text and numbers are written out."""
    if isinstance(value, bytes):
        return value
    return str(value).encode("utf-8", "surrogateescape")


def encode(words):
    """A request in RESP."""
    parts = [b"*%d\r\n" % len(words)]
    for value in words:
        value = word(value)
        parts.append(b"$%d\r\n%b\r\n" % (len(value), value))
    return b"".join(parts)


_LINES = frozenset(b"+-:_#,(")
_BULKS = frozenset(b"$=!")
_GROUPS = frozenset(b"*~>")
_MAPS = frozenset(b"%|")


def reply_end(data, start=0):
    """Where the reply that begins at `start` ends, or None while it is not complete."""
    pending = 1
    position = start
    while pending:
        line_end = data.find(b"\r\n", position)
        if line_end < 0:
            return None
        kind = data[position]
        if kind in _LINES:
            position = line_end + 2
            pending -= 1
            continue
        try:
            count = int(data[position + 1 : line_end])
        except ValueError:
            raise ValueError(f"not a reply: {bytes(data[position:line_end])!r}") from None
        position = line_end + 2
        if kind in _BULKS:
            pending -= 1
            if count >= 0:
                position += count + 2
                if position > len(data):
                    return None
        elif kind in _GROUPS:
            pending += max(count, 0) - 1
        elif kind in _MAPS:
            # An attribute (|) comes before the reply that it belongs to.
            pending += 2 * count - (1 if kind == 0x25 else 0)
        else:
            raise ValueError(f"not a reply: {bytes(data[position - 20:line_end])!r}")
    return position


class Pairs(list):
    """A RESP3 map, as the list of its pairs in the order of the wire."""


class Members(list):
    """A RESP3 set, in the order of the wire."""


class Push(list):
    """A RESP3 push message."""


def parse(data):
    """The value of one complete reply; errors become ReplyError values and are not raised."""
    value, end = _parse(bytes(data), 0)
    if end != len(data):
        raise ValueError(f"{len(data) - end} bytes after the reply")
    return value


def _parse(data, position):
    line_end = data.index(b"\r\n", position)
    kind, line = data[position : position + 1], data[position + 1 : line_end]
    position = line_end + 2
    if kind == b"+":
        return line.decode("utf-8", "surrogateescape"), position
    if kind == b"-":
        return ReplyError(line.decode("utf-8", "surrogateescape")), position
    if kind in (b":", b"("):
        return int(line), position
    if kind == b"_":
        return None, position
    if kind == b"#":
        return line == b"t", position
    if kind == b",":
        return float(line), position
    count = int(line)
    if kind in (b"$", b"=", b"!"):
        if count < 0:
            return None, position
        text = data[position : position + count]
        if kind == b"!":
            text = ReplyError(text.decode("utf-8", "surrogateescape"))
        return text, position + count + 2
    if kind in (b"%", b"|"):
        pairs = Pairs()
        for _ in range(count):
            name, position = _parse(data, position)
            value, position = _parse(data, position)
            pairs.append((name, value))
        if kind == b"|":
            return _parse(data, position)
        return pairs, position
    if count < 0:
        return None, position
    items = {b"*": list, b"~": Members, b">": Push}[kind]()
    for _ in range(count):
        item, position = _parse(data, position)
        items.append(item)
    return items, position


class Connection:
    """A connection to a server that sends bytes and returns the exact bytes of the replies."""

    def __init__(self, address, timeout=8.0):
        if isinstance(address, str):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(timeout)
            self.socket.connect(address)
        else:
            self.socket = socket.create_connection(address, timeout)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray()
        self.start = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def reply(self):
        """The bytes of the next reply."""
        while True:
            end = reply_end(self.buffer, self.start) if self.start < len(self.buffer) else None
            if end is not None:
                data = bytes(self.buffer[self.start : end])
                self.start = end
                if self.start == len(self.buffer):
                    self.buffer.clear()
                    self.start = 0
                return data
            self._receive()

    def _receive(self):
        try:
            data = self.socket.recv(1 << 18)
        except ConnectionResetError:
            data = b""
        if not data:
            raise Closed(bytes(self.buffer[self.start :]))
        self.buffer += data

    def until_close(self):
        """Everything that the server sends until it closes the connection."""
        try:
            while True:
                self._receive()
        except Closed as closed:
            return closed.rest

    def raw(self, *words):
        """The exact bytes of the reply to one command."""
        self.send(encode(words))
        return self.reply()

    def pipeline(self, commands):
        """The exact bytes of the replies to several commands, sent at once."""
        self.send(b"".join(map(encode, commands)))
        return [self.reply() for _ in commands]

    def command(self, *words):
        """The parsed reply to one command; an error reply is raised."""
        value = parse(self.raw(*words))
        if isinstance(value, ReplyError):
            raise value
        return value

    def line(self, text):
        """The exact bytes of the reply to one inline command."""
        self.send(word(text) + b"\r\n")
        return self.reply()

    def is_closed(self, timeout=5.0):
        """Whether the server closes the connection within the time."""
        before = self.socket.gettimeout()
        self.socket.settimeout(timeout)
        try:
            self.until_close()
            return True
        except (TimeoutError, socket.timeout):
            return False
        finally:
            self.socket.settimeout(before)
