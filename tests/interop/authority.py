"""A private authority for tests, made by the openssl command."""

import subprocess


class Authority:
    def __init__(self, lab, label="authority"):
        self._lab, self._label, self._count = lab, label, 0
        self.certificate = lab.path(f"{label}.crt")
        self._key = lab.path(f"{label}.key")
        self._openssl("req", "-x509", *self._new_key("ec"), "-keyout", self._key, "-out", self.certificate, "-subj",
                      f"/CN={label}", "-days", "365")

    @staticmethod
    def _openssl(*words):
        subprocess.run(["openssl", *words], stdin=subprocess.DEVNULL, capture_output=True, check=True)

    @staticmethod
    def _new_key(kind):
        algorithm = ["rsa:2048"] if kind == "rsa" else ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        return ["-newkey", *algorithm, "-nodes"]

    def sign(self, label, *names, kind="ec", days=30):
        """Files of a certificate and its key, of these names (as DNS:x or IP:x)."""
        certificate, key, request = (self._lab.path(f"{label}.{end}") for end in ("crt", "key", "csr"))
        extensions = self._lab.write(f"{label}.ext", f"subjectAltName={','.join(names)}\nbasicConstraints=CA:FALSE\n")
        self._openssl("req", *self._new_key(kind), "-keyout", key, "-out", request, "-subj", f"/CN={label}")
        self._count += 1
        self._openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self._key, "-set_serial",
                      str(self._count), "-days", str(days), "-out", certificate, "-extfile", extensions)
        return certificate, key
