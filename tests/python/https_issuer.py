"""An issuer's two documents over HTTPS, with a certificate of an authority made for it.

Usage: https_issuer.py PORT FOLDER; the authority's certificate is FOLDER/authority.pem.
"""

import datetime
import http.server
import json
import os
import ssl
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PORT, FOLDER = int(sys.argv[1]), sys.argv[2]
ISSUER = f"https://localhost:{PORT}"
# The example key of RFC 8037; nobody signs with it here.
KEY = {
    "kty": "OKP",
    "crv": "Ed25519",
    "kid": "example",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
}
DOCUMENTS = {
    "/.well-known/openid-configuration": {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/keys"},
    "/keys": {"keys": [KEY]},
}


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def certificate(subject: str, key, extension, critical: bool, signing_key):
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder(
        issuer_name=name("An authority of the tests"),
        subject_name=name(subject),
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=now - datetime.timedelta(hours=1),
        not_valid_after=now + datetime.timedelta(hours=1),
    )
    return builder.add_extension(extension, critical).sign(signing_key, hashes.SHA256())


def write_certificates() -> str:
    """Where the server finds its own."""
    authority_key = ec.generate_private_key(ec.SECP256R1())
    server_key = ec.generate_private_key(ec.SECP256R1())
    is_authority = x509.BasicConstraints(ca=True, path_length=None)
    authority = certificate(
        "An authority of the tests", authority_key, is_authority, True, authority_key
    )
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    server = certificate("localhost", server_key, names, False, authority_key)
    encoding = serialization.Encoding.PEM
    with open(os.path.join(FOLDER, "authority.pem"), "wb") as file:
        file.write(authority.public_bytes(encoding))
    path = os.path.join(FOLDER, "server.pem")
    with open(path, "wb") as file:
        file.write(server.public_bytes(encoding))
        file.write(
            server_key.private_bytes(
                encoding,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
    return path


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        document = DOCUMENTS.get(self.path)
        body = json.dumps(document).encode()
        self.send_response(200 if document else 404)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(write_certificates())
server = http.server.HTTPServer(("127.0.0.1", PORT), Handler)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
