"""The order form's drafts, in a small database of their own: the only data that cannot be read again from the ERP."""

from archisync_gui.drafts.away import OfficeDrafts
from archisync_gui.drafts.browser_keys import BrowserKeys
from archisync_gui.drafts.drafts import Drafts
from archisync_gui.drafts.past import Past
from archisync_gui.drafts.values import Draft, DraftConflict, DraftsFull

__all__ = ["BrowserKeys", "Draft", "DraftConflict", "Drafts", "DraftsFull", "OfficeDrafts", "Past"]
