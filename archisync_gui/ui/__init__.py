"""The operator's panel, in Qt. It contains no rules of the orchestrator, no access to the ERP and no SQL."""
