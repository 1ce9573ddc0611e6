"""Downloads packages that ship schemas, and reads files from them.

Each package comes through its own client, by name. What was downloaded stays in `target/packages`. A file with another
checksum than the bench knows is refused, because figures of different texts cannot be compared.
"""

import hashlib
import io
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

FOLDER = Path(__file__).parent / "target" / "packages"


class Unavailable(Exception):
    """A source that cannot be had here. The message says why."""


def debian_file(package, path, sha256):
    """Returns a file of a Debian package as bytes. The checksum is that of the file: packages are rebuilt."""
    kept = FOLDER / package / Path(path).name
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(_from_debian(package, path))
    content = kept.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        kept.unlink()
        raise Unavailable(f"{path} of the Debian package {package} is of another version than the bench knows")
    return content


def _from_debian(package, path):
    if shutil.which("apt-get") is None:
        raise Unavailable(f"the Debian package {package} needs apt-get")
    folder = FOLDER / package
    for old in folder.glob("*.deb"):
        old.unlink()
    done = subprocess.run(["apt-get", "download", package], cwd=folder, capture_output=True, text=True)
    archive = next(folder.glob("*.deb"), None)
    if archive is None:
        reason = (done.stderr.strip() or "no file").splitlines()[-1]
        raise Unavailable(f"apt-get cannot download {package} ({reason}); run `apt-get update` first")
    content = archive.read_bytes()
    archive.unlink()
    data = next((body for name, body in _ar_members(content) if name.startswith("data.tar")), None)
    with tarfile.open(fileobj=io.BytesIO(data)) as files:
        member = next((one for one in files if one.name.lstrip("./") == path), None)
        if member is None:
            raise Unavailable(f"the Debian package {package} has no {path}")
        return files.extractfile(member).read()


def _ar_members(content):
    at = len(b"!<arch>\n")
    while at + 60 <= len(content):
        name = content[at : at + 16].decode().strip().rstrip("/")
        size = int(content[at + 48 : at + 58])
        yield name, content[at + 60 : at + 60 + size]
        at += 60 + size + size % 2


def python_files(requirement, sha256, folder):
    """Returns the text of each file below `folder` of a Python package, by path. `requirement` is `name==version`."""
    kept = FOLDER / requirement.replace("==", "-")
    archive = next(iter(kept.glob("*.whl")), None) or next(iter(kept.glob("*.tar.gz")), None)
    if archive is None:
        kept.mkdir(parents=True, exist_ok=True)
        # pip compares the checksum before it runs anything of the package.
        wanted = kept / "wanted.txt"
        wanted.write_text(f"{requirement} --hash=sha256:{sha256}\n")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        done = subprocess.run(
            [*command, "--require-hashes", "-d", kept, "-r", wanted], capture_output=True, text=True
        )
        archive = next(iter(kept.glob("*.whl")), None) or next(iter(kept.glob("*.tar.gz")), None)
        if done.returncode != 0 or archive is None:
            reason = (done.stderr.strip() or "no file").splitlines()[-1]
            raise Unavailable(f"pip cannot download {requirement} ({reason})")
    content = archive.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        archive.unlink()
        raise Unavailable(f"{requirement} has another checksum than the bench knows")
    if archive.suffix == ".whl":
        with zipfile.ZipFile(io.BytesIO(content)) as files:
            return {name: files.read(name).decode() for name in files.namelist() if f"{folder}/" in f"/{name}"}
    with tarfile.open(fileobj=io.BytesIO(content)) as files:
        inside = [member for member in files if member.isfile() and f"{folder}/" in member.name]
        return {member.name: files.extractfile(member).read().decode() for member in inside}
