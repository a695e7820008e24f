"""A client of edge_gateway and coeus_gateway in the way of the calls that their documents print, with `requests`.

Usage: users.py BASE_URL USER PASSWORD, which prints the outcome of a journey as one JSON object.
"""

import hashlib
import json
import sys

import requests


def main(base_url, user, password):
    openapi, api = f"{base_url}/v1.0/openapi", f"{base_url}/api/v1"
    digest = hashlib.md5(password.encode()).hexdigest()
    seen = {}

    seen["login"] = requests.post(f"{openapi}/auth/login", json={"username": user, "password": password}).json()
    pair = seen["login"]["result"]
    seen["refreshed"] = requests.post(f"{openapi}/token/{pair['refresh_token']}").json()
    # `requests` sends this header with a GET as the document prints it.
    headers = {"Content-Type": "application/json", "x-token": pair["access_token"]}
    seen["product"] = requests.get(f"{openapi}/createProduct", headers=headers).json()
    seen["refused"] = requests.get(f"{openapi}/createProduct", headers={"x-token": "ABCDEFJ...."}).json()

    seen["entered"] = requests.post(f"{api}/login", json={"user_name": user, "password": digest}).json()
    authorization = {"Authorization": seen["entered"]["data"]["auth_token"]}

    def call(path, body):
        return requests.post(f"{api}/{path}", json=body, headers=authorization).json()

    seen["created"] = call("project/create", {"project_type": 1, "project_name": "我的ChatGPT项目"})
    seen["listed"] = call("project/list", {"page_no": 0, "page_size": 20})
    seen["deleted"] = call("project/delete", {"id": seen["listed"]["data"]["list"][0]["id"]})
    seen["left"] = call("platform/logout", {})
    seen["gone"] = call("platform/logout", {})
    print(json.dumps(seen))


if __name__ == "__main__":
    main(*sys.argv[1:])
