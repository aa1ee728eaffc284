"""signet - signetd as it is shipped, with data of its own"""
import json
import os
import pathlib
import socket
import subprocess
import threading
import time

from system import PASSWORD, Failed, System


class Signet(System):
    name = "Signet"
    serves = ("mail", "imap", "idle", "chat", "encrypt", "web", "library", "domains", "queue")

    clear = False

    def __init__(self, folder, build):
        super().__init__(folder)
        self.build = pathlib.Path(build).resolve()
        self.data = self.folder / "data"
        self.accounts = []
        self.wanted = []
        self.relays = False
        self.encrypts = False

    def start(self):
        as_root = ["-u", "root"] if os.geteuid() == 0 else []
        with open(self.folder / "signetd.log", "ab") as log:
            process = self.spawn([self.build / "signetd", "-d", self.data, "-p", "0", "-f", *as_root],
                                 stdout=subprocess.PIPE, stderr=log)
        self.ports = {}
        for line in process.stdout:
            words = line.decode().split()
            if words[:1] == ["ready"]:
                threading.Thread(target=process.stdout.read, daemon=True).start()
                break
            if words[:1] == ["listening"] and ":" in words[2]:
                self.ports.setdefault(words[1], int(words[2].rsplit(":", 1)[1]))
        else:
            raise Failed("signetd ended before it was ready: see " + str(self.folder / "signetd.log"))
        if self.wanted:
            self.make(self.wanted)
            self.wanted = []

    def add(self, accounts):
        """Add accounts; when the server does not run yet, once it does."""
        if self.processes:
            self.make(accounts)
        else:
            self.wanted += accounts

    def make(self, accounts):
        have = {a.split("@")[1] for a in self.accounts}
        domains = sorted({a.split("@")[1] for a in accounts} - have)
        self.orders([("domain add", {"name": d}) for d in domains] +
                    [("account add", {"address": a, "password": PASSWORD}) for a in accounts])
        self.accounts += accounts

    def relay_to(self, port, aliases):
        if not self.relays:
            self.orders([("alias add", {"name": a, "target": [a.split("@")[0] + "@far.test"]}) for a in aliases])
        self.relays = True
        self.orders([("setting set", {"name": "relay.route", "value": f"[127.0.0.1]:{port}"})])

    def encrypt_for(self, accounts):
        """These accounts, each with a key and all its mail encrypted; and as many without, beginning with c."""
        if self.encrypts:
            return
        self.encrypts = True
        self.make(accounts + ["c" + a[1:] for a in accounts])
        for a in accounts:
            self.orders([("smime issue", {"address": a, "secret": PASSWORD, "type": "P-256"}),
                         ("rule encrypt", {"address": a, "on": True})])

    def settled(self):
        if not self.relays:
            return True
        time.sleep(0.02)  # asking costs, too
        return not self.orders([("queue list", {"limit": 1})])["rows"]

    def orders(self, orders):
        """Operations over the control socket, all on one connection. The last one's answer."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(60)
            s.connect(str(self.data / "control"))
            lines = s.makefile("rb")
            for op, args in orders:
                s.sendall(json.dumps({"op": op, "args": args}).encode() + b"\n")
                answer = {}
                while "ok" not in answer:
                    line = lines.readline()
                    if not line:
                        raise Failed(f"signetd closed the control socket at {op}")
                    answer = json.loads(line)
                if not answer["ok"]:
                    raise Failed(f"{op} {args}: {answer}")
        return answer

    def version(self):
        done = subprocess.run([self.build / "signet", "--version"], stdout=subprocess.PIPE, check=False)
        return "Signet " + done.stdout.decode().split()[-1]
