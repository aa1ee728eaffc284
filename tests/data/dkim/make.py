#!/usr/bin/python3
"""make.py - messages signed by dkimpy (Debian's python3-dkim), as test_dkim.c reads them, and the keys to publish

NAME.eml is to pass; what it lacks the test breaks itself. keys: NAME of the TXT record, tab, its text. The private
keys are not kept, so all of it is made at once.
"""
import base64
import pathlib
import subprocess

import dkim
import nacl.signing

HERE = pathlib.Path(__file__).parent
CANONS = [b"simple", b"relaxed"]

MESSAGES = {
    "plain": b"From: Ann <ann@signed.test>\r\nTo: bob@alpha.test\r\nSubject: hello\r\n"
             b"Date: Sat, 21 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@signed.test>\r\n\r\nHello, Bob.\r\n",
    "blanks": b"from:  Ann  <ann@signed.test>\t\r\nSUBJECT:\t folded  \r\n\t over\r\n  lines \r\nTo:bob@alpha.test\r\n"
              b"Subject: a second\r\nX-Empty:\r\nX-Blank:   \r\n"
              b"\r\n leading\r\ntrailing  \t\r\n\r\n\t \r\nin  the \t middle\r\n\r\n \t\r\n\r\n\r\n",
    "empty": b"From: ann@signed.test\r\nSubject: nothing\r\n\r\n",
    "lines": b"From: ann@signed.test\r\nSubject: only line ends\r\n\r\n\r\n\r\n\r\n",
    "bytes": "From: Ännchen <ann@signed.test>\r\nSubject: grüße\r\n\r\nGrüße ☃\r\n".encode(),
}


def rsa_key(bits):
    pem = subprocess.run(["openssl", "genrsa", "-traditional", str(bits)], check=True, capture_output=True).stdout
    der = subprocess.run(["openssl", "rsa", "-pubout", "-outform", "DER"], input=pem, check=True,
                         capture_output=True).stdout
    return pem, base64.b64encode(der).decode()


def main():
    keys = {}
    private = {}
    for name, bits in (("rsa", 2048), ("small", 1024)):
        private[name], public = rsa_key(bits)
        keys[name] = f"v=DKIM1; k=rsa; p={public}"
    seed = nacl.signing.SigningKey.generate()
    private["ed"] = base64.b64encode(bytes(seed))
    keys["ed"] = "v=DKIM1; k=ed25519; p=" + base64.b64encode(bytes(seed.verify_key)).decode()
    (HERE / "keys").write_text("".join(f"{n}._domainkey.signed.test\t{t}\n" for n, t in keys.items()))

    def sign(file, message, selector, canon, **options):
        algorithm = b"ed25519-sha256" if selector == "ed" else b"rsa-sha256"
        field = dkim.sign(message, selector.encode(), b"signed.test", private[selector], canonicalize=canon,
                          signature_algorithm=algorithm, **options)
        (HERE / f"{file}.eml").write_bytes(field + message)

    for name, message in MESSAGES.items():
        for header in CANONS:
            for body in CANONS:
                selector = "ed" if header == body else "rsa"
                sign(f"{name}-{header.decode()}-{body.decode()}", message, selector, (header, body))
    sign("small-key", MESSAGES["plain"], "small", (b"relaxed", b"simple"))
    sign("length", MESSAGES["plain"], "rsa", (b"relaxed", b"relaxed"), length=True)
    once = (HERE / "plain-relaxed-relaxed.eml").read_bytes()
    sign("twice", once, "rsa", (b"relaxed", b"relaxed"))


main()
