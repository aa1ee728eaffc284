#!/usr/bin/env python3
"""convert.py SUITE.yml > rfc7208.txt - the published test suite of RFC 7208 as lines that test_spf.c reads

scenario  WORDS
rr        NAME  TYPE  RDATA (hex)
cname     NAME  TARGET
timeout   NAME  TYPE or * (all that it has no records of)
test      NAME  ADDRESS  HELO  SENDER  RESULTS  EXPLANATION or -

Fields are parted by tabs; an empty one is "-". Debian's python3-spf has the suite.
"""
import socket
import sys

import yaml

TYPES = {"A": 1, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28}


def name_data(name):
    data = b""
    for label in name.rstrip(".").split("."):
        if label:
            data += bytes([len(label)]) + label.encode()
    return data + b"\0"


def text_data(value):
    strings = [value] if isinstance(value, str) else value
    data = b""
    for string in strings:
        raw = string.encode("utf-8")
        for at in range(0, max(len(raw), 1), 255):
            piece = raw[at:at + 255]
            data += bytes([len(piece)]) + piece
    return data


def record_data(kind, value):
    if kind == "A":
        return socket.inet_aton(value)
    if kind == "AAAA":
        return socket.inet_pton(socket.AF_INET6, value)
    if kind == "MX":
        return value[0].to_bytes(2, "big") + name_data(value[1])
    if kind == "PTR":
        return name_data(value)
    return text_data(value)


def put(*fields):
    print("\t".join(str(f) if str(f) else "-" for f in fields))


def put_record(name, kind, value):
    if value == "TIMEOUT":
        put("timeout", name, kind)
    elif kind == "CNAME":
        put("cname", name, value.rstrip(".").lower())
    elif kind in TYPES and value != "NONE":
        put("rr", name, kind, record_data(kind, value).hex())


def put_name(name, records):
    # Records of type SPF are meant for TXT where there is no TXT.
    has_text = any(isinstance(r, dict) and "TXT" in r for r in records)
    for record in records:
        if record == "TIMEOUT":
            put("timeout", name, "*")
            continue
        for kind, value in record.items():
            if kind == "SPF":
                if has_text:
                    continue
                kind = "TXT"
            put_record(name, kind, value)


def put_test(name, test):
    result = test["result"]
    results = result if isinstance(result, list) else [result]
    put("test", name, test["host"], test["helo"], test.get("mailfrom") or "",
        ",".join(results), test.get("explanation") or "")


def main():
    print("# The SPF test suite of openspf.org for RFC 7208, made from rfc7208-tests.yml by")
    print("# convert.py. Copyright and license are in the file LICENSE beside it.")
    for scenario in yaml.safe_load_all(open(sys.argv[1], encoding="utf-8")):
        if not scenario:
            continue
        put("scenario", scenario["description"])
        for name, records in scenario["zonedata"].items():
            put_name(name.lower(), records)
        for name, test in scenario["tests"].items():
            put_test(name, test)


main()
