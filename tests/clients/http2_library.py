"""Two ends of HTTP/2 connections that talk in memory, with a library that is not ours.

Prints one connection a line: what each end sent, in order, and what the other made of it. Table sizes
change in mid-connection; some requests are CONNECT with `:protocol` (RFC 8441), and go on in both directions.
"""

import json
import random
import sys

import h2.config
import h2.connection
import h2.events
from h2.settings import SettingCodes
from hpack import NeverIndexedHeaderTuple

SIZES = [0, 31, 64, 200, 4096, 5000, 65536]
NAMES = [b"accept", b"cookie", b"x-request-id", b"authorization", b"x-a", b"te"]
VALUES = [b"", b"*/*", b"sid=1", b"sid=2; theme=dark", b"trailers", b"\xc3\xbc", b"v" * 90]


def end(is_client):
    return h2.connection.H2Connection(
        h2.config.H2Configuration(
            client_side=is_client,
            header_encoding=None,
            validate_inbound_headers=False,
            validate_outbound_headers=False,
            normalize_inbound_headers=False,
            normalize_outbound_headers=False,
        )
    )


class Talk:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.client, self.origin = end(True), end(False)
        self.sent = []
        self.messages = {}
        self.open = []
        self.changes = 0
        # Sizes that each end has asked for, and that no field section has taken up yet.
        self.asked = {self.client: 0, self.origin: 0}
        self.size = {self.client: 4096, self.origin: 4096}
        self.client.initiate_connection()
        self.origin.initiate_connection()
        self.origin.update_settings({SettingCodes.ENABLE_CONNECT_PROTOCOL: 1})
        self.pass_on()

    def pass_on(self):
        while True:
            silent = True
            for name, one, other in [
                ("client", self.client, self.origin),
                ("origin", self.origin, self.client),
            ]:
                written = one.data_to_send()
                if written:
                    silent = False
                    self.sent.append([name, written.hex()])
                    for event in other.receive_data(written):
                        self.note(name, other, event)
            if silent:
                return

    def note(self, name, receiver, event):
        stream = getattr(event, "stream_id", None)
        message = self.messages.setdefault(
            f"{name} {stream}", {"sections": [], "content": "", "ended": False}
        )
        if isinstance(
            event,
            (
                h2.events.RequestReceived,
                h2.events.ResponseReceived,
                h2.events.InformationalResponseReceived,
                h2.events.TrailersReceived,
            ),
        ):
            message["sections"].append([[n.hex(), v.hex()] for n, v in event.headers])
        elif isinstance(event, h2.events.DataReceived):
            message["content"] += event.data.hex()
            receiver.acknowledge_received_data(event.flow_controlled_length, stream)
        elif isinstance(event, h2.events.StreamEnded):
            message["ended"] = True

    def fields(self):
        fields = []
        for _ in range(self.random.randrange(9)):
            name = self.random.choice(NAMES)
            value = self.random.choice(VALUES)
            if self.random.random() < 0.3:
                value += str(self.random.randrange(1000)).encode()
            kind = NeverIndexedHeaderTuple if self.random.random() < 0.2 else tuple
            fields.append(kind([name, value]) if kind is tuple else kind(name, value))
        return fields

    def rest(self, one, stream, may_stay_open):
        for _ in range(self.random.randrange(4)):
            piece = self.random.randbytes(self.random.randrange(300))
            padding = self.random.choice([None, None, 0, 1, 255])
            one.send_data(stream, piece, pad_length=padding)
        if may_stay_open:
            return
        if self.random.random() < 0.4:
            one.send_headers(stream, self.fields() or [(b"grpc-status", b"0")], end_stream=True)
        else:
            one.end_stream(stream)

    def request(self):
        self.pass_on()
        self.asked[self.origin] = 0
        stream = self.client.get_next_available_stream_id()
        is_tunnel = self.random.random() < 0.2
        head = [(b":method", b"CONNECT" if is_tunnel else b"POST")]
        head += [(b":protocol", b"websocket")] if is_tunnel else []
        path = b"/v1/%d" % self.random.randrange(50)
        head += [(b":scheme", b"https"), (b":path", path), (b":authority", b"api.acme.test")]
        self.client.send_headers(stream, head + self.fields())
        self.rest(self.client, stream, is_tunnel)
        self.open.append((stream, is_tunnel))

    def answer(self):
        self.pass_on()
        self.asked[self.client] = 0
        stream, is_tunnel = self.open.pop(self.random.randrange(len(self.open)))
        if self.random.random() < 0.2:
            self.origin.send_headers(stream, [(b":status", b"103")] + self.fields())
        status = self.random.choice([b"200", b"401", b"204"])
        head = [(b":status", b"200" if is_tunnel else status)] + self.fields()
        self.origin.send_headers(stream, head)
        self.rest(self.origin, stream, is_tunnel)
        if is_tunnel:
            # Both sides speak in turns, then both end.
            for one in [self.client, self.origin, self.client]:
                one.send_data(stream, self.random.randbytes(20))
                self.pass_on()
            self.client.end_stream(stream)
            self.origin.end_stream(stream)

    def settings(self):
        one = self.random.choice([self.client, self.origin])
        for _ in range(self.random.choice([1, 1, 2])):
            # Of several, hpack writes also those that a smaller one has overtaken, and refuses to read
            # them; of the same once more it forgets the change before.
            fits = [n for n in SIZES if n >= self.asked[one] and n != self.size[one]]
            if not fits:
                return
            size = self.random.choice(fits)
            one.update_settings({SettingCodes.HEADER_TABLE_SIZE: size})
            self.asked[one] = self.size[one] = size
            self.changes += 1

    def step(self):
        does = self.random.random()
        if does < 0.4:
            self.request()
        elif does < 0.8 and self.open:
            self.answer()
        elif does < 0.95:
            self.settings()
        else:
            self.client.ping(b"12345678")
        # Sometimes both sides write before they read.
        if self.random.random() < 0.8:
            self.pass_on()

    def play(self, steps):
        for _ in range(steps):
            self.step()
        self.pass_on()
        while self.open:
            self.answer()
            self.pass_on()
        messages = {k: m for k, m in self.messages.items() if m["sections"]}
        return {"sent": self.sent, "messages": messages, "changes": self.changes}


for seed in range(int(sys.argv[1])):
    print(json.dumps(Talk(seed).play(300)))
