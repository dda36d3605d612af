"""The operator's panel: Qt widgets that look and ask; no rule of orchestration, no ERP and no SQL lives here."""
