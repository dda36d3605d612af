"""Passwords are taken from memory, then from the keyring (with a time limit), then from a private file."""

from __future__ import annotations

import asyncio
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from keyring.backends.fail import Keyring as NoKeyring
from keyring.errors import InitError, KeyringLocked, PasswordSetError
from keyring_contract import PASSWORDS
from memory_keyring import MemoryKeyring, in_place

from archisync_gui.app import credentials as module
from archisync_gui.app.credentials import Credentials, NoPassword, keyring_name
from archisync_gui.app.profile import Profile, open_profile
from archisync_gui.disk import replace_file
from archisync_gui.model import FailureKind
from archisync_gui.settings import Settings


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    return open_profile(str(tmp_path / "p"), demo=False)


@pytest.fixture
def ring() -> Iterator[MemoryKeyring]:
    with in_place(MemoryKeyring()) as mine:
        yield mine


@pytest.fixture
def no_ring() -> Iterator[None]:
    with in_place(NoKeyring()):
        yield


async def test_the_keyring_keeps_passwords_per_profile(profile: Profile, ring: MemoryKeyring) -> None:
    assert await Credentials(profile).keep("agente01", "segreto")
    assert ring.kept == {(profile.keyring_service, "agente01"): "segreto"}
    assert await Credentials(profile).password("agente01") == "segreto"
    await Credentials(profile).forget("agente01")
    with pytest.raises(NoPassword, match="password-missing") as missing:
        await Credentials(profile).password("agente01")
    assert missing.value.kind is FailureKind.CREDENTIALS


async def test_the_place_of_a_password_is_looked_up_and_not_assumed(profile: Profile, ring: MemoryKeyring) -> None:
    mine = Credentials(profile)
    assert await mine.place("agente01") == ""
    await mine.keep("agente01", "segreto")
    assert await mine.place("agente01") == "keyring"
    ring.kept.clear()
    assert await mine.place("agente01") == "memory", "removed from the keyring by another program"


@pytest.mark.usefixtures("no_ring")
async def test_without_a_keyring_the_password_lives_in_memory_only(profile: Profile) -> None:
    mine = Credentials(profile)
    assert not await mine.keep("agente01", "segreto")
    assert await mine.place("agente01") == "memory"
    assert await mine.password("agente01") == "segreto"
    assert not mine.file_in_use
    with pytest.raises(NoPassword):
        await Credentials(profile).password("agente01")


@pytest.mark.usefixtures("no_ring")
async def test_a_password_in_memory_can_be_moved_to_the_file(profile: Profile) -> None:
    mine = Credentials(profile)
    with pytest.raises(NoPassword):
        await mine.keep_in_file("agente01")
    await mine.keep("agente01", "segreto")
    await mine.keep_in_file("agente01")
    assert await mine.place("agente01") == "file"
    assert await Credentials(profile).password("agente01") == "segreto"


@pytest.mark.usefixtures("no_ring")
async def test_the_file_is_private_and_only_made_when_allowed(profile: Profile) -> None:
    mine = Credentials(profile)
    file = profile.folder / "passwords.json"
    await mine.keep("agente01", "segreto")
    assert not file.exists()
    await mine.keep_in_file("agente01")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert await Credentials(profile).password("agente01") == "segreto"
    await Credentials(profile).forget("agente01")
    assert "segreto" not in file.read_text()


@pytest.mark.usefixtures("no_ring")
async def test_a_new_password_replaces_the_one_in_the_file(profile: Profile) -> None:
    """Otherwise the old one would be used at the next start, be refused, and stop the account."""
    mine = Credentials(profile)
    await mine.keep("agente01", "old")
    await mine.keep_in_file("agente01")
    assert await Credentials(profile).keep("agente01", "new"), "not kept, though the file was allowed before"
    assert await Credentials(profile).password("agente01") == "new"
    assert not await Credentials(profile).keep("agente02", "other"), "the file was allowed for another account only"


async def test_an_unknown_password_has_no_place(profile: Profile, ring: MemoryKeyring) -> None:
    mine = Credentials(profile)
    await mine.keep("agente01", "new")
    ring.kept[profile.keyring_service, "agente01"] = "old"
    assert await mine.place("agente01") == "memory"


