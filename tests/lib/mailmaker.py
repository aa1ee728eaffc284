"""mailmaker - messages as people send them: MIME trees, attachments, odd charsets; the same every time"""
import email.charset
import email.header
import email.mime.application
import email.mime.image
import email.mime.message
import email.mime.multipart
import email.mime.text
import email.policy
import email.utils
import random

WORDS = ("the quick brown fox jumps over a lazy dog while seventeen grey herons wait in cold water "
         "for invoices reports minutes travel plans and one more question about the garden").split()
NAMES = ["Ann Example", "Bob Ödegård", "山田 太郎", "Søren Åse", "Иван Петров", "O'Neil, \"Pat\"", ""]
SUBJECTS = ["Minutes of Monday", "Größe der Säle", "会議の議事録", "Re: Fwd: Отчёт за май", "☕ at four?", ""]


def words(rng, n):
    return " ".join(rng.choice(WORDS) for _ in range(n))


def paragraphs(rng, n):
    lines = []
    for _ in range(n):
        text = words(rng, rng.randint(5, 60))
        lines += [text[i:i + 72] for i in range(0, len(text), 72)] + [""]
    # lines that a careless server spoils
    lines += [".", "..", ".hidden", "From the start", "-- ", "trailing blanks   ", ""]
    return "\r\n".join(lines)


def plain(rng):
    return email.mime.text.MIMEText(paragraphs(rng, rng.randint(1, 8)), "plain", "us-ascii")


def utf8(rng):
    """As 8-bit text."""
    charset = email.charset.Charset("utf-8")
    charset.body_encoding = None
    part = email.mime.text.MIMEText("", "plain")
    del part["Content-Transfer-Encoding"]
    part.set_payload("Grüße, 你好, привет\n" + paragraphs(rng, 2), charset)
    return part


def latin1_quoted(rng):
    charset = email.charset.Charset("iso-8859-1")
    charset.body_encoding = email.charset.QP
    part = email.mime.text.MIMEText("", "plain")
    del part["Content-Transfer-Encoding"]
    part.set_payload("Žluťoučký není zde, aber Öl schon. ".replace("Ž", "Z").replace("ť", "t")
                     .replace("č", "c").replace("ů", "u") + words(rng, 40), charset)
    return part


def alternative(rng):
    part = email.mime.multipart.MIMEMultipart("alternative")
    part.attach(utf8(rng))
    part.attach(email.mime.text.MIMEText(f"<html><body><p>{words(rng, 30)}</p></body></html>", "html", "utf-8"))
    return part


def blob(rng, n):
    return rng.randbytes(n)


def attachment(rng, size):
    part = email.mime.application.MIMEApplication(blob(rng, size))
    part.add_header("Content-Disposition", "attachment", filename=("utf-8", "", "Übersicht 2026.bin"))
    return part


def mixed(rng, size=None):
    part = email.mime.multipart.MIMEMultipart("mixed")
    part.attach(alternative(rng))
    part.attach(attachment(rng, size if size is not None else rng.randint(100, 60000)))
    return part


def related(rng):
    part = email.mime.multipart.MIMEMultipart("related")
    part.attach(email.mime.text.MIMEText('<img src="cid:x@y">', "html"))
    image = email.mime.image.MIMEImage(blob(rng, 900), "png")
    image.add_header("Content-ID", "<x@y>")
    part.attach(image)
    return part


def forwarded(rng):
    part = email.mime.multipart.MIMEMultipart("mixed")
    part.attach(plain(rng))
    inner = mixed(rng, 500)
    inner["Subject"] = "inner"
    inner["From"] = "inner@example.org"
    part.attach(email.mime.message.MIMEMessage(inner))
    return part


def deep(rng):
    part = plain(rng)
    for _ in range(12):
        outer = email.mime.multipart.MIMEMultipart("mixed")
        outer.attach(part)
        part = outer
    return part


KINDS = [plain, utf8, latin1_quoted, alternative, mixed, related, forwarded, deep]


def message(n, sender, recipients, size=None):
    """Message number n: bytes with CRLF line ends; always the same for the same arguments."""
    rng = random.Random(n)
    m = mixed(rng, size) if size is not None else KINDS[n % len(KINDS)](rng)
    m["From"] = email.utils.formataddr((rng.choice(NAMES), sender))
    m["To"] = ", ".join(email.utils.formataddr((rng.choice(NAMES), r)) for r in recipients)
    m["Subject"] = email.header.Header(rng.choice(SUBJECTS) + f" {n}", "utf-8")
    m["Date"] = email.utils.formatdate(1700000000 + n * 3600)
    m["Message-ID"] = f"<test.{n}@example.org>"
    if n % 5 == 0:
        m["References"] = " ".join(f"<ref.{i}@example.org>" for i in range(n % 40))
    for part in m.walk():
        if part.is_multipart() and part.get_content_maintype() == "multipart":
            part.set_boundary(f"=_{rng.getrandbits(64):016x}")
    data = m.as_bytes(policy=email.policy.compat32.clone(linesep="\r\n"))
    return data if data.endswith(b"\r\n") else data + b"\r\n"


def without_trace(data):
    """The message as it was sent: without the lines that the server put before it."""
    at = 0
    for name in (b"Return-Path:", b"Received:"):
        if not data[at:].startswith(name):
            raise ValueError(f"no {name!r} at {data[at:at + 60]!r}")
        at = data.index(b"\r\n", at) + 2
        while data[at:at + 1] in (b" ", b"\t"):
            at = data.index(b"\r\n", at) + 2
    return data[at:]
