"""dnssec - NSD with a zone that is signed, and the key that proves it

    with Signed(folder, "dane.test", ["@ MX 10 mx", ...]) as names: ... names.address, names.anchor

`spoil` is called with the signed zone's text and returns what is served instead: who checks must see it.
"""
import shutil
import subprocess

import nsd

TOOLS = shutil.which("ldns-keygen"), shutil.which("ldns-signzone")


def installed():
    return nsd.PROGRAM and all(TOOLS)


class Signed(nsd.Nsd):
    def __init__(self, folder, zone, records, spoil=None):
        super().__init__(folder, zone, records)
        name = self.run(TOOLS[0], "-a", "ECDSAP256SHA256", "-k", zone).strip()
        self.run(TOOLS[1], "-f", "zone.signed", "zone", name)
        text = (self.folder / "zone.signed").read_text()
        (self.folder / "zone").write_text(spoil(text) if spoil else text)
        self.anchor = self.folder / f"{name}.ds"

    def run(self, *words):
        return subprocess.run(words, cwd=self.folder, check=True, stdout=subprocess.PIPE).stdout.decode()
