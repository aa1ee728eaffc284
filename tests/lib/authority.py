"""authority - certificates for tests by openssl: a root, those that it signs, and others'

    ca = Authority(folder, "Root"); cert, key = ca.issue("mx.partner.test", "DNS:mx.partner.test")
"""
import hashlib
import pathlib
import ssl
import subprocess

EC = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


def openssl(folder, *words, stdin=None):
    """What it writes; an exception with what it says when it fails."""
    done = subprocess.run(["openssl", *words], cwd=folder, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 0:
        raise AssertionError(f"openssl {' '.join(map(str, words))}: {done.stderr.decode()}{done.stdout.decode()}")
    return done.stdout


class Authority:
    def __init__(self, folder, name, above=None):
        self.folder, self.name = pathlib.Path(folder), name.replace(" ", "-")
        self.cert, self.key, self.above = self.path("pem"), self.path("key"), above
        extensions = ("basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign")
        if above is None:
            added = [word for e in extensions for word in ("-addext", e)]
            openssl(self.folder, "req", "-x509", *EC, "-keyout", self.key, "-out", self.cert, "-days", "100",
                    "-subj", f"/CN={name}", *added)
        else:
            above.sign(self.name, f"/CN={name}", [*extensions, "subjectKeyIdentifier=hash",
                                                  "authorityKeyIdentifier=keyid"])

    def path(self, suffix, name=None):
        return self.folder / f"{name or self.name}.{suffix}"

    def sign(self, name, subject, extensions, days=50):
        openssl(self.folder, "req", "-new", *EC, "-keyout", self.path("key", name), "-out", self.path("csr", name),
                "-subj", subject)
        self.path("ext", name).write_text("\n".join(extensions) + "\n")
        openssl(self.folder, "x509", "-req", "-in", self.path("csr", name), "-CA", self.cert, "-CAkey", self.key,
                "-CAcreateserial", "-days", str(days), "-extfile", self.path("ext", name),
                "-out", self.path("pem", name))
        return self.path("pem", name), self.path("key", name)

    def issue(self, name, *alt_names, days=50):
        """A server's certificate and key, the certificates above it but for the root behind it."""
        cert, key = self.sign(name, f"/CN={name}", ["basicConstraints=critical,CA:FALSE",
                                                    "subjectAltName=" + ",".join(alt_names or [f"DNS:{name}"]),
                                                    "extendedKeyUsage=serverAuth", "subjectKeyIdentifier=hash",
                                                    "authorityKeyIdentifier=keyid"], days)
        if self.above:
            with open(cert, "a", encoding="ascii") as chain:
                chain.write(self.pem())
        return cert, key

    def context(self, name, *alt_names, **options):
        """A server's TLS context with such a certificate."""
        return server_context(*self.issue(name, *alt_names, **options))

    def pem(self):
        return self.cert.read_text()


def server_context(cert, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


def digests(folder, cert):
    """SHA-256 of the first certificate in a file, and of its public key, in hex."""
    der = openssl(folder, "x509", "-in", cert, "-outform", "DER")
    pem = openssl(folder, "x509", "-in", cert, "-noout", "-pubkey")
    key = openssl(folder, "pkey", "-pubin", "-outform", "DER", stdin=pem)
    return hashlib.sha256(der).hexdigest(), hashlib.sha256(key).hexdigest()
