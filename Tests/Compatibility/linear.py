"""Linearizability: could some order of the operations, each at one moment between its call and its reply, explain all
replies? The search of Wing and Gong with Lowe's memory of places seen.

An operation is (client, called, returned, words, reply). The clients' operations follow one another; `words` is

  ("GET", key)            reply: the value, None where there is none
  ("SET", key, value)     reply: "OK"
  ("INCR", key)           reply: the number
  ("RPUSH", key, value)   reply: the length of the list
  ("LPOP", key)           reply: the value, None where there is none
  ("BLPOP", key, …)       reply: [key, value], None if there was none in time. One that waits is served by the first push,
                          which in a transaction need not be to the first of its keys.
  ("WATCH", key)          reply: "OK"
  ("EXEC", operations)    reply: the replies, or None where a watched key has changed
"""


class Model:
    """What one server with one thread does. A state is (values, watched, dirty): what the keys hold, which client
    watches which key, and for which clients one has changed."""

    EMPTY = (frozenset(), frozenset(), frozenset())

    @staticmethod
    def apply(state, client, words, told):
        """The reply and the state after it, given what the client was told."""
        values, watched, dirty = state
        name = words[0]
        if name == "WATCH":
            return "OK", (values, watched | {(client, words[1])}, dirty)
        if name == "EXEC":
            is_dirty = client in dirty
            watched = frozenset(pair for pair in watched if pair[0] != client)
            state = (values, watched, dirty - {client})
            if is_dirty:
                return None, state
            replies = []
            for inner in words[1]:
                reply, state = Model.apply(state, client, inner, None)
                replies.append(reply)
            return replies, state
        held = dict(values)
        key = words[1]
        if name == "GET":
            return held.get(key), state
        if name == "SET":
            reply, held[key] = "OK", words[2]
        elif name == "INCR":
            reply = held[key] = held.get(key, 0) + 1
        elif name == "RPUSH":
            held[key] = held.get(key, ()) + (words[2],)
            reply = len(held[key])
        else:
            # A client that waits pops at the moment at which it is served. Without a reply, it found nothing at first.
            keys = [told[0]] if words[0] == "BLPOP" and told else words[1:]
            key = next((key for key in keys if key in held), None)
            if key is None:
                return None, state
            first, *rest = held.pop(key)
            if rest:
                held[key] = tuple(rest)
            reply = first if name == "LPOP" else [key, first]
        changed = {other for other, other_key in watched if other_key == key}
        return reply, (frozenset(held.items()), watched, dirty | changed)


def is_linearizable(operations):
    """Whether the operations of a history, all of which have returned, have an order."""
    by_client = {}
    for operation in sorted(operations, key=lambda o: o[1]):
        by_client.setdefault(operation[0], []).append(operation)
    sequences = list(by_client.values())
    start = ((0,) * len(sequences), Model.EMPTY)
    seen, pending = {start}, [start]
    while pending:
        places, state = pending.pop()
        ahead = [(i, s[p]) for i, (s, p) in enumerate(zip(sequences, places)) if p < len(s)]
        if not ahead:
            return True
        first_return = min(operation[2] for _, operation in ahead)
        for index, (client, called, _, words, reply) in ahead:
            if called > first_return:
                continue
            expected, following = Model.apply(state, client, words, reply)
            if expected != reply:
                continue
            place = (places[:index] + (places[index] + 1,) + places[index + 1:], following)
            if place not in seen:
                seen.add(place)
                pending.append(place)
    return False
