"""Certificates for a broker that are valid from when to when a row wants."""

from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.support.broker import CERTIFICATE_FILES, Certificates


class Authority:
    """One that a kiosk trusts, for as long as it lives; its files lie in the folder."""

    def __init__(self, folder: Path) -> None:
        self._files = Certificates(*(folder / name for name in CERTIFICATE_FILES))
        self._key = ec.generate_private_key(ec.SECP256R1())

    def serve(self, begins: datetime, ends: datetime) -> Certificates:
        """A new certificate for 127.0.0.1, in the place of the one before."""
        self._write_ca(min(begins, ends - timedelta(days=30)), ends + timedelta(days=30))
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
        made = _unsigned("broker", key, begins, ends).add_extension(names, critical=False)
        self._files.server.write_bytes(_pem(made.sign(self._key, hashes.SHA256())))
        form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self._files.server_key.write_bytes(key.private_bytes(*form))
        return self._files

    def _write_ca(self, begins: datetime, ends: datetime) -> None:
        if self._files.ca.exists():
            return
        basic = x509.BasicConstraints(ca=True, path_length=None)
        made = _unsigned("authority", self._key, begins, ends).add_extension(basic, critical=True)
        self._files.ca.write_bytes(_pem(made.sign(self._key, hashes.SHA256())))


def _unsigned(
    name: str, key: ec.EllipticCurvePrivateKey, begins: datetime, ends: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name("authority"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
    )


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _pem(made: x509.Certificate) -> bytes:
    return made.public_bytes(Encoding.PEM)
