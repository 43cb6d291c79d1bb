"""Who is who in a control plane of the tests: a token for each, drawn anew, in files for this user alone."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

ADMIN = "admin"
NOBODY = "nobody"
"""Known, and without a right."""

CONTEXT = "tests"
"""In every kubeconfig."""

_USERS = {
    ADMIN: "system:masters",
    "system:kube-controller-manager": "",
    "system:kube-scheduler": "",
    "kwok": "system:masters",
    NOBODY: "",
}
"""By group. The API server's own rules say what those without one may do."""


@dataclass(frozen=True)
class Credentials:
    """In a folder of their own. Makes nothing until asked."""

    folder: Path

    @property
    def tokens(self) -> Path:
        """As the API server reads them."""
        return self.folder / "tokens.csv"

    @property
    def account_key(self) -> Path:
        """Signs the tokens of service accounts."""
        return self.folder / "accounts.pem"

    @property
    def authority(self) -> Path:
        """What vouches for the API server: its own certificate, which it makes as it starts."""
        return self.folder / "apiserver.crt"

    def draw(self) -> Mapping[str, str]:
        """Tokens by user; writes the files that the API server wants to see."""
        self.folder.mkdir(mode=0o700)
        drawn = {user: secrets.token_urlsafe(24) for user in _USERS}
        lines = [f'{drawn[user]},{user},{user},"{group}"' for user, group in _USERS.items()]
        _write(self.tokens, "\n".join(lines) + "\n")
        key = ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
        _write(self.account_key, key.decode())
        return drawn

    def kubeconfig(self, user: str, token: str, server: str) -> Path:
        """The file with which `user` reaches the server."""
        file = self.folder / f"{user.replace(':', '-')}.kubeconfig"
        cluster = {"server": server, "certificate-authority": str(self.authority)}
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": CONTEXT, "cluster": cluster}],
            "users": [{"name": user, "user": {"token": token}}],
            "contexts": [{"name": CONTEXT, "context": {"cluster": CONTEXT, "user": user}}],
            "current-context": CONTEXT,
        }
        _write(file, yaml.safe_dump(document))
        return file


def _write(file: Path, text: str) -> None:
    file.touch(mode=0o600)
    file.write_text(text)
