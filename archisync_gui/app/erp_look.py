"""The doctor's check of the ERP: compares its pages with the declarations."""

from __future__ import annotations

from pathlib import Path

from archisync_gui.app import exit_codes
from archisync_gui.app.core import Core
from archisync_gui.app.demo import DemoOptions
from archisync_gui.app.profile import Profile, ProfileLock
from archisync_gui.entities import ENTITIES
from archisync_gui.messages import text
from archisync_gui.model import (
    FailureKind,
    SyncFailure,
)


async def look_at_erp(profile: Profile, demo: DemoOptions | None, *, conformance: str | None, language: str) -> int:
    """``doctor --erp``: log in once and check each uncertain fact; reads only. ``conformance``: also the slower checks,
    and a report without data in that file (``-``: in the profile's folder). Exit codes: 0: all as expected; 4: the
    account is stopped or was refused; 69: something differs or the ERP fails; 75: another process holds the profile;
    78: the profile cannot be opened or has no account.
    """
    lock = ProfileLock(profile)
    if not lock.acquire():
        # Two processes with one account would disturb each other's lists.
        print(text("doctor-busy", language, {"name": profile.name, "pid": lock.holder() or "?"}))
        return exit_codes.BUSY
    try:
        core = await Core.open(profile, demo=demo, attended=False)
    except SyncFailure as error:
        print(text(error.code, language, error.params))
        return exit_codes.CONFIG
    else:
        try:
            return await _look_at_erp(core, conformance=conformance, language=language)
        finally:
            await core.close()
    finally:
        lock.release()


async def _look_at_erp(core: Core, *, conformance: str | None, language: str) -> int:
    from archisync_gui.erp.conformance import doctor

    accounts = core.orchestrator.get_status().accounts
    if not accounts:
        print(text("no-account", language))
        return exit_codes.CONFIG
    account = accounts[0]
    if account.stopped is not None:
        # Refused credentials are not tried again, least of all for a check.
        print(text(account.stopped.code, language, account.stopped.params))
        return exit_codes.CREDENTIALS
    file = None
    if conformance is not None:
        usual = core.profile.folder / "conformance.json"
        file = usual if conformance == "-" else Path(conformance)
    try:
        good = await doctor(
            core.erp,
            account.id,
            ENTITIES,
            language=language,
            conformance=conformance is not None,
            save_to=file,
            on_login=lambda: core.orchestrator.logged_in(account.id),
            keys={entity.name: (await core.store.known(entity.name, account.id)).keys for entity in ENTITIES},
        )
    except SyncFailure as error:
        core.login_failed(account.id, error)
        print(text(error.code, language, error.params))
        return exit_codes.CREDENTIALS if error.kind is FailureKind.CREDENTIALS else exit_codes.UNAVAILABLE
    if file is not None:
        print(text("conformance-saved", language, {"file": file}))
    return exit_codes.OK if good else exit_codes.UNAVAILABLE
