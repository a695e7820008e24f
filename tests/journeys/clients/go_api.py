"""A client of go_api in the way of the one that the API's document prints: its names, and its calls of `requests`.

Usage: go_api.py BASE_URL APP_ID APP_SECRET, which prints the outcome of a journey as one JSON object.
"""

import json
import sys

import requests


class GoAPIClient:
    def __init__(self, base_url, app_id, app_secret):
        self.base_url, self.app_id, self.app_secret = base_url, app_id, app_secret
        self.token = None

    def authenticate(self):
        credentials = {"app_id": self.app_id, "app_secret": self.app_secret}
        reply = requests.post(f"{self.base_url}/go-api/external/service/auth/token", data=credentials).json()
        # Whether a call succeeded is a matter of the code; the HTTP status is 200 either way.
        if reply["code"] != 0:
            raise Exception("Authentication failed")
        self.token = reply["data"]["token"]
        return self.token

    def create_app(self, app_data):
        if not self.token:
            self.authenticate()
        return requests.post(
            f"{self.base_url}/go-api/external/service/auth/app",
            json=app_data,
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        ).json()


def refusal(client):
    try:
        client.authenticate()
    except Exception as error:
        return str(error)


def main(base_url, app_id, app_secret):
    client = GoAPIClient(base_url, app_id, app_secret)
    app = {
        "app_name": "我的应用 by requests",
        "description": "应用描述",
        "redirect_uri": "https://example.com/callback",
    }
    # The first call logs in by itself.
    created = client.create_app(app)
    taken = client.create_app(app)
    nameless = client.create_app({"app_name": ""})
    client.token = "not-a-token"
    forged = client.create_app(app)
    # The new application's own credentials are good, too.
    own = GoAPIClient(base_url, created["data"]["app_id"], created["data"]["app_secret"])
    token = own.authenticate()
    refused = refusal(GoAPIClient(base_url, app_id, "wrong"))
    outcome = {"created": created, "taken": taken, "nameless": nameless, "forged": forged}
    print(json.dumps({**outcome, "token": token, "refused": refused}))


if __name__ == "__main__":
    main(*sys.argv[1:])
