"""Where the secrets of a local deployment are; what they are is for `infra.process.keys`."""

from deploy.local.run_folder import RunFolder
from infra.process.keys import Keys


def locate_keys(folder: RunFolder) -> Keys:
    """Returns where the keys of a run folder are, whether or not they exist yet."""
    return Keys(
        id_key=folder.keys / "id.key",
        cursor_keys=folder.keys / "cursor.keys",
        signing_key=folder.signing_keys / "signing.pem",
        ca=folder.tls / "ca.pem",
        certificate=folder.tls / "server.pem",
        private_key=folder.tls / "server.key",
    )