async def test_a_silent_keyring_is_given_up(
    profile: Profile, ring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()
    monkeypatch.setattr(module, "KEYRING_LIMIT", 0.05)
    monkeypatch.setattr(ring, "get_password", lambda service, username: go.wait(5) and None)
    try:
        with pytest.raises(NoPassword, match="keyring-silent") as silent:
            await Credentials(profile).password("agente01")
        assert silent.value.kind is FailureKind.LOGIN
    finally:
        go.set()


async def test_a_password_removed_meanwhile_is_not_put_into_the_file(
    profile: Profile, ring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = Credentials(profile)
    await mine.keep("agente01", "segreto")
    go, asked = threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(service: str, username: str) -> None:
        loop.call_soon_threadsafe(asked.set)
        go.wait(20)

    monkeypatch.setattr(ring, "get_password", slow)
    other = asyncio.create_task(mine.place("agente02"))  # locks the credentials until the keyring answers
    await asked.wait()
    keeping = asyncio.create_task(mine.keep_in_file("agente01"))
    await asyncio.sleep(0)  # it has read the password and waits
    removing = asyncio.create_task(mine.forget("agente01"))
    await asyncio.sleep(0)
    go.set()
    with pytest.raises(NoPassword, match="password-missing"):
        await keeping
    await asyncio.gather(other, removing)
    assert not mine.file_in_use


class TroubledKeyring(MemoryKeyring):
    """Has secrets, and raises an error at every call."""

    error: Exception = KeyringLocked("Failed to unlock the collection!")

    def get_password(self, service: str, username: str) -> str | None:
        raise self.error

    def set_password(self, service: str, username: str, password: str) -> None:
        raise self.error

    def delete_password(self, service: str, username: str) -> None:
        raise self.error


TROUBLES = (KeyringLocked("locked"), InitError("no bus"), PasswordSetError("full"), OSError("pipe"), ValueError("1783"))


@pytest.mark.parametrize("error", TROUBLES, ids=lambda error: type(error).__name__)
async def test_a_keyring_that_cannot_be_used_now_does_not_mean_that_there_is_no_password(
    profile: Profile, error: Exception
) -> None:
    """Otherwise the account would stop until the operator enters a password that is in the keyring all the time."""
    troubled = TroubledKeyring()
    troubled.error = error
    with in_place(troubled):
        mine = Credentials(profile)
        with pytest.raises(NoPassword, match="keyring-silent") as silent:
            await mine.password("agente01")
        assert silent.value.kind is FailureKind.LOGIN, "not a kind that is tried again later"
        with pytest.raises(NoPassword, match="keyring-silent"):
            await mine.keep("agente01", "new")  # otherwise the old one in the keyring would be used at the next start
        assert await mine.password("agente01") == "new"
        assert await mine.place("agente01") == "memory"
        with pytest.raises(NoPassword, match="keyring-silent"):
            await mine.forget("agente01")
        with pytest.raises(NoPassword, match="keyring-silent"):
            await mine.password("agente01")


async def test_the_private_file_is_used_while_the_keyring_is_locked(profile: Profile) -> None:
    with in_place(NoKeyring()):
        mine = Credentials(profile)
        await mine.keep("agente01", "segreto")
        await mine.keep_in_file("agente01")
    with in_place(TroubledKeyring()):
        assert await Credentials(profile).password("agente01") == "segreto"


@pytest.mark.parametrize("away", [NoKeyring, TroubledKeyring], ids=["not there", "locked"])
@pytest.mark.parametrize("kept", ["in the file", "in memory only"])
async def test_an_older_password_in_the_keyring_is_never_used_again(
    profile: Profile, ring: MemoryKeyring, away: type[NoKeyring], kept: str
) -> None:
    """A login with it would be refused by the ERP, and stop the account."""
    await Credentials(profile).keep("agente01", "old")
    with in_place(away()):
        mine = Credentials(profile)
        if away is NoKeyring:
            assert not await mine.keep("agente01", "new")
        else:
            with pytest.raises(NoPassword, match="keyring-silent"):
                await mine.keep("agente01", "new")
        if kept == "in the file":
            await mine.keep_in_file("agente01")
        for _ in range(2):  # two starts without the keyring
            await Credentials(profile).forget_left()
    later = Credentials(profile)
    if kept == "in the file":
        assert await later.place("agente01") == "file"
        assert await later.password("agente01") == "new"
    else:
        with pytest.raises(NoPassword, match="password-missing"):
            await later.password("agente01")
    assert ring.kept == {}
    assert await Credentials(profile).keep("agente01", "newest")
    assert ring.kept == {(profile.keyring_service, "agente01"): "newest"}
    assert await Credentials(profile).password("agente01") == "newest"
    assert not mine.file_in_use or "agente01" not in (profile.folder / "passwords.json").read_text("utf-8")


@pytest.mark.usefixtures("no_ring")
async def test_a_file_that_cannot_be_read_now_is_neither_empty_nor_replaced(
    profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = Credentials(profile)
    for account in ("agente01", "agente02"):
        await mine.keep(account, f"of {account}")
        await mine.keep_in_file(account)

    def busy(path: Path) -> object:
        raise PermissionError(13, "Permission denied", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(module, "read_json", busy)
        with pytest.raises(NoPassword, match="password-file-unreadable") as unreadable:
            await Credentials(profile).password("agente01")
        assert unreadable.value.kind is FailureKind.LOGIN, "not a kind that is tried again later"
        assert await Credentials(profile).place("agente01") == ""
        for change in (mine.keep("agente01", "new"), mine.forget("agente01"), mine.keep_in_file("agente02")):
            with pytest.raises(OSError, match="Permission denied"):
                await change
    assert await Credentials(profile).password("agente02") == "of agente02"


async def test_a_password_of_the_command_line_is_used_for_every_account(profile: Profile, ring: MemoryKeyring) -> None:
    assert await Credentials(profile, any_account="x").password("agente07") == "x"
    assert ring.kept == {}


def test_the_keyrings_name(ring: MemoryKeyring) -> None:
    assert keyring_name()


@pytest.mark.usefixtures("no_ring")
def test_no_keyring_has_no_name() -> None:
    assert keyring_name() is None


# ------------------------------------------------------------------------------------------------ keyring and file


@pytest.mark.parametrize("place", ["keyring", "file"])
async def test_keyring_and_private_file_behave_alike(place: str, tmp_path: Path) -> None:
    """A stored password is available after a restart, for its account and profile only, until it is deleted."""
    one, two = (open_profile(str(tmp_path / name), demo=False) for name in ("one", "two"))

    async def kept(account: str, password: str) -> None:
        mine = Credentials(one)
        if not await mine.keep(account, password):
            await mine.keep_in_file(account)
        assert await mine.place(account) == place

    async def after_a_restart(profile: Profile, account: str) -> str | None:
        try:
            return await Credentials(profile).password(account)
        except NoPassword as error:
            return None if error.code == "password-missing" else error.code

    with in_place(MemoryKeyring() if place == "keyring" else NoKeyring()):
        assert await after_a_restart(one, "agente01") is None
        for password in PASSWORDS:
            await kept("agente01", password)
            assert await after_a_restart(one, "agente01") == password
        await kept("agente 02 è", "second")
        assert await after_a_restart(one, "agente01") == PASSWORDS[-1]
        assert await after_a_restart(two, "agente01") is None
        assert await Credentials(one).place("agente03") == ""
        for _ in range(2):
            await Credentials(one).forget("agente01")
            assert await after_a_restart(one, "agente01") is None
        assert await after_a_restart(one, "agente 02 è") == "second"


# ------------------------------------------------------------------------------------------------ removed accounts


def settings_with(*accounts: str) -> Settings:
    return Settings().with_({"erp.accounts": accounts})


async def removed(profile: Profile, ring: MemoryKeyring, trouble: TroubledKeyring, where: str) -> Credentials:
    """An account that was removed while its stored password could not be deleted."""
    with in_place(NoKeyring() if where == "file" else ring):
        mine = Credentials(profile)
        if not await mine.keep("agente01", "old"):
            await mine.keep_in_file("agente01")
    with in_place(trouble), pytest.MonkeyPatch.context() as patch:
        if where == "file":
            patch.setattr(module, "replace_file", full_disk)
        await mine.forget_removed(settings_with("agente01", "agente02"), settings_with("agente02"))
    return mine


def full_disk(path: Path, text: str) -> None:
    if path.name == "passwords.json":
        raise OSError(28, "No space left on device", str(path))
    replace_file(path, text)


@pytest.mark.parametrize("where", ["keyring", "file"])
@pytest.mark.parametrize("how", ["start", "added"])
async def test_a_removed_accounts_password_is_deleted_once_that_is_possible(
    profile: Profile, ring: MemoryKeyring, where: str, how: str
) -> None:
    """The operator was told that it is deleted, so a later account of that name never gets it."""
    trouble = TroubledKeyring()
    mine = await removed(profile, ring, trouble, where)
    assert await mine.left("agente01")
    with in_place(trouble):
        if how == "added":  # while the keyring is locked, the account neither gets the old password nor is stopped
            assert await mine.place("agente01") == ""
            with pytest.raises(NoPassword, match="keyring-silent"):
                await mine.password("agente01")
    later = Credentials(profile)
    if how == "start":
        await later.forget_left()
    else:
        with pytest.raises(NoPassword, match="password-missing"):
            await later.password("agente01")
    assert not await later.left("agente01")
    assert ring.kept == {}
    with in_place(NoKeyring()), pytest.raises(NoPassword, match="password-missing"):
        await Credentials(profile).password("agente01")


async def test_a_password_that_is_still_to_be_deleted_has_no_place(profile: Profile, ring: MemoryKeyring) -> None:
    mine = await removed(profile, ring, TroubledKeyring(), "keyring")
    assert ring.kept
    assert await mine.place("agente01") == ""
    assert ring.kept == {}


@pytest.mark.parametrize("where", ["keyring", "file"])
async def test_a_new_password_of_an_account_added_again_is_kept(
    profile: Profile, ring: MemoryKeyring, where: str
) -> None:
    await removed(profile, ring, TroubledKeyring(), where)
    with in_place(NoKeyring() if where == "file" else ring):
        assert await Credentials(profile).keep("agente01", "new")
        await Credentials(profile).forget_left()
        assert await Credentials(profile).password("agente01") == "new"


async def test_a_new_password_is_kept_in_a_file_while_the_old_one_is_in_a_locked_keyring(
    profile: Profile, ring: MemoryKeyring
) -> None:
    mine = await removed(profile, ring, TroubledKeyring(), "keyring")
    with in_place(TroubledKeyring()):
        with pytest.raises(NoPassword, match="keyring-silent"):
            await mine.keep("agente01", "new")
        await mine.keep_in_file("agente01")
        for _ in range(2):
            assert await Credentials(profile).password("agente01") == "new"
        await Credentials(profile).forget_left()
    await Credentials(profile).forget_left()
    assert ring.kept == {}
    assert await Credentials(profile).password("agente01") == "new"


async def test_windows_keeps_them_on_this_computer(profile: Profile) -> None:
    """The library's choice, *enterprise*, takes them along to each computer of a domain where the user logs in."""

    class Vault(MemoryKeyring):
        persist: object = "enterprise"
        written: list[object] = []  # noqa: RUF012

        def set_password(self, service: str, username: str, password: str) -> None:
            self.written.append(self.persist)
            super().set_password(service, username, password)

    with in_place(Vault()) as vault:
        assert await Credentials(profile).keep("agente01", "secret")
        assert await Credentials(profile).password("agente01") == "secret"
    assert vault.written == ["local machine"]


async def test_passwords_of_other_accounts_are_kept(profile: Profile, ring: MemoryKeyring) -> None:
    await Credentials(profile).keep("agente02", "other")
    await removed(profile, ring, TroubledKeyring(), "keyring")
    await Credentials(profile).forget_left()
    assert ring.kept == {(profile.keyring_service, "agente02"): "other"}
