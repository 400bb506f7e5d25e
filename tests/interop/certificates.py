"""Certificates for tests of NTS: an authority of their own, and what it signs, made with the openssl command."""

import os
import shutil
import subprocess

import lab


class Authority:
    def __init__(self, net, name="authority"):
        if shutil.which("openssl") is None:
            raise lab.Skip("there is no openssl command")
        self._net = net
        self._directory = net.path(name)
        os.mkdir(self._directory, 0o755)
        self.certificate = self._path("authority.pem")
        self._key = self._path("authority.key")
        self._run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
                  "-subj", f"/CN={name}", "-keyout", self._key, "-out", self.certificate)

    def _path(self, *names):
        return os.path.join(self._directory, *names)

    def _run(self, *words):
        done = subprocess.run(["openssl", *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"openssl {' '.join(words)}:\n{done.stderr}"

    def sign(self, label, names, begin=None, end=None, self_signed=False):
        """(certificate, key) for names as 'DNS:a.example' or 'IP:10.0.0.1', valid from begin to end
        (YYYYMMDDHHMMSSZ; around now without)."""
        key, request, certificate = (self._path(f"{label}.{ending}") for ending in ("key", "csr", "pem"))
        extensions = self._path(f"{label}.ext")
        with open(extensions, "w") as file:
            file.write(f"[ext]\nsubjectAltName={','.join(names)}\nbasicConstraints=critical,CA:false\n")
        self._run("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={label}",
                  "-keyout", key, "-out", request)
        os.chmod(key, 0o600)
        if self_signed:
            self._run("x509", "-req", "-in", request, "-signkey", key, "-days", "30", "-extfile", extensions,
                      "-extensions", "ext", "-out", certificate)
        else:
            self._sign_request(request, extensions, certificate, begin, end)
        return certificate, key

    def _sign_request(self, request, extensions, certificate, begin, end):
        """The `x509` command of older versions knows no dates, the `ca` command does."""
        work = certificate + ".ca"
        os.mkdir(work)
        for name, text in (("index.txt", ""), ("serial", "01\n")):
            with open(os.path.join(work, name), "w") as file:
                file.write(text)
        config = os.path.join(work, "ca.conf")
        with open(config, "w") as file:
            file.write(f"[ca]\ndefault_ca=c\n[c]\ndatabase={work}/index.txt\nserial={work}/serial\nnew_certs_dir={work}\n"
                       "default_md=sha256\npolicy=p\nunique_subject=no\n[p]\ncommonName=supplied\n")
        dates = [*(["-startdate", begin] if begin else []), *(["-enddate", end] if end else ["-days", "20"])]
        self._run("ca", "-batch", "-notext", "-config", config, "-cert", self.certificate, "-keyfile", self._key, *dates,
                  "-extfile", extensions, "-extensions", "ext", "-in", request, "-out", certificate)
