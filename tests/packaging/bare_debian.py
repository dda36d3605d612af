"""A bare Debian as a folder, copied for each test: what an office's fresh Linux has, and nothing of this machine."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from wine import debian_mirror

MOUNTS = """\
mount --bind "$ROOT" "$ROOT"
mount -t proc proc "$ROOT/proc"
mount --rbind /dev "$ROOT/dev"
mount -t tmpfs tmpfs "$ROOT/tmp"
cd "$ROOT"
unset ROOT
pivot_root . .
umount --lazy .
cd /
exec env -i "$@"
"""
"""The folder becomes the root of its own mount namespace. With ``chroot`` instead, the kernel refuses user namespaces
in there (user_namespaces(7), EPERM), and Chromium, whose sandbox is made of them, does not start for a user."""

NETWORK = (
    "etc/resolv.conf", "etc/hosts", "etc/apt/sources.list.d", "etc/apt/apt.conf.d", "etc/apt/sources.list",
    "etc/ssl/certs/ca-certificates.crt", "usr/share/keyrings",
)  # fmt: skip
"""What the packages come through; taken from this machine."""


@dataclass(frozen=True)
class BareDebian:
    """A Debian system in a folder."""

    root: Path

    def run(self, command: str, *, user: str = "root", seconds: float = 900) -> subprocess.CompletedProcess[str]:
        """A shell command in there, with its own processes: what it leaves running ends with it."""
        home = "/root" if user == "root" else f"/home/{user}"
        variables = [f"HOME={home}", f"USER={user}", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"]
        shell = ["sh", "-c", command]
        if user != "root":
            shell = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", *shell]
        given = [*variables, "DEBIAN_FRONTEND=noninteractive", "QT_QPA_PLATFORM=offscreen", *shell]
        return subprocess.run(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", "bash", "-ec", MOUNTS, "bash", *given],
            env={**os.environ, "ROOT": str(self.root)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
        )

    def must(self, command: str, *, user: str = "root") -> str:
        """The output of a command that has to succeed."""
        done = self.run(command, user=user)
        assert done.returncode == 0, f"{command}: exit {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done.stdout


def bare_debian(folder: Path, suite: str) -> BareDebian:
    """A new bare Debian of that release in ``folder``; its base is made once and kept in the user's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "archisync-debian"
    base = cache / suite
    if not base.exists():
        cache.mkdir(parents=True, exist_ok=True)
        new = cache / f"{suite}.new"
        shutil.rmtree(new, ignore_errors=True)
        command = ["debootstrap", "--variant=minbase", suite, str(new), debian_mirror()]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True)
        for name in NETWORK:
            source, target = Path("/", name), new / name
            if source.is_dir():
                shutil.copytree(source, target, dirs_exist_ok=True)
            elif source.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, target)
        ours = platform.freedesktop_os_release()["VERSION_CODENAME"]
        for sources in (new / "etc" / "apt").rglob("*"):
            if sources.suffix in (".sources", ".list"):
                sources.write_text(sources.read_text("utf-8").replace(ours, suite), "utf-8")
        new.rename(base)
    root = folder / "debian"
    subprocess.run(["cp", "-a", str(base), str(root)], check=True)
    system = BareDebian(root)
    system.must("apt-get update -qq")
    return system
