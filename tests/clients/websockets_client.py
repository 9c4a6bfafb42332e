"""Python websockets through a proxy: PROXY CA URL; prints what it saw as JSON."""

import asyncio
import json
import ssl
import sys

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

proxy, ca, url = sys.argv[1:4]
TEXT = "größer " * 100
BINARY = bytes(range(256)) * 400


async def main():
    tls = ssl.create_default_context(cafile=ca) if url.startswith("wss") else None
    options = {"proxy": proxy, "ssl": tls, "subprotocols": ["acme.v1"]}
    try:
        async with connect(url, **options) as socket:
            seen = {"subprotocol": socket.subprotocol}
            seen["extensions"] = [str(extension.name) for extension in socket.protocol.extensions]
            await socket.send(TEXT)
            seen["text"] = await socket.recv() == TEXT
            await socket.send(BINARY)
            seen["binary"] = await socket.recv() == BINARY
            await asyncio.wait_for(await socket.ping(), 20)
            seen["pong"] = True
            return seen
    except InvalidStatus as error:
        response = error.response
        return {"status": response.status_code, "body": response.body.decode()}
    except ConnectionClosed as error:
        return {"code": error.rcvd.code, "reason": error.rcvd.reason}


print(json.dumps(asyncio.run(asyncio.wait_for(main(), 25))))
