"""filter_server - a filter made with libmilter (python3-milter): what it does is said by the message's Subject

usage: filter_server SOCKET LOG     SOCKET: "unix:/path" or "inet:PORT@127.0.0.1"; run by the system's python3

A line of JSON for each stage goes to LOG. The words of the Subject behind "do:" are done: "add", "insert",
"change", "remove", "from", "rcpt+", "rcpt-", "body", "quarantine", "discard", "reject", "tempfail", "code",
"lines", "accept", "slow". Addresses with a verb before the @ get it at MAIL or RCPT: reject@, tempfail@, discard@,
accept@. The options "skip", "mute", "leadspc", "symlist", "refused" come by the environment variable FILTER."""
import json
import os
import sys
import time

import Milter

OPTIONS = os.environ.get("FILTER", "").split()
EVENTS = open(sys.argv[2], "a", buffering=1)
VERBS = {"reject": Milter.REJECT, "tempfail": Milter.TEMPFAIL, "discard": Milter.DISCARD, "accept": Milter.ACCEPT}
MACROS = ("j", "i", "v", "_", "{client_addr}", "{client_port}", "{auth_authen}", "{auth_type}", "{tls_version}",
          "{cipher}", "{daemon_name}", "{mail_addr}", "{rcpt_addr}", "{rcpt_mailer}", "{rcpt_host}")


QUIET = Milter.NOREPLY if "mute" in OPTIONS else Milter.CONTINUE


class Filter(Milter.Base):
    def note(self, stage, *args):
        known = {name: value for name in MACROS if (value := self.getsymval(name))}
        print(json.dumps({"stage": stage, "args": args, "macros": known, "id": id(self)}), file=EVENTS)

    @staticmethod
    def verb_of(path):
        return VERBS.get(path.strip("<>").split("@")[0], Milter.CONTINUE)

    def connect(self, name, family, where):
        self.note("connect", name, family, list(where) if where else None)
        return QUIET

    def hello(self, name):
        self.note("helo", name)
        return Milter.REJECT if name == "reject.test" else Milter.CONTINUE

    def envfrom(self, path, *args):
        self.todo, self.size, self.chunks = [], 0, 0
        self.note("mail", path, *args)
        return self.verb_of(path)

    def envrcpt(self, path, *args):
        self.note("rcpt", path, *args)
        return self.verb_of(path)

    def data(self):
        self.note("data")
        return Milter.CONTINUE

    def header(self, name, value):
        if "mute" not in OPTIONS:
            self.note("header", name, value)
        if name.lower() == "subject" and "do:" in value:
            self.todo = value.split("do:")[1].split()
        return QUIET

    def eoh(self):
        self.note("eoh")
        return QUIET

    def body(self, chunk):
        self.size += len(chunk)
        self.chunks += 1
        if "skip" in OPTIONS and self.chunks == 2:
            return Milter.SKIP
        return QUIET

    def eom(self):
        self.note("eom", self.size, self.chunks)
        result = Milter.CONTINUE
        for word in self.todo:
            result = VERBS.get(word, result)
            if word not in VERBS:
                getattr(self, "do_" + word.replace("+", "_add").replace("-", "_del"))()
            if word in ("code", "lines"):
                result = Milter.REJECT
        return result

    def do_add(self):
        self.addheader("X-Added", " with\n\ta second line" if "leadspc" in OPTIONS else "with\n\ta second line")

    def do_insert(self):
        self.addheader("X-First", "before all", 0)

    def do_change(self):
        self.chgheader("Subject", 1, "changed")
        self.chgheader("X-New", 1, "made by a change")

    def do_remove(self):
        self.chgheader("X-Twice", 2, "")

    def do_from(self):
        self.chgfrom("<other@elsewhere.test>")

    def do_rcpt_add(self):
        self.addrcpt("<bob@alpha.test>")
        self.addrcpt("<nobody@alpha.test>")

    def do_rcpt_del(self):
        self.delrcpt("<ann@alpha.test>")

    def do_body(self):
        self.replacebody("one\ntwo\r\n")
        self.replacebody("x" * 100000 + "\r\nthree\r\n")

    def do_quarantine(self):
        self.quarantine("looks odd")

    def do_code(self):
        self.setreply("554", "5.7.99", "not with me")

    def do_lines(self):
        self.setreply("554", "5.7.99", "first", "second")

    def do_slow(self):
        for _ in range(4):
            time.sleep(0.3)
            self.progress()

    def abort(self):
        self.note("abort")
        return Milter.CONTINUE

    def close(self):
        self.note("close")
        return Milter.CONTINUE

    def negotiate(self, opts):
        print(json.dumps({"stage": "options", "args": list(opts)}), file=EVENTS)
        steps = 0
        if "mute" in OPTIONS:
            steps |= Milter.P_NR_HDR | Milter.P_NR_CONN | Milter.P_NR_EOH | Milter.P_NR_BODY
        if "skip" in OPTIONS:
            steps |= Milter.P_SKIP
        if "leadspc" in OPTIONS:
            steps |= Milter.P_HDR_LEADSPC
        if "refused" in OPTIONS:
            steps |= Milter.P_RCPT_REJ
        opts[0] = opts[0]
        opts[1] = opts[1] & steps
        opts[2] = opts[3] = 0
        if "symlist" in OPTIONS:
            self._ctx.setsymlist(Milter.M_ENVFROM, "i {client_addr}")  # the module's own fails
        return Milter.CONTINUE


Milter.factory = Filter
Milter.set_flags(Milter.ADDHDRS | Milter.CHGBODY | Milter.ADDRCPT | Milter.DELRCPT | Milter.CHGHDRS | Milter.QUARANTINE
                 | Milter.CHGFROM | Milter.SETSYMLIST)
Milter.runmilter("filter", sys.argv[1], 30)
