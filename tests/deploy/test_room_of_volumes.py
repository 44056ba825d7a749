"""What is written to a pod's volumes fits into them."""

import subprocess
import sys
from pathlib import Path

import yaml

from contract.operations import BY_ID
from deploy.kubernetes.manifest_checks import amount
from tests.deploy.manifests import KUBERNETES, ROOT, with_defaults

OPERATIONS = 300
"""Of Wave 1 there are some 120, and later waves extend the same edge."""


def test_the_volume_of_envoys_configuration_has_room_for_300_operations(tmp_path: Path) -> None:
    deployment = next(yaml.safe_load_all((KUBERNETES / "base" / "gateway.yaml").read_text()))
    pod = deployment["spec"]["template"]["spec"]
    [volume] = [volume for volume in pod["volumes"] if volume["name"] == "envoy-configuration"]
    command = [with_defaults(word) for word in pod["initContainers"][0]["command"][1:] if word != "--see-certificate"]
    rendered = tmp_path / "envoy.yaml"
    words = [f"--out={rendered}" if word.startswith("--out=") else word for word in command]
    subprocess.run([sys.executable, *words], cwd=ROOT, check=True, timeout=60)
    needed = rendered.stat().st_size / len(BY_ID) * OPERATIONS
    assert 2 * needed < amount(volume["emptyDir"]["sizeLimit"]), "the old and the new file, while it is replaced"
