"""Sends requests with Python requests; see README.md."""

import json
import sys

import requests

proxy = sys.argv[1]
statuses = []
with requests.Session() as session:
    session.proxies = {"http": proxy, "https": proxy}
    for request in json.load(sys.stdin):
        response = session.request(
            request["method"],
            request["url"],
            headers=request.get("headers"),
            data=request.get("body"),
            timeout=20,
        )
        statuses.append(response.status_code)
print(json.dumps(statuses))
