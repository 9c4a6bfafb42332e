"""Sends requests with Python httpx; see README.md."""

import json
import sys

import httpx

statuses = []
with httpx.Client(proxy=sys.argv[1], http2=True, timeout=20) as client:
    for request in json.load(sys.stdin):
        response = client.request(
            request["method"],
            request["url"],
            headers=request.get("headers"),
            content=request.get("body"),
        )
        statuses.append(response.status_code)
print(json.dumps(statuses))
